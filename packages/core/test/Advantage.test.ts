import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import {
  type BuiltInAdvantage,
  type Baselines,
  type Graded,
  advantages as estimate,
} from "../src/Advantage.ts"

/** With fresh running baselines. */
const advantages = (config: BuiltInAdvantage, batch: ReadonlyArray<Graded>): ReadonlyArray<number> =>
  estimate(config, batch, new Map())

const graded = (cell: string, group: string, reward: number, tokens = 1): Graded => ({
  cell,
  group,
  reward,
  tokens,
})

const close = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, tolerance = 1e-12) => {
  assert.lengthOf(actual, expected.length)
  for (const [index, value] of expected.entries())
    assert.closeTo(actual[index] as number, value, tolerance, `#${index}`)
}

// --------------------------------------------------------- a second implementation, from the papers' equations

/** torch.mean and torch.std; `unbiased` divides by n − 1. */
const meanAndStd = (
  x: ReadonlyArray<number>,
  unbiased: boolean,
): { readonly mean: number; readonly std: number } => {
  let sum = 0
  for (const value of x) sum += value
  const mean = sum / x.length
  let squares = 0
  for (const value of x) squares += (value - mean) * (value - mean)
  return { mean, std: Math.sqrt(squares / (unbiased ? x.length - 1 : x.length)) }
}

/** masked_whiten of verl's torch_functional: unbiased variance over the tokens, and rsqrt(var + ε). */
const whitenTokens = (
  rows: ReadonlyArray<ReadonlyArray<number>>,
  epsilon: number,
): ReadonlyArray<ReadonlyArray<number>> => {
  const all = rows.flat()
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length
  const biased = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length
  const variance = biased * (all.length / (all.length - 1))
  return rows.map((row) => row.map((value) => (value - mean) * (1 / Math.sqrt(variance + epsilon))))
}

const reference = (config: BuiltInAdvantage, batch: ReadonlyArray<Graded>): ReadonlyArray<number> =>
  batch.map((sample) => {
    const cell = batch.filter((other) => other.cell === sample.cell)
    const group = cell.filter((other) => other.group === sample.group)
    const r = sample.reward
    switch (config._tag) {
      case "trrPlusPlus":
      case "grpo": {
        const part = (config._tag === "grpo" ? group : cell).map(({ reward }) => reward)
        if (new Set(part).size === 1) return 0
        const { mean, std } = meanAndStd(part, config.deviation === "sample")
        return (r - mean) / (std + config.epsilon)
      }
      case "trrPlusPlusTokens": {
        if (new Set(cell.map(({ reward }) => reward)).size === 1) return 0
        const rows = cell.map(({ reward, tokens }) => Array.from({ length: tokens }, () => reward))
        return (
          whitenTokens(rows, config.epsilon)[cell.indexOf(sample)] as ReadonlyArray<number>
        )[0] as number
      }
      case "groupBaseline": {
        const centred = cell.map((other) => {
          const siblings = cell.filter(({ group }) => group === other.group).map(({ reward }) => reward)
          return new Set(siblings).size === 1 ? 0 : other.reward - meanAndStd(siblings, false).mean
        })
        const own = centred[cell.indexOf(sample)] as number
        const rms = Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0) / centred.length)
        return own === 0 ? 0 : own / (rms + config.epsilon)
      }
      case "drGrpo":
        return (
          r -
          meanAndStd(
            group.map(({ reward }) => reward),
            false,
          ).mean
        )
      case "rloo": {
        const others = group.filter((other) => other !== sample).map(({ reward }) => reward)
        return others.length === 0 ? 0 : r - meanAndStd(others, false).mean
      }
      case "reinforcePlusPlus": {
        if (new Set(batch.map(({ reward }) => reward)).size === 1) return 0
        const rows = batch.map(({ reward, tokens }) => Array.from({ length: tokens }, () => reward))
        return (
          whitenTokens(rows, config.epsilon)[batch.indexOf(sample)] as ReadonlyArray<number>
        )[0] as number
      }
      case "rae": {
        // The recursion unrolled: b = (1 − α) Σ α^(n−k) r_k over the cell's responses up to this one.
        const past = batch.slice(0, batch.indexOf(sample) + 1).filter((other) => other.cell === sample.cell)
        const weight = (k: number) => (1 - config.decay) * config.decay ** (past.length - 1 - k)
        return r - past.reduce((sum, { reward }, k) => sum + weight(k) * reward, 0)
      }
      case "reinforce":
        return r
    }
  })

const epsilons = fc.constantFrom(0, 1e-8, 1e-6, 0.02, 0.05)
const deviations = fc.constantFrom("population" as const, "sample" as const)
/** Baseline and scale from the cell or the group. */
const scaled: fc.Arbitrary<BuiltInAdvantage> = fc.oneof(
  fc.record({ _tag: fc.constant("trrPlusPlus" as const), epsilon: epsilons, deviation: deviations }),
  fc.record({ _tag: fc.constant("trrPlusPlusTokens" as const), epsilon: epsilons }),
  fc.record({ _tag: fc.constant("grpo" as const), epsilon: epsilons, deviation: deviations }),
  fc.record({ _tag: fc.constant("groupBaseline" as const), epsilon: epsilons }),
)
/** Baseline from the cell or the group. */
const centred: fc.Arbitrary<BuiltInAdvantage> = fc.oneof(
  scaled,
  fc.constantFrom({ _tag: "drGrpo" as const }, { _tag: "rloo" as const }),
)
const whitened = fc.record({ _tag: fc.constant("reinforcePlusPlus" as const), epsilon: epsilons })
const configs: fc.Arbitrary<BuiltInAdvantage> = fc.oneof(
  centred,
  whitened,
  fc.record({ _tag: fc.constant("rae" as const), decay: fc.constantFrom(0, 0.5, 0.95) }),
  fc.constant({ _tag: "reinforce" as const }),
)

const rewardsOfRuns = fc.oneof(
  fc.constantFrom(-1, -0.5, 0, 1),
  fc.integer({ min: -16, max: 16 }).map((n) => n / 8),
)
const batches = (rewards: fc.Arbitrary<number>): fc.Arbitrary<ReadonlyArray<Graded>> =>
  fc.array(
    fc.record({
      cell: fc.constantFrom("propose/deduction", "solve/deduction", "solve/induction"),
      group: fc.constantFrom("1", "2", "3"),
      reward: rewards,
      tokens: fc.integer({ min: 1, max: 12 }),
    }),
    { maxLength: 24 },
  )

describe("closed forms", () => {
  const cell = [1, 0, 0, 1, 1].map((reward) => graded("c", "g", reward))

  it("TRR++ (paper Eq 8), population: (r − mean) / (std + ε), std² = Σ(r − mean)²/n", () => {
    // mean 3/5, variance 6/25.
    const std = Math.sqrt(6 / 25)
    close(
      advantages({ _tag: "trrPlusPlus", epsilon: 0, deviation: "population" }, cell),
      [0.4, -0.6, -0.6, 0.4, 0.4].map((x) => x / std),
    )
    close(
      advantages({ _tag: "trrPlusPlus", epsilon: 0.5, deviation: "population" }, cell),
      [0.4, -0.6, -0.6, 0.4, 0.4].map((x) => x / (std + 0.5)),
    )
  })

  it("TRR++ (paper Eq 8), sample: std² = Σ(r − mean)²/(n − 1)", () => {
    const std = Math.sqrt(6 / 5 / 4)
    close(
      advantages({ _tag: "trrPlusPlus", epsilon: 1, deviation: "sample" }, cell),
      [0.4, -0.6, -0.6, 0.4, 0.4].map((x) => x / (std + 1)),
    )
    // Two samples: ±(1/2) / √(1/2) = ±1/√2.
    close(
      advantages({ _tag: "trrPlusPlus", epsilon: 0, deviation: "sample" }, [
        graded("c", "g", 1),
        graded("c", "g", 0),
      ]),
      [Math.SQRT1_2, -Math.SQRT1_2],
    )
  })

  it("TRR++ as released: whitening over tokens, (r − mean) / √(var + ε), unbiased, longer responses weigh more", () => {
    // Tokens 1 1 1 0: mean 3/4, Σ(x − mean)² = 3/4, variance (3/4)/3 = 1/4.
    const batch = [graded("c", "g", 1, 3), graded("c", "g", 0, 1)]
    close(advantages({ _tag: "trrPlusPlusTokens", epsilon: 0 }, batch), [0.25 / 0.5, -0.75 / 0.5])
    close(
      advantages({ _tag: "trrPlusPlusTokens", epsilon: 2 }, batch),
      [0.25, -0.75].map((x) => x / Math.sqrt(0.25 + 2)),
    )
  })

  it("GRPO (Shao et al. 2024, §4.1.2): mean and std of the responses to one prompt", () => {
    const batch = [
      graded("c", "1", 1),
      graded("c", "2", 3),
      graded("c", "1", 0),
      graded("c", "2", 3),
      graded("d", "1", 5),
      graded("c", "1", 0),
    ]
    const std = Math.sqrt(2 / 9)
    close(advantages({ _tag: "grpo", epsilon: 0.1, deviation: "population" }, batch), [
      2 / 3 / (std + 0.1),
      0,
      -1 / 3 / (std + 0.1),
      0,
      0,
      -1 / 3 / (std + 0.1),
    ])
    const sample = Math.sqrt(1 / 3)
    close(advantages({ _tag: "grpo", epsilon: 0.1, deviation: "sample" }, batch), [
      2 / 3 / (sample + 0.1),
      0,
      -1 / 3 / (sample + 0.1),
      0,
      0,
      -1 / 3 / (sample + 0.1),
    ])
  })

  it("group baseline: (r − mean_group) / (rms_cell + ε), rms over the centred rewards of the whole cell", () => {
    const batch = [
      graded("c", "1", 1),
      graded("c", "1", 0),
      graded("c", "2", 1),
      graded("c", "2", 1),
      graded("d", "1", 1),
      graded("d", "1", -1),
    ]
    // Cell c: centred ½ −½ 0 0, rms √(1/8); cell d: centred 1 −1, rms 1.
    const rms = Math.sqrt(1 / 8)
    close(advantages({ _tag: "groupBaseline", epsilon: 0.05 }, batch), [
      0.5 / (rms + 0.05),
      -0.5 / (rms + 0.05),
      0,
      0,
      1 / 1.05,
      -1 / 1.05,
    ])
  })

  it("Dr.GRPO (Liu et al. 2025, §3.2): r − mean_group, no scale", () => {
    const batch = [graded("c", "1", 1), graded("c", "1", 0), graded("c", "2", 1), graded("c", "1", -1)]
    close(advantages({ _tag: "drGrpo" }, batch), [1, 0, 0, -1])
  })

  it("RLOO (Ahmadian et al. 2024, §2): r − mean of the others of the group", () => {
    const batch = [graded("c", "1", 1), graded("c", "1", 0), graded("c", "2", 1), graded("c", "1", -1)]
    close(advantages({ _tag: "rloo" }, batch), [1.5, 0, 0, -1.5])
  })

  it("REINFORCE++ (Hu 2025, §3.3): whitened over the tokens of the whole batch", () => {
    // The tokens of the cells together, 1 1 1 0: as TRR++ of one cell above.
    const batch = [graded("c", "1", 1, 3), graded("d", "1", 0, 1)]
    close(advantages({ _tag: "reinforcePlusPlus", epsilon: 0 }, batch), [0.5, -1.5])
  })

  it("RAE (SPIRAL, Liu et al. 2025, Eq 4–5): b ← αb + (1 − α)r for the cell, then r − b, over the whole run", () => {
    const rae = { _tag: "rae", decay: 0.5 } as const
    const baselines: Baselines = new Map()
    // Cell c: b = 1/2, then 1/4; cell d has its own: 1.
    const first = estimate(rae, [graded("c", "1", 1), graded("d", "1", 2), graded("c", "2", 0)], baselines)
    close(first, [0.5, 1, -0.25])
    // b = 5/8: what the run has seen before counts.
    close(estimate(rae, [graded("c", "3", 1)], baselines), [0.375])
  })

  it("REINFORCE (Williams 1992): the reward itself", () => {
    close(advantages({ _tag: "reinforce" }, [graded("c", "1", 1), graded("c", "1", -0.5)]), [1, -0.5])
  })
})

describe("every estimator", () => {
  it("agrees with a second implementation of its equation", () => {
    fc.assert(
      fc.property(configs, batches(rewardsOfRuns), (config, batch) => {
        close(advantages(config, batch), reference(config, batch), 1e-9)
      }),
      { numRuns: 2000 },
    )
  })

  it("gives exactly 0 where there is no variance, whatever the rounding of the mean, and never NaN", () => {
    fc.assert(
      fc.property(
        fc.oneof(centred, whitened),
        fc.double({ min: -2, max: 2, noNaN: true }),
        fc.integer({ min: 1, max: 12 }),
        (config, reward, size) => {
          const cell = Array.from({ length: size }, (_, i) => graded("c", "g", reward, 1 + (i % 5)))
          assert.isTrue(advantages(config, cell).every((advantage) => advantage === 0))
        },
      ),
    )
  })

  it("gives 0 to a single sample and nothing to an empty batch, where the baseline comes from the batch", () => {
    fc.assert(
      fc.property(
        fc.oneof(centred, whitened),
        rewardsOfRuns,
        fc.integer({ min: 0, max: 9 }),
        (config, reward, tokens) => {
          assert.deepStrictEqual(advantages(config, [graded("c", "g", reward, tokens)]), [0])
          assert.deepStrictEqual(advantages(config, []), [])
        },
      ),
    )
  })

  it("gives finite numbers, also with ε = 0 and responses of no tokens", () => {
    fc.assert(
      fc.property(configs, batches(rewardsOfRuns), (config, batch) => {
        const emptied = batch.map((sample, i) => (i % 3 === 0 ? { ...sample, tokens: 0 } : sample))
        assert.isTrue(advantages(config, emptied).every(Number.isFinite))
      }),
    )
  })

  it("never mixes cells: each cell's advantages are those of the cell alone", () => {
    fc.assert(
      fc.property(centred, batches(rewardsOfRuns), (config, batch) => {
        const together = advantages(config, batch)
        for (const cell of new Set(batch.map((sample) => sample.cell))) {
          const inCell = (_: unknown, index: number) => batch[index]?.cell === cell
          assert.deepStrictEqual(together.filter(inCell), advantages(config, batch.filter(inCell)))
        }
      }),
    )
  })

  it("follows the order of the batch: a permuted batch gives permuted advantages", () => {
    const shuffled = batches(rewardsOfRuns).chain((batch) =>
      fc.tuple(fc.constant(batch), fc.shuffledSubarray([...batch.keys()], { minLength: batch.length })),
    )
    fc.assert(
      fc.property(centred, shuffled, (config, [batch, order]) => {
        const plain = advantages(config, batch)
        close(
          advantages(
            config,
            order.map((index) => batch[index] as Graded),
          ),
          order.map((index) => plain[index] as number),
        )
      }),
    )
  })

  it("has the sign of the reward above its baseline, and the order of the rewards in a cell", () => {
    fc.assert(
      fc.property(centred, batches(rewardsOfRuns), (config, batch) => {
        const result = advantages(config, batch)
        for (const [i, a] of batch.entries()) {
          for (const [j, b] of batch.entries()) {
            const sameBaseline =
              a.cell === b.cell &&
              (config._tag === "trrPlusPlus" || config._tag === "trrPlusPlusTokens" || a.group === b.group)
            if (sameBaseline && a.reward > b.reward) assert.isAbove(result[i] as number, result[j] as number)
          }
        }
      }),
    )
  })

  it("ignores a shift of all rewards, and with ε = 0 a positive scale too", () => {
    fc.assert(
      fc.property(
        scaled,
        batches(rewardsOfRuns),
        fc.integer({ min: -8, max: 8 }),
        fc.constantFrom(0.25, 0.5, 2, 8),
        (config, batch, shift, scale) => {
          const exact = { ...config, epsilon: 0 }
          const plain = advantages(exact, batch)
          close(
            advantages(
              config,
              batch.map((sample) => ({ ...sample, reward: sample.reward + shift })),
            ),
            advantages(config, batch),
            1e-9,
          )
          close(
            advantages(
              exact,
              batch.map((sample) => ({ ...sample, reward: sample.reward * scale })),
            ),
            plain,
            1e-9,
          )
          close(
            advantages(
              exact,
              batch.map((sample) => ({ ...sample, reward: -sample.reward })),
            ),
            plain.map((advantage) => -advantage),
            1e-9,
          )
        },
      ),
    )
  })

  it("centres: Σ A = 0 in a cell, over tokens where tokens are whitened", () => {
    fc.assert(
      fc.property(centred, batches(rewardsOfRuns), (config, batch) => {
        const result = advantages(config, batch)
        for (const cell of new Set(batch.map((sample) => sample.cell))) {
          const sum = batch.reduce((total, sample, i) => {
            if (sample.cell !== cell) return total
            return total + (result[i] as number) * (config._tag === "trrPlusPlusTokens" ? sample.tokens : 1)
          }, 0)
          assert.closeTo(sum, 0, 1e-9)
        }
      }),
    )
  })

  it("standardizes: with ε = 0 the population variance of a TRR++ cell is 1, the sample variance with `sample`", () => {
    fc.assert(
      fc.property(
        deviations,
        fc.array(rewardsOfRuns, { minLength: 2, maxLength: 20 }),
        (deviation, rewards) => {
          fc.pre(new Set(rewards).size > 1)
          const result = advantages(
            { _tag: "trrPlusPlus", epsilon: 0, deviation },
            rewards.map((reward) => graded("c", "g", reward)),
          )
          assert.closeTo(meanAndStd(result, deviation === "sample").std, 1, 1e-9)
        },
      ),
    )
  })
})
