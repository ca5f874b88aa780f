/** What a run has to export as tables: its tasks, its rollouts, its metrics. */
import { createReadStream } from "node:fs"
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { type MachineMeter, RunEvent, RunStore, type TaskBuffer } from "@azr/core"
import { Effect, type FileSystem, type Path, Stream } from "effect"
import type { AnyEnvironment } from "../environments.ts"
import { taskSource } from "../taskSource.ts"
import type { Column, Row, Rows } from "./Rows.ts"

const columns = (types: Readonly<Record<string, Column["type"]>>): ReadonlyArray<Column> =>
  Object.entries(types).map(([name, type]) => ({ name, type }))

/** The tasks that entered a buffer of a run, read from its log as they are asked for. */
export const taskRecords = Effect.fnUntraced(function* (folder: string) {
  const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  return RunStore.events(folder).pipe(
    Stream.filter((event) => event._tag === "TaskAdded"),
    Stream.map(({ record }) => record),
    Stream.toAsyncIterableWith(services),
  )
})
export type TaskRecords = AsyncIterable<TaskBuffer.TaskRecord> | Iterable<TaskBuffer.TaskRecord>

/**
 * Every task that entered a buffer, seeds included, whether or not it is still there. `code`, `inputs`, `outputs` and
 * `message` are source text, in the form that `azr corpus` and `azr eval` read; null for a task that is no program.
 */
export const taskRows = (records: TaskRecords, environments: ReadonlyArray<AnyEnvironment>): Rows => ({
  columns: columns({
    id: "integer",
    environment: "text",
    kind: "text",
    step: "integer",
    origin: "text",
    parents: "json",
    successRate: "number",
    code: "text",
    inputs: "json",
    outputs: "json",
    message: "text",
    task: "json",
  }),
  rows: async function* () {
    for await (const record of records) {
      yield { ...record, ...sourceText(environments, record.environment, record.task) }
    }
  },
})

const sourceText = (
  environments: ReadonlyArray<AnyEnvironment>,
  environment: string,
  encoded: unknown,
): Row => {
  const source = taskSource(environments, environment, encoded)
  if (source === null) return {}
  const { inputs, message, outputs, program } = source
  return { code: program, inputs, outputs, message }
}

/** Every response of the run, step by step, as `rollouts/` keeps them. A torn last line is left out. */
export const rolloutRows = (folder: string): Rows => ({
  columns: columns({
    step: "integer",
    role: "text",
    environment: "text",
    kind: "text",
    task: "integer",
    prompt: "text",
    response: "text",
    tokens: "integer",
    outcome: "text",
    reason: "text",
    reward: "number",
    advantage: "number",
    logprob: "number",
  }),
  rows: async function* () {
    const names = (await readdir(join(folder, "rollouts"))).filter((name) => /^step-\d+\.jsonl$/u.test(name))
    for (const name of names.toSorted()) {
      for await (const line of createInterface({ input: createReadStream(join(folder, "rollouts", name)) })) {
        const row = parsed(line)
        if (row !== null) yield row
      }
    }
  },
})

const parsed = (line: string): Row | null => {
  try {
    return JSON.parse(line) as Row
  } catch {
    return null
  }
}

/** One row a step: its metrics, its seconds, what the machine did, and what its evaluation found. Keys that a step lacks are absent. */
export const metricRows = Effect.fnUntraced(function* (folder: string) {
  const steps = new Map<number, Record<string, number>>()
  const at = (event: { readonly step: number; readonly at: number }) => {
    const row = steps.get(event.step) ?? { step: event.step, at: event.at }
    steps.set(event.step, row)
    return row
  }
  yield* Stream.runForEach(RunStore.events(folder), (event) =>
    Effect.sync(() => {
      if (event._tag === "StepCompleted") {
        Object.assign(at(event), event.metrics, secondsOf(event.seconds), machineOf(event.machine))
      }
      if (event._tag === "Evaluated")
        Object.assign(at(event), ...event.results.map((result) => suiteMetrics(result, event.results)))
    }),
  )
  const rows = [...steps.values()].toSorted((a, b) => (a["step"] ?? 0) - (b["step"] ?? 0))
  const names = [...new Set(rows.flatMap(Object.keys))].filter((name) => name !== "step" && name !== "at")
  return {
    columns: columns({
      step: "integer",
      at: "number",
      ...Object.fromEntries(names.toSorted().map((name) => [name, "number" as const])),
    }),
    rows: async function* () {
      yield* rows
    },
  } satisfies Rows
})

const secondsOf = (seconds: RunEvent.StepSeconds): Row =>
  Object.fromEntries(Object.entries(seconds).map(([name, value]) => [`seconds/${name}`, value]))

const machineOf = (machine: MachineMeter.MachineUse | undefined): Row =>
  machine === undefined
    ? {}
    : {
        "machine/memoryBytes": machine.memoryBytes,
        ...Object.fromEntries(
          Object.entries(machine.executors).flatMap(([executor, use]) =>
            Object.entries(use).flatMap(([name, value]) =>
              value === null ? [] : [[`executors/${executor}/${name}`, value] as const],
            ),
          ),
        ),
      }

const suiteMetrics = (result: RunEvent.SuiteResult, results: ReadonlyArray<RunEvent.SuiteResult>): Row => {
  const { correct, split, total } = result
  const key = `evaluate/${split}/${RunEvent.suiteName(result, results)}`
  return { [`${key}/tasks`]: total, ...(total === 0 ? {} : { [`${key}/correct`]: correct / total }) }
}
