/**
 * Parameters, AdamW's moments and the summed gradient as four flat tensors, so that an update is a dozen operations
 * for any number of tensors; the model reads the parameters as views by name.
 */
import type { Rank, Tensor, Tensor1D } from "@tensorflow/tfjs-core"
import type { PolicyEngine } from "@azr/core"
import { type EngineState, NonFiniteGradient, type TensorValues } from "../Engine.ts"
import {
  type ModelConfig,
  modelTensors,
  parameterCount,
  tensorSize,
  type TensorSpec,
} from "../model/ModelConfig.ts"
import type { TensorFlow } from "./TensorFlow.ts"

type Part = "parameters" | "m" | "v" | "gradient"

export class Optimizer {
  readonly #tf: TensorFlow
  readonly #specs: ReadonlyArray<TensorSpec>
  readonly #flat: Record<Part, Tensor1D>
  /** The parameters by name: the same map for good, with other tensors after every change. */
  readonly #tensors = new Map<string, Tensor>()
  #step = 0

  constructor(tf: TensorFlow, config: ModelConfig) {
    this.#tf = tf
    this.#specs = modelTensors(config)
    const zeros = () => tf.zeros<Rank.R1>([parameterCount(config)])
    this.#flat = { parameters: zeros(), m: zeros(), v: zeros(), gradient: zeros() }
    this.#split()
  }

  get tensors(): ReadonlyMap<string, Tensor> {
    return this.#tensors
  }

  getState(): EngineState {
    return {
      parameters: this.#read("parameters"),
      m: this.#read("m"),
      v: this.#read("v"),
      step: this.#step,
    }
  }

  setState(state: EngineState): void {
    for (const part of ["parameters", "m", "v"] as const) this.#write(part, state[part])
    this.clearGradient()
    this.#split()
    this.#step = state.step
  }

  gradient(): TensorValues {
    return this.#read("gradient")
  }

  /** Adds gradients, one of every parameter. */
  addGradient(gradients: ReadonlyMap<string, Tensor>): void {
    const tf = this.#tf
    this.#replace("gradient", () => {
      const parts = this.#specs.map(({ name }) => tf.reshape(gradients.get(name) as Tensor, [-1]) as Tensor1D)
      return tf.add(this.#flat.gradient, tf.concat(parts))
    })
  }

  clearGradient(): void {
    this.#replace("gradient", () => this.#tf.zerosLike(this.#flat.gradient))
  }

  /** One AdamW update with the summed gradient, which is cleared; the formulas are those of `kernels/optimizer.ts`. */
  update(adam: PolicyEngine.AdamConfig): { readonly gradNorm: number } {
    const tf = this.#tf
    let gradNorm = 0
    tf.tidy(() => (gradNorm = tf.norm(this.#flat.gradient).dataSync()[0] as number))
    if (!Number.isFinite(gradNorm)) {
      this.clearGradient()
      throw new NonFiniteGradient(`the gradient's norm is ${gradNorm}: dropped, the weights are as before`)
    }
    this.#step++
    const { beta1, beta2, epsilon, gradClip, learningRate, weightDecay } = adam
    const scale = gradClip !== null && gradNorm > gradClip ? gradClip / gradNorm : 1
    const rate = learningRate / (1 - beta1 ** this.#step)
    const correction2 = 1 - beta2 ** this.#step
    this.#replace("gradient", () => tf.mul(this.#flat.gradient, scale))
    const g = this.#flat.gradient
    this.#replace("m", () => tf.add(tf.mul(this.#flat.m, beta1), tf.mul(g, 1 - beta1)))
    this.#replace("v", () => tf.add(tf.mul(this.#flat.v, beta2), tf.mul(tf.square(g), 1 - beta2)))
    this.#replace("parameters", () => {
      const root = tf.add(tf.sqrt(tf.mul(this.#flat.v, 1 / correction2)), epsilon)
      const step = tf.div(tf.mul(this.#flat.m, rate), root)
      return tf.sub(tf.mul(this.#flat.parameters, 1 - learningRate * weightDecay), step)
    })
    this.clearGradient()
    this.#split()
    return { gradNorm }
  }

  dispose(): void {
    this.#tf.dispose(this.#flat)
    for (const tensor of this.#tensors.values()) tensor.dispose()
    this.#tensors.clear()
  }

  #replace(part: Part, next: () => Tensor1D): void {
    const before = this.#flat[part]
    // Kept, as it outlives the `tidy` of the micro-batch that it comes from.
    this.#flat[part] = this.#tf.keep(this.#tf.tidy(next))
    before.dispose()
  }

  #split(): void {
    const next = splitTensors(this.#tf, this.#specs, this.#flat.parameters)
    for (const [name, tensor] of next) {
      this.#tensors.get(name)?.dispose()
      this.#tensors.set(name, tensor)
    }
  }

  #read(part: Part): TensorValues {
    const values = this.#flat[part].dataSync<"float32">()
    let first = 0
    return new Map(
      this.#specs.map((spec) => {
        const end = first + tensorSize(spec)
        const own = values.slice(first, end)
        first = end
        return [spec.name, own] as const
      }),
    )
  }

  #write(part: Part, values: TensorValues): void {
    const flat = flatten(this.#specs, values)
    this.#replace(part, () => this.#tf.tensor1d(flat))
  }
}

/** Tensors by name, of parameters that are not the optimizer's; the caller disposes of them. */
export const makeTensors = (
  tf: TensorFlow,
  config: ModelConfig,
  values: TensorValues,
): ReadonlyMap<string, Tensor> => {
  const specs = modelTensors(config)
  const flat = tf.tensor1d(flatten(specs, values))
  const tensors = splitTensors(tf, specs, flat)
  flat.dispose()
  return tensors
}

const splitTensors = (
  tf: TensorFlow,
  specs: ReadonlyArray<TensorSpec>,
  flat: Tensor1D,
): ReadonlyMap<string, Tensor> => {
  const parts = tf.tidy(() =>
    tf
      .split(flat, specs.map(tensorSize))
      .map((part, i): Tensor => tf.reshape(part, [...(specs[i] as TensorSpec).shape])),
  )
  return new Map(specs.map(({ name }, i) => [name, parts[i] as Tensor]))
}

const flatten = (specs: ReadonlyArray<TensorSpec>, values: TensorValues): Float32Array => {
  const parts = specs.map((spec) => {
    const own = values.get(spec.name)
    if (own === undefined || own.length !== tensorSize(spec)) {
      throw new RangeError(`tensor ${spec.name} is missing or has the wrong size`)
    }
    return own
  })
  const flat = new Float32Array(parts.reduce((sum, own) => sum + own.length, 0))
  let first = 0
  for (const own of parts) {
    flat.set(own, first)
    first += own.length
  }
  return flat
}
