/**
 * Attempts to escape, one after another in one instance: how each ends, and that the next program is as it
 * was.
 *
 * Nothing here leaves it to the rules of the environment, which would refuse most of these programs unread.
 */
import { Executor, Value } from "@azr/core"
import { ExecutorHost, type ExecutorPool } from "@azr/wasm-host"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { PythonExecutor } from "../src/index.ts"
import type { Attempt } from "./escapes/attempt.ts"
import { forgeryAttempts } from "./escapes/forgeryAttempts.ts"
import { frameAttempts } from "./escapes/frameAttempts.ts"
import { hostAttempts } from "./escapes/hostAttempts.ts"
import { interpreterAttempts } from "./escapes/interpreterAttempts.ts"
import { probe } from "./escapes/probe.ts"
import { reportAttempts } from "./escapes/reportAttempts.ts"
import { textAttempts } from "./escapes/textAttempts.ts"
import { type HostUnderTest, onEveryHost } from "@azr/wasm-host/testing"

const suite: Readonly<Record<string, ReadonlyArray<Attempt>>> = {
  "for what a process has": hostAttempts,
  "into the interpreter": interpreterAttempts,
  "into frames, code and memory": frameAttempts,
  "at the report": reportAttempts,
  "for an answer of its own": forgeryAttempts,
  "by texts": textAttempts,
}

/** None of these is data. */
const noLiterals = [
  "[".repeat(1e6) + "]".repeat(1e6),
  `[[1], ${"(".repeat(150)}`,
  `${"-".repeat(1e5)}1`,
  `${"1+".repeat(1e5)}1`,
  `${"not ".repeat(1e5)}1`,
  "9**9**9",
  "'x' * 10**9",
  "__import__('os').system('id')",
  "().__class__.__base__.__subclasses__()",
  "1) + _(2",
  "'\0'",
  "\ufeff[1]",
  "ｅval('1')",
]

/** Half of the usual fuel. */
const limits = { ...Executor.defaultLimits, fuel: 1_000_000_000 }

const request = (program: string): Executor.ExecutionRequest => ({
  program,
  entry: "f",
  arguments: [Value.int(1)],
  limits,
  conditions: "reference",
})

const described = (outcome: Executor.Outcome): string => {
  if (outcome._tag === "Returned") return `value ${Value.encode(outcome.value)}`
  const { kind, name } = outcome.failure
  return name === null ? kind : `${kind} ${name}`
}

/** One worker of a host, past the memory of answers: every call follows every other in the same instance. */
class Guest extends Context.Service<Guest, ExecutorPool>()("test/escapes/Guest") {
  static readonly layer = Layer.effect(
    Guest,
    Effect.gen(function* () {
      const component = yield* PythonExecutor.component
      return yield* (yield* ExecutorHost).open({ ...component, warmUp: [] }, { workers: 1 })
    }),
  )
}

const escapes = (host: HostUnderTest): void =>
  layer(Layer.mergeAll(Guest.layer, PythonExecutor.layerNoDeps).pipe(Layer.provide(host.layer)))(
    `escapes on ${host.name}`,
    (test) => {
      const call = (program: string) =>
        Effect.flatMap(Guest, (guest) => guest.run(PythonExecutor.runCall(request(program))))
      const ask = (question: object) =>
        Effect.flatMap(Guest, (guest) =>
          guest.run({ image: "a", fuel: limits.fuel, request: JSON.stringify(question) }),
        )

      for (const [theme, attempts] of Object.entries(suite)) {
        test.effect(`reaching ${theme}`, () =>
          Effect.gen(function* () {
            const untouched = yield* call(probe)
            assert.include(
              described(PythonExecutor.runOutcome(untouched, limits)),
              'value [[1,2,3],"{\\"a\\": [1, null]}"',
            )
            for (const { name, outcome, program } of attempts) {
              const result = yield* call(program)
              if (outcome !== null)
                assert.strictEqual(described(PythonExecutor.runOutcome(result, limits)), outcome, name)
              assert.deepStrictEqual(yield* call(probe), untouched, `after ${name}`)
            }
          }),
        )

        test.effect(`reaching ${theme}, side by side through the executor`, () =>
          Effect.gen(function* () {
            const executor = yield* Executor.Executor
            const outcomes = yield* Effect.forEach(
              attempts,
              ({ program }) => executor.run(request(program)),
              {
                concurrency: "unbounded",
              },
            )
            for (const [index, { name, outcome }] of attempts.entries()) {
              const found = outcomes[index]
              if (found !== undefined && outcome !== null) assert.strictEqual(described(found), outcome, name)
            }
          }),
        )
      }

      test.effect("reading and inspecting what is no literal and hardly a program", () =>
        Effect.gen(function* () {
          const untouched = yield* call(probe)
          for (const text of noLiterals) {
            const name = text.slice(0, 40)
            for (const as of ["value", "arguments"]) {
              const { response, trap } = yield* ask({ op: "literal", as, text })
              assert.isTrue(trap !== null || response?.startsWith('{"fail":'), name)
              assert.deepStrictEqual(yield* call(probe), untouched, `after ${name}`)
            }
            yield* ask({ op: "inspect", program: `def f(a):\n  return ${text}` })
            assert.deepStrictEqual(yield* call(probe), untouched, `after ${name}`)
          }
        }),
      )
    },
  )

onEveryHost(escapes)
