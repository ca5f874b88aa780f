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
    const zeros = () => new Int32Array(count)
    return new FeatureTracker(this.rules, statementOffset, zeros(), {
      counters: zeros(),
      highest: zeros(),
      down: zeros(),
    })
  }
}

/** One number for each feature. */
interface Counts {
  readonly counters: Int32Array
  /** The highest statement count so far, of those that went up. */
  readonly highest: Int32Array
  /** 1 while a statement count goes down. */
  readonly down: Int32Array
}

export class FeatureTracker {
  /** Row of each feature's table for the latest token. */
  readonly rows: Int32Array
  readonly #counts: Counts
  readonly #rules: ReadonlyArray<Rule>
  readonly #statementOffset: number

  constructor(rules: ReadonlyArray<Rule>, statementOffset: number, rows: Int32Array, counts: Counts) {
    this.#rules = rules
    this.#statementOffset = statementOffset
    this.rows = rows
    this.#counts = counts
  }

  clone(): FeatureTracker {
    const { counters, down, highest } = this.#counts
    return new FeatureTracker(this.#rules, this.#statementOffset, this.rows.slice(), {
      counters: counters.slice(),
      highest: highest.slice(),
      down: down.slice(),
    })
  }

  advance(token: number): void {
    const { counters, down, highest } = this.#counts
    for (let i = 0; i < this.#rules.length; i++) {
      const rule = this.#rules[i] as Rule
      const counter = counters[i] as number
      switch (rule.kind) {
        case "listIndex": {
          const index = token === rule.open ? 1 : counter > 0 ? counter + 1 : 0
          counters[i] = token === rule.close ? 0 : index
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
          const above = rule.descending[token] as number
          if (start >= 0 || above >= 0) down[i] = above >= 0 ? 1 : 0
          const top = highest[i] as number
          let count = counter
          if (start >= 0) count = start
          else if (above >= 0) count = top + above
          else if (token === rule.separator) count = down[i] === 1 ? Math.max(0, counter - 1) : counter + 1
          if (down[i] === 0) highest[i] = Math.max(top, count)
          counters[i] = count
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
      readonly descending: Int32Array
      readonly separator: number
      readonly last: number
    }

const makeRule = (feature: StructuralFeature, vocabulary: number): Rule => {
  const last = feature.size - 1
  if (feature._tag === "listIndex") {
    return { kind: "listIndex", open: feature.open, close: feature.close, last }
  }
  const tableOf = (pairs: ReadonlyArray<readonly [token: number, value: number]>): Int32Array => {
    const table = new Int32Array(vocabulary).fill(-1)
    for (const [token, value] of pairs) table[token] = value
    return table
  }
  const values = tableOf(feature.markers)
  if (feature._tag === "lastMarker") return { kind: "lastMarker", values }
  const { separator } = feature
  return { kind: "statementCount", values, descending: tableOf(feature.descending), separator, last }
}
