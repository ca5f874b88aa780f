/**
 * The same calls on two hosts: the guest's whole answer, the trap and the fuel must be the same, on either image, also
 * where fuel ends somewhere in the middle. Exits with 3 where they are not.
 *
 *     pnpm differential --env python --programs 2000 --corpus rows.jsonl
 */
import { Executor, RandomStreams, Value } from "@azr/core"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { hostilePrograms } from "../src/bench/hostile.ts"
import { type DirectRequest, type LanguageId, languages, openDirect } from "../src/bench/languages.ts"
import { readPairs, sourcesOf } from "../src/bench/workload.ts"
import { CheckFailed } from "../src/exitCodes.ts"
import { Output } from "../src/Output.ts"
import { generateProgram } from "./stress/grammar.ts"
import { mutateProgram } from "./stress/mutate.ts"
import { corpusFlag, envFlag, runScript, seedFlag, stop } from "./stress/script.ts"

/** Endless programs are many here, and none becomes more telling by running longer. */
const fuel = 100_000_000

interface Source {
  readonly origin: "corpus" | "hostile" | "grammar" | "mutation"
  readonly request: DirectRequest
}

/** Corpus rows and hostile programs first, then by turns grown and mutated ones. */
const sourceAt =
  (id: LanguageId, fixed: ReadonlyArray<Source>, seed: number) =>
  (index: number): Source => {
    const given = fixed[index]
    if (given !== undefined) return given
    const random = new RandomStreams.RandomStreams(seed).get(`differential/${index}`)
    if (index % 2 === 0) return { origin: "grammar", request: { ...generateProgram(id, random), fuel } }
    const { request } = random.pick(fixed)
    const corpus = fixed.map((source) => source.request.program)
    const program = mutateProgram(request.program, corpus, random, id)
    return { origin: "mutation", request: { ...request, program, fuel } }
  }

const differential = Command.make(
  "differential",
  {
    env: envFlag,
    seed: seedFlag,
    corpus: corpusFlag,
    programs: Flag.Int("programs").pipe(
      Flag.withDescription("Programs to compare, at least (default 2000)"),
      Flag.withDefault(2000),
    ),
  },
  Effect.fn("differential")(function* ({ corpus, env, programs, seed }) {
    const output = yield* Output
    const language = languages[env]
    const sources = [...sourcesOf(language, []), ...(corpus.length > 0 ? sourcesOf(language, corpus) : [])]
    const pairs = yield* Effect.provide(readPairs(language, sources), language.environment.layer)
    const fixed: ReadonlyArray<Source> = [
      ...pairs.map((request) => ({ origin: "corpus" as const, request: { ...request, fuel } })),
      ...hostilePrograms[env].map(({ fuel, program }) => ({
        origin: "hostile" as const,
        request: { program, fuel, arguments: [Value.int(3)] },
      })),
    ]
    const [left, right] = yield* Effect.all([
      openDirect(env, Executor.executorHostNames[0], null),
      openDirect(env, Executor.executorHostNames[1], null),
    ])
    const at = sourceAt(env, fixed, seed)
    const total = Math.max(programs, fixed.length)
    const counts: Record<string, number> = {}
    const count = (key: string) => (counts[key] = (counts[key] ?? 0) + 1)
    let calls = 0
    let differences = 0

    /** Runs a call on both; what the first host answered. */
    const compare = Effect.fnUntraced(function* (index: number, request: DirectRequest) {
      const call = left.call(request)
      const [one, other] = yield* Effect.all([left.pool.run(call), right.pool.run(call)], { concurrency: 2 })
      calls += 1
      const texts = [JSON.stringify(one), JSON.stringify(other)] as const
      if (texts[0] !== texts[1]) {
        differences += 1
        yield* output.result(
          [
            `difference at ${index} (seed ${seed}): ${JSON.stringify(call)}`,
            ...Executor.executorHostNames.map((host, side) => `  ${host}: ${texts[side]}`),
          ].join("\n"),
        )
      }
      return one
    })

    yield* Effect.forEach(
      Array.from({ length: total }, (_, index) => index),
      Effect.fnUntraced(function* (index) {
        if (stop.asked) return
        const { origin, request } = at(index)
        count(origin)
        const result = yield* compare(index, request)
        const outcome = left.outcome(result)
        count(outcome._tag === "Returned" ? "returned" : outcome.failure.kind)
        yield* compare(index, { ...request, conditions: "perturbed" })
        // Anywhere on the way, work may be all used up.
        const random = new RandomStreams.RandomStreams(seed).get(`fuel/${index}`)
        yield* compare(index, { ...request, fuel: Math.floor(random.float() * result.fuelUsed) })
        if (index % 500 === 499) yield* output.progress(`${index + 1} programs, ${differences} differences`)
      }),
      { concurrency: 16, discard: true },
    )
    yield* output.result(
      JSON.stringify({ language: env, seed, programs: total, calls, differences, ...counts }),
    )
    if (differences > 0) return yield* new CheckFailed({ message: `${differences} differences` })
  }, Effect.scoped),
).pipe(Command.withDescription("Compare the answers of v8 and wasmtime"))

runScript(Command.run(differential, { version: "0.0.0" }))
