/** Makes suites ready: reads their rows and decides which of them are tasks, and for the others why they are not. */
import { Environment, type Executor, RunConfig } from "@azr/core"
import { type LanguageEnvironment, type LanguageTask } from "@azr/core/language"
import { Context, Effect, FileSystem, Layer, Path, Schema, type Scope } from "effect"
import { compareOutput } from "../corpusRows.ts"
import { type DatasetRow, type ProgramRow, pairsOfTask } from "../datasetRows.ts"
import type { AnyEnvironment } from "../environments.ts"
import { UsageError, unreadable } from "../exitCodes.ts"
import { sha256 } from "../sha256.ts"
import { completionParts } from "./completionKind.ts"
import { questionParts } from "./questionKind.ts"
import { isComparedAsText } from "./reasoningGym.ts"
import { type RowFile, readRowFile } from "./rowFile.ts"
import {
  type Decoding,
  type RejectedRow,
  type Suite,
  SuiteDescription,
  type SuiteKindId,
  type SuiteTask,
} from "./Suite.ts"
import { type SuiteKind, environmentSuiteKind, suiteKind } from "./SuiteKind.ts"

/** An environment that runs, with its services at hand. */
export interface Running<E extends AnyEnvironment = AnyEnvironment> {
  readonly environment: E
  readonly open: Environment.OpenEnvironment
  readonly services: Context.Context<Executor.Executor>
}

/** One whose programs the rows of files are. */
export type RunningLanguage = Running<LanguageEnvironment>

export const runEnvironment = Effect.fn("runEnvironment")(function* <E extends AnyEnvironment>(
  environment: E,
): Effect.fn.Return<Running<E>, Executor.ExecutorError, Scope.Scope> {
  const services = yield* Layer.build(environment.layer)
  const open = yield* Environment.open({ ...environment, layer: Layer.succeedContext(services) })
  return { environment, open, services }
})

/** The environment's own suites of a split. */
export const builtInSuites = (
  { open }: Running,
  split: "dev" | "test",
  promptStyle: Environment.PromptStyle,
  decodingOf: (kind: string) => Decoding,
): ReadonlyArray<Suite> =>
  open.suites.flatMap((suite) => {
    const kind = open.kinds.get(suite.kind)
    if (kind === undefined || suite.split !== split) return []
    const encode = Schema.encodeUnknownSync(kind.taskSchema)
    return [
      {
        id: suite.id,
        environment: open.id,
        kindId: suite.kind,
        kind: environmentSuiteKind(kind),
        promptStyle,
        decoding: decodingOf(suite.kind),
        licence: "MIT",
        source: `${open.id}, held-out ${split} suite`,
        sha256: sha256(JSON.stringify(suite.tasks.map((task) => encode(task)))),
        rows: suite.tasks.length,
        tasks: suite.tasks.map((task, index) => ({ row: index + 1, id: "", task })),
        rejected: [],
      },
    ]
  })

const decodeDescription = Schema.decodeUnknownEffect(Schema.fromJsonString(SuiteDescription), {
  errors: "all",
  onExcessProperty: "error",
})

/** What a suite file says of itself; a file of rows alone says only what its rows are. */
export const describeSuiteFile = Effect.fn("describeSuiteFile")(function* (
  file: string,
  given: {
    readonly environment: string
    readonly kind: SuiteKindId | null
    readonly decoding: Decoding
    readonly promptStyle: Environment.PromptStyle
  },
) {
  const path = yield* Path.Path
  if (file.endsWith(".json")) {
    const fs = yield* FileSystem.FileSystem
    const text = yield* fs.readFileString(file).pipe(Effect.mapError(unreadable(file)))
    const description = yield* decodeDescription(text).pipe(
      Effect.mapError(({ message }) => new UsageError({ message: `${file} describes no suite: ${message}` })),
    )
    const rows = yield* readRowFile(path.resolve(path.dirname(file), description.rows))
    return { description, rows }
  }
  const rows = yield* readRowFile(file)
  const description: SuiteDescription = {
    id: path.basename(file).replace(/\.(jsonl|jsonl\.gz|parquet)$/u, ""),
    environment: given.environment,
    kind: given.kind ?? kindOf(rows),
    rows: file,
    promptStyle: given.promptStyle,
    decoding: given.decoding,
    licence: "not stated",
    source: file,
  }
  return { description, rows }
})

/** What the first row that is one asks for. */
const kindOf = ({ rows }: RowFile): SuiteKindId => {
  const first = rows.find(({ row }) => row._tag !== "malformed")?.row
  if (first === undefined || first._tag === "malformed") return "deduction"
  if (first._tag !== "program") return first._tag
  return first.pairs.length > 1 ? "induction" : "deduction"
}

/** Rows looked at together; the executors' pool bounds what really runs. */
const concurrency = 16

export const openSuiteFile = Effect.fn("openSuiteFile")(function* (
  description: SuiteDescription,
  file: RowFile,
  running: RunningLanguage,
): Effect.fn.Return<Suite, UsageError | Executor.ExecutorError> {
  const kindId = description.kind
  if (!running.open.styles.includes(description.promptStyle)) {
    return yield* new UsageError({
      message: `${description.id} asks in style ${description.promptStyle}; ${running.open.id} has ${running.open.styles.join(", ")}`,
    })
  }
  const kind = yield* kindNamed(kindId, running)
  const read = yield* Effect.forEach(
    file.rows,
    ({ number, row }) =>
      Effect.map(tasksOf(kindId, kind, description.promptStyle, running, row), (found) =>
        found.map((each): SuiteTask | RejectedRow => ({ row: number, id: row.id, ...each })),
      ),
    { concurrency },
  )
  const all = read.flat()
  return {
    ...description,
    kindId,
    kind,
    sha256: file.sha256,
    rows: all.length,
    tasks: all.filter((each) => "task" in each),
    rejected: all.filter((each) => "reason" in each),
  }
})

const kindNamed = (kindId: SuiteKindId, { environment, open, services }: RunningLanguage) => {
  switch (kindId) {
    case "completion": {
      const parts = completionParts(environment.language)
      if (environment.language.id !== "python") {
        return Effect.fail(new UsageError({ message: `completion suites are Python; ${open.id} is not` }))
      }
      return Effect.succeed(
        suiteKind({
          ...parts,
          verify: (task, answer) => Effect.provideContext(parts.verify(task, answer), services),
        }),
      )
    }
    case "question":
      return Effect.succeed(suiteKind(questionParts(environment.language)))
    default: {
      const kind = open.kinds.get(kindId)
      return kind === undefined
        ? Effect.fail(
            new UsageError({
              message: `${open.id} has no ${kindId} tasks; did you mean ${RunConfig.nearest(kindId, [...open.kinds.keys()])}?`,
            }),
          )
        : Effect.succeed(environmentSuiteKind(kind))
    }
  }
}

type Found = { readonly task: unknown } | { readonly reason: string; readonly message: string }

const refused = (reason: string, message: string): ReadonlyArray<Found> => [{ reason, message }]

/** The tasks of a row: one, except that every pair of a program is one for deduction and abduction. */
const tasksOf = (
  kindId: SuiteKindId,
  kind: SuiteKind,
  style: Environment.PromptStyle,
  running: RunningLanguage,
  row: DatasetRow,
): Effect.Effect<ReadonlyArray<Found>, Executor.ExecutorError> => {
  if (row._tag === "malformed") return Effect.succeed(refused("malformed", row.message))
  if (row._tag !== (kindId === "completion" || kindId === "question" ? kindId : "program")) {
    return Effect.succeed(refused("malformed", `a ${row._tag} row in a suite of ${kindId} tasks`))
  }
  if (row._tag === "question" && !isComparedAsText(row.dataset)) {
    return Effect.succeed(
      refused(
        "scorer",
        `reasoning-gym scores ${row.dataset} by a program of its own, not by comparing texts`,
      ),
    )
  }
  if (row._tag !== "program") return knownByGold(kind, style, row)
  const found = Effect.forEach(pairsOfTask(row, kindId), (pairs) => recorded(running, kindId, row, pairs))
  return Effect.provideContext(found, running.services)
}

/** A row whose own answer its checker does not find correct asks for nothing that could be answered. */
const knownByGold = Effect.fnUntraced(function* (
  kind: SuiteKind,
  style: Environment.PromptStyle,
  row: DatasetRow,
) {
  const answer = yield* Effect.result(
    Effect.fromResult(kind.parseAnswer(kind.goldResponse(row, style), style)),
  )
  if (answer._tag === "Failure") return refused("gold", answer.failure.message)
  const verdict = yield* kind.verify(row, answer.success)
  return verdict.verdict === "correct" ? [{ task: row }] : refused("gold", verdict.reason)
})

/** Validated like any proposal, by running it; what was recorded has to be what comes out. */
const recorded = Effect.fnUntraced(function* (
  { environment, open }: RunningLanguage,
  kindId: string,
  row: ProgramRow,
  pairs: ProgramRow["pairs"],
): Effect.fn.Return<Found, Executor.ExecutorError, Executor.Executor> {
  const kind = open.kinds.get(kindId) as Environment.OpenTaskKind
  const draft = { program: row.program, inputs: pairs.map(({ input }) => input), message: row.message }
  const validated = yield* kind.validate(draft).pipe(
    Effect.map((task) => ({ task })),
    Effect.catchTag("ProposalRejected", ({ message, reason }) => Effect.succeed({ reason, message })),
  )
  if ("reason" in validated) return validated
  const task = validated.task as LanguageTask
  const outputs =
    task._tag === "induction"
      ? task.pairs.map(({ output }) => output)
      : task._tag === "error"
        ? []
        : [task.output]
  for (const [index, output] of outputs.entries()) {
    const compared = yield* compareOutput(environment.language, output, pairs[index]?.output ?? "")
    if (compared.status !== "match") return { reason: compared.status, message: compared.detail }
  }
  return { task }
})
