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
  measures: {},
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
      (["correct", "wrong", "badFormat"] as const).map((verdict) => solverReward(solve, verdict, 0)),
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
      shape: "standard",
      badFormat: 1,
      invalid: 2,
      duplicate: 3,
      unsolved: 4,
      alwaysSolved: 5,
      learnability: "oneMinus",
      zone: null,
      coverage: null,
      intrinsic: null,
    }
    assert.deepStrictEqual(
      cells.slice(0, 5).map(([, result]) => proposerReward(config, result)),
      [1, 2, 3, 4, 5],
    )
    assert.deepStrictEqual(
      (["correct", "wrong", "badFormat"] as const).map((verdict) =>
        solverReward({ correct: 6, wrong: 7, badFormat: 8, partial: false }, verdict, 0),
      ),
      [6, 7, 8],
    )
  })

  it("partial: a wrong answer, a share of which is right, is worth that share of a correct one", () => {
    const solve = { correct: 2, wrong: -0.5, badFormat: -1, partial: true }
    assert.deepStrictEqual(
      [0, 1 / 5, 1 / 2, 4 / 5].map((share) => solverReward(solve, "wrong", share)),
      [-0.5, 2 / 5, 1, 8 / 5],
    )
    assert.strictEqual(solverReward(solve, "correct", 0), 2)
    assert.strictEqual(solverReward(solve, "badFormat", 0), -1)
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

describe("s = 0 and s = 1", () => {
  it("are worth what the shape says where nothing else is set: oneMinus is the released code's inverse", () => {
    const inverse: ProposerReward = { ...presets.fixed.propose, unsolved: null, alwaysSolved: null }
    for (const solved of [0, 1, 4, 7, 8]) {
      assert.strictEqual(proposerReward(inverse, estimated(solved, 8)), 1 - solved / 8)
    }
    const quadratic = { ...inverse, learnability: "quadratic" as const }
    assert.strictEqual(proposerReward(quadratic, estimated(0, 8)), 0)
    assert.strictEqual(proposerReward(quadratic, estimated(8, 8)), 0)
  })
})

describe("zone", () => {
  const zoned: ProposerReward = { ...presets.code.propose, zone: { low: 0.25, high: 0.75 } }

  it("makes tasks outside of low ≤ s ≤ high worth 0, whatever else is set for them", () => {
    const rewards = [0, 1, 2, 4, 6, 7, 8].map((solved) => proposerReward(zoned, estimated(solved, 8)))
    assert.deepStrictEqual(rewards, [0, 0, 0.75, 0.5, 0.25, 0, 0])
    assert.strictEqual(proposerReward(zoned, { _tag: "invalid" }), -0.5)
  })
})

describe("intrinsic rewards (released code)", () => {
  const measured = (measures: Readonly<Record<string, number>>): ProposalResult => ({
    _tag: "estimated",
    solved: 4,
    attempts: 8,
    regionCount: 0,
    measures,
  })
  const terms = {
    complexity: { coefficient: 0.5, max: 1 },
    distance: { coefficient: 2, max: 0.25 },
  }
  const withTerms = (combine: "sum" | "multiply" | "sumMultiply"): ProposerReward => ({
    ...presets.fixed.propose,
    intrinsic: { combine, terms },
  })

  it("sum: r + Σ min(coefficient · m, max)", () => {
    // ½ + min(0.4, 1) + min(0.2, ¼)
    assert.closeTo(proposerReward(withTerms("sum"), measured({ complexity: 0.8, distance: 0.1 })), 1.1, 1e-12)
    assert.closeTo(proposerReward(withTerms("sum"), measured({ complexity: 9, distance: 9 })), 1.75, 1e-12)
  })

  it("multiply: r · Π, sumMultiply: r + Π", () => {
    const result = measured({ complexity: 0.8, distance: 0.1 })
    assert.closeTo(proposerReward(withTerms("multiply"), result), 0.5 * 0.4 * 0.2, 1e-12)
    assert.closeTo(proposerReward(withTerms("sumMultiply"), result), 0.5 + 0.4 * 0.2, 1e-12)
  })

  it("go to estimated tasks only, and a measure that nobody takes is a mistake", () => {
    assert.strictEqual(proposerReward(withTerms("sum"), { _tag: "duplicate" }), -0.5)
    assert.throws(() => proposerReward(withTerms("sum"), measured({ distance: 1 })), /no measure complexity/u)
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
