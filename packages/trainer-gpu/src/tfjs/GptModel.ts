/** The model of `ModelConfig.ts` on TensorFlow.js: embeddings, blocks and head over padded rows, and one step of decoding. */
import type { Tensor, Tensor1D, Tensor2D, Tensor4D, TensorContainerObject } from "@tensorflow/tfjs-core"
import type { ModelConfig } from "../model/ModelConfig.ts"
import { type Cache, chain, type Layer, Layers, type Sink } from "./Layers.ts"
import type { TensorFlow } from "./TensorFlow.ts"

/** Rows of the embedding tables (token, position, features), one array a table, entry i for row i. */
export type Indices = ReadonlyArray<Int32Array>

export interface Predictions {
  /** Of the targets, by row. */
  readonly logprobs: Float32Array
  readonly entropies: Float32Array
  /** From dL/dlogprob and dL/dentropy, by row, to the gradient of all parameters; null is 0 everywhere. */
  readonly back: (slopes: Float32Array, bonuses: Float32Array | null) => void
}

/** What sequences go on from. */
export interface Continuation {
  /** Of the next token, [sequences, vocabulary]. */
  readonly logits: Float32Array
  /** One a layer. */
  readonly caches: ReadonlyArray<Cache>
}

/** A view of parameters; it lives as long as they do and holds no tensors of its own. */
export class GptModel {
  readonly #tf: TensorFlow
  readonly #config: ModelConfig
  readonly #parameters: ReadonlyMap<string, Tensor>
  readonly #sink: Sink
  readonly #layers: Layers
  readonly #tables: ReadonlyArray<string>

  constructor(
    tf: TensorFlow,
    config: ModelConfig,
    parameters: ReadonlyMap<string, Tensor>,
    sink: Sink = () => undefined,
  ) {
    this.#tf = tf
    this.#config = config
    this.#parameters = parameters
    this.#sink = sink
    this.#layers = new Layers(tf, parameters, sink)
    const names = ["token", "position", ...config.features.map((feature) => feature.table)]
    this.#tables = names.map((name) => `embed.${name}.weight`)
  }

  /** With its gradient: call it inside of a `tidy` that lasts until `back` has returned. */
  predict(indices: Indices, targets: Int32Array, sequences: number, mask: Tensor): Predictions {
    const tf = this.#tf
    const embedding = this.#embed(indices)
    const attend = () => this.#layers.attention(sequences, this.#config.heads, mask)
    const body = chain(...this.#blocks(attend), this.#layers.layerNorm("norm"))(embedding.y)
    const head = this.#layers.linear("embed.token.weight")(body.y)
    const all = tf.logSoftmax(head.y)
    const probabilities = tf.exp(all)
    const chosen = tf.oneHot(
      tf.tensor1d(targets, "int32"),
      this.#config.vocabulary.pieces.length,
      1,
      0,
      "float32",
    )
    const logprobs = tf.sum(tf.mul(all, chosen), -1)
    const entropies = tf.neg(tf.sum(tf.mul(probabilities, all), -1))
    return {
      logprobs: logprobs.dataSync<"float32">(),
      entropies: entropies.dataSync<"float32">(),
      back: (slopes, bonuses) => {
        const column = (values: Float32Array) => tf.tensor2d(values, [values.length, 1])
        let dLogits: Tensor2D = tf.mul(tf.sub(chosen, probabilities), column(slopes))
        if (bonuses !== null) {
          // ∂H/∂logit = −p · (log p + H).
          const slope = tf.mul(probabilities, tf.add(all, tf.expandDims(entropies, 1)))
          dLogits = tf.sub(dLogits, tf.mul(slope, column(bonuses)))
        }
        embedding.back(body.back(head.back(dLogits)))
      },
    }
  }

  /** Reads prompts that end in their last column. The caches are the caller's to dispose of. */
  read(indices: Indices, sequences: number, mask: Tensor): Continuation {
    const caches: Array<Cache> = []
    return this.#continue(() => {
      const keep = (keys: Tensor4D, values: Tensor4D) => caches.push({ keys, values })
      const attend = () => this.#layers.attention(sequences, this.#config.heads, mask, keep)
      const rows = chain(...this.#blocks(attend))(this.#embed(indices).y).y
      const length = rows.shape[0] / sequences
      const last = Int32Array.from({ length: sequences }, (_, i) => (i + 1) * length - 1)
      return this.#tf.gather(rows, this.#tf.tensor1d(last, "int32"))
    }, caches)
  }

  /** One new row a sequence. The caches given stay as they are, those returned hold the new row too. */
  advance(indices: Indices, caches: ReadonlyArray<Cache>, mask: Tensor | null): Continuation {
    const grown = caches.map((cache) => ({ ...cache }))
    return this.#continue(() => {
      const attend = (layer: number) =>
        this.#layers.cachedAttention(this.#config.heads, grown[layer] as Cache, mask)
      return chain(...this.#blocks(attend))(this.#embed(indices).y).y
    }, grown)
  }

  #continue(hidden: () => Tensor2D, caches: ReadonlyArray<Cache>): Continuation {
    const head = chain(this.#layers.layerNorm("norm"), this.#layers.linear("embed.token.weight"))
    let logits: Float32Array = new Float32Array()
    const kept = this.#tf.tidy(() => {
      logits = head(hidden()).y.dataSync<"float32">()
      return caches as Array<Cache & TensorContainerObject>
    })
    return { logits, caches: kept }
  }

  #blocks(attend: (layer: number) => Layer): ReadonlyArray<Layer> {
    const layers = this.#layers
    return Array.from({ length: this.#config.layers }, (_, i) => {
      const block = `blocks.${i}`
      const attention = chain(
        layers.layerNorm(`${block}.norm1`),
        layers.linear(`${block}.attention.qkv.weight`),
        attend(i),
        layers.linear(`${block}.attention.out.weight`),
      )
      const mlp = chain(
        layers.layerNorm(`${block}.norm2`),
        layers.linear(`${block}.mlp.up.weight`),
        layers.squaredRelu(),
        layers.linear(`${block}.mlp.down.weight`),
      )
      return chain(layers.residual(attention), layers.residual(mlp))
    })
  }

  #embed(indices: Indices): { readonly y: Tensor2D; readonly back: (dy: Tensor2D) => void } {
    const tf = this.#tf
    const rowsOf = (table: number): Tensor1D => tf.tensor1d(indices[table] as Int32Array, "int32")
    const y = tf.tidy(() =>
      this.#tables
        .map((name, i) => tf.gather(this.#parameters.get(name) as Tensor2D, rowsOf(i)))
        .reduce((sum, rows) => tf.add(sum, rows)),
    )
    // A product with one-hot rows instead of a scattered sum: that adds up in no fixed order on a GPU.
    const back = (dy: Tensor2D) =>
      this.#tables.forEach((name, i) => {
        const [size] = (this.#parameters.get(name) as Tensor2D).shape
        this.#sink(
          name,
          tf.tidy(() => tf.matMul(tf.oneHot(rowsOf(i), size, 1, 0, "float32"), dy, true, false)),
        )
      })
    return { y, back }
  }
}
