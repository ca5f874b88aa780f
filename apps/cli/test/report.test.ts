import { RunConfig } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { hint, stepLine } from "../src/report.ts"

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

describe("the line of a step", () => {
  const line = (metrics: Readonly<Record<string, number>>) =>
    stepLine(
      {
        _tag: "StepCompleted",
        at: 0,
        step: 1,
        metrics,
        seconds: { generate: 0, execute: 0, train: 0, evaluate: 0, wait: 0, total: 0 },
      },
      RunConfig.nano,
    )

  it("has shares over the proposals of all kinds, however few a kind has", () => {
    const shares = line({
      // 40 judged: 30 valid, of them 10 held out, of the others 5 accepted.
      "propose/deduction/proposals": 44,
      "propose/deduction/faults": 4,
      "propose/deduction/judged": 40,
      "propose/deduction/valid": 0.75,
      "propose/deduction/heldOut": 10,
      "propose/deduction/free": 20,
      "propose/deduction/accepted": 5,
      "propose/abduction/proposals": 10,
      "propose/abduction/faults": 0,
      "propose/abduction/judged": 10,
      "propose/abduction/valid": 1,
      "propose/abduction/heldOut": 0,
      "propose/abduction/free": 10,
      "propose/abduction/accepted": 10,
    })
    assert.include(shares, "valid 80% held 25% new 50%")
    assert.include(shares, "FAULTS 4")
    assert.include(line({}), "valid – held – new –")
  })
})
