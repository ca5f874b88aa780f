import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { type Activity, Stopwatch, timed, withStopwatch } from "../../src/selfplay/Stopwatch.ts"

/** Seconds spent, after activities that run from one second to another. */
const spent = (...runs: ReadonlyArray<readonly [Activity, from: number, to: number]>) =>
  Effect.gen(function* () {
    const stopwatch = new Stopwatch()
    const all = Effect.forEach(
      runs,
      ([activity, from, to]) =>
        Effect.andThen(
          Effect.sleep(`${from} seconds`),
          timed(activity, Effect.sleep(`${to - from} seconds`)),
        ),
      { concurrency: "unbounded" },
    )
    const fiber = yield* Effect.forkChild(withStopwatch(all, stopwatch))
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(fiber)
    return stopwatch.spent
  })

describe("Stopwatch", () => {
  it.effect("adds up what follows one another, and counts what runs at the same time once", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* spent(["generate", 0, 3], ["execute", 4, 6], ["generate", 7, 8]), {
        generate: 4,
        execute: 2,
        train: 0,
      })
      assert.deepStrictEqual(yield* spent(["execute", 0, 5], ["execute", 1, 2], ["execute", 4, 9]), {
        generate: 0,
        execute: 9,
        train: 0,
      })
    }),
  )

  it.effect("gives a second with several activities to generation, then to training", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* spent(["generate", 0, 10], ["execute", 5, 12], ["train", 11, 14]), {
        generate: 10,
        execute: 1,
        train: 3,
      })
    }),
  )

  it.effect("tells how long was trained while tokens were generated", () =>
    Effect.gen(function* () {
      const stopwatch = new Stopwatch()
      const from = (activity: Activity, start: number, end: number) =>
        Effect.andThen(
          Effect.sleep(`${start} seconds`),
          timed(activity, Effect.sleep(`${end - start} seconds`)),
        )
      const all = Effect.all([from("generate", 0, 6), from("train", 4, 9), from("generate", 8, 10)], {
        concurrency: "unbounded",
      })
      const fiber = yield* Effect.forkChild(withStopwatch(all, stopwatch))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(stopwatch.spent, { generate: 8, train: 2, execute: 0 })
      assert.strictEqual(stopwatch.overlap, 3)
    }),
  )

  it.effect("counts what fails", () =>
    Effect.gen(function* () {
      const stopwatch = new Stopwatch()
      const failing = timed("train", Effect.andThen(Effect.sleep("2 seconds"), Effect.fail("no")))
      const fiber = yield* Effect.forkChild(withStopwatch(Effect.exit(failing), stopwatch))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(fiber)
      assert.strictEqual(stopwatch.spent.train, 2)
    }),
  )
})
