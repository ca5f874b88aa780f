/**
 * Every attempt ends as it should, and the program after it finds everything as the first one did: the same value, the
 * same print, the same fuel.
 */
import { Executor, Value } from "@azr/core"
import { ExecutorHost } from "@azr/wasm-host"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { JavaScriptExecutor } from "../src/index.ts"
import { renderValue } from "../src/literals/render.ts"
import type { Attempt } from "./escapes/attempt.ts"
import { codeAttempts, frameAttempts } from "./escapes/codeAttempts.ts"
import { exhaustionAttempts } from "./escapes/exhaustionAttempts.ts"
import { forgeryAttempts } from "./escapes/forgeryAttempts.ts"
import { hostAttempts } from "./escapes/hostAttempts.ts"
import { pollutionAttempts } from "./escapes/pollutionAttempts.ts"
import { probe } from "./escapes/probe.ts"
import { resultAttempts } from "./escapes/resultAttempts.ts"
import { onEveryHost } from "@azr/wasm-host/testing"

const everyAttempt: ReadonlyArray<Attempt> = [
  ...hostAttempts,
  ...codeAttempts,
  ...frameAttempts,
  ...pollutionAttempts,
  ...resultAttempts,
  ...forgeryAttempts,
  ...exhaustionAttempts,
]

const { component, runCall, runOutcome } = JavaScriptExecutor

/** Less than a run's: what never ends shall end soon. */
const limits = { ...Executor.defaultLimits, fuel: 200_000_000 }

const request = (program: string): Executor.ExecutionRequest => ({
  program,
  entry: "f",
  arguments: [Value.list([3, 1, 2].map(Value.float))],
  limits,
  conditions: "reference",
})

/** Straight to the host, past the memory of answers. One worker, so that every program follows every other in it. */
class OneWorker extends Context.Service<
  OneWorker,
  {
    readonly run: (program: string) => Effect.Effect<Executor.Outcome, Executor.ExecutorError>
    /** What the probe found before any attempt. */
    readonly untouched: Executor.Outcome
  }
>()("test/OneWorker") {
  static readonly layer = Layer.effect(
    OneWorker,
    Effect.gen(function* () {
      const host = yield* ExecutorHost
      const pool = yield* host.open({ ...(yield* component), warmUp: [] }, { workers: 1 })
      const run = (program: string) =>
        Effect.map(pool.run(runCall(request(program))), (result) => runOutcome(result, limits))
      return OneWorker.of({ run, untouched: yield* run(probe) })
    }),
  )
}

/** A value as JavaScript text, or `!` and what it failed with. */
const textOf = (outcome: Executor.Outcome): string => {
  if (outcome._tag === "Returned") return renderValue(outcome.value)
  const { kind, name } = outcome.failure
  return `!${kind === "exception" || kind === "syntax" ? (name ?? kind) : kind}`
}

onEveryHost(({ layer: host, name: hostName }) => {
  layer(Layer.provide(OneWorker.layer, host))(`escapes on ${hostName}`, (test) => {
    test.effect("the probe finds a language, and what it prints", () =>
      Effect.gen(function* () {
        const { run, untouched } = yield* OneWorker
        assert.include(textOf(untouched), "1180591620717411303424n")
        assert.strictEqual(untouched.stdout, "probe [3,1,2]\n")
        assert.deepStrictEqual(yield* run(probe), untouched)
      }),
    )

    for (const { expected, name, program } of everyAttempt) {
      test.effect(name, () =>
        Effect.gen(function* () {
          const { run, untouched } = yield* OneWorker
          assert.include([expected].flat(), textOf(yield* run(program)), program.slice(0, 1000))
          assert.deepStrictEqual(yield* run(probe), untouched, "the next program is affected")
        }),
      )
    }
  })
})
