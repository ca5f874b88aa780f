import { Environment, RandomStreams, type TaskBuffer } from "@azr/core"
import type { LanguageEnvironment } from "@azr/core/language"
import { Effect, Option, Result, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { readEnvironment, readLanguage } from "../environments.ts"
import { describeSuiteFile, openSuiteFile, runEnvironment } from "../evaluation/openSuites.ts"
import { UsageError } from "../exitCodes.ts"
import { taskRows } from "../exports/runRows.ts"
import { writeTable } from "../exports/tableFiles.ts"
import { attempt, toTarget } from "../exports/target.ts"
import { hostFlag, onHost } from "../hostFlag.ts"
import { Output } from "../Output.ts"
import { Table } from "../Table.ts"

/** What became of the drafts of one kind. */
interface Seeded {
  readonly kind: string
  /** In the kind's own encoded form. */
  readonly tasks: ReadonlyArray<unknown>
  /** Drafts that are no tasks to train on, by reason. */
  readonly rejected: Readonly<Record<string, number>>
}

/** Decides which validated drafts a buffer would take. */
class Sieve {
  readonly tasks = new Map<string, unknown>()
  readonly rejected: Record<string, number> = {}
  readonly #kind: Environment.OpenTaskKind

  constructor(kind: Environment.OpenTaskKind) {
    this.#kind = kind
  }

  reject(reason: string): void {
    this.rejected[reason] = (this.rejected[reason] ?? 0) + 1
  }

  take(task: unknown): void {
    const identity = this.#kind.identity(task)
    if (this.#kind.split(task) !== "train") this.reject("heldOut")
    else if (this.tasks.has(identity)) this.reject("duplicate")
    else this.tasks.set(identity, task)
  }

  get result(): Seeded {
    const encode = Schema.encodeUnknownSync(this.#kind.taskSchema)
    const tasks = [...this.tasks.values()].map((task) => encode(task))
    return { kind: this.#kind.id, tasks, rejected: this.rejected }
  }
}

/** As a run of this seed draws and validates them. */
const drawn = Effect.fn("drawn")(function* (
  environment: Environment.OpenEnvironment,
  kind: Environment.OpenTaskKind,
  count: number,
  random: RandomStreams.RandomStreams,
) {
  const sieve = new Sieve(kind)
  const stream = random.get(`seeds/${environment.id}/${kind.id}`)
  yield* Environment.drawSeeds(environment, kind, count, stream, (validated) =>
    Effect.sync(() => {
      const before = sieve.tasks.size
      for (const each of validated) {
        if (Result.isSuccess(each)) sieve.take(each.success)
        else sieve.reject(each.failure._tag === "ProposalRejected" ? each.failure.reason : each.failure._tag)
      }
      return sieve.tasks.size - before
    }),
  )
  return sieve.result
})

const chosen = (
  { id, kinds }: Environment.OpenEnvironment,
  wanted: ReadonlyArray<string>,
): Effect.Effect<ReadonlyArray<Environment.OpenTaskKind>, UsageError> =>
  Effect.forEach(wanted.length === 0 ? [...kinds.keys()] : wanted, (name) =>
    Effect.mapError(
      Effect.fromNullishOr(kinds.get(name)),
      () =>
        new UsageError({ message: `${id} has no kind ${name}; there are: ${[...kinds.keys()].join(", ")}` }),
    ),
  )

const fromFile = Effect.fn("fromFile")(function* (
  file: string,
  name: string,
  environment: LanguageEnvironment,
  wanted: ReadonlyArray<string>,
) {
  const running = yield* runEnvironment(environment)
  const decoding = { temperature: 0, samples: 1, maxTokens: 1 }
  const promptStyle = environment.styles[0] ?? "full"
  const found = yield* describeSuiteFile(file, { environment: name, kind: null, decoding, promptStyle })
  if (found.description.kind === "completion" || found.description.kind === "question")
    return yield* new UsageError({ message: `${file} holds ${found.description.kind} rows, no programs` })
  const kinds = yield* chosen(running.open, wanted.length === 0 ? [found.description.kind] : wanted)
  return yield* Effect.forEach(
    kinds,
    Effect.fnUntraced(function* (kind) {
      const description = { ...found.description, kind: kind.id as typeof found.description.kind }
      const suite = yield* openSuiteFile(description, found.rows, running)
      const sieve = new Sieve(kind)
      for (const { reason } of suite.rejected) sieve.reject(reason)
      for (const { task } of suite.tasks) sieve.take(task)
      return sieve.result
    }),
  )
})

export const seedCommand = Command.make(
  "seed",
  {
    env: Flag.String("env").pipe(
      Flag.withDescription("Environment, by id, path or package (default python-nano; python with --from)"),
      Flag.optional,
    ),
    kind: Flag.String("kind").pipe(
      Flag.withDescription(
        "Only this kind of task; may be repeated (default all, or what the file's rows are)",
      ),
      Flag.atLeast(0),
    ),
    count: Flag.Int("count").pipe(
      Flag.withDescription("Tasks of each kind to draw (default 256)"),
      Flag.filter(
        (count) => count > 0,
        () => "a number of tasks",
      ),
      Flag.withDefault(256),
    ),
    seed: Flag.Int("seed").pipe(Flag.withDescription("Seed of the draws (default 0)"), Flag.withDefault(0)),
    from: Flag.String("from").pipe(
      Flag.withDescription(
        "Rows of a file in place of the environment's seeds, as azr eval --suite reads them",
      ),
      Flag.withMetavar("file"),
      Flag.optional,
    ),
    host: hostFlag,
    out: Flag.String("out").pipe(
      Flag.withDescription("File to write the tasks to, as JSON lines; it must not exist"),
      Flag.optional,
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object a kind on stdout"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr seed")(function* ({ count, env, from, host, json, kind, out, seed }) {
    const output = yield* Output
    const name = Option.getOrElse(env, () => (Option.isSome(from) ? "python" : "python-nano"))
    yield* output.announce("starting the executors …")
    const { environment, seeded } = yield* Effect.gen(function* () {
      if (Option.isSome(from)) {
        const environment = yield* readLanguage(name)
        return { environment, seeded: yield* fromFile(from.value, name, environment, kind) }
      }
      const environment = yield* readEnvironment(name)
      const open = yield* Environment.open(environment)
      const random = new RandomStreams.RandomStreams(seed)
      const kinds = yield* chosen(open, kind)
      return { environment, seeded: yield* Effect.forEach(kinds, (each) => drawn(open, each, count, random)) }
    }).pipe(Effect.scoped, onHost(host))

    if (Option.isSome(out)) {
      const added = seeded.flatMap(({ kind, tasks }) => tasks.map((task) => ({ kind, task })))
      const records = added.map(({ kind, task }, index): TaskBuffer.TaskRecord => ({
        id: index + 1,
        environment: environment.id,
        kind,
        step: 0,
        origin: "seed",
        parents: [],
        task,
        successRate: null,
      }))
      yield* toTarget(out.value, false, ({ path }) =>
        attempt(out.value, () => writeTable(path, "jsonl", taskRows(records, [environment]))),
      )
    }
    const table = new Table(["environment", "kind", "drafts", "tasks", "rejected"], "llrrl")
    for (const { kind, rejected, tasks } of seeded) {
      const reasons = Object.entries(rejected).toSorted(([, a], [, b]) => b - a)
      const drafts = reasons.reduce((sum, [, count]) => sum + count, tasks.length)
      if (json) {
        yield* output.result(
          JSON.stringify({ environment: environment.id, kind, drafts, tasks: tasks.length, rejected }),
        )
      } else {
        const text = reasons.map(([reason, count]) => `${count} ${reason}`).join(", ")
        table.row([environment.id, kind, String(drafts), String(tasks.length), text])
      }
    }
    if (!json) for (const line of table.lines()) yield* output.result(line)
  }),
).pipe(
  Command.withDescription(
    "Draw the tasks that a run begins with, or read them from a file, and say of each kind how many are tasks to train on and " +
      "why the other drafts are none: refused by the validation, held out, or there twice",
  ),
  Command.withShortDescription("Draw seed tasks, or read them from a file, and say why others are none"),
  Command.withExamples([
    { command: "azr seed --env ./my-environment.ts --count 20", description: "What an environment gives" },
    {
      command: "azr seed --from cruxeval.jsonl --kind deduction --kind abduction --out tasks.jsonl",
      description: "The valid tasks of a benchmark file",
    },
  ]),
)
