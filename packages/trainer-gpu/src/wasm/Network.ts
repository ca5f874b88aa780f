/** Forward and backward passes of the model over the rows of one thread's buffers: the order in which kernels run. */
import type { ModelConfig } from "../model/ModelConfig.ts"
import type { Kernels } from "./Kernels.ts"
import {
  type BlockActivations,
  ELEMENT,
  type MatrixPlace,
  type MemoryPlan,
  type WorkerPlan,
} from "./MemoryPlan.ts"
import type { WasmMemory } from "./webAssembly.ts"

interface BlockTensors {
  readonly norm1: string
  readonly qkv: string
  readonly out: string
  readonly norm2: string
  readonly up: string
  readonly down: string
}

export class Network {
  readonly kernels: Kernels
  readonly config: ModelConfig
  readonly plan: MemoryPlan
  readonly buffers: WorkerPlan
  readonly i32: Int32Array
  readonly f32: Float32Array
  readonly #headSize: number
  readonly #tableNames: ReadonlyArray<string>
  readonly #blockTensors: ReadonlyArray<BlockTensors>

  constructor(
    kernels: Kernels,
    memory: WasmMemory,
    config: ModelConfig,
    plan: MemoryPlan,
    buffers: WorkerPlan,
  ) {
    this.kernels = kernels
    this.config = config
    this.plan = plan
    this.buffers = buffers
    this.i32 = new Int32Array(memory.buffer)
    this.f32 = new Float32Array(memory.buffer)
    this.#headSize = config.width / config.heads
    this.#tableNames = ["token", "position", ...config.features.map((feature) => feature.table)]
    this.#blockTensors = Array.from({ length: config.layers }, (_, layer) => ({
      norm1: `blocks.${layer}.norm1`,
      qkv: `blocks.${layer}.attention.qkv.weight`,
      out: `blocks.${layer}.attention.out.weight`,
      norm2: `blocks.${layer}.norm2`,
      up: `blocks.${layer}.mlp.up.weight`,
      down: `blocks.${layer}.mlp.down.weight`,
    }))
    this.#tableNames.forEach((name, i) => {
      this.i32[buffers.tables / ELEMENT + i] = this.#parameter(`embed.${name}.weight`)
    })
  }

  /** Sets the embedding rows of row `row`; `features` as `FeatureTracker.rows`. */
  setRow(row: number, token: number, position: number, features: Int32Array): void {
    const stride = this.plan.rowCapacity
    const first = this.buffers.indices / ELEMENT + row
    this.i32[first] = token
    this.i32[first + stride] = position
    for (let f = 0; f < features.length; f++) this.i32[first + (2 + f) * stride] = features[f] as number
  }

  /** From the rows set to `lastNorm`, over sequences packed one after the other (`starts`). */
  forward(rows: number, sequences: number): void {
    this.#blocks(rows, (block) => {
      const { heads } = this.config
      const { starts, scratch } = this.buffers
      this.kernels.attention(
        sequences,
        starts,
        heads,
        this.#headSize,
        block.qkv,
        block.attention,
        block.probabilities,
        scratch,
      )
    })
  }

  /** One new row for each of `rows` cached sequences, at `slotList` and `positionList`. */
  forwardCached(rows: number): void {
    this.#blocks(rows, (block, layer) => {
      const { slotList, positionList, keys, values, scratch } = this.buffers
      this.kernels.decodeAttention(
        rows,
        slotList,
        positionList,
        this.config.heads,
        this.#headSize,
        this.plan.cacheCapacity,
        block.qkv,
        keys[layer] as number,
        values[layer] as number,
        block.attention,
        scratch,
      )
    })
  }

  /** Copies the keys and values that `forward` left for rows first … first + length − 1 into a slot. */
  cacheSequence(first: number, length: number, slot: number): void {
    this.buffers.blocks.forEach((block, layer) => {
      const keys = this.buffers.keys[layer] as number
      const values = this.buffers.values[layer] as number
      const { heads } = this.config
      const capacity = this.plan.cacheCapacity
      this.kernels.fillCache(first, length, heads, this.#headSize, block.qkv, slot, capacity, keys, values)
    })
  }

  copySlot(from: number, to: number, length: number): void {
    for (let layer = 0; layer < this.config.layers; layer++) {
      const keys = this.buffers.keys[layer] as number
      const values = this.buffers.values[layer] as number
      const capacity = this.plan.cacheCapacity
      this.kernels.copyCache(from, to, length, this.config.heads, this.#headSize, capacity, keys, values)
    }
  }

  /** From `lastNorm` to `logits`. */
  head(rows: number): void {
    this.#multiply(rows, "embed.token.weight", this.buffers.lastNorm, 0, this.buffers.logits)
  }

  /** From `logits` and `targets` to `logprobs` and `entropies`; the logits become probabilities. */
  targetLogprobs(rows: number): void {
    const { logits, targets, logprobs, entropies } = this.buffers
    const vocabulary = this.config.vocabulary.pieces.length
    this.kernels.targetLogprobs(rows, vocabulary, this.plan.logitStride, logits, targets, logprobs, entropies)
  }

  /**
   * After `forward`, `head` and `targetLogprobs`: adds the gradient of Σ slopes · logprobs to a lane, where `spread` says so
   * that of Σ bonuses · entropies too.
   */
  backward(rows: number, sequences: number, lane: number, spread: boolean): void {
    const { kernels, buffers, plan } = this
    const { width, heads, mlpRatio } = this.config
    const hidden = mlpRatio * width
    const { dx, dNarrow, dWide, logits, scratch } = buffers
    const gradient = (tensor: string) => plan.lanes + lane * plan.laneBytes + this.#offset(tensor)
    const matrixGradient = (tensor: string, dy: number, x: number) => {
      const { outputs, inputs } = this.#matrix(tensor)
      kernels.weightGradient(rows, outputs, inputs, dy, x, gradient(tensor))
    }
    /** Gradient `dNarrow` of a norm's output, added to `dx`. */
    const normGradient = (norm: string, x: number, stats: number) =>
      kernels.layerNormGradient(
        rows,
        width,
        x,
        this.#parameter(`${norm}.weight`),
        stats,
        dNarrow,
        dx,
        gradient(`${norm}.weight`),
        gradient(`${norm}.bias`),
      )

    const { bonuses, entropies, slopes, targets } = buffers
    if (spread) {
      const vocabulary = this.config.vocabulary.pieces.length
      kernels.regularizedGradient(
        rows,
        vocabulary,
        plan.logitStride,
        logits,
        targets,
        slopes,
        bonuses,
        entropies,
      )
    } else kernels.targetLogprobsGradient(rows, plan.logitStride, logits, targets, slopes)
    matrixGradient("embed.token.weight", logits, buffers.lastNorm)
    this.#multiplyBack(rows, "embed.token.weight", logits, dNarrow)
    this.f32.fill(0, dx / ELEMENT, dx / ELEMENT + rows * width)
    normGradient("norm", buffers.last, buffers.lastStats)

    for (let layer = this.config.layers - 1; layer >= 0; layer--) {
      const block = buffers.blocks[layer] as BlockActivations
      const tensors = this.#blockTensors[layer] as BlockTensors
      matrixGradient(tensors.down, dx, block.activated)
      this.#multiplyBack(rows, tensors.down, dx, dWide)
      kernels.squaredReluGradient(rows * hidden, block.up, dWide)
      matrixGradient(tensors.up, dWide, block.norm2)
      this.#multiplyBack(rows, tensors.up, dWide, dNarrow)
      normGradient(tensors.norm2, block.middle, block.stats2)

      matrixGradient(tensors.out, dx, block.attention)
      this.#multiplyBack(rows, tensors.out, dx, dNarrow)
      kernels.attentionGradient(
        sequences,
        buffers.starts,
        heads,
        this.#headSize,
        block.qkv,
        block.probabilities,
        dNarrow,
        dWide,
        scratch,
      )
      matrixGradient(tensors.qkv, dWide, block.norm1)
      this.#multiplyBack(rows, tensors.qkv, dWide, dNarrow)
      normGradient(tensors.norm1, block.x, block.stats1)
    }

    this.#tableNames.forEach((name, i) => {
      this.i32[buffers.gradientTables / ELEMENT + i] = gradient(`embed.${name}.weight`)
    })
    const count = this.#tableNames.length
    kernels.embedGradient(rows, width, count, buffers.gradientTables, buffers.indices, plan.rowCapacity, dx)
  }

  #blocks(rows: number, attend: (block: BlockActivations, layer: number) => void): void {
    const { kernels, buffers, plan } = this
    const { width, layers, mlpRatio } = this.config
    const hidden = mlpRatio * width
    const first = buffers.blocks[0] as BlockActivations
    const count = this.#tableNames.length
    kernels.embed(rows, width, count, buffers.tables, buffers.indices, plan.rowCapacity, first.x)
    for (let layer = 0; layer < layers; layer++) {
      const block = buffers.blocks[layer] as BlockActivations
      const tensors = this.#blockTensors[layer] as BlockTensors
      const next = buffers.blocks[layer + 1]?.x ?? buffers.last
      this.#norm(rows, tensors.norm1, block.x, block.norm1, block.stats1)
      this.#multiply(rows, tensors.qkv, block.norm1, 0, block.qkv)
      attend(block, layer)
      this.#multiply(rows, tensors.out, block.attention, block.x, block.middle)
      this.#norm(rows, tensors.norm2, block.middle, block.norm2, block.stats2)
      this.#multiply(rows, tensors.up, block.norm2, 0, block.up)
      kernels.squaredRelu(rows * hidden, block.up, block.activated)
      this.#multiply(rows, tensors.down, block.activated, block.middle, next)
    }
    this.#norm(rows, "norm", buffers.last, buffers.lastNorm, buffers.lastStats)
  }

  #norm(rows: number, norm: string, x: number, y: number, stats: number): void {
    const weight = this.#parameter(`${norm}.weight`)
    const bias = this.#parameter(`${norm}.bias`)
    this.kernels.layerNorm(rows, this.config.width, x, weight, bias, y, stats)
  }

  /** y = x · Wᵀ (+ addend). */
  #multiply(rows: number, tensor: string, x: number, addend: number, y: number): void {
    const { inputs, outputs, forward } = this.#matrix(tensor)
    this.kernels.linear(rows, inputs, outputs, x, forward, addend, y, this.buffers.scratch)
  }

  /** dx = dy · W. */
  #multiplyBack(rows: number, tensor: string, dy: number, dx: number): void {
    const { inputs, outputs, backward } = this.#matrix(tensor)
    this.kernels.linear(rows, outputs, inputs, dy, backward, 0, dx, this.buffers.scratch)
  }

  #matrix(tensor: string): MatrixPlace {
    return this.plan.matrices.get(tensor) as MatrixPlace
  }

  #offset(tensor: string): number {
    return (this.plan.tensors.get(tensor) as { offset: number }).offset
  }

  #parameter(tensor: string): number {
    return this.plan.parameters + this.#offset(tensor)
  }
}
