/**
 * The policy engine contract: a language model that can be sampled and trained, here or far away. The verbs are those
 * of the Tinker API, so a local engine, the hosted service and SkyRL stand behind the same loop.
 *
 * Engines sum: the gradient of `forwardBackward` is the plain sum over datums and tokens of `weight · loss`, added to
 * what earlier calls left, until `optimStep`. Means, per-sequence or constant reductions are weights, chosen by the
 * caller (`Reduction.ts`). An engine that cannot honour a setting refuses it by name.
 */
import { Context, type Effect, Schema } from "effect"
import { NonNegative, Positive } from "./ranges.ts"

export const Message = Schema.Struct({
  role: Schema.Literals(["system", "user", "assistant"]),
  content: Schema.String,
})
/** What a policy is asked. The engine's tokenizer turns it into tokens, by a chat template or as plain text. */
export const Prompt = Schema.Array(Message)
export type Prompt = typeof Prompt.Type

export interface Tokenizer {
  /** A prompt as the model reads it, ready to be continued by the assistant. Fails on text the model cannot read. */
  readonly encodePrompt: (prompt: Prompt) => Effect.Effect<ReadonlyArray<number>, PolicyError>
  /** The text of sampled tokens, without stop tokens. What is graded is this text, never the prompt's. */
  readonly decode: (tokens: ReadonlyArray<number>) => string
}

export interface SampleRequest {
  readonly prompt: ReadonlyArray<number>
  /** One sample a seed. The same request with the same seed on the same weights gives the same sample. */
  readonly seeds: ReadonlyArray<number>
  readonly maxTokens: number
  /** 0 is greedy. */
  readonly temperature: number
}

export interface Sample {
  /** The response, its stop token included. */
  readonly tokens: ReadonlyArray<number>
  /** Log-probability of each token under the sampling weights at temperature 1, in nats. */
  readonly logprobs: ReadonlyArray<number>
  readonly stopReason: "stop" | "length"
}

/** One sequence to learn from. All arrays have the length of `tokens`; entry t speaks of predicting token t. */
export interface Datum {
  readonly tokens: ReadonlyArray<number>
  /** Scale of token t in the loss; 0 on the prompt and on anything not to be learned from. Entry 0 must be 0. */
  readonly weights: ReadonlyArray<number>
  readonly advantages: ReadonlyArray<number>
  /** Log-probabilities when sampled, for the ratio. */
  readonly logprobs: ReadonlyArray<number>
  /** Log-probabilities under the reference policy; needed where a regularization asks for its distance. */
  readonly referenceLogprobs?: ReadonlyArray<number>
}

/** How far below and above 1 a ratio is let go, ≥ 0; a `clipLow` of 1 or more is no bound. */
const clip = { clipLow: NonNegative, clipHigh: NonNegative }

/** Per-token losses; formulas in `PolicyLoss.ts`. */
export const LossConfig = Schema.TaggedUnion({
  crossEntropy: {},
  importanceSampling: {},
  ppo: {
    ...clip,
    /** Lower bound c > 1 of dual clip for negative advantages (Ye et al. 2020); null is off. */
    dualClip: Schema.NullOr(Schema.Finite.check(Schema.isGreaterThan(1))),
  },
  cispo: clip,
})
export type LossConfig = typeof LossConfig.Type

/** Estimators of KL(policy ‖ reference) from one sampled token; formulas in `PolicyLoss.ts`. */
export const KlEstimator = Schema.Literals(["k1", "k2", "k3"])
export type KlEstimator = typeof KlEstimator.Type

/** What is added to the loss of each token, before its weight: −entropy · H + kl.coefficient · k. */
export interface Regularization {
  /** Coefficient of the entropy bonus, ≥ 0; 0 is off. */
  readonly entropy: number
  readonly kl: { readonly estimator: KlEstimator; readonly coefficient: number } | null
}

export interface ForwardBackwardOutput {
  /** Σ weight · loss over all tokens of all datums, regularization included. */
  readonly loss: number
  /** Log-probability of each token, per datum, under the current weights. */
  readonly logprobs: ReadonlyArray<ReadonlyArray<number>>
  /** Mean entropy in nats of the predictions of tokens with a non-zero weight; null where the engine cannot tell. */
  readonly entropy: number | null
  /** Share of weighted tokens whose ratio was clipped; null where the engine cannot tell. */
  readonly clippedShare: number | null
  /** Mean of the KL estimate over weighted tokens; null where none was asked for. */
  readonly kl: number | null
}

/** Decay of a running mean. */
const Beta = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true }))

/** AdamW (Loshchilov & Hutter 2019) with a global gradient-norm clip; `gradClip` null is off. */
export const AdamConfig = Schema.Struct({
  learningRate: NonNegative,
  beta1: Beta,
  beta2: Beta,
  epsilon: Positive,
  weightDecay: NonNegative,
  gradClip: Schema.NullOr(Positive),
})
export type AdamConfig = typeof AdamConfig.Type

export interface OptimStepOutput {
  /** Norm of the gradient before clipping; null where the engine does not report it. */
  readonly gradNorm: number | null
}

/** A file of a saved policy: weights and optimizer state, or a reference to where a remote engine keeps them. */
export interface PolicyFile {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface Capabilities {
  /** E.g. `wasm`, `tfjs-cuda`, `tinker`. */
  readonly backend: string
  /** Human line: model, size, device. */
  readonly description: string
  /** Longest prompt plus response, in tokens. */
  readonly contextLength: number
  readonly losses: ReadonlyArray<LossConfig["_tag"]>
  /** Which terms `forwardBackward` can add to them. */
  readonly regularizations: ReadonlyArray<keyof Regularization>
  /** Settings that are refused unless they are null; absent is none. */
  readonly refuses?: ReadonlyArray<"gradClip" | "dualClip" | "kl">
  /** Same seeds, same weights, same datums: same bits. */
  readonly deterministic: boolean
  /** Whether it serves several calls of `sample` at a time as fast as one call for all; others want them together. */
  readonly sideBySide: boolean
  /** Whether it has a `frozenSampler`. */
  readonly samplesWhileLearning: boolean
  /** 0 where the engine cannot tell. */
  readonly parameters: number
}

/** The backend asked for is not there. `hint` says what to do; nothing falls back silently. */
export class BackendUnavailable extends Schema.TaggedError<BackendUnavailable>()("BackendUnavailable", {
  backend: Schema.String,
  reason: Schema.String,
  hint: Schema.String,
}) {
  override get message(): string {
    return `${this.backend}: ${this.reason}`
  }
}

/** The engine refused a request or failed at it. `operation` is the verb, e.g. `sample`. */
export class PolicyError extends Schema.TaggedError<PolicyError>()("PolicyError", {
  operation: Schema.String,
  message: Schema.String,
}) {}

/** One entry a request, one sample a seed, both in order. */
export type Sampler = (
  requests: ReadonlyArray<SampleRequest>,
) => Effect.Effect<ReadonlyArray<ReadonlyArray<Sample>>, PolicyError>

export class PolicyEngine extends Context.Service<
  PolicyEngine,
  {
    readonly capabilities: Capabilities
    readonly tokenizer: Tokenizer
    readonly sample: Sampler
    /**
     * A `sample` that stays with the weights of now: it may be asked while others are learned, until another one is made. Without
     * `samplesWhileLearning`, a `PolicyError`.
     */
    readonly frozenSampler: Effect.Effect<Sampler, PolicyError>
    /** Log-probability of every token of every sequence given those before it; entry 0 is 0. No gradient. */
    readonly logprobs: (
      sequences: ReadonlyArray<ReadonlyArray<number>>,
    ) => Effect.Effect<ReadonlyArray<ReadonlyArray<number>>, PolicyError>
    /** The same under the reference policy. Without one, a `PolicyError`. */
    readonly referenceLogprobs: (
      sequences: ReadonlyArray<ReadonlyArray<number>>,
    ) => Effect.Effect<ReadonlyArray<ReadonlyArray<number>>, PolicyError>
    /** Takes the weights of saved files as the reference policy, beside those that are trained. */
    readonly setReference: (files: ReadonlyArray<PolicyFile>) => Effect.Effect<void, PolicyError>
    readonly forwardBackward: (
      datums: ReadonlyArray<Datum>,
      loss: LossConfig,
      regularization?: Regularization,
    ) => Effect.Effect<ForwardBackwardOutput, PolicyError>
    /** Applies the summed gradient and clears it. */
    readonly optimStep: (adam: AdamConfig) => Effect.Effect<OptimStepOutput, PolicyError>
    /** Weights and optimizer state, complete: a loaded policy continues exactly. */
    readonly save: Effect.Effect<ReadonlyArray<PolicyFile>, PolicyError>
    readonly load: (files: ReadonlyArray<PolicyFile>) => Effect.Effect<void, PolicyError>
    /**
     * Says which saved policies there still are, after others are gone for good. An engine that keeps more than the files hold
     * removes, of what it has saved itself, what none of these names; without that, it does not look at them. What cannot be
     * removed stays, and is no failure. Where the policies cannot be read it fails, and removes nothing.
     */
    readonly retain: <E>(
      policies: Effect.Effect<ReadonlyArray<ReadonlyArray<PolicyFile>>, E>,
    ) => Effect.Effect<void, E | PolicyError>
  }
>()("@azr/core/PolicyEngine") {}
