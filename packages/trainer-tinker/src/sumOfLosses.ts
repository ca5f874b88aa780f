/**
 * One update on every server: the plain sum of weight · loss over tokens and sequences, as `PolicyEngine` says.
 *
 * | a server's gradient | advantages A' sent for weight w and advantage A |
 * |---|---|
 * | `sum`: Σ over sequences and tokens (the hosted service; SkyRL on FSDP and Megatron; `azr serve-policy`) | w·A |
 * | `meanOfMeans`: mean over the N sequences since the last update of Σ mask·ℓ / Σ mask (SkyRL on JAX) | N·L·w·A, L = Σ mask |
 *
 * All losses but cross-entropy are homogeneous in A, of degree 1 for positive factors. Cross-entropy cannot be scaled by weights
 * where they are divided out again; it is cispo with the ratio clipped to 1: −sg(1)·A·lp.
 */
import type { PolicyEngine } from "@azr/core"
import type { WireDatum } from "./wire/training.ts"

export type Reduction = "sum" | "meanOfMeans"

export interface WireLoss {
  readonly lossFn: string
  readonly lossFnConfig: Readonly<Record<string, number>>
}

const clip = (low: number, high: number) => ({ clip_low_threshold: low, clip_high_threshold: high })

/** Thresholds are ratios on the wire. */
export const wireLoss = (loss: PolicyEngine.LossConfig, reduction: Reduction): WireLoss => {
  switch (loss._tag) {
    case "crossEntropy":
      return reduction === "sum"
        ? { lossFn: "cross_entropy", lossFnConfig: {} }
        : { lossFn: "cispo", lossFnConfig: clip(1, 1) }
    case "importanceSampling":
      return { lossFn: "importance_sampling", lossFnConfig: {} }
    case "ppo":
      return { lossFn: "ppo", lossFnConfig: clip(1 - loss.clipLow, 1 + loss.clipHigh) }
    case "cispo":
      return { lossFn: "cispo", lossFnConfig: clip(1 - loss.clipLow, 1 + loss.clipHigh) }
  }
}

/** Why a datum cannot be scaled as it should; null where it can. */
export const scaleProblem = (
  { weights }: PolicyEngine.Datum,
  loss: PolicyEngine.LossConfig,
): string | null => {
  const at = loss._tag === "ppo" ? weights.findIndex((weight) => weight < 0) : -1
  return at < 0 ? null : `weights[${at}] is ${weights[at]}: loss ppo takes none below 0`
}

/**
 * A datum of two tokens or more for the wire, which predicts token t + 1 at token t. `factor` is what its loss counts in the
 * server's sum; in a mean of means it includes N.
 */
export const wireDatum = (
  datum: PolicyEngine.Datum,
  loss: PolicyEngine.LossConfig,
  reduction: Reduction,
  factor: number,
): WireDatum => {
  const tokens = datum.tokens.slice(0, -1)
  const weights = datum.weights.slice(1)
  const mask = weights.map((weight) => (weight === 0 ? 0 : 1))
  const counted = reduction === "sum" ? 1 : mask.reduce<number>((sum, one) => sum + one, 0)
  const target_tokens = datum.tokens.slice(1)
  const scale = (advantage: number, t: number) => factor * counted * (weights[t] as number) * advantage
  if (loss._tag === "crossEntropy") {
    const scaled = weights.map((_, t) => scale(1, t))
    return {
      tokens,
      inputs:
        reduction === "sum"
          ? { target_tokens, weights: scaled }
          : { target_tokens, weights: mask, advantages: scaled, logprobs: weights.map(() => 0) },
    }
  }
  // Where nothing counts, neither does the ratio: an old log-probability far off must not overflow.
  const logprobs = datum.logprobs.slice(1).map((logprob, t) => (mask[t] === 0 ? 0 : logprob))
  const advantages = datum.advantages.slice(1).map(scale)
  return {
    tokens,
    // Where gradients are summed an advantage of 0 is mask enough, and some servers refuse weights beside advantages.
    inputs: {
      target_tokens,
      logprobs,
      advantages,
      ...(reduction === "sum" ? {} : { weights: mask }),
    },
  }
}
