/**
 * Sequences in padded micro-batches: those of like length together, longest first, up to a budget of padded rows.
 * Padding comes after the tokens, where causal attention does not see it.
 */
import type { Sequence } from "../Engine.ts"
import { StructuralFeatures } from "../model/FeatureTracker.ts"
import type { ModelConfig } from "../model/ModelConfig.ts"
import type { Indices } from "./GptModel.ts"

export interface PaddedBatch {
  readonly sequences: number
  /** Rows of each sequence: a row for every token but the last. */
  readonly length: number
  readonly indices: Indices
  /** Token that follows each row; 0 in the padding. */
  readonly targets: Int32Array
  /** Calls with each row that is not padding, and the sequence and token it predicts. */
  readonly eachRow: (visit: (row: number, sequence: number, token: number) => void) => void
}

/** Sequences of less than two tokens predict nothing and are in no batch. */
export const padBatches = (
  config: ModelConfig,
  sequences: ReadonlyArray<Sequence>,
  rowBudget: number,
): ReadonlyArray<PaddedBatch> => {
  const rowsOf = (s: number) => (sequences[s] as Sequence).tokens.length - 1
  const order = sequences.flatMap((sequence, s) => (sequence.tokens.length < 2 ? [] : [s]))
  order.sort((a, b) => rowsOf(b) - rowsOf(a) || a - b)
  const batches: Array<PaddedBatch> = []
  for (let first = 0; first < order.length;) {
    const length = rowsOf(order[first] as number)
    const count = Math.max(1, Math.floor(rowBudget / length))
    const members = order.slice(first, first + count)
    batches.push(pad(config, sequences, members, length))
    first += members.length
  }
  return batches
}

const pad = (
  config: ModelConfig,
  sequences: ReadonlyArray<Sequence>,
  members: ReadonlyArray<number>,
  length: number,
): PaddedBatch => {
  const features = new StructuralFeatures(config)
  const indices = makeIndices(config, members.length * length)
  const targets = new Int32Array(members.length * length)
  members.forEach((s, i) => {
    const { tokens, positionOffset = 0, statementOffset = 0 } = sequences[s] as Sequence
    const tracker = features.track(statementOffset)
    for (let t = 0; t + 1 < tokens.length; t++) {
      const token = tokens[t] as number
      const row = i * length + t
      tracker.advance(token)
      setRow(indices, row, token, Math.min(t + positionOffset, config.context - 1), tracker.rows)
      targets[row] = tokens[t + 1] as number
    }
  })
  return {
    sequences: members.length,
    length,
    indices,
    targets,
    eachRow: (visit) =>
      members.forEach((s, i) => {
        const tokens = (sequences[s] as Sequence).tokens.length
        for (let t = 1; t < tokens; t++) visit(i * length + t - 1, s, t)
      }),
  }
}

/** Rows that read row 0 of every table, until `setRow`. */
export const makeIndices = (config: ModelConfig, rows: number): Indices =>
  Array.from({ length: 2 + config.features.length }, () => new Int32Array(rows))

/** `features` as `FeatureTracker.rows`. */
export const setRow = (
  indices: Indices,
  row: number,
  token: number,
  position: number,
  features: Int32Array,
): void =>
  indices.forEach((table, i) => {
    table[row] = i === 0 ? token : i === 1 ? position : (features[i - 2] as number)
  })
