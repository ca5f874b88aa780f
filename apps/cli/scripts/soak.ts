/**
 * A soak: a long mix of ordinary and hostile programs on one host. Holds when no request is lost, every outcome is the
 * expected one to the last unit of fuel, memory stays flat, and every worker still works at the end.
 *
 *     pnpm soak --host wasmtime --env python --programs 200000
 */
import { availableParallelism } from "node:os"
import { type Executor, RandomStreams, Value } from "@azr/core"
import { Effect, Fiber } from "effect"
import { Command, Flag } from "effect/cli"
import { hostilePrograms } from "../src/bench/hostile.ts"
import { type DirectExecutor, type DirectRequest, languages, openDirect } from "../src/bench/languages.ts"
import { slope } from "../src/bench/statistics.ts"
import { isExpected, readWorkload, sourcesOf } from "../src/bench/workload.ts"
import { CheckFailed } from "../src/exitCodes.ts"
import { Output } from "../src/Output.ts"
import { corpusFlag, envFlag, hostFlag, runScript, seedFlag, stop } from "./stress/script.ts"

const hostileShare = 0.05
/** Memory is judged from here on, when code is hot and every worker has met every kind of failure. */
const settled = 0.25
/** What counts as flat: growth over the whole soak, by the slope of the samples, against what it started from. */
const flat = 0.05
/** Fewer say nothing: the engines still compile. */
const fewestSamples = 30
const sampleEveryMs = 1000
const silenceMs = 120_000
/** Fuel of a call that takes long compared with any other: a second or so. */
const longWork = 5_000_000_000

interface Expected {
  readonly name: string
  readonly request: DirectRequest
  readonly outcome: string
}

const textOf = (outcome: Executor.Outcome): string =>
  JSON.stringify(
    outcome._tag === "Returned"
      ? { value: Value.toJson(outcome.value), stdout: outcome.stdout, fuel: outcome.fuel }
      : { failure: outcome.failure, stdout: outcome.stdout, fuel: outcome.fuel },
  )

/** The outcome that a program must have every time, from its first run; ordinary ones against their recorded value. */
const expectations = Effect.fn(function* (
  executor: DirectExecutor,
  ordinary: Effect.Success<ReturnType<typeof readWorkload>>["items"],
  hostile: (typeof hostilePrograms)[keyof typeof hostilePrograms],
) {
  const peaceful = yield* Effect.forEach(ordinary, (item, index) =>
    Effect.map(executor.run(item), (outcome): Expected => {
      if (!isExpected(outcome, item)) throw new Error(`program ${index} gives ${textOf(outcome)}`)
      return { name: `program ${index}`, request: item, outcome: textOf(outcome) }
    }),
  )
  const harmful = yield* Effect.forEach(hostile, ({ fuel, kind, program, what }) => {
    const request = { program, fuel, arguments: [Value.int(3)] }
    return Effect.map(executor.run(request), (outcome): Expected => {
      if (outcome._tag === "Returned" || outcome.failure.kind !== kind)
        throw new Error(`${what} gives ${textOf(outcome)} instead of ${kind}`)
      return { name: what, request, outcome: textOf(outcome) }
    })
  })
  return { peaceful, harmful }
})

/**
 * Whether every worker takes calls: with all but one at long work, a short call must be answered before any of that
 * ends. This does not depend on how busy the machine is.
 */
const atFullStrength = Effect.fn(function* (executor: DirectExecutor, endless: Expected, short: Expected) {
  const long = { ...endless.request, fuel: longWork }
  let ended = 0
  const busy = yield* Effect.forEach(Array.from({ length: executor.pool.workers - 1 }), () =>
    Effect.forkChild(
      Effect.andThen(
        executor.run(long),
        Effect.sync(() => (ended += 1)),
      ),
    ),
  )
  // They have to be under way first.
  yield* Effect.sleep("20 millis")
  yield* executor.run(short.request)
  const overtaken = ended
  yield* Effect.forEach(busy, (fiber) => Fiber.join(fiber))
  return overtaken === 0
})

const soak = Command.make(
  "soak",
  {
    host: hostFlag,
    env: envFlag,
    seed: seedFlag,
    corpus: corpusFlag,
    programs: Flag.Int("programs").pipe(
      Flag.withDescription("Programs to run (default 200000)"),
      Flag.withDefault(200_000),
    ),
    workers: Flag.Int("workers").pipe(
      Flag.withDescription("Workers (default one a core)"),
      Flag.withDefault(availableParallelism()),
    ),
  },
  Effect.fn("soak")(function* ({ corpus, env, host, programs, seed, workers }) {
    const output = yield* Output
    const language = languages[env]
    const sources = [...sourcesOf(language, []), ...(corpus.length > 0 ? sourcesOf(language, corpus) : [])]
    const { items } = yield* Effect.provide(readWorkload(language, sources), language.environment.layer)
    const executor = yield* openDirect(env, host, workers)
    const { harmful, peaceful } = yield* expectations(executor, items, hostilePrograms[env])
    const random = new RandomStreams.RandomStreams(seed).get("soak")
    yield* output.progress(
      `${programs} programs on ${host}, ${env}, ${workers} workers: ` +
        `${peaceful.length} ordinary, ${harmful.length} hostile`,
    )

    let asked = 0
    let answered = 0
    let hostileRun = 0
    let lastAnswer = performance.now()
    const wrong: Array<string> = []
    const samples: Array<readonly [programs: number, mebibytes: number]> = []
    const sample = () => samples.push([answered, process.memoryUsage().rss / 2 ** 20])
    const start = performance.now()
    const timer = setInterval(() => {
      sample()
      if (performance.now() - lastAnswer > silenceMs) {
        process.stderr.write(`no answer for ${silenceMs / 1000} s: ${asked - answered} requests lost\n`)
        process.exit(1)
      }
      if (samples.length % 15 === 0) {
        const [, mebibytes] = samples.at(-1) ?? [0, 0]
        const rate = (answered / (performance.now() - start)) * 1000
        process.stderr.write(
          `${answered} answered, ${rate.toFixed(0)}/s, ${mebibytes.toFixed(0)} MB, ${wrong.length} wrong\n`,
        )
      }
    }, sampleEveryMs)

    const one = Effect.suspend(() => {
      const isHostile = random.float() < hostileShare
      const expected = random.pick(isHostile ? harmful : peaceful)
      asked += 1
      if (isHostile) hostileRun += 1
      return Effect.map(executor.run(expected.request), (outcome) => {
        answered += 1
        lastAnswer = performance.now()
        const got = textOf(outcome)
        if (got !== expected.outcome) wrong.push(`${expected.name}: ${got} instead of ${expected.outcome}`)
      })
    })
    const lane = Effect.whileLoop({
      while: () => asked < programs && !stop.asked,
      body: () => one,
      step: () => undefined,
    })
    yield* Effect.all(
      Array.from({ length: 16 * workers }, () => lane),
      { concurrency: "unbounded", discard: true },
    ).pipe(Effect.ensuring(Effect.sync(() => clearInterval(timer))))
    sample()
    const seconds = (performance.now() - start) / 1000

    const judged = samples.filter(([done]) => done >= settled * answered)
    const [, first] = judged[0] ?? [0, Number.NaN]
    const [, last] = judged.at(-1) ?? [0, Number.NaN]
    const growth = slope(judged) * answered
    const full = yield* atFullStrength(executor, harmful[0] as Expected, peaceful[0] as Expected)
    const isFlat = judged.length < fewestSamples ? null : growth <= flat * first
    for (const line of wrong.slice(0, 20)) yield* output.result(line)
    yield* output.result(
      JSON.stringify({
        host,
        language: env,
        workers,
        seed,
        interrupted: stop.asked,
        asked,
        answered,
        hostile: hostileRun,
        wrong: wrong.length,
        seconds: Math.round(seconds),
        programsPerSecond: Math.round(answered / seconds),
        memoryMb: {
          settled: Math.round(first),
          end: Math.round(last),
          peak: Math.round(Math.max(...samples.map(([, mebibytes]) => mebibytes))),
          growthBySlope: Number(growth.toFixed(1)),
          samples: judged.length,
          flat: isFlat,
        },
        atFullStrength: full,
      }),
    )
    const failed = [
      wrong.length > 0 ? `${wrong.length} wrong outcomes` : "",
      asked === answered ? "" : `${asked - answered} requests lost`,
      isFlat !== false ? "" : `memory grew by ${growth.toFixed(0)} MB`,
      full ? "" : "not every worker takes calls",
    ].filter((part) => part !== "")
    if (failed.length > 0) return yield* new CheckFailed({ message: failed.join(", ") })
  }, Effect.scoped),
).pipe(Command.withDescription("Run a long mix of ordinary and hostile programs and check everything"))

runScript(Command.run(soak, { version: "0.0.0" }))
