/**
 * Finds rollouts in `rollouts/step-NNNNNN.jsonl` without keeping them: of each line its place, its facets (role,
 * environment, kind, outcome) and its task are held, ten bytes; texts are read when a page shows them.
 *
 * Facets are cut out of the line instead of parsing it. That is exact: the store writes the fields in one order, and a
 * quote inside a JSON string always has a backslash before it, so that no text of a policy can look like a field.
 */
import { RunEvent } from "@azr/core"
import type { RolloutDetail, RolloutFilter, RolloutPage } from "@azr/core/dashboard"
import { Effect, FileSystem, Path, Schema } from "effect"

interface StepFile {
  readonly size: number
  /** Byte offsets of the lines, and the end of the last one. */
  readonly offsets: Uint32Array
  readonly facets: Uint16Array
  /** -1 is none. */
  readonly tasks: Int32Array
}

type Facets = Readonly<Record<"role" | "environment" | "kind" | "outcome", string>>

const head =
  /^\{"step":\d+,"role":"(propose|solve)","environment":("(?:[^"\\]|\\.)*"),"kind":("(?:[^"\\]|\\.)*"),"task":(null|-?\d+),/u
const tail =
  /,"outcome":("(?:[^"\\]|\\.)*"),"reason":"(?:[^"\\]|\\.)*","reward":[^"]*,"advantage":[^"]*,"logprob":[^"]*\}$/u
const newline = 10
const excerpt = 400
const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(RunEvent.Rollout))

export class RolloutFiles {
  readonly #folder: string
  readonly #files = new Map<number, StepFile>()
  readonly #ids = new Map<string, number>()
  readonly #facets: Array<Facets> = []
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
        .readFile(path.join(this.#folder, "rollouts", fileOf(step)))
        .pipe(Effect.orElseSucceed(() => new Uint8Array()))
    })
  }

  /** Looks at what may be new: one step's file, or those that are not known and the latest one that is. */
  #refresh(step: number | undefined) {
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
      const wanted =
        step === undefined ? steps.filter((each) => each >= latest || !this.#files.has(each)) : [step]
      yield* Effect.forEach(
        wanted.filter((each) => present.has(each)),
        Effect.fnUntraced({ self: this }, function* (each) {
          const info = yield* fs.stat(path.join(this.#folder, "rollouts", fileOf(each))).pipe(Effect.option)
          if (info._tag === "None" || Number(info.value.size) === this.#files.get(each)?.size) return
          this.#files.set(each, this.#scan(yield* this.#bytes(each)))
        }),
        { concurrency: 4, discard: true },
      )
    })
  }

  #scan(read: Uint8Array): StepFile {
    // A `Buffer` finds and decodes lines fastest.
    const bytes = Buffer.from(read.buffer, read.byteOffset, read.byteLength)
    const offsets = [0]
    const facets: Array<number> = []
    const tasks: Array<number> = []
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, end + 1)) {
      const line = bytes.toString("utf8", offsets.at(-1), end)
      const start = head.exec(line)
      const finish = tail.exec(line.slice(Math.max(0, line.lastIndexOf(',"outcome":"'))))
      offsets.push(end + 1)
      facets.push(this.#facet(start?.[1] ?? "", start?.[2], start?.[3], finish?.[1]))
      tasks.push(start?.[4] === undefined || start[4] === "null" ? -1 : Number(start[4]))
    }
    return {
      size: bytes.length,
      offsets: Uint32Array.from(offsets),
      facets: Uint16Array.from(facets),
      tasks: Int32Array.from(tasks),
    }
  }

  /** The number of a combination, given as the line has it: a run has few, so that their texts are seldom unquoted. */
  #facet(
    role: string,
    environment: string | undefined,
    kind: string | undefined,
    outcome: string | undefined,
  ): number {
    const key = `${role}\n${environment}\n${kind}\n${outcome}`
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.#facets.length
    this.#ids.set(key, id)
    this.#facets.push({
      role,
      environment: unquote(environment),
      kind: unquote(kind),
      outcome: unquote(outcome),
    })
    return id
  }
}

const text = new TextDecoder()
const fileOf = (step: number): string => `step-${String(step).padStart(6, "0")}.jsonl`
const unquote = (literal: string | undefined): string =>
  literal === undefined ? "" : (JSON.parse(literal) as string)
