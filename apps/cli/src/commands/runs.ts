import { type RunEvent, RunStore } from "@azr/core"
import { Clock, Effect, FileSystem, Path } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Output } from "../Output.ts"
import * as report from "../report.ts"
import { findRun, listRuns, runsDir } from "../runsFolder.ts"
import { Table } from "../Table.ts"

const json = Flag.Boolean("json").pipe(Flag.withDescription("JSON on stdout"), Flag.withDefault(false))

/** What a run's events say of it as a whole. A run without an end that nobody writes to was cut off. */
const overview = (events: ReadonlyArray<RunEvent.RunEvent>) => {
  const ended = events.findLast((event) => event._tag === "RunEnded")
  const step = events.findLast((event) => event._tag === "StepCompleted")?.step ?? 0
  const evaluated = events.filter((event) => event._tag === "Evaluated")
  const accuracies = evaluated
    .filter(({ results }) => results[0]?.split === "dev")
    .map(({ results, step }) => {
      const total = results.reduce((sum, result) => sum + result.total, 0)
      return {
        step,
        accuracy: total === 0 ? 0 : results.reduce((sum, { correct }) => sum + correct, 0) / total,
      }
    })
  const best = accuracies.toSorted((a, b) => b.accuracy - a.accuracy)[0]
  const resumed = ended !== undefined && events.at(-1) !== ended
  return {
    status: ended === undefined || resumed ? "unfinished" : ended.status,
    step,
    best: best ?? null,
    lastAt: events.at(-1)?.at ?? null,
    evaluated,
  }
}

const readRun = Effect.fnUntraced(function* (directory: string, name: string) {
  const path = yield* Path.Path
  const summary = yield* RunStore.readSummary(path.join(directory, name))
  return { name, summary, ...overview(summary.events) }
})

const list = Effect.fn("azr runs list")(function* ({
  json,
  runsDir,
}: {
  readonly json: boolean
  readonly runsDir: string
}) {
  const output = yield* Output
  const now = yield* Clock.currentTimeMillis
  const names = yield* listRuns(runsDir)
  const runs = yield* Effect.forEach(names, (name) => Effect.result(readRun(runsDir, name)))
  if (json) {
    for (const [index, run] of runs.entries()) {
      yield* output.result(
        JSON.stringify(
          run._tag === "Failure"
            ? {
                name: names[index],
                status: "unreadable",
                error: `${run.failure.file}: ${run.failure.message}`,
              }
            : {
                name: run.success.name,
                status: run.success.status,
                step: run.success.step,
                steps: run.success.summary.config.steps,
                best: run.success.best,
                lastAt: run.success.lastAt,
                checkpoints: run.success.summary.checkpoints,
              },
        ),
      )
    }
    return
  }
  if (names.length === 0) return yield* output.progress(`no runs in ${runsDir}; start one with azr train`)
  const table = new Table(["run", "status", "step", "best dev", "at step", "checkpoints", "age"], "llrrrrr")
  for (const [index, run] of runs.entries()) {
    if (run._tag === "Failure") {
      table.row([names[index] ?? "", "unreadable", "", "", "", "", ""])
      yield* output.progress(`${names[index]}: ${run.failure.file}: ${run.failure.message}`)
      continue
    }
    const { best, lastAt, name, status, step, summary } = run.success
    table.row([
      name,
      status,
      `${step}/${summary.config.steps}`,
      report.percent(best?.accuracy),
      best === null ? "" : String(best.step),
      String(summary.checkpoints.length),
      lastAt === null ? "" : age(now - lastAt),
    ])
  }
  for (const line of table.lines()) yield* output.result(line)
})

const listCommand = Command.make("list", { runsDir, json }, list).pipe(
  Command.withDescription("All runs: status, step, best held-out dev accuracy, age"),
)

const showCommand = Command.make(
  "show",
  {
    run: Argument.String("run").pipe(Argument.withDescription("Name of a run, or its folder")),
    runsDir,
    json,
  },
  Effect.fn("azr runs show")(function* ({ json, run, runsDir }) {
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    const folder = yield* findRun(runsDir, run)
    const summary = yield* RunStore.readSummary(folder)
    const { evaluated, status, step } = overview(summary.events)
    if (json) {
      return yield* output.result(
        JSON.stringify({
          folder,
          status,
          step,
          config: summary.config,
          checkpoints: summary.checkpoints,
          evaluations: evaluated.map(({ results, step }) => ({ step, results })),
        }),
      )
    }
    const files = yield* fs.readDirectory(folder)
    const started = summary.events.find((event) => event._tag === "RunStarted")
    const rows = [
      ...report.summary(summary.config, started?.policy ?? "", started?.versions["executors"] ?? "", folder),
      [
        "status",
        `${status} at step ${step}${summary.torn ? " (the log ends in a torn line, left out)" : ""}`,
      ],
      ["checkpoints", summary.checkpoints.join(", ")],
      ["files", files.toSorted().join("  ")],
    ] as const
    for (const [name, value] of rows)
      yield* output.result(`${output.style("stdout", "dim", name.padEnd(12))} ${value}`)
    yield* output.result("")
    for (const { results, step } of evaluated) {
      yield* output.result(
        `${results[0]?.split ?? ""} at step ${String(step).padStart(4)}  ${report.evaluationLine(results)}`,
      )
    }
  }),
).pipe(Command.withDescription("One run: settings, status, evaluations, checkpoints"))

export const runsCommand = Command.make("runs", { runsDir, json }, list).pipe(
  Command.withDescription("List and inspect runs"),
  Command.withSubcommands([listCommand, showCommand]),
)

const age = (milliseconds: number): string => {
  const minutes = Math.round(milliseconds / 60_000)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`
}
