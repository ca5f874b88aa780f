/**
 * The `tfjs` engine: the same GPT by the operations of TensorFlow.js, on a GPU, on libtensorflow or in JavaScript.
 *
 * Covers: padded micro-batches of like lengths, gradients summed until `optimStep`, AdamW with global clipping,
 * sampling with a key-value cache, no tensor kept that the state does not need. Does not cover: several GPUs, mixed
 * precision, dropout. Operations run on the calling thread, which is busy for a micro-batch or a token at a time.
 *
 * Agrees with the `wasm` engine but for the order in which sums round. A sample still depends on its seed, prompt and
 * weights; company can change its log-probabilities in the last bits, and so, very rarely, a token.
 */
import { setImmediate } from "node:timers/promises"
import type { Tensor } from "@tensorflow/tfjs-core"
import type { PolicyEngine } from "@azr/core"
import type { Engine, EngineState, Sequence, TensorValues, TrainOutput } from "../Engine.ts"
import type { ModelConfig } from "../model/ModelConfig.ts"
import { checkAdam, checkSampleRequest, checkSequence, checkTokens } from "../requests.ts"
import { Decoder } from "./Decoder.ts"
import { GptModel } from "./GptModel.ts"
import { causalMask } from "./Layers.ts"
import { Objective } from "./Objective.ts"
import { makeTensors, Optimizer } from "./Optimizer.ts"
import { padBatches, type PaddedBatch } from "./PaddedBatch.ts"
import { type Flavour, loadTensorFlow, type TensorFlow } from "./TensorFlow.ts"

type Table = ReadonlyArray<ReadonlyArray<number>>

interface Sizes {
  /** Padded rows of a micro-batch: what is in memory at once. */
  readonly rows: number
  /** Sequences that are decoded at once. */
  readonly slots: number
}

const sizes: Record<Flavour, Sizes> = {
  "tfjs-cuda": { rows: 32_768, slots: 1024 },
  "tfjs-node": { rows: 2048, slots: 256 },
  "tfjs-js": { rows: 512, slots: 64 },
}

const devices: Record<Flavour, string> = {
  "tfjs-cuda": "CUDA",
  "tfjs-node": "libtensorflow, CPU",
  "tfjs-js": "plain JavaScript",
}

export class TfjsEngine implements Engine {
  readonly config: ModelConfig
  readonly device: string
  readonly #tf: TensorFlow
  readonly #sizes: Sizes
  readonly #optimizer: Optimizer
  #closed = false
  /** The end of the latest verb, whatever became of it: verbs run one after the other. */
  #idle: Promise<unknown> = Promise.resolve()

  private constructor(config: ModelConfig, flavour: Flavour, tf: TensorFlow) {
    this.config = config
    this.device = `TensorFlow.js ${tf.version_core} on ${devices[flavour]}`
    this.#tf = tf
    this.#sizes = sizes[flavour]
    this.#optimizer = new Optimizer(tf, config)
  }

  /** An engine with all parameters 0: `setState` comes next. Rejects with `TensorFlowUnavailable`. */
  static async make(config: ModelConfig, flavour: Flavour): Promise<TfjsEngine> {
    return new TfjsEngine(config, flavour, await loadTensorFlow(flavour))
  }

  getState(): Promise<EngineState> {
    return this.#exclusive(async () => this.#optimizer.getState())
  }

  setState(state: EngineState): Promise<void> {
    return this.#exclusive(async () => this.#optimizer.setState(state))
  }

  /** The gradient summed so far, by tensor, for checks of the gradient itself. */
  gradient(): Promise<TensorValues> {
    return this.#exclusive(async () => this.#optimizer.gradient())
  }

  async sample(
    requests: ReadonlyArray<PolicyEngine.SampleRequest>,
  ): Promise<ReadonlyArray<ReadonlyArray<PolicyEngine.Sample>>> {
    requests.forEach((request, i) => checkSampleRequest(this.config, request, i))
    return this.#exclusive(() => {
      const model = new GptModel(this.#tf, this.config, this.#optimizer.tensors)
      return new Decoder(this.#tf, this.config, model).run(requests, this.#sizes.slots, this.#assertOpen)
    })
  }

  logprobs(sequences: Table): Promise<Table> {
    return this.#score(sequences, (score) => score(this.#optimizer.tensors))
  }

  logprobsUnder(parameters: TensorValues, sequences: Table): Promise<Table> {
    return this.#score(sequences, async (score) => {
      const tensors = makeTensors(this.#tf, this.config, parameters)
      try {
        return await score(tensors)
      } finally {
        for (const tensor of tensors.values()) tensor.dispose()
      }
    })
  }

  async forwardBackward(
    sequences: ReadonlyArray<Sequence>,
    loss: PolicyEngine.LossConfig,
    regularization?: PolicyEngine.Regularization,
  ): Promise<TrainOutput> {
    const objective = new Objective(sequences, loss, regularization)
    sequences.forEach((sequence, i) => checkSequence(this.config, sequence, i, objective.needsReference))
    return this.#exclusive(async () => {
      try {
        await this.#eachBatch(sequences, (batch) => this.#train(batch, objective))
      } catch (cause) {
        // A gradient of some of the sequences is no gradient.
        if (!this.#closed) this.#optimizer.clearGradient()
        throw cause
      }
      return objective.output()
    })
  }

  async optimStep(adam: PolicyEngine.AdamConfig): Promise<{ readonly gradNorm: number }> {
    checkAdam(adam)
    return this.#exclusive(async () => this.#optimizer.update(adam))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#idle
    this.#optimizer.dispose()
  }

  #train(batch: PaddedBatch, objective: Objective): void {
    const gradients = new Map<string, Tensor>()
    const sink = (name: string, gradient: Tensor) => {
      const before = gradients.get(name)
      gradients.set(name, this.#tf.keep(before === undefined ? gradient : this.#tf.add(before, gradient)))
      before?.dispose()
    }
    try {
      const model = new GptModel(this.#tf, this.config, this.#optimizer.tensors, sink)
      const { back, ...predictions } = this.#predict(model, batch)
      const { bonuses, slopes } = objective.slopes(batch, predictions)
      back(slopes, bonuses)
      this.#optimizer.addGradient(gradients)
    } finally {
      for (const gradient of gradients.values()) gradient.dispose()
    }
  }

  async #score(
    sequences: Table,
    around: (score: (tensors: ReadonlyMap<string, Tensor>) => Promise<Table>) => Promise<Table>,
  ): Promise<Table> {
    sequences.forEach((tokens, i) => checkTokens(this.config, tokens, `sequence ${i}`))
    return this.#exclusive(() =>
      around(async (tensors) => {
        const logprobs = sequences.map((tokens) => tokens.map(() => 0))
        const model = new GptModel(this.#tf, this.config, tensors)
        const whole = sequences.map((tokens) => ({ tokens }))
        await this.#eachBatch(whole, (batch) => {
          const found = this.#predict(model, batch).logprobs
          batch.eachRow((row, s, t) => ((logprobs[s] as Array<number>)[t] = found[row] as number))
        })
        return logprobs
      }),
    )
  }

  #predict(model: GptModel, batch: PaddedBatch) {
    return model.predict(batch.indices, batch.targets, batch.sequences, causalMask(this.#tf, batch.length))
  }

  /** Calls `visit` for each micro-batch; its tensors are disposed of after it, other events get their turn between. */
  async #eachBatch(sequences: ReadonlyArray<Sequence>, visit: (batch: PaddedBatch) => void): Promise<void> {
    for (const batch of padBatches(this.config, sequences, this.#sizes.rows)) {
      await setImmediate()
      this.#assertOpen()
      this.#tf.tidy(() => visit(batch))
    }
  }

  readonly #assertOpen = (): void => {
    if (this.#closed) throw new Error("the engine is closed")
  }

  #exclusive<A>(verb: () => Promise<A>): Promise<A> {
    const result = this.#idle.then(() => {
      this.#assertOpen()
      return verb()
    })
    this.#idle = result.catch(() => undefined)
    return result
  }
}
