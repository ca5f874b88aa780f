/** The kind `error` through the whole loop, on real executors: proposed, run, estimated, rewarded, learned from. */
import { RunConfig } from "@azr/core"
import type { LanguageEnvironment } from "@azr/core/language"
import { ScriptedPolicy, type Respond, scriptedPolicy } from "@azr/core/testing"
import javascript from "@azr/env-js"
import python from "@azr/env-python-wasm"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { play } from "./play.ts"

interface Case {
  readonly environment: LanguageEnvironment
  readonly fence: string
  /** A program that raises `raised` for the input `raises`, and returns for `returns`. */
  readonly program: (number: number) => string
  readonly raises: string
  readonly returns: string
  readonly raised: string
}

const cases: ReadonlyArray<Case> = [
  {
    environment: python,
    fence: "python",
    program: (number) => `def f(a):\n    return ${number} // a`,
    raises: "0",
    returns: "7",
    raised: "ZeroDivisionError",
  },
  {
    environment: javascript,
    fence: "javascript",
    program: (number) => `function f(a) {\n  return a.at(0) + ${number}\n}`,
    raises: "null",
    returns: "[1]",
    raised: "TypeError",
  },
]

const answered = (...blocks: ReadonlyArray<readonly [tag: string, content: string]>): string =>
  `<think>\nSo be it.\n</think>\n<answer>\n${blocks.map(([tag, content]) => `\`\`\`${tag}\n${content}\n\`\`\``).join("\n")}\n</answer>`

const steps = 2
const perStep = 4

const config = (environment: string): RunConfig.RunConfig =>
  Result.getOrThrow(
    RunConfig.withSettings(RunConfig.presets["fixed"]!, [
      `steps=${steps}`,
      `environments=["${environment}"]`,
      `kinds=${JSON.stringify({
        error: {
          seeds: 1,
          proposedSeeds: 0,
          proposals: perStep,
          tasks: perStep,
          solve: 0,
          maxTokens: { propose: 500, solve: 500 },
        },
      })}`,
      "solve.from=estimate",
      "policy.backend=scripted",
      "evaluate.every=0",
      "executor.workers=1",
    ]),
  )

describe("the kind error", () => {
  for (const { environment, fence, program, raised, raises, returns } of cases) {
    it.live(`is played in ${environment.id}`, () =>
      Effect.gen(function* () {
        let proposals = 0
        let answers = 0
        const respond: Respond = (prompt) => {
          if (!prompt.startsWith("Which exception")) {
            const number = ++proposals
            return answered([fence, program(number)], ["input", number % 2 === 0 ? returns : raises])
          }
          // Right for half of the tasks that raise, and never for one that does not.
          return answered(["output", ++answers % 2 === 0 ? raised.toLowerCase() : "ValueError"])
        }
        yield* Effect.gen(function* () {
          const events = yield* play(environment, config(environment.id))
          const proposed = events.filter(({ _tag }) => _tag === "Proposed")
          assert.deepStrictEqual(
            proposed.map((event) => event._tag === "Proposed" && [event.kind, event.status]),
            Array.from({ length: steps * perStep }, () => ["error", "accepted"]),
          )
          const updates = yield* (yield* ScriptedPolicy).updates
          assert.lengthOf(updates, steps)
          for (const { datums } of updates) assert.isNotEmpty(datums)
          const metrics = events.flatMap((event) => (event._tag === "StepCompleted" ? [event.metrics] : []))
          assert.lengthOf(metrics, steps)
          for (const of of metrics) {
            // Half of the tasks raise and are solved half of the time: 1 − s for them, nothing for the others.
            assert.strictEqual(of["propose/error/reward"], 0.25)
            assert.strictEqual(of["solve/error/correct"], 0.25)
            assert.strictEqual(of["solve/error/reward"], 0.25 * 1 + 0.75 * -0.5)
            assert.strictEqual(of["train/zeroVariance"], 0)
          }
        }).pipe(Effect.provide(scriptedPolicy(respond)))
      }).pipe(Effect.provide(NodeServices.layer)),
    )
  }
})
