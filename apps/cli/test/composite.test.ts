/** A run with composite functions, in each language: what is asked for, what becomes of it, where it came from. */
import { RunConfig } from "@azr/core"
import { scriptedPolicy } from "@azr/core/testing"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { environments } from "../src/environments.ts"
import { play } from "./play.ts"

interface Sample {
  readonly environment: string
  /** What a program on top of the seed's has to look like, and one that leaves the helper unused. */
  readonly above: string
  readonly aside: string
  readonly helper: string
}

const samples: ReadonlyArray<Sample> = [
  {
    environment: "python",
    above: "def f(a):\n    return [g_0(a), a]",
    aside: "def f(a):\n    return [a, a]",
    helper: "def g_0(a):\n    return a",
  },
  {
    environment: "javascript",
    above: "function f(a) {\n  return [g_0(a), a];\n}",
    aside: "function f(a) {\n  return [a, a];\n}",
    helper: "function g_0(a) {\n  return a;\n}",
  },
]

const settings = (environment: string) =>
  Result.getOrThrow(
    RunConfig.withSettings(RunConfig.presets["fixed"] as RunConfig.RunConfig, [
      `environments=["${environment}"]`,
      "steps=1",
      "kinds.deduction.proposals=2",
      "kinds.deduction.tasks=2",
      "kinds.deduction.proposedSeeds=0",
      "kinds.abduction.proposals=0",
      "kinds.induction.proposals=0",
      "kinds.abduction.proposedSeeds=0",
      "kinds.induction.proposedSeeds=0",
      "policy.backend=scripted",
      'solve.from="estimate"',
      "estimate.samples=2",
      'propose.composite={"chance":1,"functions":{"least":1,"most":1},"from":0,"over":0}',
    ]),
  )

describe("composite functions", () => {
  for (const { above, aside, environment: id, helper } of samples) {
    it.live(`${id}: a program on top of a reference becomes a task, one beside it does not`, () =>
      Effect.gen(function* () {
        const chosen = environments.find((environment) => environment.id === id)
        assert(chosen !== undefined)
        const prompts: Array<string> = []
        let proposals = 0
        const policy = scriptedPolicy((prompt) => {
          prompts.push(prompt)
          if (!prompt.includes("g_0`.")) return "I do not know."
          const program = proposals++ === 0 ? above : aside
          return `<think>\nhm\n</think>\n<answer>\n\`\`\`${id}\n${program}\n\`\`\`\n\`\`\`input\n7\n\`\`\`\n</answer>`
        })
        const events = yield* play(chosen, settings(id)).pipe(Effect.provide(policy))

        assert.deepStrictEqual(
          events.flatMap((event) => (event._tag === "Proposed" ? [[event.status, event.reason]] : [])),
          [
            ["accepted", ""],
            ["invalid", "composite"],
          ],
        )
        const shares = events.flatMap((event) =>
          event._tag === "StepCompleted" ? [event.metrics["propose/deduction/composite"]] : [],
        )
        assert.deepStrictEqual(shares, [1])
        const records = events.flatMap((event) => (event._tag === "TaskAdded" ? [event.record] : []))
        const made = records.find(({ origin }) => origin === "proposed")
        const task = made?.task as { readonly program: string }
        assert.strictEqual(task.program, `${helper}\n\n${above}`)
        const parent = records.find(({ id: record }) => record === made?.parents[0])
        assert.strictEqual(parent?.origin, "seed")
        assert.lengthOf(made?.parents ?? [], 1)
        // The proposer is shown the helper under its new name, the solver the whole program.
        assert.isTrue(prompts.some((prompt) => prompt.includes("exist already") && prompt.includes(helper)))
        assert.isTrue(prompts.some((prompt) => prompt.includes("What does") && prompt.includes(task.program)))
      }).pipe(Effect.provide(NodeServices.layer)),
    )
  }
})
