/** Tasks of a run in a few tens of bytes each: what a lineage needs, and where the log has the rest. Pure. */
import type { Place } from "../store/logLine.ts"

export interface TaskEntry {
  readonly id: number
  readonly kind: string
  readonly step: number
  readonly successRate: number | null
  readonly parents: ReadonlyArray<number>
  readonly place: Place
}

/** Numbers of a row: id, kind, step, success rate (NaN is none), offset and length in the log, where its parents begin. */
const width = 7

export class TaskTable {
  readonly #rows = new Map<number, number>()
  readonly #kinds: Array<string> = []
  #numbers = new Float64Array(width * 1024)
  #parents = new Float64Array(1024)
  #count = 0
  #parentCount = 0

  set(
    { id, kind, parents: drawn, step, successRate }: Omit<TaskEntry, "place">,
    { length, offset }: Place,
  ): void {
    // A reference may be drawn more than once.
    const parents = drawn.length > 1 ? [...new Set(drawn)] : drawn
    if (width * (this.#count + 1) > this.#numbers.length) this.#numbers = doubled(this.#numbers)
    while (this.#parentCount + parents.length > this.#parents.length) this.#parents = doubled(this.#parents)
    const at = width * this.#count
    const numbers = this.#numbers
    numbers[at] = id
    numbers[at + 1] = this.#kind(kind)
    numbers[at + 2] = step
    numbers[at + 3] = successRate ?? Number.NaN
    numbers[at + 4] = offset
    numbers[at + 5] = length
    numbers[at + 6] = this.#parentCount
    for (const parent of parents) this.#parents[this.#parentCount++] = parent
    this.#rows.set(id, this.#count++)
  }

  #kind(kind: string): number {
    const known = this.#kinds.indexOf(kind)
    return known === -1 ? this.#kinds.push(kind) - 1 : known
  }

  get(id: number): TaskEntry | undefined {
    const row = this.#rows.get(id)
    return row === undefined ? undefined : this.#entry(row)
  }

  #entry(row: number): TaskEntry {
    const at = width * row
    const of = (column: number) => this.#numbers[at + column] as number
    const successRate = of(3)
    return {
      id: of(0),
      kind: this.#kinds[of(1)] ?? "",
      step: of(2),
      successRate: Number.isNaN(successRate) ? null : successRate,
      parents: this.#parentsOf(row),
      place: { offset: of(4), length: of(5) },
    }
  }

  #parentsOf(row: number): ReadonlyArray<number> {
    const next = row + 1 < this.#count ? this.#numbers[width * (row + 1) + 6] : this.#parentCount
    return [...this.#parents.subarray(this.#numbers[width * row + 6], next)]
  }

  /** The tasks that each task is a parent of. */
  get children(): ReadonlyMap<number, ReadonlyArray<number>> {
    const children = new Map<number, Array<number>>()
    for (const [id, row] of this.#rows) {
      for (const parent of this.#parentsOf(row)) {
        const known = children.get(parent)
        if (known === undefined) children.set(parent, [id])
        else known.push(id)
      }
    }
    return children
  }
}

const doubled = (array: Float64Array): Float64Array<ArrayBuffer> => {
  const larger = new Float64Array(2 * array.length)
  larger.set(array)
  return larger
}
