/**
 * What a GPT of this package is: shapes, structural features and vocabulary. Plain data; it travels in the metadata of
 * every checkpoint, so a policy file is complete by itself.
 *
 * The model: pre-norm decoder blocks (LayerNorm with weight and bias, causal self-attention, MLP with squared ReLU),
 * no biases in linear layers, output head tied to the token embedding. The embedding of a token is a sum of rows: the
 * token's, its position's, and one for each structural feature.
 */
import { Schema } from "effect"

const Token = Schema.Int
const TokenValue = Schema.Tuple([Token, Schema.Int])

/**
 * A number that every token has as a function of the tokens up to it, looked up in an embedding table of `size` rows
 * (larger values take the last row). The classes of tokens are data, so that a vocabulary brings its own structure.
 *
 * - `listIndex`: 1 at `open`, counting up to and including `close`, 0 outside.
 * - `lastMarker`: `row` of the latest token that is in `markers`, 0 before any.
 * - `statementCount`: set by a token in `markers`, plus 1 at every `separator`, 0 before any. A token in `descending` sets
 *   it to its number plus the highest count so far, from where it goes down to 0 by 1 at every `separator`.
 */
export const StructuralFeature = Schema.TaggedUnion({
  listIndex: { table: Schema.String, size: Schema.Int, open: Token, close: Token },
  lastMarker: { table: Schema.String, size: Schema.Int, markers: Schema.Array(TokenValue) },
  statementCount: {
    table: Schema.String,
    size: Schema.Int,
    separator: Token,
    markers: Schema.Array(TokenValue),
    descending: Schema.Array(TokenValue),
  },
})
export type StructuralFeature = typeof StructuralFeature.Type

/** Vocabulary of a `PieceTokenizer`: token i is written `pieces[i]`; the other fields list tokens. */
export const Vocabulary = Schema.Struct({
  pieces: Schema.Array(Schema.String),
  /** Written with a comma between two of them in a row. */
  numbers: Schema.Array(Token),
  /** Written with a space on either side. */
  markers: Schema.Array(Token),
  /** End a response. */
  stops: Schema.Array(Token),
})
export type Vocabulary = typeof Vocabulary.Type

export const ModelConfig = Schema.Struct({
  layers: Schema.Int,
  /** Size of the residual stream, a multiple of 8. */
  width: Schema.Int,
  /** width / heads is a multiple of 8. */
  heads: Schema.Int,
  /** Hidden size of the MLP over the width. */
  mlpRatio: Schema.Int,
  /** Longest sequence, in tokens. */
  context: Schema.Int,
  features: Schema.Array(StructuralFeature),
  vocabulary: Vocabulary,
})
export type ModelConfig = typeof ModelConfig.Type

/** How a tensor is born. */
export type Initial =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly deviation: number }

export interface TensorSpec {
  readonly name: string
  readonly shape: readonly [number] | readonly [number, number]
  readonly initial: Initial
}

/** The parameters in the order of memory and files. Linear weights are [out, in], as in PyTorch. */
export const modelTensors = (config: ModelConfig): ReadonlyArray<TensorSpec> => {
  const { width, layers, mlpRatio } = config
  const embedding = (name: string, rows: number): TensorSpec => ({
    name: `embed.${name}.weight`,
    shape: [rows, width],
    initial: { kind: "normal", deviation: 0.1 },
  })
  const norm = (name: string): ReadonlyArray<TensorSpec> => [
    { name: `${name}.weight`, shape: [width], initial: { kind: "constant", value: 1 } },
    { name: `${name}.bias`, shape: [width], initial: { kind: "constant", value: 0 } },
  ]
  // What a block adds starts at 0.3 of the usual deviation, so that the residual stream stays near the embeddings.
  return [
    embedding("token", config.vocabulary.pieces.length),
    embedding("position", config.context),
    ...config.features.map((feature) => embedding(feature.table, feature.size)),
    ...Array.from({ length: layers }, (_, layer) => [
      ...norm(`blocks.${layer}.norm1`),
      linear(`blocks.${layer}.attention.qkv`, 3 * width, width, 1),
      linear(`blocks.${layer}.attention.out`, width, width, 0.3),
      ...norm(`blocks.${layer}.norm2`),
      linear(`blocks.${layer}.mlp.up`, mlpRatio * width, width, 1),
      linear(`blocks.${layer}.mlp.down`, width, mlpRatio * width, 0.3),
    ]).flat(),
    ...norm("norm"),
  ]
}

const linear = (name: string, outputs: number, inputs: number, gain: number): TensorSpec => ({
  name: `${name}.weight`,
  shape: [outputs, inputs],
  initial: { kind: "normal", deviation: gain / Math.sqrt(inputs) },
})

export const tensorSize = (spec: TensorSpec): number => spec.shape.reduce((size, n) => size * n, 1)

export const parameterCount = (config: ModelConfig): number =>
  modelTensors(config).reduce((sum, spec) => sum + tensorSize(spec), 0)

/** What makes a configuration impossible, in words, or null. */
export const configProblem = (config: ModelConfig): string | null => {
  const { layers, width, heads, mlpRatio, context, features } = config
  const { pieces, numbers, markers, stops } = config.vocabulary
  const atLeastOne = { layers, width, heads, mlpRatio, context, "vocabulary size": pieces.length }
  for (const [name, value] of Object.entries(atLeastOne)) {
    if (value < 1) return `${name} is ${value}, must be at least 1`
  }
  if (width % (8 * heads) !== 0) {
    return `width ${width} over ${heads} heads: the size of a head must be a multiple of 8`
  }
  if (new Set(pieces).size !== pieces.length) return "the vocabulary has two equal pieces"
  const inVocabulary = (token: number) => token >= 0 && token < pieces.length
  const stray = [...numbers, ...markers, ...stops, ...features.flatMap(featureTokens)].find(
    (t) => !inVocabulary(t),
  )
  if (stray !== undefined) return `token ${stray} is not in the vocabulary of ${pieces.length}`
  const tables = ["token", "position", ...features.map((feature) => feature.table)]
  if (new Set(tables).size !== tables.length)
    return `two embedding tables have one name: ${tables.join(", ")}`
  for (const feature of features) {
    if (feature.size < 1) return `feature ${feature.table} has ${feature.size} rows, must be at least 1`
    const values = feature._tag === "listIndex" ? [] : feature.markers.map(([, value]) => value)
    const outside = values.find((value) => value < 0 || value >= feature.size)
    if (outside !== undefined) return `feature ${feature.table} has no row ${outside}`
  }
  return null
}

const featureTokens = (feature: StructuralFeature): ReadonlyArray<number> => {
  switch (feature._tag) {
    case "listIndex":
      return [feature.open, feature.close]
    case "lastMarker":
      return feature.markers.map(([token]) => token)
    case "statementCount":
      return [feature.separator, ...[...feature.markers, ...feature.descending].map(([token]) => token)]
  }
}
