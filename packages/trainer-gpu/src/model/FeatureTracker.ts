/** Structural features of a growing sequence (`ModelConfig.ts`), token by token: training and decoding share it. */
import type { ModelConfig, StructuralFeature } from "./ModelConfig.ts"

/** The features of a model with their token classes as tables. */
export class StructuralFeatures {
  readonly rules: ReadonlyArray<Rule>

  constructor(config: ModelConfig) {
    this.rules = config.features.map((feature) => makeRule(feature, config.vocabulary.pieces.length))
  }

  /** `statementOffset` is added to every statement count, so that pretraining shows the model later rows too. */
  track(statementOffset: number): FeatureTracker {
    const count = this.rules.length
    return new FeatureTracker(this.rules, statementOffset, new Int32Array(count), new Int32Array(count))
  }
}

export class FeatureTracker {
  /** Row of each feature's table for the latest token. */
  readonly rows: Int32Array
  readonly #counters: Int32Array
  readonly #rules: ReadonlyArray<Rule>
  readonly #statementOffset: number

  constructor(rules: ReadonlyArray<Rule>, statementOffset: number, rows: Int32Array, counters: Int32Array) {
    this.#rules = rules
    this.#statementOffset = statementOffset
    this.rows = rows
    this.#counters = counters
  }

  clone(): FeatureTracker {
    return new FeatureTracker(this.#rules, this.#statementOffset, this.rows.slice(), this.#counters.slice())
  }

  advance(token: number): void {
    for (let i = 0; i < this.#rules.length; i++) {
      const rule = this.#rules[i] as Rule
      const counter = this.#counters[i] as number
      switch (rule.kind) {
        case "listIndex": {
          const index = token === rule.open ? 1 : counter > 0 ? counter + 1 : 0
          this.#counters[i] = token === rule.close ? 0 : index
          this.rows[i] = Math.min(index, rule.last)
          break
        }
        case "lastMarker": {
          const row = rule.values[token] as number
          if (row >= 0) this.rows[i] = row
          break
        }
        case "statementCount": {
          const start = rule.values[token] as number
          const count = start >= 0 ? start : token === rule.separator ? counter + 1 : counter
          this.#counters[i] = count
          this.rows[i] = Math.min(count + this.#statementOffset, rule.last)
          break
        }
      }
    }
  }
}

/** A feature with `values[token]`, −1 for tokens that are no marker, and `last`, the last row of its table. */
type Rule =
  | { readonly kind: "listIndex"; readonly open: number; readonly close: number; readonly last: number }
  | { readonly kind: "lastMarker"; readonly values: Int32Array }
  | {
      readonly kind: "statementCount"
      readonly values: Int32Array
      readonly separator: number
      readonly last: number
    }

const makeRule = (feature: StructuralFeature, vocabulary: number): Rule => {
  const last = feature.size - 1
  if (feature._tag === "listIndex") {
    return { kind: "listIndex", open: feature.open, close: feature.close, last }
  }
  const values = new Int32Array(vocabulary).fill(-1)
  for (const [token, value] of feature.markers) values[token] = value
  return feature._tag === "lastMarker"
    ? { kind: "lastMarker", values }
    : { kind: "statementCount", values, separator: feature.separator, last }
}
