/**
 * Policy losses per token. Plain functions without any dependency: engines call `tokenLoss` in their inner loop, on
 * worker threads that import this file alone (`@azr/core/PolicyLoss`).
 *
 * With r = exp(lp − lp_old), A the advantage, sg(·) no gradient:
 *
 * | loss | ℓ |
 * |---|---|
 * | `crossEntropy` | −lp |
 * | `importanceSampling` | −r·A |
 * | `ppo` | −min(r·A, clip(r, 1−clipLow, 1+clipHigh)·A); with dual clip c and A < 0: at most −c·A (Ye et al. 2020, Eq 5) |
 * | `cispo` | −sg(clip(r, 1−clipLow, 1+clipHigh))·A·lp (MiniMax-M1, Eq 4) |
 */
import type { KlEstimator, LossConfig } from "./PolicyEngine.ts"

export interface TokenLoss {
  readonly loss: number
  /** dℓ/dlp. */
  readonly slope: number
  readonly clipped: boolean
}

/** The loss of one token and its slope in the token's log-probability. */
export const tokenLoss = (
  config: LossConfig,
  logprob: number,
  oldLogprob: number,
  advantage: number,
): TokenLoss => {
  switch (config._tag) {
    case "crossEntropy":
      return { loss: -logprob, slope: -1, clipped: false }
    case "importanceSampling": {
      const surrogate = Math.exp(logprob - oldLogprob) * advantage
      return { loss: -surrogate, slope: -surrogate, clipped: false }
    }
    case "ppo": {
      const ratio = Math.exp(logprob - oldLogprob)
      const bounded = clamp(ratio, 1 - config.clipLow, 1 + config.clipHigh)
      const clipped = bounded * advantage < ratio * advantage
      const surrogate = clipped ? bounded * advantage : ratio * advantage
      if (config.dualClip !== null && advantage < 0 && surrogate < config.dualClip * advantage) {
        return { loss: -config.dualClip * advantage, slope: 0, clipped: true }
      }
      return { loss: -surrogate, slope: clipped ? 0 : -surrogate, clipped }
    }
    case "cispo": {
      const ratio = Math.exp(logprob - oldLogprob)
      const bounded = clamp(ratio, 1 - config.clipLow, 1 + config.clipHigh)
      return { loss: -bounded * advantage * logprob, slope: -bounded * advantage, clipped: bounded !== ratio }
    }
  }
}

/**
 * An estimate of KL(policy ‖ reference) from one token that the policy sampled, with d = lp − lp_ref (Schulman 2020,
 * "Approximating KL divergence"): k1 = d, unbiased; k2 = d²/2; k3 = exp(−d) − 1 + d, unbiased and never negative. `slope` is
 * dk/dlp. As a term of the loss an estimate is as good as the mean of its gradient, slope · ∇lp: that of k1 is 0, that of k2
 * ∇KL(policy ‖ reference), that of k3 ∇KL(reference ‖ policy).
 */
export const klEstimate = (
  estimator: KlEstimator,
  logprob: number,
  referenceLogprob: number,
): { readonly value: number; readonly slope: number } => {
  const d = logprob - referenceLogprob
  switch (estimator) {
    case "k1":
      return { value: d, slope: 1 }
    case "k2":
      return { value: (d * d) / 2, slope: d }
    case "k3":
      return { value: Math.expm1(-d) + d, slope: -Math.expm1(-d) }
  }
}

const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high)
