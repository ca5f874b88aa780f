/**
 * What a dashboard needs of a run's log, kept up event by event. Bounded: series and histograms have at most `maxPoints`
 * columns however long the run is (`Series.ts`), a task takes some tens of bytes (its text stays on the disk, at its place). Pure.
 */
import { Result, Schema } from "effect"
import type { MachineUse } from "../MachineMeter.ts"
import { wilsonInterval } from "../PassAtK.ts"
import { RunEvent, type SuiteResult, accuracyOf, suiteName } from "../RunEvent.ts"
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
} from "./DashboardApi.ts"
import { Series } from "./Series.ts"
import { type TaskEntry, TaskTable } from "./TaskTable.ts"

/** A task as a lineage shows it; its title is left to the reader. */
export type Relative = LineageTask & { readonly place: Place }

const maxEvaluations = 2000
const decode = Schema.decodeUnknownResult(RunEvent)
const text = new TextDecoder()
const tags: ReadonlySet<string> = new Set(Object.keys(RunEvent.cases))

export class RunIndex {
  readonly #alerts = new AlertRules()
  readonly #tasks = new TaskTable()
  readonly #proposals = new Counts()
  readonly #executors = new Map<string, ExecutorTotal>()
  readonly #kinds = new Map<string, KindIndex>()
  readonly #series = new Series()
  /** The task with the least success rate above 0, and that. */
  #hardest: number | null = null
  #least = 1
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

  /**
   * Takes a line of the log in, which stands at `start` to `end` of some bytes and at byte `offset` of the log. One that cannot be
   * understood is noted and left out.
   */
  accept(bytes: Uint8Array, start: number, end: number, offset: number): void {
    const place = { offset, length: end - start }
    const proposed = readProposed(bytes, start, end)
    if (proposed !== null) return this.apply(proposed, place)
    const task = readTaskAdded(bytes, start, end)
    if (task !== null) {
      this.#saw(task.at, null)
      return this.#task(task, place)
    }
    let json: unknown
    try {
      json = JSON.parse(text.decode(bytes.subarray(start, end)))
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

  #task(task: AddedTask, place: Place): void {
    this.#tasks.set(task, place)
    const { id, kind, region, successRate } = task
    if (successRate !== null) {
      this.#series.addRate(successRate)
      if (successRate > 0 && successRate <= this.#least) [this.#hardest, this.#least] = [id, successRate]
    }
    if (region === null) return
    const { newRegions, regions } = this.#kind(kind)
    const isKnown = regions.has(region)
    this.#series.add(newRegions, isKnown ? 0 : 1)
    // What is new after so many is new enough: the set must not grow with the run.
    if (!isKnown && regions.size < 100_000) regions.add(region)
  }

  #kind(kind: string): KindIndex {
    const known = this.#kinds.get(kind)
    if (known !== undefined) return known
    const index = { newRegions: this.#series.key(`diversity/${kind}/regions`), regions: new Set<string>() }
    this.#kinds.set(kind, index)
    return index
  }

  #proposed({ kind, reason, status }: Proposed): void {
    const count = this.#proposals.of(kind, status, reason, this.#series)
    count.count += 1
    if (status !== "accepted") this.#series.increment(count.refused)
  }

  #stepCompleted({ machine, metrics, seconds, step }: Extract<RunEvent, { _tag: "StepCompleted" }>): void {
    this.seeding = false
    this.step = step
    for (const key in metrics) this.#add(key, metrics[key] ?? 0)
    for (const [activity, value] of Object.entries(seconds)) this.#add(`seconds/${activity}`, value)
    if (machine !== undefined) this.#machine(machine, seconds.total)
    this.#series.complete(step)
  }

  #add(key: string, value: number): void {
    this.#series.add(this.#series.key(key), value)
  }

  #machine({ executors, memoryBytes }: MachineUse, seconds: number): void {
    this.#add("machine/memoryBytes", memoryBytes)
    for (const [executor, use] of Object.entries(executors)) {
      const key = `executors/${executor}`
      if (seconds > 0) {
        this.#add(`${key}/rate`, use.calls / seconds)
        this.#add(`${key}/inUse`, Math.min(1, use.busySeconds / (seconds * Math.max(1, use.workers))))
      }
      if (use.p50 !== null) this.#add(`${key}/p50`, use.p50)
      if (use.p99 !== null) this.#add(`${key}/p99`, use.p99)
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

  get steps(): ReadonlyArray<number> {
    return this.#series.steps
  }

  /** Values for each of `steps`; of all keys, or of those asked for. */
  series(keys: ReadonlyArray<string> | null): Readonly<Record<string, ReadonlyArray<number | null>>> {
    return this.#series.values(keys)
  }

  get successRates(): Histogram {
    return this.#series.successRates
  }

  get proposals(): ReadonlyArray<ProposalCount> {
    return this.#proposals.all.map(({ count, kind, reason, status }) => ({ kind, status, reason, count }))
  }

  get executors(): ReadonlyArray<ExecutorTotal> {
    return [...this.#executors.values()]
  }

  get alerts(): ReadonlyArray<Alert> {
    return this.#alerts.alerts
  }

  /** Share solved of the dev tasks, over all suites, at each evaluation. */
  get heldOut(): ReadonlyArray<number> {
    return this.evaluations.flatMap(({ results, split }) =>
      split === "dev" ? (accuracyOf(results) ?? []) : [],
    )
  }

  /** The task with the lowest success rate above 0, the latest of equals. */
  get hardest(): Relative | null {
    const task = this.#hardest === null ? undefined : this.#tasks.get(this.#hardest)
    return task === undefined ? null : { ...task, title: "" }
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
    const { children } = this.#tasks
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

interface KindIndex {
  /** Program shapes that its tasks have had. */
  readonly regions: Set<string>
  /** Of the series that says which share of them was new. */
  readonly newRegions: number
}

interface Count {
  readonly kind: string
  readonly status: Proposed["status"]
  readonly reason: string
  count: number
  /** Of the series of the refused ones. */
  readonly refused: number
}

/** Counts of proposals by what became of them. */
class Counts {
  readonly all: Array<Count> = []
  readonly #byKind = new Map<string, Map<string, Map<string, Count>>>()

  of(kind: string, status: Proposed["status"], reason: string, series: Series): Count {
    const known = this.#byKind.get(kind)?.get(status)?.get(reason)
    if (known !== undefined) return known
    const refused = series.key(`refused/${kind}/${reason === "" ? status : reason}`)
    const count: Count = { kind, status, reason, count: 0, refused }
    this.all.push(count)
    const byStatus = this.#byKind.get(kind) ?? new Map<string, Map<string, Count>>()
    const byReason = byStatus.get(status) ?? new Map<string, Count>()
    this.#byKind.set(kind, byStatus.set(status, byReason.set(reason, count)))
    return count
  }
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
        // A line's end is no statement's end where a block begins or ends, or where the statement has its own.
        .replaceAll(/([:;{])\s*\n\s*/gu, "$1 ")
        .replaceAll(/\s*\n\s*\}/gu, " }")
        .replaceAll(/\s*\n\s*/gu, "; ")
    : (JSON.stringify(task) ?? "")
  ).slice(0, 160)

const evaluationOf = ({ results, seconds, step }: Extract<RunEvent, { _tag: "Evaluated" }>): Evaluation => ({
  step,
  split: results[0]?.split ?? "dev",
  seconds,
  results: results.map((result: SuiteResult) => {
    const { badFormat, correct, kind, total } = result
    const [low, high] = wilsonInterval(correct, total)
    return { suite: suiteName(result, results), kind, correct, total, badFormat, low, high }
  }),
})
