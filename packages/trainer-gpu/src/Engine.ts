/**
 * What every local engine does: hold one GPT of a `ModelConfig`, sample it and train it. Promises and plain numbers;
 * `LocalPolicyEngine.ts` turns any engine into core's `PolicyEngine`. Verbs that are called together run one after the
 * other. A request that the model cannot honour rejects with `InvalidRequest`, before anything changes.
 */
import type { PolicyEngine } from "@azr/core"
import type { ModelConfig } from "./model/ModelConfig.ts"

/** One sequence. Missing arrays mean 0 everywhere; entry t of each speaks of predicting token t. */
export interface Sequence {
  readonly tokens: ReadonlyArray<number>
  readonly weights?: ReadonlyArray<number>
  readonly advantages?: ReadonlyArray<number>
  /** Log-probabilities when sampled. */
  readonly logprobs?: ReadonlyArray<number>
  /** Log-probabilities under a reference policy. */
  readonly referenceLogprobs?: ReadonlyArray<number>
  /** Added to every position, and to every statement count: pretraining draws them, elsewhere they are 0. */
  readonly positionOffset?: number
  readonly statementOffset?: number
}

/** Numbers by tensor name, in the order and sizes of `modelTensors`. */
export type TensorValues = ReadonlyMap<string, Float32Array>

export interface EngineState {
  readonly parameters: TensorValues
  /** AdamW's moments. */
  readonly m: TensorValues
  readonly v: TensorValues
  /** AdamW updates so far. */
  readonly step: number
}

export interface TrainOutput {
  /** Σ weight · loss. */
  readonly loss: number
  /** Of every token of every sequence; entry 0 is 0. */
  readonly logprobs: ReadonlyArray<ReadonlyArray<number>>
  /** Mean over the tokens with a weight, in nats; 0 if there are none. */
  readonly entropy: number
  /** Share of the tokens with a weight whose ratio was clipped; 0 if there are none. */
  readonly clippedShare: number
  /** Mean KL estimate over the tokens with a weight; null where none was asked for. */
  readonly kl: number | null
}

/** A request that the model cannot honour. The message says which value and why. */
export class InvalidRequest extends Error {}

/** A gradient with a NaN or an infinity was dropped; the parameters are as before. */
export class NonFiniteGradient extends Error {}

export interface Engine {
  readonly config: ModelConfig
  /** What runs it, for people: `WASM SIMD, 2 threads`. */
  readonly device: string
  /** One list a request, one sample a seed. */
  readonly sample: (
    requests: ReadonlyArray<PolicyEngine.SampleRequest>,
  ) => Promise<ReadonlyArray<ReadonlyArray<PolicyEngine.Sample>>>
  /** Log-probability of every token given those before it; entry 0 is 0. */
  readonly logprobs: (
    sequences: ReadonlyArray<ReadonlyArray<number>>,
  ) => Promise<ReadonlyArray<ReadonlyArray<number>>>
  /** The same with other parameters; the engine's own stay as they are. */
  readonly logprobsUnder: (
    parameters: TensorValues,
    sequences: ReadonlyArray<ReadonlyArray<number>>,
  ) => Promise<ReadonlyArray<ReadonlyArray<number>>>
  /** Adds the gradient of Σ weight · loss over all tokens of all sequences to what earlier calls left. */
  readonly forwardBackward: (
    sequences: ReadonlyArray<Sequence>,
    loss: PolicyEngine.LossConfig,
    regularization?: PolicyEngine.Regularization,
  ) => Promise<TrainOutput>
  /**
   * Applies the summed gradient by AdamW to all parameters, clears it, and gives its norm before clipping. Rejects
   * with `NonFiniteGradient`.
   */
  readonly optimStep: (adam: PolicyEngine.AdamConfig) => Promise<{ readonly gradNorm: number }>
  /** A copy of everything that training has changed, except a gradient that no `optimStep` has applied yet. */
  readonly getState: () => Promise<EngineState>
  /** Replaces the state and drops a pending gradient. */
  readonly setState: (state: EngineState) => Promise<void>
  /** Ends the engine at once; a verb that is still running rejects. */
  readonly close: () => Promise<void>
}
