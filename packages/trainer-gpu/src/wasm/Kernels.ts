/** The compiled kernels (`kernels/*.ts`, built to `generated/kernels.wasm`) and the memory that all threads share. */
import { readFile } from "node:fs/promises"
import { type WasmMemory, type WasmModule, WebAssembly } from "./webAssembly.ts"

/** Byte addresses and 32-bit counts; what each kernel computes is said at its source, `kernels/<file>.ts`. */
export interface Kernels {
  readonly squaredRelu: (count: number, x: number, y: number) => void
  readonly squaredReluGradient: (count: number, x: number, dy: number) => void
  readonly attention: (
    sequences: number,
    starts: number,
    heads: number,
    headSize: number,
    qkv: number,
    out: number,
    probabilities: number,
    scratch: number,
  ) => void
  readonly attentionGradient: (
    sequences: number,
    starts: number,
    heads: number,
    headSize: number,
    qkv: number,
    probabilities: number,
    dout: number,
    dqkv: number,
    scratch: number,
  ) => void
  readonly fillCache: (
    first: number,
    length: number,
    heads: number,
    headSize: number,
    qkv: number,
    slot: number,
    capacity: number,
    keys: number,
    values: number,
  ) => void
  readonly copyCache: (
    from: number,
    to: number,
    length: number,
    heads: number,
    headSize: number,
    capacity: number,
    keys: number,
    values: number,
  ) => void
  readonly decodeAttention: (
    rows: number,
    slots: number,
    positions: number,
    heads: number,
    headSize: number,
    capacity: number,
    qkv: number,
    keys: number,
    values: number,
    out: number,
    scratch: number,
  ) => void
  readonly embed: (
    rows: number,
    width: number,
    count: number,
    tables: number,
    indices: number,
    capacity: number,
    out: number,
  ) => void
  readonly embedGradient: (
    rows: number,
    width: number,
    count: number,
    gradients: number,
    indices: number,
    capacity: number,
    dout: number,
  ) => void
  readonly linear: (
    rows: number,
    inputs: number,
    outputs: number,
    x: number,
    panels: number,
    addend: number,
    y: number,
    scratch: number,
  ) => void
  readonly packPanels: (
    inner: number,
    columns: number,
    source: number,
    rowStep: number,
    columnStep: number,
    panels: number,
  ) => void
  readonly weightGradient: (
    rows: number,
    outputs: number,
    inputs: number,
    dy: number,
    x: number,
    dw: number,
  ) => void
  readonly layerNorm: (
    rows: number,
    width: number,
    x: number,
    weight: number,
    bias: number,
    y: number,
    stats: number,
  ) => void
  readonly layerNormGradient: (
    rows: number,
    width: number,
    x: number,
    weight: number,
    stats: number,
    dy: number,
    dx: number,
    dweight: number,
    dbias: number,
  ) => void
  readonly reduceLanes: (count: number, lanes: number, laneBytes: number, gradient: number) => number
  readonly adamW: (
    count: number,
    parameters: number,
    gradient: number,
    m: number,
    v: number,
    gradientScale: number,
    learningRate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    decay: number,
    correction1: number,
    correction2: number,
  ) => void
  readonly uniform: (seed: number, index: number) => number
  readonly chooseToken: (
    vocabulary: number,
    logits: number,
    temperature: number,
    uniform: number,
    scratch: number,
  ) => number
  readonly targetLogprobs: (
    rows: number,
    vocabulary: number,
    stride: number,
    logits: number,
    targets: number,
    logprobs: number,
    entropies: number,
  ) => void
  readonly regularizedGradient: (
    rows: number,
    vocabulary: number,
    stride: number,
    probabilities: number,
    targets: number,
    slopes: number,
    bonuses: number,
    entropies: number,
  ) => void
  readonly targetLogprobsGradient: (
    rows: number,
    stride: number,
    probabilities: number,
    targets: number,
    slopes: number,
  ) => void
}

/** The kernels' own constants lie below this address (`asconfig.json`); everything above is the engine's. */
export const RESERVED_BYTES = 65536
const PAGE_BYTES = 65536

/** WebAssembly addresses 32 bits; the last page is left out so that no end address wraps to 0. */
export const MAXIMUM_BYTES = 65535 * PAGE_BYTES

export const compileKernels = async (): Promise<WasmModule> => {
  const bytes = await readFile(new URL("../../generated/kernels.wasm", import.meta.url))
  return WebAssembly.compile(bytes)
}

/** Fixed in size: a run's memory does not grow. Pages that are never touched cost nothing. */
export const makeMemory = (bytes: number): WasmMemory => {
  const pages = Math.ceil(bytes / PAGE_BYTES)
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
}

export const bindKernels = (module: WasmModule, memory: WasmMemory): Kernels =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels
