/**
 * What the API does not say of a server, found out with a model that is thrown away: how it reduces losses, by what the norm of the
 * gradient does when a sequence is there twice, and which settings of the optimizer it honours, by the metrics that it reports.
 */
import type { PolicyEngine } from "@azr/core"
import { Effect } from "effect"
import type { Reduction } from "./sumOfLosses.ts"
import type { Model } from "./TinkerClient.ts"
import { TinkerError } from "./TinkerError.ts"
import type { AdamParams } from "./wire/messages.ts"

export interface Dialect {
  /** For people. */
  readonly server: string
  readonly reduction: Reduction
  /** `learningRate`: betas, epsilon, weight decay and clipping are the server's own. */
  readonly optimizer: "adam" | "learningRate"
  /** Whether `grad_clip_norm` is honoured. */
  readonly gradClip: boolean
  readonly losses: ReadonlyArray<PolicyEngine.LossConfig["_tag"]>
  readonly samplers: SamplerLife
  /** Whether it holds a second model, as a reference policy is one. */
  readonly references: boolean
}

/**
 * What becomes of a sampler while its model learns: it keeps its weights; it samples from the adapter that is trained (SkyRL on JAX);
 * or it is of no more use once the model did anything else (all parameters on SkyRL's GPUs: inference engines are emptied for that,
 * and only saving for sampling fills them again).
 */
export type SamplerLife = "stay" | "follow" | "end"

const base = ["crossEntropy", "importanceSampling", "ppo"] as const

const idle: AdamParams = { learning_rate: 0, beta1: 0.9, beta2: 0.95, eps: 1e-8, weight_decay: 0 }

// Token ids that every vocabulary has.
const sequence = [3, 2, 1, 0, 1, 2]
const datum = {
  tokens: sequence.slice(0, -1),
  inputs: { target_tokens: sequence.slice(1), weights: sequence.slice(1).map(() => 1) },
}

/** The first metric of this name, whoever's it is: `skyrl.ai/grad_norm`. */
export const gradNormOf = (metrics: Readonly<Record<string, number>>): number | null =>
  Object.entries(metrics).find(([name]) => /(?:^|[/.])grad_norm\b/u.test(name))?.[1] ?? null

/**
 * Uses up to three updates of the model, with a learning rate of 0, and leaves it without a gradient. SkyRL on its torch backends says
 * only by trying whether it takes a second model.
 */
export const probe = Effect.fn("probe")(function* (
  model: Model,
  known: Reduction | null,
  rank: number,
  second: Effect.Effect<Model, TinkerError>,
): Effect.fn.Return<Dialect, TinkerError> {
  const update = Effect.fnUntraced(function* (copies: number) {
    const { metrics } = yield* model.forwardBackward({
      data: Array.from({ length: copies }, () => datum),
      lossFn: "cross_entropy",
      lossFnConfig: {},
      forwardOnly: false,
    })
    return { metrics, gradNorm: gradNormOf(yield* model.optimStep(idle)) }
  })
  // The first update also clears what a model before this one may have left in its place.
  const { gradNorm, metrics } = yield* update(1)
  const names = Object.keys(metrics)
  const ofTorch = names.some((name) => name === "total_loss:sum" || name.startsWith("policy_lr"))
  const ofTinker = names.includes("loss:sum")
  const measured =
    gradNorm === null ? null : ratioOf((yield* update(1)).gradNorm, (yield* update(2)).gradNorm)
  const reduction = known ?? measured ?? (ofTinker || ofTorch ? "sum" : null)
  if (reduction === null) {
    return yield* unclear("the server reports no norm of the gradient by which its reduction could be told")
  }
  if (known !== null && measured !== null && known !== measured) {
    return yield* unclear(`the reduction is ${known} by the settings, but the server's is ${measured}`)
  }
  return {
    server: ofTorch ? "SkyRL (FSDP or Megatron)" : ofTinker ? "Tinker" : "SkyRL (JAX)",
    reduction,
    optimizer: ofTorch ? "learningRate" : "adam",
    gradClip: ofTinker,
    // SkyRL's torch backends refuse the bounds of cispo that its own API asks for.
    losses: ofTorch ? base : [...base, "cispo"],
    samplers: ofTorch && rank === 0 ? "end" : ofTorch || ofTinker ? "stay" : "follow",
    references: !ofTorch || (yield* hasRoom(second)),
  }
})

const hasRoom = (model: Effect.Effect<Model, TinkerError>): Effect.Effect<boolean, TinkerError> =>
  Effect.acquireUseRelease(
    model,
    () => Effect.succeed(true),
    ({ unload }) => Effect.ignore(unload),
  ).pipe(
    Effect.catchIf(
      ({ kind }) => kind === "full",
      () => Effect.succeed(false),
    ),
  )

/** From the norms of one sequence and of two copies of it. */
const ratioOf = (one: number | null, two: number | null): Reduction | null => {
  const ratio = one === null || two === null ? Number.NaN : two / one
  if (Math.abs(ratio - 2) < 0.05) return "sum"
  return Math.abs(ratio - 1) < 0.05 ? "meanOfMeans" : null
}

const unclear = (message: string): TinkerError =>
  new TinkerError({
    kind: "refused",
    route: "forward_backward",
    message,
  })
