/**
 * The process that measures one language on one host with one number of workers. Reads `Opening` and then questions
 * from standard input, a line each; nothing else runs here, so CPU time and memory are the executor's.
 */
import { createInterface } from "node:readline"
import { Value } from "@azr/core"
import { Effect, Result, Schema } from "effect"
import { hostilePrograms } from "./hostile.ts"
import { type DirectExecutor, type LanguageId, openDirect } from "./languages.ts"
import { Opening, Question, type Recovery } from "./questions.ts"
import { median, percentile } from "./statistics.ts"
import { type WorkItem, isExpected } from "./workload.ts"

/** Programs in flight for each worker at saturation; the pool deals them out in batches. */
const inFlight = 32

const since = (start: number): number => performance.now() - start

/** Work without end: every item has its turn. */
const endless = (items: ReadonlyArray<WorkItem>): (() => WorkItem) => {
  let index = 0
  return () => items[index++ % items.length] as WorkItem
}

/** Runs programs in so many lanes until time is over. */
const lanes = (count: number, seconds: number, step: Effect.Effect<unknown, unknown>) => {
  const end = performance.now() + seconds * 1000
  const lane = Effect.whileLoop({
    while: () => performance.now() < end,
    body: () => step,
    step: () => undefined,
  })
  return Effect.all(
    Array.from({ length: count }, () => lane),
    { concurrency: "unbounded", discard: true },
  )
}

const throughput = Effect.fn(function* (executor: DirectExecutor, next: () => WorkItem, seconds: number) {
  const start = performance.now()
  const cpu = process.cpuUsage()
  let programs = 0
  const step = Effect.suspend(() => executor.run(next())).pipe(
    Effect.andThen(Effect.sync(() => (programs += 1))),
  )
  yield* lanes(inFlight * executor.pool.workers, seconds, step)
  const { system, user } = process.cpuUsage(cpu)
  return { programs, seconds: since(start) / 1000, cpuMs: (system + user) / 1000 }
})

const latency = Effect.fn(function* (executor: DirectExecutor, next: () => WorkItem, seconds: number) {
  const taken: Array<number> = []
  const step = Effect.suspend(() => {
    const start = performance.now()
    return Effect.andThen(
      executor.run(next()),
      Effect.sync(() => taken.push(since(start))),
    )
  })
  yield* lanes(executor.pool.workers, seconds, step)
  return { p50Ms: percentile(taken, 0.5), p99Ms: percentile(taken, 0.99) }
})

const recovery = Effect.fn(function* (
  executor: DirectExecutor,
  language: LanguageId,
  probe: WorkItem,
  times: number,
) {
  const probeTime = Effect.gen(function* () {
    const start = performance.now()
    yield* executor.run(probe)
    return since(start)
  })
  const result: { -readonly [kind in keyof Recovery]: Recovery[kind] } = {
    fuel: null,
    memory: null,
    stack: null,
    trap: null,
  }
  for (const kind of ["fuel", "memory", "stack", "trap"] as const) {
    const found = hostilePrograms[language].find((hostile) => hostile.kind === kind)
    if (found === undefined) continue
    const later: Array<number> = []
    for (let time = 0; time < times; time++) {
      yield* probeTime
      const usual = yield* probeTime
      // Every worker fails, so that whichever takes the probe has to recover.
      const outcomes = yield* Effect.all(
        Array.from({ length: executor.pool.workers }, () =>
          executor.run({ ...found, arguments: [Value.none] }),
        ),
        { concurrency: "unbounded" },
      )
      const other = outcomes.find((outcome) => outcome._tag === "Returned" || outcome.failure.kind !== kind)
      if (other !== undefined)
        throw new Error(`${found.what} did not fail by ${kind}: ${JSON.stringify(other)}`)
      later.push((yield* probeTime) - usual)
    }
    // Below zero is noise: then there is nothing to recover from.
    result[kind] = Math.max(median(later), 0)
  }
  return result
})

/** Resident memory once every worker has run under both conditions, without what only waits to be collected. */
const memory = Effect.fn(function* (executor: DirectExecutor, items: ReadonlyArray<WorkItem>) {
  const requests = items.flatMap((item) => [item, { ...item, conditions: "perturbed" as const }])
  yield* Effect.forEach(requests, executor.run, {
    concurrency: inFlight * executor.pool.workers,
    discard: true,
  })
  globalThis.gc?.()
  return { rssMb: process.memoryUsage().rss / 2 ** 20 }
})

const firstPass = Effect.fn(function* (executor: DirectExecutor, items: ReadonlyArray<WorkItem>) {
  yield* executor.run(items[0] as WorkItem)
  const firstAnswerMs = process.uptime() * 1000
  const start = performance.now()
  const outcomes = yield* Effect.forEach(items, (item) => executor.run(item), {
    concurrency: inFlight * executor.pool.workers,
  })
  return {
    firstAnswerMs,
    coldProgramsPerSecond: (items.length / since(start)) * 1000,
    wrong: outcomes.filter((outcome, index) => !isExpected(outcome, items[index] as WorkItem)).length,
  }
})

const answer = Effect.fn(function* (
  executor: DirectExecutor,
  { items, language }: typeof Opening.Type,
  next: () => WorkItem,
  question: Question,
) {
  switch (question.do) {
    case "throughput":
      return yield* throughput(executor, next, question.seconds)
    case "latency":
      return yield* latency(executor, next, question.seconds)
    case "recovery":
      return yield* recovery(executor, language, items[0] as WorkItem, question.times)
    case "memory":
      return yield* memory(executor, items)
  }
})

const say = (message: unknown) => Effect.sync(() => void process.stdout.write(`${JSON.stringify(message)}\n`))

const serve = Effect.gen(function* () {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  const nextLine = Effect.map(
    Effect.promise(() => lines.next()),
    ({ done, value }) => (done === true ? null : (value as string)),
  )
  const opening = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(Opening))(yield* nextLine)
  const opened = yield* Effect.result(openDirect(opening.language, opening.host, opening.workers))
  if (Result.isFailure(opened)) {
    const { hint, reason } = opened.failure
    return yield* say({ unavailable: { reason, hint } })
  }
  const executor = opened.success
  yield* say(yield* firstPass(executor, opening.items))
  const next = endless(opening.items)
  const decodeQuestion = Schema.decodeUnknownEffect(Schema.fromJsonString(Question))
  for (;;) {
    const line = yield* nextLine
    if (line === null) return
    yield* say(yield* answer(executor, opening, next, yield* decodeQuestion(line)))
  }
})

await Effect.runPromise(Effect.scoped(serve))
