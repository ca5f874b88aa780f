/**
 * Numbers of the steps of a run, and histograms of its success rates, in at most `maxPoints` columns however many steps there are:
 * then neighbouring steps are gathered into one. Pure.
 */
import { type Histogram, maxPoints } from "./DashboardApi.ts"

/** Success rates to the nearest eighth, but both ends apart: a task at an end teaches nothing. */
export const bins: ReadonlyArray<string> = ["0", "⅛", "¼", "⅜", "½", "⅝", "¾", "⅞", "1"]
const binOf = (rate: number): number =>
  rate <= 0 ? 0 : rate >= 1 ? 8 : Math.min(7, Math.max(1, Math.round(8 * rate)))

/** Neighbouring steps that are one point; a key that is not there yet has no number in the arrays. */
class Column {
  /** The last of its steps. */
  step = 0
  sums: Float64Array
  counts: Float64Array
  readonly rates = new Float64Array(bins.length)

  constructor(keys: number) {
    this.sums = new Float64Array(keys)
    this.counts = new Float64Array(keys)
  }

  add(key: number, sum: number, count: number): void {
    if (key >= this.sums.length) {
      this.sums = grown(this.sums, key)
      this.counts = grown(this.counts, key)
    }
    this.sums[key] = (this.sums[key] ?? 0) + sum
    this.counts[key] = (this.counts[key] ?? 0) + count
  }

  merge({ counts, rates, step, sums }: Column): void {
    this.step = step
    for (let key = 0; key < sums.length; key++) {
      const count = counts[key] ?? 0
      if (count > 0) this.add(key, sums[key] ?? 0, count)
    }
    for (let bin = 0; bin < rates.length; bin++) this.rates[bin] = (this.rates[bin] ?? 0) + (rates[bin] ?? 0)
  }
}

const grown = (array: Float64Array, key: number): Float64Array => {
  const larger = new Float64Array(Math.max(key + 1, 2 * array.length))
  larger.set(array)
  return larger
}

export class Series {
  readonly #keys = new Map<string, number>()
  #columns: Array<Column> = []
  /** Steps that one column holds. */
  #stride = 1
  #inLast = 0
  /** What came since the last step. */
  #pending = new Column(0)

  /** The number of a key, by which its values are added. */
  key(name: string): number {
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const key = this.#keys.size
    this.#keys.set(name, key)
    return key
  }

  /** A value of the step that is coming to its end; a point is the mean of the values. */
  add(key: number, value: number): void {
    this.#pending.add(key, value, 1)
  }

  /** One more of what is counted; a point is the mean over the steps that have some. */
  increment(key: number): void {
    this.#pending.add(key, 1, (this.#pending.counts[key] ?? 0) > 0 ? 0 : 1)
  }

  addRate(rate: number): void {
    const bin = binOf(rate)
    const { rates } = this.#pending
    rates[bin] = (rates[bin] ?? 0) + 1
  }

  /** What was added so far is of this step. */
  complete(step: number): void {
    this.#pending.step = step
    const last = this.#columns.at(-1)
    if (last !== undefined && this.#inLast < this.#stride) {
      last.merge(this.#pending)
      this.#inLast += 1
    } else {
      if (this.#columns.length === maxPoints) this.#halve()
      this.#columns.push(this.#pending)
      this.#inLast = 1
    }
    this.#pending = new Column(this.#keys.size)
  }

  #halve(): void {
    this.#columns = this.#columns.flatMap((each, i, all) => {
      const next = all[i + 1]
      if (i % 2 === 1) return []
      if (next !== undefined) each.merge(next)
      return [each]
    })
    this.#stride *= 2
  }

  get steps(): ReadonlyArray<number> {
    return this.#columns.map(({ step }) => step)
  }

  /** Values for each of `steps`; of all keys that have some, or of those asked for. */
  values(names: ReadonlyArray<string> | null): Readonly<Record<string, ReadonlyArray<number | null>>> {
    const wanted = [...this.#keys].filter(
      ([name, key]) =>
        (names === null || names.includes(name)) &&
        this.#columns.some(({ counts }) => (counts[key] ?? 0) > 0),
    )
    return Object.fromEntries(
      wanted.map(([name, key]) => [
        name,
        this.#columns.map(({ counts, sums }) => {
          const count = counts[key] ?? 0
          return count === 0 ? null : (sums[key] ?? 0) / count
        }),
      ]),
    )
  }

  get successRates(): Histogram {
    return { steps: this.steps, bins, columns: this.#columns.map(({ rates }) => [...rates]) }
  }
}
