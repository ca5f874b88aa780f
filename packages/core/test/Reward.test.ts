import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fc from "fast-check"
import {
  type ProposalResult,
  type ProposerReward,
  RewardConfig,
  presets,
  proposerReward,
  solverReward,
} from "../src/Reward.ts"

const estimated = (solved: number, attempts: number, regionCount = 0): ProposalResult => ({
  _tag: "estimated",
  solved,
  attempts,
  regionCount,
})

const withLearnability = (learnability: ProposerReward["learnability"]): ProposerReward => ({
  ...presets.fixed.propose,
  learnability,
})

const withCoverage = (exponent: number): ProposerReward => ({
  ...presets.fixed.propose,
  coverage: { decay: 0.97, exponent },
})

describe("presets", () => {
  const cells: ReadonlyArray<readonly [string, ProposalResult]> = [
    ["bad format", { _tag: "badFormat" }],
    ["invalid task", { _tag: "invalid" }],
    ["duplicate", { _tag: "duplicate" }],
    ["s = 0", estimated(0, 8)],
    ["s = 1", estimated(8, 8)],
    ["s = 1/8", estimated(1, 8)],
    ["s = 1/2", estimated(4, 8)],
    ["s = 7/8", estimated(7, 8)],
    ["one attempt, failed", estimated(0, 1)],
    ["one attempt, solved", estimated(1, 1)],
  ]

  it.each<readonly [keyof typeof presets, ReadonlyArray<number>]>([
    ["paper", [-1, -0.5, -0.5, 0, 0, 7 / 8, 1 / 2, 1 / 8, 0, 0]],
    ["code", [-1, -0.5, -0.5, -0.5, -0.5, 7 / 8, 1 / 2, 1 / 8, -0.5, -0.5]],
    ["fixed", [-1, -0.5, -0.5, 0, 0, 7 / 8, 1 / 2, 1 / 8, 0, 0]],
  ])("%s: the proposer's table (paper Eq 4 and 6)", (preset, expected) => {
    for (const [index, [name, result]] of cells.entries()) {
      assert.strictEqual(proposerReward(presets[preset].propose, result), expected[index], name)
    }
  })

  it.each(["paper", "code", "fixed"] as const)("%s: solver 1, −0.5, −1 (paper Eq 5 and 6)", (preset) => {
    const { solve } = presets[preset]
    assert.deepStrictEqual(
      (["correct", "wrong", "badFormat"] as const).map((verdict) => solverReward(solve, verdict)),
      [1, -0.5, -1],
    )
  })

  it("are what their schema describes", () => {
    for (const preset of Object.values(presets)) {
      assert.deepStrictEqual(
        Schema.decodeUnknownSync(RewardConfig)(JSON.parse(JSON.stringify(preset))),
        preset,
      )
    }
  })

  it("every cell of the table is its own setting", () => {
    const config: ProposerReward = {
      badFormat: 1,
      invalid: 2,
      duplicate: 3,
      unsolved: 4,
      alwaysSolved: 5,
      learnability: "oneMinus",
      coverage: null,
    }
    assert.deepStrictEqual(
      cells.slice(0, 5).map(([, result]) => proposerReward(config, result)),
      [1, 2, 3, 4, 5],
    )
    assert.deepStrictEqual(
      (["correct", "wrong", "badFormat"] as const).map((verdict) =>
        solverReward({ correct: 6, wrong: 7, badFormat: 8 }, verdict),
      ),
      [6, 7, 8],
    )
  })
})

describe("learnability of sometimes solved tasks", () => {
  const between = fc
    .integer({ min: 2, max: 64 })
    .chain((attempts) => fc.tuple(fc.integer({ min: 1, max: attempts - 1 }), fc.constant(attempts)))

  it("oneMinus is 1 − s (paper Eq 4)", () => {
    fc.assert(
      fc.property(between, ([solved, attempts]) => {
        const reward = proposerReward(withLearnability("oneMinus"), estimated(solved, attempts))
        assert.closeTo(reward, (attempts - solved) / attempts, 1e-15)
      }),
    )
  })

  it("quadratic is 4s(1 − s): 1 at s = ½, symmetric", () => {
    fc.assert(
      fc.property(between, ([solved, attempts]) => {
        const config = withLearnability("quadratic")
        const reward = proposerReward(config, estimated(solved, attempts))
        assert.closeTo(reward, (4 * solved * (attempts - solved)) / attempts ** 2, 1e-15)
        assert.closeTo(proposerReward(config, estimated(attempts - solved, attempts)), reward, 1e-15)
      }),
    )
    assert.strictEqual(proposerReward(withLearnability("quadratic"), estimated(4, 8)), 1)
    assert.strictEqual(proposerReward(withLearnability("quadratic"), estimated(2, 8)), 0.75)
  })
})

describe("coverage", () => {
  it("divides a positive reward by count^exponent", () => {
    assert.closeTo(proposerReward(withCoverage(0.5), estimated(2, 8, 9)), 0.75 / 3, 1e-15)
    assert.closeTo(proposerReward(withCoverage(1), estimated(2, 8, 9)), 0.75 / 9, 1e-15)
    assert.strictEqual(proposerReward(withCoverage(0), estimated(2, 8, 9)), 0.75)
  })

  it("never raises a reward: a region counted less than once counts as once", () => {
    for (const regionCount of [0, 0.03, 0.97, 1]) {
      assert.strictEqual(proposerReward(withCoverage(0.5), estimated(2, 8, regionCount)), 0.75)
    }
  })

  it("falls as the region fills", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        fc.double({ min: 1.01, max: 10, noNaN: true }),
        (count, factor) => {
          const config = withCoverage(0.5)
          assert.isBelow(
            proposerReward(config, estimated(1, 8, count * factor)),
            proposerReward(config, estimated(1, 8, count)),
          )
        },
      ),
    )
  })

  it("leaves the other cells of the table alone", () => {
    const config: ProposerReward = { ...presets.code.propose, coverage: { decay: 1, exponent: 1 } }
    assert.strictEqual(proposerReward(config, estimated(0, 8, 100)), -0.5)
    assert.strictEqual(proposerReward(config, estimated(8, 8, 100)), -0.5)
    assert.strictEqual(proposerReward(config, { _tag: "invalid" }), -0.5)
    assert.strictEqual(proposerReward(config, { _tag: "badFormat" }), -1)
  })
})
