/**
 * Finds rollouts in `rollouts/step-NNNNNN.jsonl` without keeping them: of each line its place, its facets (role,
 * environment, kind, outcome) and its task are held, ten bytes; texts are read when a page shows them.
 */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs"
import { RunEvent, RunStore } from "@azr/core"
import { EventLines, type RolloutDetail, type RolloutFilter, type RolloutPage } from "@azr/core/dashboard"
import { Effect, FileSystem, Path, Schema, Semaphore } from "effect"

interface StepFile {
  readonly size: number
  /** Byte offsets of the lines, and the end of the last one. */
  readonly offsets: Uint32Array
  readonly facets: Uint16Array
  /** -1 is none. */
  readonly tasks: Int32Array
}

type Facets = Omit<EventLines.RolloutFacets, "task">

const newline = 10

/** Files that are read before others get their turn. */
const filesAtATime = 16
const excerpt = 400
const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(RunEvent.Rollout))

export class RolloutFiles {
  readonly #folder: string
  readonly #files = new Map<number, StepFile>()
  /** Every combination of facets there is, and the one that was met last. */
  readonly #facets: Array<Facets> = []
  #latest = 0
  /** Two that read everything would do it twice. */
  readonly #lock = Semaphore.makeUnsafe(1)
  /** The latest search for a text: reading everything again for each of its pages would take as long each time. */
  #search: { readonly key: string; readonly found: ReadonlyArray<readonly [number, number]> } | null = null

  constructor(folder: string) {
    this.#folder = folder
  }

  page(filter: RolloutFilter, offset: number, limit: number) {
    return Effect.gen({ self: this }, function* () {
      yield* this.#refresh(filter.step)
      const { rows, total } =
        filter.q === undefined || filter.q === ""
          ? this.#select(filter, offset, limit)
          : yield* this.#find(filter, filter.q, offset, limit)
      const details = yield* this.#read(rows)
      return {
        total,
        offset,
        rows: details.map(
          ({ environment, index, kind, outcome, reason, response, reward, role, step, task }) => ({
            step,
            index,
            role,
            environment,
            kind,
            task,
            outcome,
            reason: reason.slice(0, excerpt),
            reward,
            response: response.slice(0, excerpt),
          }),
        ),
      } satisfies RolloutPage
    })
  }

  /** Whole rollouts, at most `limit`. */
  details(filter: RolloutFilter, limit: number) {
    return Effect.gen({ self: this }, function* () {
      yield* this.#refresh(filter.step)
      return yield* this.#read(this.#select(filter, 0, limit).rows)
    })
  }

  /** One rollout, or null. */
  one(step: number, index: number) {
    return Effect.gen({ self: this }, function* () {
      yield* this.#refresh(step)
      const lines = this.#files.get(step)?.facets.length ?? 0
      if (index < 0 || index >= lines) return null
      const [detail] = yield* this.#read([[step, index]])
      return detail ?? null
    })
  }

  #select({ environment, kind, outcome, role, step, task }: RolloutFilter, offset: number, limit: number) {
    const wanted = this.#facets.map(
      (facets) =>
        (role === undefined || facets.role === role) &&
        (environment === undefined || facets.environment === environment) &&
        (kind === undefined || facets.kind === kind) &&
        (outcome === undefined || facets.outcome === outcome),
    )
    const rows: Array<readonly [number, number]> = []
    let total = 0
    const steps = step === undefined ? [...this.#files.keys()].toSorted((a, b) => a - b) : [step]
    for (const each of steps) {
      const file = this.#files.get(each)
      if (file === undefined) continue
      for (let line = 0; line < file.facets.length; line++) {
        if (wanted[file.facets[line] ?? 0] !== true) continue
        if (task !== undefined && file.tasks[line] !== task) continue
        if (total >= offset && rows.length < limit) rows.push([each, line])
        total += 1
      }
    }
    return { rows, total }
  }

  #find(filter: RolloutFilter, text: string, offset: number, limit: number) {
    return Effect.gen({ self: this }, function* () {
      const lines = [...this.#files.values()].reduce((sum, { facets }) => sum + facets.length, 0)
      const key = JSON.stringify([filter, lines])
      if (this.#search?.key !== key) {
        const { rows } = this.#select(filter, 0, Infinity)
        const found: Array<readonly [number, number]> = []
        for (let from = 0; from < rows.length; from += 500) {
          for (const { index, prompt, reason, response, step } of yield* this.#read(
            rows.slice(from, from + 500),
          )) {
            if ([prompt, response, reason].some((part) => part.includes(text))) found.push([step, index])
          }
        }
        this.#search = { key, found }
      }
      const { found } = this.#search
      return { rows: found.slice(offset, offset + limit), total: found.length }
    })
  }

  #read(rows: ReadonlyArray<readonly [number, number]>) {
    return Effect.gen({ self: this }, function* () {
      const details: Array<RolloutDetail> = []
      let bytes: Uint8Array = new Uint8Array()
      let opened = -1
      for (const [step, index] of rows) {
        if (opened !== step) [bytes, opened] = [yield* this.#bytes(step), step]
        const offsets = this.#files.get(step)?.offsets
        const line = text.decode(bytes.subarray(offsets?.[index], offsets?.[index + 1]))
        // A resume may just have removed the file: what is gone is left out.
        const rollout = yield* decode(line).pipe(Effect.option)
        if (rollout._tag === "Some") details.push({ ...rollout.value, index })
      }
      return details
    })
  }

  #bytes(step: number) {
    return Effect.gen({ self: this }, function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      return yield* fs
        .readFile(path.join(this.#folder, RunStore.rolloutFile(step)))
        .pipe(Effect.orElseSucceed(() => new Uint8Array()))
    })
  }

  /** Looks at what may be new: one step's file, or those that are not known and the latest one that is. */
  #refresh(step: number | undefined) {
    return step === undefined
      ? this.#lock.withPermits(1)(this.#refreshAll)
      : Effect.sync(() => this.#refreshOne(step))
  }

  /** Reads all that is new. A first page of rollouts comes faster for having asked for it before. */
  get read() {
    return this.#refresh(undefined)
  }

  get #refreshAll() {
    return Effect.gen({ self: this }, function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const names = yield* fs
        .readDirectory(path.join(this.#folder, "rollouts"))
        .pipe(Effect.orElseSucceed((): ReadonlyArray<string> => []))
      const steps = names.flatMap((name) => /^step-(\d{6,})\.jsonl$/u.exec(name)?.[1] ?? []).map(Number)
      const present = new Set(steps)
      for (const known of this.#files.keys()) if (!present.has(known)) this.#files.delete(known)
      const latest = Math.max(...this.#files.keys())
      const wanted = steps.filter((each) => each >= latest || !this.#files.has(each))
      for (const [index, each] of wanted.entries()) {
        this.#refreshOne(each)
        if (index % filesAtATime === filesAtATime - 1) yield* Effect.yieldNow
      }
    })
  }

  /** Synchronous: to wait for a thread takes several times as long as to read a file of a step, and there are thousands. */
  #refreshOne(step: number): void {
    let handle: number
    try {
      handle = openSync(`${this.#folder}/${RunStore.rolloutFile(step)}`, "r")
    } catch {
      // Of a step there may be none, or a resume has just removed it.
      this.#files.delete(step)
      return
    }
    try {
      if (fstatSync(handle).size !== this.#files.get(step)?.size) this.#files.set(step, this.#scan(handle))
    } finally {
      closeSync(handle)
    }
  }

  #scan(handle: number): StepFile {
    const offsets = [0]
    const facets: Array<number> = []
    const tasks: Array<number> = []
    const bytes = readFileSync(handle)
    for (let start = 0, end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      const { task, ...found } = EventLines.readRolloutFacets(bytes, start, end)
      facets.push(this.#facet(found))
      tasks.push(task ?? -1)
      start = end + 1
      offsets.push(start)
    }
    return {
      size: bytes.length,
      offsets: Uint32Array.from(offsets),
      facets: Uint16Array.from(facets),
      tasks: Int32Array.from(tasks),
    }
  }

  /** The number of a combination: a run has few, and neighbours are alike. */
  #facet({ environment, kind, outcome, role }: Facets): number {
    const isIt = (known: Facets | undefined) =>
      known?.outcome === outcome &&
      known.kind === kind &&
      known.role === role &&
      known.environment === environment
    if (isIt(this.#facets[this.#latest])) return this.#latest
    const found = this.#facets.findIndex(isIt)
    this.#latest = found === -1 ? this.#facets.push({ role, environment, kind, outcome }) - 1 : found
    return this.#latest
  }
}

const text = new TextDecoder()
