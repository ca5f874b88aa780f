/**
 * Sequences to learn from or to score, laid out flat in memory that all threads see, and cut into micro-shards.
 *
 * The cut depends on the sequences alone, never on the number of threads: shard i is added to gradient lane
 * i mod lanes, each lane in the order of its shards. That is why training gives the same bits on any number of cores.
 */

import type { PolicyEngine } from "@azr/core"
import type { Sequence } from "../Engine.ts"

export interface Batch {
  readonly tokens: Int32Array
  /** First entry of each sequence in the flat arrays, and the end of the last. */
  readonly starts: Int32Array
  readonly weights: Float64Array
  readonly advantages: Float64Array
  readonly sampledLogprobs: Float64Array
  readonly referenceLogprobs: Float64Array
  readonly regularization: PolicyEngine.Regularization
  readonly positionOffsets: Int32Array
  readonly statementOffsets: Int32Array
  /** First sequence of each micro-shard, and the end of the last. */
  readonly shards: Int32Array
  /** Results, entry t for predicting token t. */
  readonly logprobs: Float32Array
  readonly entropies: Float32Array
  /** weight · loss. */
  readonly losses: Float64Array
  readonly clipped: Uint8Array
  /** Estimates of the KL divergence from the reference. */
  readonly distances: Float64Array
}

const unregularized: PolicyEngine.Regularization = { entropy: 0, kl: null }

export const makeBatch = (
  sequences: ReadonlyArray<Sequence>,
  shardTokens: number,
  regularization: PolicyEngine.Regularization = unregularized,
): Batch => {
  const starts = sharedInts(sequences.length + 1)
  sequences.forEach((sequence, s) => {
    starts[s + 1] = (starts[s] as number) + sequence.tokens.length
  })
  const total = starts[sequences.length] as number
  const batch: Batch = {
    tokens: sharedInts(total),
    starts,
    weights: sharedDoubles(total),
    advantages: sharedDoubles(total),
    sampledLogprobs: sharedDoubles(total),
    referenceLogprobs: sharedDoubles(total),
    regularization,
    positionOffsets: sharedInts(sequences.length),
    statementOffsets: sharedInts(sequences.length),
    shards: cutShards(starts, shardTokens),
    logprobs: new Float32Array(new SharedArrayBuffer(total * 4)),
    entropies: new Float32Array(new SharedArrayBuffer(total * 4)),
    losses: sharedDoubles(total),
    clipped: new Uint8Array(new SharedArrayBuffer(total)),
    distances: sharedDoubles(total),
  }
  sequences.forEach((sequence, s) => {
    const start = starts[s] as number
    batch.tokens.set(sequence.tokens, start)
    if (sequence.weights !== undefined) batch.weights.set(sequence.weights, start)
    if (sequence.advantages !== undefined) batch.advantages.set(sequence.advantages, start)
    if (sequence.logprobs !== undefined) batch.sampledLogprobs.set(sequence.logprobs, start)
    if (sequence.referenceLogprobs !== undefined) {
      batch.referenceLogprobs.set(sequence.referenceLogprobs, start)
    }
    batch.positionOffsets[s] = sequence.positionOffset ?? 0
    batch.statementOffsets[s] = sequence.statementOffset ?? 0
  })
  return batch
}

/**
 * Consecutive sequences up to about equal sums of tokens, at most `shardTokens` unless one alone is longer, and at
 * most as many sequences, should they be empty.
 */
const cutShards = (starts: Int32Array, shardTokens: number): Int32Array => {
  const sequences = starts.length - 1
  const total = starts[sequences] as number
  const target = total / Math.max(1, Math.ceil(total / shardTokens))
  const cuts = [0]
  let shardStart = 0
  for (let s = 1; s < sequences; s++) {
    const tokens = (starts[s] as number) - shardStart
    const withNext = (starts[s + 1] as number) - shardStart
    const count = s - (cuts.at(-1) as number)
    if (tokens >= target || withNext > shardTokens || count === shardTokens) {
      cuts.push(s)
      shardStart = starts[s] as number
    }
  }
  if (sequences > 0) cuts.push(sequences)
  const shards = sharedInts(cuts.length)
  shards.set(cuts)
  return shards
}

const sharedInts = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(length * 4))
const sharedDoubles = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(length * 8))
