/** What the main thread asks of the workers, and how a worker does it. Results go back by message or shared memory. */
import type { PolicyEngine } from "@azr/core"
import type { ModelConfig } from "../model/ModelConfig.ts"
import type { Batch } from "./Batch.ts"
import { Decoder, type DrawnSample, type SampleGroup } from "./Decoder.ts"
import { bindKernels, type Kernels } from "./Kernels.ts"
import {
  ELEMENT,
  type EngineSizes,
  type MatrixPlace,
  type MemoryPlan,
  planMemory,
  type WorkerPlan,
} from "./MemoryPlan.ts"
import { Network } from "./Network.ts"
import { ShardRunner } from "./ShardRunner.ts"
import type { WasmMemory, WasmModule } from "./webAssembly.ts"

/** The parameter range of one piece of optimizer work: fixed, so that sums over pieces do not depend on threads. */
const PIECE_ELEMENTS = 16384

export const pieceCount = (plan: MemoryPlan): number => Math.ceil(plan.parameterElements / PIECE_ELEMENTS)

export interface AdamStep {
  readonly gradientScale: number
  readonly learningRate: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
  /** 1 − βᵢᵗ. */
  readonly correction1: number
  readonly correction2: number
}

export type Job =
  | { readonly kind: "score"; readonly batch: Batch }
  | { readonly kind: "train"; readonly batch: Batch; readonly loss: PolicyEngine.LossConfig }
  | { readonly kind: "sample"; readonly groups: ReadonlyArray<SampleGroup> }
  /** Sums the lanes; each piece's sum of squares goes to `squares`. */
  | { readonly kind: "reduce"; readonly squares: Float64Array }
  | { readonly kind: "update"; readonly adam: AdamStep }
  /** Packs every matrix for the products; needed after parameters change. */
  | { readonly kind: "pack" }

/** What a worker sends back: the samples it drew (none in other jobs), or why it failed. */
export type Answer = { readonly samples: ReadonlyArray<DrawnSample> } | { readonly failure: string }

/** Everything a worker needs to start. */
export interface WorkerStart {
  readonly module: WasmModule
  readonly memory: WasmMemory
  readonly config: ModelConfig
  readonly sizes: EngineSizes
  readonly index: number
  /** One shared counter: workers take the parts of a job by counting it up. */
  readonly claims: Int32Array
}

export class JobRunner {
  readonly #kernels: Kernels
  readonly #plan: MemoryPlan
  readonly #sizes: EngineSizes
  readonly #claims: Int32Array
  readonly #shards: ShardRunner
  readonly #decoder: Decoder

  constructor(start: WorkerStart) {
    this.#kernels = bindKernels(start.module, start.memory)
    this.#plan = planMemory(start.config, start.sizes)
    this.#sizes = start.sizes
    this.#claims = start.claims
    const buffers = this.#plan.workers[start.index] as WorkerPlan
    const network = new Network(this.#kernels, start.memory, start.config, this.#plan, buffers)
    this.#shards = new ShardRunner(network)
    this.#decoder = new Decoder(network, start.sizes.slots, start.sizes.shardTokens)
  }

  run(job: Job): ReadonlyArray<DrawnSample> {
    switch (job.kind) {
      case "score": {
        this.#eachClaimed(job.batch.shards.length - 1, (shard) => this.#shards.score(job.batch, shard))
        return []
      }
      case "train": {
        const { batch, loss } = job
        const { lanes } = this.#sizes
        this.#eachClaimed(lanes, (lane) => {
          for (let shard = lane; shard < batch.shards.length - 1; shard += lanes) {
            this.#shards.train(batch, shard, loss, lane)
          }
        })
        return []
      }
      case "sample":
        return this.#decoder.run(() => job.groups[this.#claim()])
      case "reduce": {
        const { lanes, laneBytes } = this.#plan
        this.#eachPiece((offset, count, piece) => {
          job.squares[piece] = this.#kernels.reduceLanes(count, this.#sizes.lanes, laneBytes, lanes + offset)
        })
        return []
      }
      case "update": {
        this.#eachPiece((offset, count) => this.#update(offset, count, job.adam))
        return []
      }
      case "pack": {
        const matrices = [...this.#plan.matrices.values()]
        this.#eachClaimed(matrices.length, (i) => this.#pack(matrices[i] as MatrixPlace))
        return []
      }
    }
  }

  #claim(): number {
    return Atomics.add(this.#claims, 0, 1)
  }

  #eachClaimed(count: number, work: (part: number) => void): void {
    for (let part = this.#claim(); part < count; part = this.#claim()) work(part)
  }

  #eachPiece(work: (byteOffset: number, count: number, piece: number) => void): void {
    this.#eachClaimed(pieceCount(this.#plan), (piece) => {
      const first = piece * PIECE_ELEMENTS
      const count = Math.min(PIECE_ELEMENTS, this.#plan.parameterElements - first)
      work(first * ELEMENT, count, piece)
    })
  }

  #update(offset: number, count: number, adam: AdamStep): void {
    const { parameters, lanes, m, v } = this.#plan
    this.#kernels.adamW(
      count,
      parameters + offset,
      lanes + offset,
      m + offset,
      v + offset,
      adam.gradientScale,
      adam.learningRate,
      adam.beta1,
      adam.beta2,
      adam.epsilon,
      adam.weightDecay,
      adam.correction1,
      adam.correction2,
    )
  }

  #pack(matrix: MatrixPlace): void {
    const { inputs, outputs, forward, backward, tensor } = matrix
    const place = this.#plan.tensors.get(tensor) as { readonly offset: number }
    const source = this.#plan.parameters + place.offset
    this.#kernels.packPanels(inputs, outputs, source, 1, inputs, forward)
    this.#kernels.packPanels(outputs, inputs, source, inputs, 1, backward)
  }
}
