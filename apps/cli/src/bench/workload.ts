/** What is measured: programs with inputs that return a value, read from corpus rows. */
import { fileURLToPath } from "node:url"
import { type Executor, Value } from "@azr/core"
import { admitProgram, call, readArguments } from "@azr/core/language"
import { Effect, FileSystem, Schema } from "effect"
import { pairsOf } from "../datasetRows.ts"
import { unreadable } from "../exitCodes.ts"
import type { MeasuredLanguage } from "./languages.ts"

/** A program, its input in both forms, and what it returns as canonical text. */
export const WorkItem = Schema.Struct({
  program: Schema.String,
  input: Schema.String,
  arguments: Schema.Array(Value.ValueFromJson),
  output: Schema.String,
})
export type WorkItem = typeof WorkItem.Type

/** More work than this for one program is not what tasks are like, and natively nothing would stop it. */
const mostFuel = 500_000_000

/** Programs in flight; the executors' pool bounds what really runs. */
const concurrency = 16

export interface Source {
  /** As the user named it. */
  readonly name: string
  readonly path: string
}

/** Corpus files, or the rows that ship with the language where none is given. */
export const sourcesOf = ({ rows }: MeasuredLanguage, files: ReadonlyArray<string>): ReadonlyArray<Source> =>
  files.length > 0
    ? files.map((file) => ({ name: file, path: file }))
    : [{ name: "the bundled programs", path: fileURLToPath(rows) }]

/** Every (program, input) of the sources whose input can be read. */
export const readPairs = Effect.fn("readPairs")(function* (
  { environment: { language } }: MeasuredLanguage,
  sources: ReadonlyArray<Source>,
) {
  const fs = yield* FileSystem.FileSystem
  const texts = yield* Effect.forEach(sources, ({ name, path }) =>
    Effect.mapError(fs.readFileString(path), unreadable(name)),
  )
  const pairs = texts.flatMap((text) => text.split("\n")).flatMap(pairsOf)
  const readable = yield* Effect.forEach(
    pairs,
    ({ input, program }) =>
      readArguments(language, input).pipe(
        Effect.map((values) => [{ program, input, arguments: values }]),
        Effect.catchTag("LiteralRefused", () => Effect.succeed([])),
      ),
    { concurrency },
  )
  return readable.flat()
})

/**
 * Those of them that the language's rules allow and that return in the sandbox. Only such programs can be run natively
 * for comparison without harm; `left` counts the others.
 */
export const readWorkload = Effect.fn("readWorkload")(function* (
  measured: MeasuredLanguage,
  sources: ReadonlyArray<Source>,
) {
  const { language } = measured.environment
  const pairs = yield* readPairs(measured, sources)
  const items = yield* Effect.forEach(
    pairs,
    (pair) =>
      Effect.gen(function* () {
        yield* admitProgram(language, pair.program)
        const outcome = yield* call(language, pair.program, pair.arguments, "reference")
        return outcome._tag === "Returned" && outcome.fuel <= mostFuel
          ? [{ ...pair, output: Value.encode(outcome.value) } satisfies WorkItem]
          : []
      }).pipe(Effect.catchTag("ProposalRejected", () => Effect.succeed([]))),
    { concurrency },
  )
  return { items: items.flat(), left: pairs.length - items.flat().length }
})

/** Whether an outcome is the one that the workload expects. */
export const isExpected = (outcome: Executor.Outcome, { output }: WorkItem): boolean =>
  outcome._tag === "Returned" && Value.encode(outcome.value) === output
