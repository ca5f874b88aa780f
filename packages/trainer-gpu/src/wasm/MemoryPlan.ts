/**
 * Where everything lies in the shared memory. A pure function of the configuration, so every thread computes the same
 * plan for itself. All addresses are bytes, aligned to a cache line; all sizes are 32-bit elements.
 */
import { type ModelConfig, modelTensors, type TensorSpec, tensorSize } from "../model/ModelConfig.ts"
import { MAXIMUM_BYTES, RESERVED_BYTES } from "./Kernels.ts"

export interface EngineSizes {
  readonly workers: number
  /** Gradients are summed in this many lanes, each by one thread at a time; the most threads that training can use. */
  readonly lanes: number
  /** Tokens of a micro-shard, the unit that a thread takes through forward and backward at once. */
  readonly shardTokens: number
  /** Sequences that a thread decodes at once. */
  readonly slots: number
}

/** A tensor's place within parameters, moments and every gradient lane, from the start of each, in bytes. */
export interface TensorPlace {
  readonly spec: TensorSpec
  readonly offset: number
}

/** A matrix [outputs, inputs] that takes part in products; its outputs are rounded up to 8, with rows of 0. */
export interface MatrixPlace {
  readonly tensor: string
  readonly outputs: number
  readonly inputs: number
  /** Panels for y = x · Wᵀ. */
  readonly forward: number
  /** Panels for dx = dy · W. */
  readonly backward: number
}

/** What the backward pass of one block needs from its forward pass. */
export interface BlockActivations {
  /** The residual stream at the entry, [rows, width]. */
  readonly x: number
  readonly norm1: number
  readonly stats1: number
  readonly qkv: number
  readonly probabilities: number
  readonly attention: number
  /** The residual stream after attention. */
  readonly middle: number
  readonly norm2: number
  readonly stats2: number
  readonly up: number
  readonly activated: number
}

/** Buffers of one thread. */
export interface WorkerPlan {
  readonly tables: number
  readonly gradientTables: number
  /** [embedding tables][rowCapacity]. */
  readonly indices: number
  readonly starts: number
  readonly targets: number
  readonly logprobs: number
  readonly entropies: number
  readonly slopes: number
  readonly bonuses: number
  readonly blocks: ReadonlyArray<BlockActivations>
  readonly last: number
  readonly lastNorm: number
  readonly lastStats: number
  readonly logits: number
  /** Gradient of the residual stream, of a width and of the widest activation. */
  readonly dx: number
  readonly dNarrow: number
  readonly dWide: number
  readonly scratch: number
  readonly slotList: number
  readonly positionList: number
  readonly choice: number
  /** Per layer. */
  readonly keys: ReadonlyArray<number>
  readonly values: ReadonlyArray<number>
}

export interface MemoryPlan {
  readonly bytes: number
  readonly tensors: ReadonlyMap<string, TensorPlace>
  /** Elements of parameters, of each moment and of each lane, padding included. */
  readonly parameterElements: number
  readonly parameters: number
  readonly m: number
  readonly v: number
  readonly lanes: number
  readonly laneBytes: number
  readonly matrices: ReadonlyMap<string, MatrixPlace>
  readonly rowCapacity: number
  /** Positions of a cache slot: the context, rounded up to 8. */
  readonly cacheCapacity: number
  readonly logitStride: number
  readonly workers: ReadonlyArray<WorkerPlan>
}

export const ELEMENT = 4
const LINE = 64
/** `linear` packs rows here: 16 kB, or eight rows of the longest inner dimension. */
const LINEAR_SCRATCH_BYTES = 16384

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple

/** Throws a RangeError if the model does not fit into 4 GiB. */
export const planMemory = (config: ModelConfig, sizes: EngineSizes): MemoryPlan => {
  const { width, layers, heads, context, mlpRatio } = config
  const hidden = mlpRatio * width
  const vocabulary = config.vocabulary.pieces.length

  let end = RESERVED_BYTES
  const reserve = (elements: number): number => {
    const address = end
    end += roundUp(elements * ELEMENT, LINE)
    return address
  }

  const tensors = new Map<string, TensorPlace>()
  let laneBytes = 0
  for (const spec of modelTensors(config)) {
    tensors.set(spec.name, { spec, offset: laneBytes })
    // Rows of matrices in eights, for the kernels' tiles. The rows beyond stay 0, as do their gradients.
    const size = spec.shape.length === 2 ? roundUp(spec.shape[0], 8) * spec.shape[1] : tensorSize(spec)
    laneBytes += roundUp(size * ELEMENT, LINE)
  }
  const parameterElements = laneBytes / ELEMENT
  const parameters = reserve(parameterElements)
  const m = reserve(parameterElements)
  const v = reserve(parameterElements)
  const lanes = reserve(parameterElements * sizes.lanes)

  const matrices = new Map<string, MatrixPlace>()
  for (const { spec } of tensors.values()) {
    const isLookup = spec.name.startsWith("embed.") && spec.name !== "embed.token.weight"
    if (spec.shape.length === 1 || isLookup) continue
    const outputs = roundUp(spec.shape[0], 8)
    const inputs = spec.shape[1]
    const forward = reserve(outputs * inputs)
    const backward = reserve(outputs * inputs)
    matrices.set(spec.name, { tensor: spec.name, outputs, inputs, forward, backward })
  }

  // Tiles write up to three rows beyond the last; a sequence is never cut, so one alone must fit.
  const rows = Math.max(sizes.shardTokens, context)
  const rowCapacity = roundUp(rows, 4) + 4
  const cacheCapacity = roundUp(context, 8)
  const logitStride = roundUp(vocabulary, 8)
  const decodeRows = roundUp(sizes.slots, 4)
  const bufferRows = Math.max(rowCapacity, decodeRows)
  const headSize = width / heads
  const attentionScratch =
    headSize * cacheCapacity + 4 * Math.max(headSize, cacheCapacity) + roundUp(context, 4) * cacheCapacity
  const linearScratch = Math.max(LINEAR_SCRATCH_BYTES, 32 * Math.max(hidden, vocabulary)) / ELEMENT
  const cacheElements = sizes.slots * cacheCapacity * width

  const planBlock = (): BlockActivations => ({
    x: reserve(bufferRows * width),
    norm1: reserve(bufferRows * width),
    stats1: reserve(bufferRows * 2),
    qkv: reserve(bufferRows * 3 * width),
    probabilities: reserve(rows * heads * probabilitiesPerToken(context)),
    attention: reserve(bufferRows * width),
    middle: reserve(bufferRows * width),
    norm2: reserve(bufferRows * width),
    stats2: reserve(bufferRows * 2),
    up: reserve(bufferRows * hidden),
    activated: reserve(bufferRows * hidden),
  })
  const planWorker = (): WorkerPlan => ({
    tables: reserve(2 + config.features.length),
    gradientTables: reserve(2 + config.features.length),
    indices: reserve((2 + config.features.length) * bufferRows),
    starts: reserve(rows + 1),
    targets: reserve(bufferRows),
    logprobs: reserve(bufferRows),
    entropies: reserve(bufferRows),
    slopes: reserve(bufferRows),
    bonuses: reserve(bufferRows),
    blocks: Array.from({ length: layers }, planBlock),
    last: reserve(bufferRows * width),
    lastNorm: reserve(bufferRows * width),
    lastStats: reserve(bufferRows * 2),
    logits: reserve(bufferRows * logitStride),
    dx: reserve(bufferRows * width),
    dNarrow: reserve(bufferRows * width),
    dWide: reserve(bufferRows * Math.max(hidden, 3 * width)),
    scratch: reserve(Math.max(linearScratch, attentionScratch)),
    slotList: reserve(decodeRows),
    positionList: reserve(decodeRows),
    choice: reserve(logitStride),
    keys: Array.from({ length: layers }, () => reserve(cacheElements)),
    values: Array.from({ length: layers }, () => reserve(cacheElements)),
  })
  const workers = Array.from({ length: sizes.workers }, planWorker)
  if (end > MAXIMUM_BYTES) {
    throw new RangeError(
      `the model needs ${Math.ceil(end / 2 ** 20)} MiB with ${sizes.workers} workers; WebAssembly has 4096 MiB`,
    )
  }
  return {
    bytes: end,
    tensors,
    parameterElements,
    parameters,
    m,
    v,
    lanes,
    laneBytes,
    matrices,
    rowCapacity: bufferRows,
    cacheCapacity,
    logitStride,
    workers,
  }
}

/** Attention stores ⌈T⌉₄ · ⌈T⌉₈ probabilities a head for a sequence of T tokens: the most per token, over all T. */
const probabilitiesPerToken = (context: number): number => {
  let most = 0
  for (let length = 1; length <= context; length++) {
    most = Math.max(most, Math.ceil((roundUp(length, 4) * roundUp(length, 8)) / length))
  }
  return most
}

/** Slots that keep a thread's cache within 64 MiB, at least 4 and at most 32. What is sampled does not depend on it. */
export const defaultSlots = (config: ModelConfig): number => {
  const slotBytes = 2 * config.layers * config.width * roundUp(config.context, 8) * ELEMENT
  return Math.max(4, Math.min(32, Math.floor(2 ** 26 / slotBytes)))
}
