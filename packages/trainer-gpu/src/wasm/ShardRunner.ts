/** Takes one micro-shard through the network: log-probabilities, and with a loss its gradient. */
import type { PolicyEngine } from "@azr/core"
import * as PolicyLoss from "@azr/core/PolicyLoss"
import { StructuralFeatures } from "../model/FeatureTracker.ts"
import type { Batch } from "./Batch.ts"
import { ELEMENT } from "./MemoryPlan.ts"
import type { Network } from "./Network.ts"

export class ShardRunner {
  readonly #network: Network
  readonly #features: StructuralFeatures

  constructor(network: Network) {
    this.#network = network
    this.#features = new StructuralFeatures(network.config)
  }

  /** Fills the batch's `logprobs` and `entropies` for the sequences of a shard. */
  score(batch: Batch, shard: number): void {
    const { rows, sequences } = this.#load(batch, shard)
    this.#forward(rows, sequences)
    const { f32, buffers } = this.#network
    const logprobs = buffers.logprobs / ELEMENT
    const entropies = buffers.entropies / ELEMENT
    this.#eachRow(batch, shard, (row, entry) => {
      batch.logprobs[entry] = f32[logprobs + row] as number
      batch.entropies[entry] = f32[entropies + row] as number
    })
  }

  /** As `score`, fills `losses`, `clipped` and `distances` too, and adds the gradient of Σ weight · loss to a lane. */
  train(batch: Batch, shard: number, loss: PolicyEngine.LossConfig, lane: number): void {
    const { entropy: bonus, kl } = batch.regularization
    const { rows, sequences } = this.#load(batch, shard)
    this.#forward(rows, sequences)
    const { f32, buffers } = this.#network
    const logprobs = buffers.logprobs / ELEMENT
    const entropies = buffers.entropies / ELEMENT
    const slopes = buffers.slopes / ELEMENT
    const bonuses = buffers.bonuses / ELEMENT
    this.#eachRow(batch, shard, (row, entry) => {
      const logprob = f32[logprobs + row] as number
      const weight = batch.weights[entry] as number
      batch.logprobs[entry] = logprob
      batch.entropies[entry] = f32[entropies + row] as number
      if (weight === 0) {
        f32[slopes + row] = 0
        f32[bonuses + row] = 0
        return
      }
      const sampled = batch.sampledLogprobs[entry] as number
      const token = PolicyLoss.tokenLoss(loss, logprob, sampled, batch.advantages[entry] as number)
      let value = token.loss - bonus * (batch.entropies[entry] as number)
      let slope = token.slope
      if (kl !== null) {
        const reference = batch.referenceLogprobs[entry] as number
        const distance = PolicyLoss.klEstimate(kl.estimator, logprob, reference)
        batch.distances[entry] = distance.value
        value += kl.coefficient * distance.value
        slope += kl.coefficient * distance.slope
      }
      batch.losses[entry] = weight * value
      batch.clipped[entry] = token.clipped ? 1 : 0
      f32[slopes + row] = weight * slope
      f32[bonuses + row] = -weight * bonus
    })
    this.#network.backward(rows, sequences, lane, bonus !== 0)
  }

  #forward(rows: number, sequences: number): void {
    this.#network.forward(rows, sequences)
    this.#network.head(rows)
    this.#network.targetLogprobs(rows)
  }

  /** A row for every token but the last of each sequence; its target is the next token. */
  #load(batch: Batch, shard: number): { readonly rows: number; readonly sequences: number } {
    const { i32, buffers, config } = this.#network
    const starts = buffers.starts / ELEMENT
    const targets = buffers.targets / ELEMENT
    const begin = batch.shards[shard] as number
    const end = batch.shards[shard + 1] as number
    let row = 0
    for (let s = begin; s < end; s++) {
      i32[starts + s - begin] = row
      const first = batch.starts[s] as number
      const last = (batch.starts[s + 1] as number) - 1
      const positionOffset = batch.positionOffsets[s] as number
      const tracker = this.#features.track(batch.statementOffsets[s] as number)
      for (let entry = first; entry < last; entry++) {
        const token = batch.tokens[entry] as number
        tracker.advance(token)
        const position = Math.min(entry - first + positionOffset, config.context - 1)
        this.#network.setRow(row, token, position, tracker.rows)
        i32[targets + row] = batch.tokens[entry + 1] as number
        row++
      }
    }
    i32[starts + end - begin] = row
    return { rows: row, sequences: end - begin }
  }

  /** Each row of a shard with the entry of its target in the batch. */
  #eachRow(batch: Batch, shard: number, visit: (row: number, entry: number) => void): void {
    const end = batch.shards[shard + 1] as number
    let row = 0
    for (let s = batch.shards[shard] as number; s < end; s++) {
      const stop = batch.starts[s + 1] as number
      for (let entry = (batch.starts[s] as number) + 1; entry < stop; entry++) visit(row++, entry)
    }
  }
}
