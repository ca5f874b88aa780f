import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { LossConfig } from "../src/PolicyEngine.ts"
import { klEstimate, tokenLoss } from "../src/PolicyLoss.ts"

const ppo = (dualClip: number | null = null): LossConfig => ({
  _tag: "ppo",
  clipLow: 0.2,
  clipHigh: 0.28,
  dualClip,
})
const cispo: LossConfig = { _tag: "cispo", clipLow: 0.2, clipHigh: 0.28 }

/** The loss at a ratio r = exp(lp − lp_old), with lp_old = −1. */
const atRatio = (config: LossConfig, ratio: number, advantage: number) =>
  tokenLoss(config, -1 + Math.log(ratio), -1, advantage)

const closeLoss = (actual: ReturnType<typeof tokenLoss>, loss: number, slope: number, clipped: boolean) => {
  assert.closeTo(actual.loss, loss, 1e-12)
  assert.closeTo(actual.slope, slope, 1e-12)
  assert.strictEqual(actual.clipped, clipped)
}

describe("closed forms", () => {
  it("crossEntropy: ℓ = −lp, whatever the advantage", () => {
    for (const advantage of [-2, 0, 3])
      closeLoss(tokenLoss({ _tag: "crossEntropy" }, -0.7, -5, advantage), 0.7, -1, false)
  })

  it("importanceSampling: ℓ = −r·A, never clipped", () => {
    for (const ratio of [0.01, 0.5, 1, 2, 40]) {
      for (const advantage of [-2, 0, 3]) {
        closeLoss(
          atRatio({ _tag: "importanceSampling" }, ratio, advantage),
          -ratio * advantage,
          -ratio * advantage,
          false,
        )
      }
    }
  })

  it("ppo (Schulman et al. 2017, Eq 7): ℓ = −min(r·A, clip(r, 1−ε_low, 1+ε_high)·A)", () => {
    closeLoss(atRatio(ppo(), 1, 2), -2, -2, false)
    // A > 0: only a ratio above 1 + 0.28 is clipped.
    closeLoss(atRatio(ppo(), 1.25, 2), -2.5, -2.5, false)
    closeLoss(atRatio(ppo(), 1.5, 2), -2.56, 0, true)
    closeLoss(atRatio(ppo(), 0.5, 2), -1, -1, false)
    // A < 0: only a ratio below 1 − 0.2 is clipped.
    closeLoss(atRatio(ppo(), 0.85, -2), 1.7, 1.7, false)
    closeLoss(atRatio(ppo(), 0.5, -2), 1.6, 0, true)
    closeLoss(atRatio(ppo(), 1.5, -2), 3, 3, false)
    closeLoss(atRatio(ppo(), 50, -2), 100, 100, false)
    closeLoss(atRatio(ppo(), 3, 0), 0, 0, false)
  })

  it("ppo with dual clip (Ye et al. 2020, Eq 5): for A < 0, ℓ ≤ −c·A", () => {
    closeLoss(atRatio(ppo(3), 2.9, -2), 5.8, 5.8, false)
    closeLoss(atRatio(ppo(3), 3.1, -2), 6, 0, true)
    closeLoss(atRatio(ppo(3), 50, -2), 6, 0, true)
    // It leaves small ratios and positive advantages as they are.
    closeLoss(atRatio(ppo(3), 0.5, -2), 1.6, 0, true)
    closeLoss(atRatio(ppo(3), 50, 2), -2.56, 0, true)
  })

  it("cispo (MiniMax-M1, Eq 4): ℓ = −sg(clip(r))·A·lp; clipped tokens still learn", () => {
    closeLoss(atRatio(cispo, 1, 2), 2, -2, false)
    closeLoss(atRatio(cispo, 2, 2), -1.28 * 2 * (-1 + Math.log(2)), -2.56, true)
    closeLoss(atRatio(cispo, 0.5, 2), -0.8 * 2 * (-1 + Math.log(0.5)), -1.6, true)
    closeLoss(atRatio(cispo, 2, -2), 1.28 * 2 * (-1 + Math.log(2)), 2.56, true)
  })

  it("on-policy, ratio 1: ppo, cispo and importanceSampling have REINFORCE's slope −A", () => {
    for (const config of [ppo(), ppo(3), cispo, { _tag: "importanceSampling" } as const]) {
      for (const advantage of [-1.5, 0, 0.5]) {
        assert.closeTo(tokenLoss(config, -2.5, -2.5, advantage).slope, -advantage, 1e-15)
      }
    }
  })
})

/** Ratios at which a loss has no derivative. */
const kinks = (config: LossConfig): ReadonlyArray<number> =>
  config._tag === "ppo" ? [1 - config.clipLow, 1 + config.clipHigh, config.dualClip ?? 1] : []

describe("slopes", () => {
  const logprobs = fc.double({ min: -8, max: 0, noNaN: true })
  const advantagesOfRuns = fc.double({ min: -3, max: 3, noNaN: true })
  it.each<readonly [string, LossConfig]>([
    ["crossEntropy", { _tag: "crossEntropy" }],
    ["importanceSampling", { _tag: "importanceSampling" }],
    ["ppo", ppo()],
    ["ppo with dual clip", ppo(3)],
  ])("%s: dℓ/dlp is the central difference", (_, config) => {
    const h = 1e-6
    fc.assert(
      fc.property(
        logprobs,
        fc.double({ min: -2, max: 2, noNaN: true }),
        advantagesOfRuns,
        (old, logRatio, advantage) => {
          const logprob = old + logRatio
          fc.pre(kinks(config).every((kink) => Math.abs(logRatio - Math.log(kink)) > 1e-4))
          const up = tokenLoss(config, logprob + h, old, advantage).loss
          const down = tokenLoss(config, logprob - h, old, advantage).loss
          const { slope } = tokenLoss(config, logprob, old, advantage)
          assert.closeTo((up - down) / (2 * h), slope, 1e-6 * Math.max(1, Math.abs(slope)))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it("cispo: dℓ/dlp is the central difference with the clipped ratio held fixed", () => {
    const h = 1e-6
    fc.assert(
      fc.property(
        logprobs,
        fc.double({ min: -2, max: 2, noNaN: true }),
        advantagesOfRuns,
        (old, logRatio, advantage) => {
          const logprob = old + logRatio
          const held = Math.min(Math.max(Math.exp(logRatio), 0.8), 1.28)
          const lossAt = (lp: number) => -held * advantage * lp
          const { loss, slope } = tokenLoss(cispo, logprob, old, advantage)
          assert.closeTo(loss, lossAt(logprob), 1e-9)
          assert.closeTo(
            (lossAt(logprob + h) - lossAt(logprob - h)) / (2 * h),
            slope,
            1e-6 * Math.max(1, Math.abs(slope)),
          )
        },
      ),
    )
  })

  it("ppo: never above importance sampling's surrogate, and a clipped token has no slope", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(ppo(), ppo(3)),
        fc.double({ min: -2, max: 2, noNaN: true }),
        advantagesOfRuns,
        (config, logRatio, advantage) => {
          const result = tokenLoss(config, logRatio - 1, -1, advantage)
          const plain = tokenLoss({ _tag: "importanceSampling" }, logRatio - 1, -1, advantage)
          // −loss is the surrogate: PPO's is a pessimistic bound, except where dual clip caps the loss from above.
          if (config._tag === "ppo" && config.dualClip === null)
            assert.isAtLeast(result.loss, plain.loss - 1e-12)
          else assert.isAtMost(result.loss, Math.max(plain.loss, 3 * Math.abs(advantage)) + 1e-12)
          if (result.clipped) assert.strictEqual(Math.abs(result.slope), 0)
          else assert.closeTo(result.slope, plain.slope, 1e-12)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it("estimates KL by k1 = d, k2 = d²/2, k3 = exp(−d) − 1 + d, each 0 at the reference (Schulman 2020)", () => {
    const d = Math.log(2)
    assert.deepStrictEqual(klEstimate("k1", -1, -1 - d), { value: -1 + (1 + d), slope: 1 })
    assert.closeTo(klEstimate("k2", -1, -1 - d).value, d ** 2 / 2, 1e-12)
    assert.closeTo(klEstimate("k3", -1, -1 - d).value, 1 / 2 - 1 + d, 1e-12)
    for (const estimator of ["k1", "k2", "k3"] as const) {
      assert.strictEqual(Math.abs(klEstimate(estimator, -3, -3).value), 0)
    }
  })

  it("estimates KL with the slope of the estimate; k1 and k3 are right in the mean, k3 is never negative", () => {
    const h = 1e-5
    fc.assert(
      fc.property(
        fc.constantFrom("k1" as const, "k2" as const, "k3" as const),
        logprobs,
        fc.double({ min: -2, max: 2, noNaN: true }),
        (estimator, reference, d) => {
          const at = (lp: number) => klEstimate(estimator, lp, reference)
          const numeric = (at(reference + d + h).value - at(reference + d - h).value) / (2 * h)
          assert.closeTo(numeric, at(reference + d).slope, 1e-6)
          if (estimator !== "k1") assert.isAtLeast(at(reference + d).value, 0)
        },
      ),
    )
    // Σ p k(log p, log q) = Σ p log(p / q), exactly, for k1 and k3.
    const [p, q] = [
      [0.5, 0.3, 0.2],
      [0.2, 0.2, 0.6],
    ] as const
    const expected = p.reduce((sum, value, i) => sum + value * Math.log(value / (q[i] as number)), 0)
    for (const estimator of ["k1", "k3"] as const) {
      const mean = p.reduce(
        (sum, value, i) =>
          sum + value * klEstimate(estimator, Math.log(value), Math.log(q[i] as number)).value,
        0,
      )
      assert.closeTo(mean, expected, 1e-12)
    }
  })

  it("has a mean gradient of 0 for k1, of KL(policy ‖ reference) for k2 and of KL(reference ‖ policy) for k3", () => {
    const [p, q] = [
      [0.7, 0.2, 0.1],
      [0.1, 0.3, 0.6],
    ] as const
    const distance = p.reduce((sum, value, a) => sum + value * Math.log(value / (q[a] as number)), 0)
    // In the logits of a softmax: ∂ log p_a / ∂ z_k = [a = k] − p_k.
    const expected = {
      k1: p.map(() => 0),
      k2: p.map((value, k) => value * (Math.log(value / (q[k] as number)) - distance)),
      k3: p.map((value, k) => value - (q[k] as number)),
    }
    for (const estimator of ["k1", "k2", "k3"] as const) {
      for (const [k, chance] of p.entries()) {
        const mean = p.reduce((sum, value, a) => {
          const { slope } = klEstimate(estimator, Math.log(value), Math.log(q[a] as number))
          return sum + value * slope * ((a === k ? 1 : 0) - chance)
        }, 0)
        assert.closeTo(mean, expected[estimator][k] as number, 1e-12, estimator)
      }
    }
  })

  it("the share of clipped tokens counts what the clip changed", () => {
    const ratios = [0.5, 0.79, 0.81, 1, 1.27, 1.29, 4]
    const clippedAt = (config: LossConfig, advantage: number) =>
      ratios.filter((ratio) => atRatio(config, ratio, advantage).clipped)
    assert.deepStrictEqual(clippedAt(ppo(), 1), [1.29, 4])
    assert.deepStrictEqual(clippedAt(ppo(), -1), [0.5, 0.79])
    assert.deepStrictEqual(clippedAt(ppo(3), -1), [0.5, 0.79, 4])
    assert.deepStrictEqual(clippedAt(ppo(3), 0), [])
    assert.deepStrictEqual(clippedAt(cispo, 1), [0.5, 0.79, 1.29, 4])
    assert.deepStrictEqual(clippedAt({ _tag: "importanceSampling" }, 1), [])
  })
})
