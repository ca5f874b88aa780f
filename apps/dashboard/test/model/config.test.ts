import { describe, expect, it } from "vitest"
import { differences, leavesOf } from "../../src/model/config.ts"

describe("differences of configurations", () => {
  it("names the settings that differ, and where one is absent", () => {
    const a = { seed: 0, loss: { _tag: "ppo", clipLow: 0.2 }, environments: ["x"], kl: null }
    const b = { seed: 0, loss: { _tag: "importanceSampling" }, environments: ["x", "y"], kl: null }
    expect(differences([a, b])).toEqual([
      { path: "loss._tag", values: ['"ppo"', '"importanceSampling"'] },
      { path: "loss.clipLow", values: ["0.2", null] },
      { path: "environments", values: ['["x"]', '["x","y"]'] },
    ])
    expect(differences([a, a])).toEqual([])
    expect(differences([])).toEqual([])
  })

  it("keeps empty groups and lists of objects", () => {
    expect([...leavesOf({ a: {}, b: [{ c: 1 }] })]).toEqual([
      ["a", "{}"],
      ["b.0.c", "1"],
    ])
  })
})
