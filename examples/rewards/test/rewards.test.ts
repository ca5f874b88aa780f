/** What the plugins compute, through the registry that a run takes them from. */
import { Plugins, RunConfig } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import config from "../azr.config.ts"
import brief from "../brief.ts"
import median from "../median.ts"

const resolved = Result.getOrThrow(RunConfig.resolve(config))
const plugin = Result.getOrThrow(
  Plugins.combine([
    ["brief", brief],
    ["median", median],
  ]),
)
const rules = Result.getOrThrow(Plugins.rulesOf(resolved, plugin))

describe("brief", () => {
  it("is what the settings say, less for a longer right answer", () => {
    const reward = (verdict: "correct" | "wrong" | "badFormat", tokens: number) =>
      Result.getOrThrow(
        rules.solveReward({ environment: "e", kind: "k", text: "", share: 0, tokens, verdict }),
      )
    assert.strictEqual(reward("correct", 0), 1)
    assert.strictEqual(reward("correct", 64), 0.5)
    assert.isAbove(reward("correct", 20), reward("correct", 21))
    assert.deepStrictEqual([reward("wrong", 5), reward("badFormat", 500)], [0, 0])
  })
})

describe("median", () => {
  it("compares with the middle of the answers to the same task", () => {
    const of = (group: string, reward: number) => ({ cell: "solve/e/k", group, reward, tokens: 3 })
    const batch = [of("1", 0), of("2", 1), of("1", 1), of("1", 0), of("2", 0.5)]
    const advantages = Result.getOrThrow(rules.advantages("solve", batch, new Map()))
    assert.deepStrictEqual(advantages, [0, 0.5, 2, 0, -0.5])
  })
})
