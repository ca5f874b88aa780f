import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Result } from "effect"
import { type Environment, type TaskKind, defineEnvironment, open } from "../src/Environment.ts"
import { ExecutorUnavailable } from "../src/Executor.ts"
import { puzzleEnvironment } from "../src/testing/puzzleEnvironment.ts"

/** What an environment might need: a service with a lifetime. */
class Judge extends Context.Service<Judge, { readonly limit: number }>()("test/Judge") {}

const log: Array<string> = []
const judge = Layer.effect(
  Judge,
  Effect.acquireRelease(
    Effect.sync(() => {
      log.push("open")
      return { limit: 3 }
    }),
    () => Effect.sync(() => log.push("close")),
  ),
)

/** The puzzle kinds, whose validation and verification ask a service. */
const judged = (layer: Environment<Judge>["layer"]): Environment<Judge> => {
  const { kinds, ...rest } = puzzleEnvironment()
  return defineEnvironment<Judge>({
    ...rest,
    kinds: kinds.map((kind): TaskKind<unknown, unknown, unknown, unknown, Judge> => ({
      ...kind,
      validate: (draft) =>
        Effect.flatMap(Judge, ({ limit }) => kind.validate({ ...(draft as object), b: limit })),
      verify: (task, answer) => Effect.andThen(Judge, kind.verify(task, answer)),
    })),
    layer,
  })
}

describe("open", () => {
  it.effect("closes validation and verification over the layer, built once and released with the scope", () =>
    Effect.gen(function* () {
      log.length = 0
      const verdict = yield* Effect.scoped(
        Effect.gen(function* () {
          const { kinds } = yield* open(judged(judge))
          const kind = kinds.get("result")
          if (kind === undefined) return assert.fail("no kind")
          assert.deepStrictEqual(log, ["open"])
          const task = yield* kind.validate({ a: 1, operator: "+", b: 1 })
          assert.deepStrictEqual(task, { a: 1, operator: "+", b: 3 })
          assert.deepStrictEqual(log, ["open"])
          return yield* kind.verify(task, 4)
        }),
      )
      assert.deepStrictEqual(verdict, { verdict: "correct", reason: "" })
      assert.deepStrictEqual(log, ["open", "close"])
    }),
  )

  it.effect("keeps everything else of a kind as it is", () =>
    Effect.gen(function* () {
      const environment = judged(judge)
      const opened = yield* open(environment)
      assert.deepStrictEqual(
        [opened.id, opened.title, opened.styles],
        ["puzzles", "Arithmetic puzzles", ["full", "compact"]],
      )
      for (const kind of environment.kinds) {
        const same = opened.kinds.get(kind.id)
        const task = { a: 2, operator: "*", b: 5 }
        assert.strictEqual(same?.id, kind.id)
        assert.strictEqual(same?.identity(task), kind.identity(task))
        assert.deepStrictEqual(same?.solvePrompt(task, "full"), kind.solvePrompt(task, "full"))
        assert.isTrue(same !== undefined && Result.isFailure(same.parseAnswer("", "full")))
      }
    }),
  )

  it.effect("fails with the layer's error", () =>
    Effect.gen(function* () {
      const unavailable = new ExecutorUnavailable({
        executor: "judge",
        reason: "no judge",
        hint: "ask another day",
      })
      const error = yield* Effect.flip(
        Effect.scoped(open(judged(Layer.effect(Judge, Effect.fail(unavailable))))),
      )
      assert.strictEqual(error, unavailable)
    }),
  )
})
