/** Where the time of one thread of the `wasm` engine goes: the same jobs on the calling thread, with every kernel timed. */
import type { PolicyEngine } from "@azr/core"
import type { EngineState, Sequence } from "../Engine.ts"
import { type ModelConfig, tensorSize } from "../model/ModelConfig.ts"
import { makeBatch } from "./Batch.ts"
import { Decoder } from "./Decoder.ts"
import { bindKernels, compileKernels, type Kernels, makeMemory } from "./Kernels.ts"
import { defaultSlots, ELEMENT, planMemory, type WorkerPlan } from "./MemoryPlan.ts"
import { Network } from "./Network.ts"
import { ShardRunner } from "./ShardRunner.ts"

export interface Profile {
  /** Share of the time by kind of work; they add up to 1. */
  readonly shares: Readonly<Record<Work, number>>
  /** Rate of the matrix products, in 10⁹ multiplications and additions a second. */
  readonly gemmGflops: number
}

export type Work =
  | "matrix products"
  | "attention"
  | "norms and activations"
  | "softmax and loss"
  | "embeddings"
  | "optimizer"
  | "drawing tokens"
  | "JavaScript between kernels"

const workOf: Readonly<Record<string, Work>> = {
  linear: "matrix products",
  weightGradient: "matrix products",
  attention: "attention",
  attentionGradient: "attention",
  decodeAttention: "attention",
  fillCache: "attention",
  copyCache: "attention",
  layerNorm: "norms and activations",
  layerNormGradient: "norms and activations",
  squaredRelu: "norms and activations",
  squaredReluGradient: "norms and activations",
  targetLogprobs: "softmax and loss",
  targetLogprobsGradient: "softmax and loss",
  regularizedGradient: "softmax and loss",
  embed: "embeddings",
  embedGradient: "embeddings",
  reduceLanes: "optimizer",
  adamW: "optimizer",
  packPanels: "optimizer",
  chooseToken: "drawing tokens",
  uniform: "drawing tokens",
}

const LANES = 8
const SHARD_TOKENS = 256

class Stopwatch {
  readonly #milliseconds = new Map<Work, number>()
  #flops = 0
  #start = 0

  /** The kernels with a clock around each. */
  around(kernels: Kernels): Kernels {
    const timed = Object.entries(kernels).map(([name, kernel]) => [
      name,
      typeof kernel === "function" ? this.#time(name, kernel as (...args: Array<number>) => unknown) : kernel,
    ])
    return Object.fromEntries(timed) as Kernels
  }

  start(): void {
    this.#milliseconds.clear()
    this.#flops = 0
    this.#start = performance.now()
  }

  stop(): Profile {
    const total = performance.now() - this.#start
    const products = this.#milliseconds.get("matrix products") ?? 0
    const known = [...this.#milliseconds.values()].reduce((sum, time) => sum + time, 0)
    this.#milliseconds.set("JavaScript between kernels", total - known)
    const works = [...new Set([...Object.values(workOf), "JavaScript between kernels" as const])]
    const shares = works.map((work) => [work, (this.#milliseconds.get(work) ?? 0) / total])
    return {
      shares: Object.fromEntries(shares) as Profile["shares"],
      gemmGflops: this.#flops / products / 1e6,
    }
  }

  #time(name: string, kernel: (...args: Array<number>) => unknown) {
    const work = workOf[name]
    if (work === undefined) throw new Error(`kernel ${name} belongs to no kind of work`)
    return (...args: Array<number>): unknown => {
      const start = performance.now()
      const result = kernel(...args)
      this.#milliseconds.set(work, (this.#milliseconds.get(work) ?? 0) + performance.now() - start)
      const [rows = 0, inner = 0, outer = 0] = args
      if (work === "matrix products") this.#flops += 2 * rows * inner * outer
      return result
    }
  }
}

/** Profiles of `rounds` updates on the sequences and of as many times drawing the samples. */
export const profileWasm = async (
  config: ModelConfig,
  state: EngineState,
  sequences: ReadonlyArray<Sequence>,
  requests: ReadonlyArray<PolicyEngine.SampleRequest>,
  rounds: number,
): Promise<{ readonly train: Profile; readonly sample: Profile }> => {
  const sizes = { workers: 1, lanes: LANES, shardTokens: SHARD_TOKENS, slots: defaultSlots(config) }
  const plan = planMemory(config, sizes)
  const memory = makeMemory(plan.bytes)
  const module = await compileKernels()
  for (const [name, { offset, spec }] of plan.tensors) {
    const first = (plan.parameters + offset) / ELEMENT
    new Float32Array(memory.buffer)
      .subarray(first, first + tensorSize(spec))
      .set(state.parameters.get(name) as Float32Array)
  }
  const stopwatch = new Stopwatch()
  const kernels = stopwatch.around(bindKernels(module, memory))
  const pack = () => {
    for (const { backward, forward, inputs, outputs, tensor } of plan.matrices.values()) {
      const source = plan.parameters + (plan.tensors.get(tensor) as { readonly offset: number }).offset
      kernels.packPanels(inputs, outputs, source, 1, inputs, forward)
      kernels.packPanels(outputs, inputs, source, inputs, 1, backward)
    }
  }
  pack()
  const network = new Network(kernels, memory, config, plan, plan.workers[0] as WorkerPlan)
  const shards = new ShardRunner(network)
  const decoder = new Decoder(network, sizes.slots, sizes.shardTokens)

  const train = () => {
    const batch = makeBatch(sequences, sizes.shardTokens)
    for (let shard = 0; shard < batch.shards.length - 1; shard++) {
      shards.train(batch, shard, { _tag: "crossEntropy" }, shard % LANES)
    }
    const count = plan.parameterElements
    kernels.reduceLanes(count, LANES, plan.laneBytes, plan.lanes)
    kernels.adamW(count, plan.parameters, plan.lanes, plan.m, plan.v, 1, 1e-4, 0.9, 0.99, 1e-8, 0, 0.1, 0.01)
    pack()
  }
  const sample = () => {
    const groups = requests.map(({ maxTokens, prompt, seeds, temperature }) => ({
      prompt,
      samples: seeds.map((seed, id) => ({ id, seed, maxTokens, temperature })),
    }))
    decoder.run(() => groups.shift())
  }
  const profile = (round: () => void): Profile => {
    round()
    stopwatch.start()
    for (let i = 0; i < rounds; i++) round()
    return stopwatch.stop()
  }
  return { train: profile(train), sample: profile(sample) }
}
