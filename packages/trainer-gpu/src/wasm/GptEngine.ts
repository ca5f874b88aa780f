/**
 * The `wasm` engine: a GPT sampled and trained by SIMD kernels on worker threads over one shared memory.
 *
 * Covers: ragged batches without padding, gradients summed until `optimStep`, AdamW with global clipping, sampling
 * with a key-value cache. Does not cover: mixed precision, models whose state exceeds 4 GiB, dropout.
 *
 * Bitwise the same for any number of workers: batches are cut into micro-shards by their content, shards are added
 * to gradient lanes in a fixed order, and a sample depends on its prompt, its seed and the weights alone. Decoding
 * adds up in the order of training, so the log-probabilities of samples equal those that `logprobs` gives.
 */
import { availableParallelism } from "node:os"
import type { PolicyEngine } from "@azr/core"
import {
  type Engine,
  type EngineState,
  NonFiniteGradient,
  type Sequence,
  type TensorValues,
  type TrainOutput,
} from "../Engine.ts"
import { initialState } from "../model/initialState.ts"
import { type ModelConfig, tensorSize } from "../model/ModelConfig.ts"
import { checkAdam, checkSampleRequest, checkSequence, checkTokens } from "../requests.ts"
import { type Batch, makeBatch } from "./Batch.ts"
import type { DrawnSample, SampleGroup, SampleSpec } from "./Decoder.ts"
import { type AdamStep, pieceCount } from "./Job.ts"
import { compileKernels, makeMemory } from "./Kernels.ts"
import {
  defaultSlots,
  ELEMENT,
  type EngineSizes,
  type MemoryPlan,
  planMemory,
  type TensorPlace,
} from "./MemoryPlan.ts"
import { WorkerPool } from "./WorkerPool.ts"
import type { WasmMemory, WasmModule } from "./webAssembly.ts"

export interface EngineOptions {
  /** Worker threads, 1 to 64; null is one a core, at most 8. Results do not depend on it. */
  readonly workers: number | null
}

/** The most threads that one gradient can use: see `EngineSizes`. */
const LANES = 8
const SHARD_TOKENS = 256
const MAXIMUM_WORKERS = 64

export class GptEngine implements Engine {
  readonly config: ModelConfig
  readonly #sizes: EngineSizes
  readonly #plan: MemoryPlan
  readonly #memory: WasmMemory
  readonly #pool: WorkerPool
  #step = 0
  /** The end of the latest verb, whatever became of it: verbs run one after the other. */
  #idle: Promise<unknown> = Promise.resolve()

  private constructor(config: ModelConfig, sizes: EngineSizes, module: WasmModule) {
    this.config = config
    this.#sizes = sizes
    this.#plan = planMemory(config, sizes)
    this.#memory = makeMemory(this.#plan.bytes)
    this.#pool = new WorkerPool(sizes.workers, { module, memory: this.#memory, config, sizes })
  }

  /**
   * An engine with all parameters 0: `initialise` or `setState` comes next. `configProblem` of the configuration is
   * null. Rejects if the kernels are not built or the model does not fit into memory with so many workers.
   */
  static async make(config: ModelConfig, options: EngineOptions): Promise<GptEngine> {
    const workers = options.workers ?? Math.min(availableParallelism(), LANES)
    if (!(Number.isInteger(workers) && workers >= 1 && workers <= MAXIMUM_WORKERS)) {
      throw new RangeError(`workers is ${workers}, must be from 1 to ${MAXIMUM_WORKERS}`)
    }
    const sizes = { workers, lanes: LANES, shardTokens: SHARD_TOKENS, slots: defaultSlots(config) }
    return new GptEngine(config, sizes, await compileKernels())
  }

  get device(): string {
    return `WASM SIMD, ${this.#sizes.workers === 1 ? "1 thread" : `${this.#sizes.workers} threads`}`
  }

  /** Starts over with the parameters of `initialState`. */
  initialise(seed: number): Promise<void> {
    return this.setState(initialState(this.config, seed))
  }

  getState(): Promise<EngineState> {
    const { parameters, m, v } = this.#plan
    return this.#exclusive(async () => ({
      parameters: this.#read(parameters),
      m: this.#read(m),
      v: this.#read(v),
      step: this.#step,
    }))
  }

  setState(state: EngineState): Promise<void> {
    const { parameters, m, v } = this.#plan
    return this.#exclusive(async () => {
      this.#write(parameters, state.parameters)
      this.#write(m, state.m)
      this.#write(v, state.v)
      this.#clearGradients()
      this.#step = state.step
      await this.#pool.run({ kind: "pack" })
    })
  }

  /** The gradient summed so far, by tensor. For checks of the gradient itself; `optimStep` needs no copy of it. */
  gradient(): Promise<TensorValues> {
    return this.#exclusive(async () => {
      const total = new Map<string, Float32Array>()
      for (let lane = 0; lane < this.#sizes.lanes; lane++) {
        for (const [name, values] of this.#read(this.#plan.lanes + lane * this.#plan.laneBytes)) {
          const sum = total.get(name)
          if (sum === undefined) total.set(name, values)
          else for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (values[i] as number)
        }
      }
      return total
    })
  }

  async sample(
    requests: ReadonlyArray<PolicyEngine.SampleRequest>,
  ): Promise<ReadonlyArray<ReadonlyArray<PolicyEngine.Sample>>> {
    requests.forEach((request, i) => checkSampleRequest(this.config, request, i))
    const groups = groupByPrompt(requests, this.#sizes.slots)
    const drawn = await this.#exclusive(() => this.#pool.run({ kind: "sample", groups }))
    const byId = new Map(drawn.map((sample) => [sample.id, sample]))
    let id = 0
    return requests.map((request) =>
      request.seeds.map(() => {
        const { tokens, logprobs, stopReason } = byId.get(id++) as DrawnSample
        return { tokens, logprobs, stopReason }
      }),
    )
  }

  logprobs(sequences: ReadonlyArray<ReadonlyArray<number>>): Promise<ReadonlyArray<ReadonlyArray<number>>> {
    return this.#score(sequences, (run) => run())
  }

  logprobsUnder(
    parameters: TensorValues,
    sequences: ReadonlyArray<ReadonlyArray<number>>,
  ): Promise<ReadonlyArray<ReadonlyArray<number>>> {
    return this.#score(sequences, async (run) => {
      const own = this.#read(this.#plan.parameters)
      try {
        await this.#useParameters(parameters)
        return await run()
      } finally {
        await this.#useParameters(own)
      }
    })
  }

  async #score(
    sequences: ReadonlyArray<ReadonlyArray<number>>,
    around: (run: () => Promise<unknown>) => Promise<unknown>,
  ): Promise<ReadonlyArray<ReadonlyArray<number>>> {
    sequences.forEach((tokens, i) => checkTokens(this.config, tokens, `sequence ${i}`))
    const batch = makeBatch(
      sequences.map((tokens) => ({ tokens })),
      this.#sizes.shardTokens,
    )
    await this.#exclusive(() => around(() => this.#pool.run({ kind: "score", batch })))
    return splitLogprobs(batch)
  }

  async forwardBackward(
    sequences: ReadonlyArray<Sequence>,
    loss: PolicyEngine.LossConfig,
    regularization?: PolicyEngine.Regularization,
  ): Promise<TrainOutput> {
    const needsReference = (regularization?.kl ?? null) !== null
    sequences.forEach((sequence, i) => checkSequence(this.config, sequence, i, needsReference))
    const batch = makeBatch(sequences, this.#sizes.shardTokens, regularization)
    await this.#exclusive(async () => {
      try {
        await this.#pool.run({ kind: "train", batch, loss })
      } catch (cause) {
        // A gradient of some of the sequences is no gradient.
        this.#clearGradients()
        throw cause
      }
    })
    let total = 0
    let weighted = 0
    let entropy = 0
    let clipped = 0
    let distance = 0
    for (let i = 0; i < batch.tokens.length; i++) {
      if (batch.weights[i] === 0) continue
      weighted++
      total += batch.losses[i] as number
      entropy += batch.entropies[i] as number
      clipped += batch.clipped[i] as number
      distance += batch.distances[i] as number
    }
    const share = (sum: number) => (weighted === 0 ? 0 : sum / weighted)
    return {
      loss: total,
      logprobs: splitLogprobs(batch),
      entropy: share(entropy),
      clippedShare: share(clipped),
      kl: needsReference ? share(distance) : null,
    }
  }

  async optimStep(adam: PolicyEngine.AdamConfig): Promise<{ readonly gradNorm: number }> {
    checkAdam(adam)
    return this.#exclusive(async () => {
      const squares = new Float64Array(new SharedArrayBuffer(pieceCount(this.#plan) * 8))
      await this.#pool.run({ kind: "reduce", squares })
      const gradNorm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0))
      if (!Number.isFinite(gradNorm)) {
        this.#clearGradients()
        throw new NonFiniteGradient(`the gradient's norm is ${gradNorm}: dropped, the weights are as before`)
      }
      const clip = adam.gradClip
      this.#step++
      const step: AdamStep = {
        gradientScale: clip !== null && gradNorm > clip ? clip / gradNorm : 1,
        learningRate: adam.learningRate,
        beta1: adam.beta1,
        beta2: adam.beta2,
        epsilon: adam.epsilon,
        weightDecay: adam.weightDecay,
        correction1: 1 - adam.beta1 ** this.#step,
        correction2: 1 - adam.beta2 ** this.#step,
      }
      await this.#pool.run({ kind: "update", adam: step })
      await this.#pool.run({ kind: "pack" })
      return { gradNorm }
    })
  }

  async close(): Promise<void> {
    await this.#pool.close()
  }

  #exclusive<A>(verb: () => Promise<A>): Promise<A> {
    const result = this.#idle.then(verb)
    this.#idle = result.catch(() => undefined)
    return result
  }

  #clearGradients(): void {
    const { lanes, laneBytes } = this.#plan
    new Uint8Array(this.#memory.buffer, lanes, laneBytes * this.#sizes.lanes).fill(0)
  }

  #read(base: number): TensorValues {
    return new Map(
      [...this.#plan.tensors].map(([name, place]) => [name, this.#tensor(base, place).slice()] as const),
    )
  }

  async #useParameters(parameters: TensorValues): Promise<void> {
    this.#write(this.#plan.parameters, parameters)
    await this.#pool.run({ kind: "pack" })
  }

  #write(base: number, values: TensorValues): void {
    for (const [name, place] of this.#plan.tensors) {
      const tensor = values.get(name)
      if (tensor === undefined || tensor.length !== tensorSize(place.spec)) {
        throw new RangeError(`tensor ${name} is missing or has the wrong size`)
      }
      this.#tensor(base, place).set(tensor)
    }
  }

  #tensor(base: number, place: TensorPlace): Float32Array {
    const first = (base + place.offset) / ELEMENT
    return new Float32Array(this.#memory.buffer).subarray(first, first + tensorSize(place.spec))
  }
}

/** Samples numbered in the order of the requests, those of one prompt together, at most `limit` to a group. */
const groupByPrompt = (
  requests: ReadonlyArray<PolicyEngine.SampleRequest>,
  limit: number,
): ReadonlyArray<SampleGroup> => {
  const open = new Map<string, { prompt: ReadonlyArray<number>; samples: Array<SampleSpec> }>()
  const groups: Array<SampleGroup> = []
  let id = 0
  for (const { prompt, seeds, maxTokens, temperature } of requests) {
    const key = prompt.join()
    for (const seed of seeds) {
      let group = open.get(key)
      if (group === undefined || group.samples.length === limit) {
        group = { prompt, samples: [] }
        open.set(key, group)
        groups.push(group)
      }
      group.samples.push({ id: id++, seed, maxTokens, temperature })
    }
  }
  return groups
}

const splitLogprobs = (batch: Batch): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: batch.starts.length - 1 }, (_, s) =>
    Array.from(batch.logprobs.subarray(batch.starts[s], batch.starts[s + 1])),
  )
