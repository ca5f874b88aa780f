/**
 * The layers of the model as operations of TensorFlow.js, each with its gradient: a layer gives its output and the way
 * back, from the gradient of the output to the gradient of the input. Gradients of weights go to a sink by name.
 *
 * Gradients are written out here because the library's own are only registered by the package of everything, 280 MB
 * on disk; this is also half the operations that its tape would run.
 */
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core"
import type { TensorFlow } from "./TensorFlow.ts"

export interface Step {
  readonly y: Tensor2D
  readonly back: (dy: Tensor2D) => Tensor2D
}

export type Layer = (x: Tensor2D) => Step

/** Takes the gradient of a tensor; of one that is used twice, it takes two. */
export type Sink = (name: string, gradient: Tensor) => void

/** Added to the scores of what must not be seen; finite, so that a row that sees nothing is no NaN. */
const UNSEEN = -1e9
const NORM_EPSILON = 1e-5

export const chain =
  (...layers: ReadonlyArray<Layer>): Layer =>
  (x) => {
    let y = x
    const steps = layers.map((layer) => {
      const step = layer(y)
      y = step.y
      return step
    })
    return { y, back: (dy) => steps.reduceRight((gradient, step) => step.back(gradient), dy) }
  }

export class Layers {
  readonly #tf: TensorFlow
  readonly #parameter: (name: string) => Tensor2D
  readonly #sink: Sink

  constructor(tf: TensorFlow, parameters: ReadonlyMap<string, Tensor>, sink: Sink) {
    this.#tf = tf
    this.#parameter = (name) => parameters.get(name) as Tensor2D
    this.#sink = sink
  }

  /** x + branch(x). */
  residual(branch: Layer): Layer {
    const tf = this.#tf
    return (x) => {
      const { y, back } = branch(x)
      return { y: tf.add(x, y), back: (dy) => tf.tidy(() => tf.add(dy, back(dy))) }
    }
  }

  /** y = x · Wᵀ. */
  linear(name: string): Layer {
    const tf = this.#tf
    const w = this.#parameter(name)
    return (x) => ({
      y: tf.matMul(x, w, false, true),
      back: (dy) => {
        this.#sink(name, tf.matMul(dy, x, true, false))
        return tf.matMul(dy, w)
      },
    })
  }

  /** y = x̂ ∘ w + b with x̂ = (x − mean) · rstd, over the last axis. */
  layerNorm(name: string): Layer {
    const tf = this.#tf
    const weight = this.#parameter(`${name}.weight`)
    const bias = this.#parameter(`${name}.bias`)
    return (x) => {
      const { normed, rstd, y } = tf.tidy(() => {
        const centred = tf.sub(x, tf.mean(x, -1, true))
        const rstd = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), NORM_EPSILON))
        const normed = tf.mul(centred, rstd)
        return { normed, rstd, y: tf.add(tf.mul(normed, weight), bias) as Tensor2D }
      })
      const back = (dy: Tensor2D) =>
        tf.tidy(() => {
          this.#sink(`${name}.weight`, tf.sum(tf.mul(dy, normed), 0))
          this.#sink(`${name}.bias`, tf.sum(dy, 0))
          const g = tf.mul(dy, weight)
          const along = tf.mul(normed, tf.mean(tf.mul(g, normed), -1, true))
          return tf.mul(rstd, tf.sub(tf.sub(g, tf.mean(g, -1, true)), along)) as Tensor2D
        })
      return { y, back }
    }
  }

  /** y = max(x, 0)². */
  squaredRelu(): Layer {
    const tf = this.#tf
    return (x) => {
      const positive = tf.relu(x)
      return { y: tf.square(positive), back: (dy) => tf.tidy(() => tf.mul(dy, tf.mul(positive, 2))) }
    }
  }

  /**
   * P = softmax(Q Kᵀ / √hd + mask), y = P V, per sequence and head. x: [sequences · length, 3 · width]; `keep` is
   * given the keys and values, [sequences, heads, length, hd].
   */
  attention(
    sequences: number,
    heads: number,
    mask: Tensor,
    keep?: (k: Tensor4D, v: Tensor4D) => void,
  ): Layer {
    const tf = this.#tf
    return (x) => {
      const [rows, size] = x.shape
      const width = size / 3
      const length = rows / sequences
      const headSize = width / heads
      const scale = 1 / Math.sqrt(headSize)
      const merge = (parts: Tensor, columns: number) =>
        tf.reshape(tf.transpose(parts, [0, 2, 1, 3]), [rows, columns]) as Tensor2D
      const { k, p, q, v, y } = tf.tidy(() => {
        const all = tf.transpose(tf.reshape(x, [sequences, length, 3 * heads, headSize]), [0, 2, 1, 3])
        const [q, k, v] = tf.split(all, 3, 1) as [Tensor4D, Tensor4D, Tensor4D]
        const p = tf.softmax(tf.add(tf.mul(tf.matMul(q, k, false, true), scale), mask))
        return { q, k, v, p, y: merge(tf.matMul(p, v), width) }
      })
      keep?.(k, v)
      // dP = dy · Vᵀ, dS = P ∘ (dP − rowsum(P ∘ dP)) / √hd, dQ = dS K, dK = dSᵀ Q, dV = Pᵀ dy.
      const back = (dy: Tensor2D) =>
        tf.tidy(() => {
          const dOut = tf.transpose(tf.reshape(dy, [sequences, length, heads, headSize]), [0, 2, 1, 3])
          const dP = tf.matMul(dOut, v, false, true)
          const centred = tf.sub(dP, tf.sum(tf.mul(p, dP), -1, true))
          const dS = tf.mul(tf.mul(p, centred), scale)
          const parts = [tf.matMul(dS, k), tf.matMul(dS, q, true, false), tf.matMul(p, dOut, true, false)]
          return merge(tf.concat(parts, 1), 3 * width)
        })
      return { y, back }
    }
  }

  /** The row of one new token a sequence: attention over `past`, which comes to hold its key and value too. */
  cachedAttention(heads: number, past: Cache, mask: Tensor | null): Layer {
    const tf = this.#tf
    return (x) => {
      const [rows, size] = x.shape
      const headSize = size / 3 / heads
      const [q, k, v] = tf.split(tf.reshape(x, [rows, 3 * heads, 1, headSize]), 3, 1) as [
        Tensor4D,
        Tensor4D,
        Tensor4D,
      ]
      past.keys = tf.concat([past.keys, k], 2)
      past.values = tf.concat([past.values, v], 2)
      const scores = tf.mul(tf.matMul(q, past.keys, false, true), 1 / Math.sqrt(headSize))
      const p = tf.softmax(mask === null ? scores : tf.add(scores, mask))
      const back = (): never => {
        throw new Error("there is no gradient through a cache")
      }
      return { y: tf.reshape(tf.matMul(p, past.values), [rows, size / 3]), back }
    }
  }
}

/** Keys and values of one layer, [sequences, heads, length, hd]. */
export type Cache = {
  keys: Tensor4D
  values: Tensor4D
}

/** [1, 1, length, length]: what comes later is unseen. */
export const causalMask = (tf: TensorFlow, length: number): Tensor4D => {
  const mask = new Float32Array(length * length)
  for (let i = 0; i < length; i++) mask.fill(UNSEEN, i * length + i + 1, (i + 1) * length)
  return tf.tensor4d(mask, [1, 1, length, length])
}

/** [sequences, 1, 1, length]: the first `padding[i]` positions of sequence i are unseen. Null if there are none. */
export const paddingMask = (
  tf: TensorFlow,
  padding: ReadonlyArray<number>,
  length: number,
): Tensor4D | null => {
  if (padding.every((count) => count === 0)) return null
  const mask = new Float32Array(padding.length * length)
  padding.forEach((count, i) => mask.fill(UNSEEN, i * length, i * length + count))
  return tf.tensor4d(mask, [padding.length, 1, 1, length])
}
