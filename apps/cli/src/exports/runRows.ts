/** What a run has to export as tables: its tasks, its rollouts, its metrics. */
import { createReadStream } from "node:fs"
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { type MachineMeter, RunEvent, type RunStore } from "@azr/core"
import type { AnyEnvironment } from "../environments.ts"
import { taskSource } from "../taskSource.ts"
import type { Column, Row, Rows } from "./Rows.ts"

const columns = (types: Readonly<Record<string, Column["type"]>>): ReadonlyArray<Column> =>
  Object.entries(types).map(([name, type]) => ({ name, type }))

async function* each<A>(items: Iterable<A>): AsyncIterable<A> {
  yield* items
}

/**
 * Every task that entered a buffer, seeds included, whether or not it is still there. `code`, `inputs`, `outputs` and
 * `message` are source text, in the form that `azr corpus` and `azr eval` read; null for a task that is no program.
 */
export const taskRows = (
  { events }: Pick<RunStore.RunSummary, "events">,
  environments: ReadonlyArray<AnyEnvironment>,
): Rows => ({
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
  rows: () =>
    each(
      events.flatMap((event): ReadonlyArray<Row> => {
        if (event._tag !== "TaskAdded") return []
        const { record } = event
        return [{ ...record, ...sourceText(environments, record.environment, record.task) }]
      }),
    ),
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
export const metricRows = ({ events }: RunStore.RunSummary): Rows => {
  const steps = new Map<number, Record<string, number>>()
  const at = (event: { readonly step: number; readonly at: number }) => {
    const row = steps.get(event.step) ?? { step: event.step, at: event.at }
    steps.set(event.step, row)
    return row
  }
  for (const event of events) {
    if (event._tag === "StepCompleted") {
      Object.assign(at(event), event.metrics, secondsOf(event.seconds), machineOf(event.machine))
    }
    if (event._tag === "Evaluated")
      Object.assign(at(event), ...event.results.map((result) => suiteMetrics(result, event.results)))
  }
  const rows = [...steps.values()].toSorted((a, b) => (a["step"] ?? 0) - (b["step"] ?? 0))
  const names = [...new Set(rows.flatMap(Object.keys))].filter((name) => name !== "step" && name !== "at")
  return {
    columns: columns({
      step: "integer",
      at: "number",
      ...Object.fromEntries(names.toSorted().map((name) => [name, "number" as const])),
    }),
    rows: () => each(rows),
  }
}

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
