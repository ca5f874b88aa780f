/**
 * The curriculum's memory: every valid task with the step it came from, its parents and how often it was solved. One
 * buffer a kind and environment.
 */
import { Schema } from "effect"
import type { RandomStream } from "./RandomStreams.ts"
import { Count, PositiveCount } from "./ranges.ts"

/** A task in a buffer. `task` is in the kind's own encoded form. */
export const TaskRecord = Schema.Struct({
  /** Unique in the run, ascending in order of acceptance. */
  id: Schema.Int,
  environment: Schema.String,
  kind: Schema.String,
  /** The step that proposed it; 0 before the first. */
  step: Schema.Int,
  /** Whether the environment gave it, or a policy proposed it. */
  origin: Schema.Literals(["seed", "proposed"]),
  /** The references its proposer was shown, by id: its descent. */
  parents: Schema.Array(Schema.Int),
  task: Schema.Unknown,
  /** Share of the Monte-Carlo answers that were correct, in [0, 1]; null where it was not estimated. */
  successRate: Schema.NullOr(Schema.Finite),
})
export type TaskRecord = typeof TaskRecord.Type

/**
 * How tasks are drawn. `uniform`: every task alike (paper). `maxNew`: the newest step first, the rest uniformly
 * (released code). `halfNew`: half from the newest step. `recency`: weight grows linearly with the step.
 */
export const BufferMix = Schema.Literals(["uniform", "maxNew", "halfNew", "recency"])
export type BufferMix = typeof BufferMix.Type

export const BufferConfig = Schema.Struct({
  capacity: PositiveCount,
  /**
   * Which task leaves a buffer that overflows. `oldest`; or `newest`, as in the released code, whose buffers stop
   * changing once they are full.
   */
  evict: Schema.Literals(["oldest", "newest"]),
  /**
   * Which estimated tasks stay, by their success rate s: `all`, `nonOne` s < 1, `nonExtremes` 0 < s < 1 (released code), or
   * `zone`, those of `reward.propose.zone`.
   */
  admit: Schema.Literals(["all", "nonOne", "nonExtremes", "zone"]),
  /** How many of the first seeds stay when the buffer overflows and evicts the oldest. */
  keepSeeds: Count,
  /** Refuse tasks whose identity is known to the run. */
  refuseDuplicates: Schema.Boolean,
})
export type BufferConfig = typeof BufferConfig.Type

export class TaskBuffer {
  readonly #config: BufferConfig
  #records: Array<TaskRecord> = []

  constructor(config: BufferConfig, records: ReadonlyArray<TaskRecord> = []) {
    this.#config = config
    for (const record of records) this.add(record)
  }

  get records(): ReadonlyArray<TaskRecord> {
    return this.#records
  }

  get size(): number {
    return this.#records.length
  }

  add(record: TaskRecord): void {
    this.#records.push(record)
    if (this.#records.length <= this.#config.capacity) return
    if (this.#config.evict === "newest") {
      this.#records.pop()
      return
    }
    const proposed = this.#records.findIndex(({ step }) => step > 0)
    const seeds = proposed === -1 ? this.#records.length : proposed
    const oldest = Math.min(this.#config.keepSeeds, seeds)
    this.#records.splice(Math.min(oldest, this.#config.capacity - 1), 1)
  }

  remove({ id }: TaskRecord): void {
    this.#records = this.#records.filter((record) => record.id !== id)
  }

  /** Replaces the record with the same id, if it is still there. */
  replace(record: TaskRecord): void {
    const index = this.#records.findLastIndex(({ id }) => id === record.id)
    if (index >= 0) this.#records[index] = record
  }
}

/** `count` of some tasks; with repetition only where there are not enough. */
export const draw = (
  records: ReadonlyArray<TaskRecord>,
  mix: BufferMix,
  count: number,
  random: RandomStream,
): ReadonlyArray<TaskRecord> => {
  if (records.length === 0) return []
  const drawn = take(records, mix, Math.min(count, records.length), random)
  while (drawn.length < count) drawn.push(random.pick(records))
  return drawn
}

const take = (
  records: ReadonlyArray<TaskRecord>,
  mix: BufferMix,
  count: number,
  random: RandomStream,
): Array<TaskRecord> => {
  if (mix === "uniform") return random.sample(records, count)
  if (mix === "recency") return weightedSample(records, (record) => record.step + 1, count, random)
  const newest = records.reduce((latest, { step }) => Math.max(latest, step), 0)
  const fresh = random.sample(
    records.filter(({ step }) => step === newest),
    mix === "maxNew" ? count : Math.ceil(count / 2),
  )
  const chosen = new Set(fresh.map(({ id }) => id))
  return [
    ...fresh,
    ...random.sample(
      records.filter(({ id }) => !chosen.has(id)),
      count - fresh.length,
    ),
  ]
}

/**
 * Without replacement, by exponential keys (Efraimidis & Spirakis 2006): those of the `count` smallest, in their order. What is
 * larger than the largest of as many that were seen is left out at once, so that few are ever sorted.
 */
const weightedSample = <A>(
  items: ReadonlyArray<A>,
  weight: (item: A) => number,
  count: number,
  random: RandomStream,
): Array<A> => {
  let chosen: Array<{ readonly item: A; readonly key: number }> = []
  let largest = Infinity
  const settle = () => {
    chosen = chosen.toSorted((a, b) => a.key - b.key).slice(0, count)
    if (chosen.length === count) largest = chosen.at(-1)?.key ?? largest
  }
  for (const item of items) {
    const key = -Math.log(1 - random.float()) / weight(item)
    if (key >= largest) continue
    chosen.push({ item, key })
    if (chosen.length > 2 * count + 64) settle()
  }
  settle()
  return chosen.map(({ item }) => item)
}
