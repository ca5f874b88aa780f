/**
 * What a dashboard needs of a run's log, kept up event by event. Bounded: series and histograms have at most `maxPoints`
 * columns however long the run is, a task takes some tens of bytes (its text stays on the disk, at `place`). Pure.
 */
import { Result, Schema } from "effect"
import type { MachineUse } from "../MachineMeter.ts"
import { wilsonInterval } from "../PassAtK.ts"
import { RunEvent, type SuiteResult, accuracyOf } from "../RunEvent.ts"
import { logFile } from "../store/files.ts"
import type { Place } from "../store/logLine.ts"
import { AlertRules } from "./Alerts.ts"
import { type AddedTask, type Proposed, readProposed, readTaskAdded, regionOf } from "./eventLines.ts"
import {
  type Alert,
  type Evaluation,
  type ExecutorTotal,
  type Histogram,
  type LineageTask,
  type ProposalCount,
  type RunState,
  maxPoints,
} from "./DashboardApi.ts"

interface TaskEntry {
  readonly id: number
  readonly kind: string
  readonly step: number
  readonly successRate: number | null
  readonly parents: ReadonlyArray<number>
  readonly place: Place
}

/** A task as a lineage shows it; its title is left to the reader. */
export type Relative = LineageTask & { readonly place: Place }

/** Neighbouring steps that became one point. */
interface Column {
  step: number
  readonly sums: Map<string, { sum: number; count: number }>
  readonly rates: Array<number>
}

/** Success rates to the nearest eighth, but both ends apart: a task at an end teaches nothing. */
export const bins: ReadonlyArray<string> = ["0", "⅛", "¼", "⅜", "½", "⅝", "¾", "⅞", "1"]
const binOf = (rate: number): number =>
  rate <= 0 ? 0 : rate >= 1 ? 8 : Math.min(7, Math.max(1, Math.round(8 * rate)))
const noRates = (): Array<number> => bins.map(() => 0)

const maxEvaluations = 2000
const decode = Schema.decodeUnknownResult(RunEvent)
const tags: ReadonlySet<string> = new Set(Object.keys(RunEvent.cases))

export class RunIndex {
  readonly #alerts = new AlertRules()
  readonly #tasks = new Map<number, TaskEntry>()
  readonly #counts = new Map<string, { kind: string; status: string; reason: string; count: number }>()
  readonly #executors = new Map<string, ExecutorTotal>()
  readonly #regions = new Map<string, Set<string>>()
  #columns: Array<Column> = []
  /** Steps that one column holds. */
  #stride = 1
  #inLast = 0
  #pending: Column = { step: 0, sums: new Map(), rates: noRates() }
  #hardest: TaskEntry | null = null
  #ended: Extract<RunEvent, { _tag: "RunEnded" }> | null = null
  readonly evaluations: Array<Evaluation> = []
  policy = ""
  versions: Readonly<Record<string, string>> = {}
  step = 0
  startedAt = 0
  updatedAt = 0
  seeding = true
  /** What kept a line from being understood. */
  problem: { readonly state: "newer" | "unreadable"; readonly message: string } | null = null

  /** Takes a line of the log in. A line that cannot be understood is noted and left out. */
  accept(line: string, place: Place): void {
    const proposed = readProposed(line)
    if (proposed !== null) return this.apply(proposed, place)
    const task = readTaskAdded(line)
    if (task !== null) {
      this.#saw(task.at, null)
      return this.#task(task, place)
    }
    let json: unknown
    try {
      json = JSON.parse(line)
    } catch {
      this.problem ??= { state: "unreadable", message: `${logFile}: no JSON at byte ${place.offset}` }
      return
    }
    const event = decodeEvent(json)
    if (Result.isSuccess(event)) return this.apply(event.success, place)
    const tag = tagOf(json)
    this.problem ??= tags.has(tag)
      ? { state: "unreadable", message: `${logFile}: ${tag} at byte ${place.offset} has another form` }
      : { state: "newer", message: `${logFile}: ${tag || "a line"} of a later version` }
  }

  apply(event: RunEvent, place: Place): void {
    this.#saw(event.at, event._tag === "RunEnded" ? event : null)
    this.#alerts.apply(event)
    switch (event._tag) {
      case "RunStarted":
        this.policy = event.policy
        this.versions = event.versions
        return
      case "TaskAdded":
        return this.#task({ ...event.record, at: event.at, region: regionOf(event.record.task) }, place)
      case "Proposed":
        return this.#proposed(event)
      case "StepCompleted":
        return this.#stepCompleted(event)
      case "Evaluated":
        this.seeding = false
        this.evaluations.push(evaluationOf(event))
        if (this.evaluations.length > maxEvaluations) this.evaluations.splice(1, 1)
        return
      case "Checkpointed":
      case "RunEnded":
      case "Seeded":
    }
  }

  #saw(at: number, ended: Extract<RunEvent, { _tag: "RunEnded" }> | null): void {
    this.startedAt ||= at
    this.updatedAt = at
    this.#ended = ended
  }

  #task({ id, kind, parents, region, step, successRate }: AddedTask, place: Place): void {
    const entry = { id, kind, step, successRate, parents, place }
    this.#tasks.set(id, entry)
    if (successRate !== null) {
      const bin = binOf(successRate)
      this.#pending.rates[bin] = (this.#pending.rates[bin] ?? 0) + 1
      if (successRate > 0 && successRate <= (this.#hardest?.successRate ?? 1)) this.#hardest = entry
    }
    if (region === null) return
    const known = this.#regions.get(kind) ?? new Set()
    this.#regions.set(kind, known)
    add(this.#pending, `diversity/${kind}/regions`, known.has(region) ? 0 : 1)
    // What is new after so many is new enough: the set must not grow with the run.
    if (known.size < 100_000) known.add(region)
  }

  #proposed({ kind, reason, status }: Proposed): void {
    const key = `${kind}/${status}/${reason}`
    const count = this.#counts.get(key)
    if (count === undefined) this.#counts.set(key, { kind, status, reason, count: 1 })
    else count.count += 1
    if (status === "accepted") return
    const refused = `refused/${kind}/${reason === "" ? status : reason}`
    const before = this.#pending.sums.get(refused)
    if (before === undefined) add(this.#pending, refused, 1)
    else before.sum += 1
  }

  #stepCompleted({ machine, metrics, seconds, step }: Extract<RunEvent, { _tag: "StepCompleted" }>): void {
    this.seeding = false
    this.step = step
    const column = this.#columnOfNext()
    column.step = step
    for (const [key, value] of Object.entries(metrics)) add(column, key, value)
    for (const [activity, value] of Object.entries(seconds)) add(column, `seconds/${activity}`, value)
    if (machine !== undefined) this.#machine(column, machine, seconds.total)
    this.#pending = { step: 0, sums: new Map(), rates: noRates() }
  }

  #machine(column: Column, { executors, memoryBytes }: MachineUse, seconds: number): void {
    add(column, "machine/memoryBytes", memoryBytes)
    for (const [executor, use] of Object.entries(executors)) {
      const key = `executors/${executor}`
      if (seconds > 0) {
        add(column, `${key}/rate`, use.calls / seconds)
        add(column, `${key}/inUse`, Math.min(1, use.busySeconds / (seconds * Math.max(1, use.workers))))
      }
      if (use.p50 !== null) add(column, `${key}/p50`, use.p50)
      if (use.p99 !== null) add(column, `${key}/p99`, use.p99)
      const before = this.#executors.get(executor)
      this.#executors.set(executor, {
        executor,
        workers: use.workers,
        calls: use.calls + (before?.calls ?? 0),
        remembered: use.remembered + (before?.remembered ?? 0),
        lost: use.lost + (before?.lost ?? 0),
        timeouts: use.timeouts + (before?.timeouts ?? 0),
      })
    }
  }

  /** The column of a step that has just come, with what was pending until then. */
  #columnOfNext(): Column {
    const last = this.#columns.at(-1)
    if (last !== undefined && this.#inLast < this.#stride) {
      merge(last, this.#pending)
      this.#inLast += 1
      return last
    }
    if (this.#columns.length === maxPoints) {
      this.#columns = this.#columns.flatMap((each, i, all) => {
        const next = all[i + 1]
        if (i % 2 === 1) return []
        if (next !== undefined) merge(each, next)
        return [each]
      })
      this.#stride *= 2
    }
    this.#columns.push(this.#pending)
    this.#inLast = 1
    return this.#pending
  }

  get steps(): ReadonlyArray<number> {
    return this.#columns.map(({ step }) => step)
  }

  /** Values for each of `steps`; of all keys, or of those asked for. */
  series(keys: ReadonlyArray<string> | null): Readonly<Record<string, ReadonlyArray<number | null>>> {
    const known = new Set(this.#columns.flatMap(({ sums }) => [...sums.keys()]))
    return Object.fromEntries(
      [...known]
        .filter((key) => keys === null || keys.includes(key))
        .map((key) => [
          key,
          this.#columns.map(({ sums }) => {
            const entry = sums.get(key)
            return entry === undefined ? null : entry.sum / entry.count
          }),
        ]),
    )
  }

  get successRates(): Histogram {
    return { steps: this.steps, bins, columns: this.#columns.map(({ rates }) => [...rates]) }
  }

  get proposals(): ReadonlyArray<ProposalCount> {
    return [...this.#counts.values()]
  }

  get executors(): ReadonlyArray<ExecutorTotal> {
    return [...this.#executors.values()]
  }

  get alerts(): ReadonlyArray<Alert> {
    return this.#alerts.alerts
  }

  /** Share solved of the dev tasks, over all suites, at each evaluation. */
  get heldOut(): ReadonlyArray<number> {
    return this.evaluations
      .filter(({ split }) => split === "dev")
      .map(({ results }) => accuracyOf(results) ?? 0)
  }

  /** The task with the lowest success rate above 0, the latest of equals. */
  get hardest(): Relative | null {
    return this.#hardest === null ? null : { ...this.#hardest, title: "" }
  }

  /** How the run is, given whether a process writes to it: one that none does and that does not tell how it ended has crashed. */
  state(held: boolean): { readonly state: RunState; readonly message: string } {
    if (!held && this.#ended !== null) return { state: this.#ended.status, message: this.#ended.message }
    if (this.problem !== null) return this.problem
    if (!held) return { state: "crashed", message: "no process writes to it, and its log has no end" }
    return { state: this.seeding ? "seeding" : "training", message: "" }
  }

  placeOf(task: number): Place | null {
    return this.#tasks.get(task)?.place ?? null
  }

  /** A task with its ancestors and descendants, nearest first, at most `limit`. */
  lineage(task: number, limit: number): ReadonlyArray<Relative> {
    const start = this.#tasks.get(task)
    if (start === undefined) return []
    const children = new Map<number, Array<number>>()
    for (const { id, parents } of this.#tasks.values()) {
      for (const parent of parents) {
        const known = children.get(parent)
        if (known === undefined) children.set(parent, [id])
        else known.push(id)
      }
    }
    const found = new Map([[task, start]])
    const walk = (next: (entry: TaskEntry) => ReadonlyArray<number>, most: number) => {
      const queue = [start]
      for (let entry = queue.shift(); entry !== undefined && found.size < most; entry = queue.shift()) {
        for (const id of next(entry)) {
          const relative = this.#tasks.get(id)
          if (relative === undefined || found.has(id) || found.size >= most) continue
          found.set(id, relative)
          queue.push(relative)
        }
      }
    }
    // Ancestors are few and the descendants of a seed may be thousands: both sides get their half.
    walk(({ parents }) => parents, Math.ceil(limit / 2))
    walk(({ id }) => children.get(id) ?? [], limit)
    return [...found.values()].map((entry) => ({ ...entry, title: "" }))
  }
}

const add = ({ sums }: Column, key: string, value: number): void => {
  const entry = sums.get(key)
  if (entry === undefined) sums.set(key, { sum: value, count: 1 })
  else {
    entry.sum += value
    entry.count += 1
  }
}

const merge = (into: Column, from: Column): void => {
  into.step = from.step
  for (const [key, { count, sum }] of from.sums) {
    const entry = into.sums.get(key)
    if (entry === undefined) into.sums.set(key, { sum, count })
    else {
      entry.sum += sum
      entry.count += count
    }
  }
  for (const [bin, count] of from.rates.entries()) into.rates[bin] = (into.rates[bin] ?? 0) + count
}

/** The metrics of a step are many and of one shape: they are looked through here, and the schema decides about all the rest. */
const decodeEvent = (json: unknown): Result.Result<RunEvent, unknown> => {
  if (!isRecord(json) || json["_tag"] !== "StepCompleted" || !isMetrics(json["metrics"])) return decode(json)
  const { metrics } = json
  return Result.map(decode({ ...json, metrics: {} }), (event) =>
    event._tag === "StepCompleted" ? { ...event, metrics } : event,
  )
}

const isMetrics = (value: unknown): value is Readonly<Record<string, number>> =>
  isRecord(value) && !Array.isArray(value) && Object.values(value).every(Number.isFinite)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const tagOf = (json: unknown): string =>
  isRecord(json) && typeof json["_tag"] === "string" ? json["_tag"] : ""

/** A task in a line: its program where it has one. */
export const titleOf = (task: unknown): string =>
  (isRecord(task) && typeof task["program"] === "string"
    ? task["program"]
        .trim()
        .replaceAll(/:\s*\n\s*/gu, ": ")
        .replaceAll(/\s*\n\s*/gu, "; ")
    : (JSON.stringify(task) ?? "")
  ).slice(0, 160)

const evaluationOf = ({ results, seconds, step }: Extract<RunEvent, { _tag: "Evaluated" }>): Evaluation => ({
  step,
  split: results[0]?.split ?? "dev",
  seconds,
  results: results.map(({ badFormat, correct, kind, suite, total }: SuiteResult) => {
    const [low, high] = wilsonInterval(correct, total)
    return { suite, kind, correct, total, badFormat, low, high }
  }),
})
