import { RunConfig } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { hint } from "../src/report.ts"

const paper = (...settings: ReadonlyArray<string>) =>
  hint(Result.getOrThrow(RunConfig.withSettings(RunConfig.presets["paper"] ?? assert.fail(), settings)))

describe("the hint before a run", () => {
  it("is there where an adapter would learn at the rate of all parameters", () => {
    const told = paper('policy.backend="tinker"', "policy.rank=32") ?? assert.fail()
    assert.include(told, "learning rate 0.000001 is for all parameters")
    assert.include(told, "optimizer.learningRate=1e-5")
    assert.isNull(paper('policy.backend="tinker"', "policy.rank=0"))
    assert.isNull(paper('policy.backend="tinker"', "policy.rank=32", "optimizer.learningRate=1e-5"))
    assert.isNull(paper('policy.backend="wasm"', "policy.rank=32"))
  })
})
