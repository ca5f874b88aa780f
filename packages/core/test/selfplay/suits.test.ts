import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { Capabilities } from "../../src/PolicyEngine.ts"
import { presets, withSettings } from "../../src/RunConfig.ts"
import { suits } from "../../src/selfplay/Loop.ts"

const remote: Capabilities = {
  backend: "far",
  description: "",
  contextLength: 1,
  losses: ["ppo"],
  regularizations: [],
  refuses: ["gradClip", "dualClip"],
  deterministic: false,
  sideBySide: true,
  samplesWhileLearning: false,
  parameters: 0,
}

const problem = (engine: Capabilities, ...settings: ReadonlyArray<string>): string | null => {
  const config = Result.getOrThrow(withSettings(presets["code"] ?? assert.fail(), settings))
  return Result.match(suits(config, engine), { onSuccess: () => null, onFailure: ({ message }) => message })
}

describe("what an engine cannot honour", () => {
  it("is refused by name before anything is computed", () => {
    const fitting = ["loss.dualClip=null", "optimizer.gradClip=null"]
    assert.isNull(problem(remote, ...fitting))
    for (const [setting, name] of [
      ["loss.dualClip=3", "loss.dualClip"],
      ["optimizer.gradClip=1", "optimizer.gradClip"],
      ['kl={"estimator":"k3","coefficient":1,"in":"loss"}', "kl.in loss"],
      ['loss={"_tag":"crossEntropy"}', "loss crossEntropy"],
    ] as const) {
      assert.include(problem(remote, ...fitting, setting), name)
    }
  })

  it("is a reference policy where it holds one model alone, wherever its distance would count", () => {
    const engine: Capabilities = { ...remote, refuses: ["dualClip", "gradClip", "kl"] }
    const fitting = ["loss.dualClip=null", "optimizer.gradClip=null"]
    assert.isNull(problem(engine, ...fitting))
    for (const place of ["reward", "loss"]) {
      const kl = `kl={"estimator":"k3","coefficient":1,"in":"${place}"}`
      assert.include(problem(engine, ...fitting, kl), "kl: the engine")
    }
    assert.isNull(problem(remote, ...fitting, 'kl={"estimator":"k3","coefficient":1,"in":"reward"}'))
  })

  it("is nothing where the engine refuses nothing, and an entropy bonus but for a loss without advantages", () => {
    const { refuses: _, ...local } = remote
    assert.isNull(problem(local, "entropyBonus=0.1"))
    const any: Capabilities = { ...local, losses: ["ppo", "crossEntropy"] }
    const supervised = 'loss={"_tag":"crossEntropy"}'
    assert.isNull(problem(any, supervised))
    assert.include(problem(any, supervised, "entropyBonus=0.1"), "entropyBonus")
    assert.isNull(problem({ ...any, regularizations: ["entropy"] }, supervised, "entropyBonus=0.1"))
  })
})
