/**
 * Named random streams. Everything a run decides by chance draws from a stream that is named for its use
 * (`propose/deduction/references`, `estimate`, `seeds`, …) and derived from the run's one seed, so that an extra
 * draw in one place never shifts another, and a checkpoint can hold the state of each.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, exact in 32-bit integer arithmetic.
 */
import { Schema } from "effect"

/** The four 32-bit words of one stream's state. */
export const StreamState = Schema.Tuple([Schema.Int, Schema.Int, Schema.Int, Schema.Int])
export type StreamState = typeof StreamState.Type

export class RandomStream {
  #a: number
  #b: number
  #c: number
  #counter: number

  constructor(state: StreamState) {
    ;[this.#a, this.#b, this.#c, this.#counter] = state
  }

  get state(): StreamState {
    return [this.#a, this.#b, this.#c, this.#counter]
  }

  /** Uniform over 0 … 2³²−1. */
  uint32(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return result >>> 0
  }

  /** Uniform over [0, 1) in steps of 2⁻⁵³. */
  float(): number {
    const high = this.uint32() >>> 5
    const low = this.uint32() >>> 6
    return (high * 0x4000000 + low) / 0x20000000000000
  }

  /** Uniform over the integers `low` … `high`, both included, without modulo bias. */
  integer(low: number, high: number): number {
    const span = high - low + 1
    if (!(Number.isInteger(span) && span >= 1 && span <= 0x100000000)) {
      throw new RangeError(`no integer between ${low} and ${high}`)
    }
    const limit = 0x100000000 - (0x100000000 % span)
    let draw = this.uint32()
    while (draw >= limit) draw = this.uint32()
    return low + (draw % span)
  }

  /** One element, uniformly. */
  pick<A>(items: ReadonlyArray<A>): A {
    if (items.length === 0) throw new RangeError("nothing to pick from")
    return items[this.integer(0, items.length - 1)] as A
  }

  /** The index of one weight, with probability proportional to it. Weights are ≥ 0, their sum is > 0. */
  weighted(weights: ReadonlyArray<number>): number {
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    if (!(total > 0)) throw new RangeError("weights must have a positive sum")
    let rest = this.float() * total
    let last = 0
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i] as number
      if (weight <= 0) continue
      if (rest < weight) return i
      rest -= weight
      last = i
    }
    return last
  }

  /** `count` different elements in random order (all of them if there are fewer). Partial Fisher–Yates. */
  sample<A>(items: ReadonlyArray<A>, count: number): Array<A> {
    const pool = items.slice()
    const size = Math.min(count, pool.length)
    for (let i = 0; i < size; i++) {
      const j = this.integer(i, pool.length - 1)
      const chosen = pool[j] as A
      pool[j] = pool[i] as A
      pool[i] = chosen
    }
    return pool.slice(0, size)
  }
}

/** States by stream name, as a checkpoint stores them. */
export const StreamStates = Schema.Record(Schema.String, StreamState)
export type StreamStates = typeof StreamStates.Type

/** The streams of one run. `get` makes a stream at its first use and returns the same one ever after. */
export class RandomStreams {
  readonly seed: number
  readonly #streams = new Map<string, RandomStream>()

  constructor(seed: number, states: StreamStates = {}) {
    this.seed = seed
    for (const [name, state] of Object.entries(states)) this.#streams.set(name, new RandomStream(state))
  }

  get(name: string): RandomStream {
    const known = this.#streams.get(name)
    if (known !== undefined) return known
    const stream = new RandomStream(initialState(this.seed, name))
    this.#streams.set(name, stream)
    return stream
  }

  states(): StreamStates {
    return Object.fromEntries(
      [...this.#streams]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, stream]) => [name, stream.state]),
    )
  }
}

/** Seed and name, mixed by murmur3's finaliser into three words; twelve rounds then part streams of near seeds. */
const initialState = (seed: number, name: string): StreamState => {
  let mixed = Math.imul(seed % 0x100000000, 0x9e3779b1)
  const absorb = (word: number): number => {
    mixed = Math.imul(mixed ^ word, 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    mixed ^= mixed >>> 16
    return mixed
  }
  const high = Math.floor(seed / 0x100000000)
  if (high > 0) absorb(high)
  for (let i = 0; i < name.length; i++) absorb(name.charCodeAt(i))
  const stream = new RandomStream([absorb(1), absorb(2), absorb(3), 1])
  for (let i = 0; i < 12; i++) stream.uint32()
  return stream.state
}
