import { Clock, Effect, Path } from "effect"
import { Command, Flag } from "effect/cli"
import { command } from "../../command.ts"
import { Output } from "../../Output.ts"
import * as report from "../../report.ts"
import {
  ageText,
  bytesText,
  diskOf,
  type RunOverview,
  readRunOverview,
  runStatuses,
} from "../../runOverview.ts"
import { listRuns, runsDir } from "../../runsFolder.ts"
import { Table } from "../../Table.ts"

const sorts = ["name", "age", "step", "best", "disk"] as const

export const listFlags = {
  runsDir,
  status: Flag.Literals("status", runStatuses).pipe(
    Flag.withDescription("Only runs of this status; may be repeated"),
    Flag.atLeast(0),
  ),
  sort: Flag.Literals("sort", sorts).pipe(
    Flag.withDescription("Order: by name, or the newest, furthest, best or largest first (default name)"),
    Flag.withDefault("name" as const),
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("One JSON object a run on stdout"),
    Flag.withDefault(false),
  ),
}

interface Row {
  readonly name: string
  readonly disk: number
  /** Null where the run cannot be read; then `error` says why. */
  readonly run: RunOverview | null
  readonly error: string
}

const statusOf = ({ run }: Row) => run?.status ?? "unreadable"

const orders: Readonly<Record<(typeof sorts)[number], (row: Row) => number>> = {
  name: () => 0,
  age: ({ run }) => run?.last?.at ?? -1,
  step: ({ run }) => run?.step ?? -1,
  best: ({ run }) => run?.best?.accuracy ?? -1,
  disk: ({ disk }) => disk,
}

export const list = Effect.fn("azr runs list")(function* (flags: {
  readonly json: boolean
  readonly runsDir: string
  readonly status: ReadonlyArray<(typeof runStatuses)[number]>
  readonly sort: (typeof sorts)[number]
}) {
  const output = yield* Output
  const path = yield* Path.Path
  const now = yield* Clock.currentTimeMillis
  const names = yield* listRuns(flags.runsDir)
  const all = yield* Effect.forEach(
    names,
    Effect.fnUntraced(function* (name) {
      const folder = path.join(flags.runsDir, name)
      const read = yield* Effect.result(readRunOverview(folder))
      return {
        name,
        disk: yield* diskOf(folder),
        run: read._tag === "Success" ? read.success : null,
        error: read._tag === "Success" ? "" : `${read.failure.file}: ${read.failure.message}`,
      } satisfies Row
    }),
  )
  const order = orders[flags.sort]
  const rows = all
    .filter((row) => flags.status.length === 0 || flags.status.includes(statusOf(row)))
    .toSorted((a, b) => order(b) - order(a))
  if (flags.json) {
    for (const row of rows) yield* output.result(JSON.stringify(jsonOf(row)))
    return
  }
  if (rows.length === 0) {
    return yield* output.progress(
      names.length === 0
        ? `no runs in ${flags.runsDir}; start one with ${command} train`
        : `none of the ${names.length} runs in ${flags.runsDir} is ${flags.status.join(" or ")}`,
    )
  }
  const table = new Table(
    ["run", "status", "step", "best dev", "at step", "checkpoints", "age", "disk"],
    "llrrrrrr",
  )
  for (const row of rows) {
    const { disk, error, name, run } = row
    if (run === null) {
      table.row([name, "unreadable", "", "", "", "", "", bytesText(disk)])
      yield* output.progress(`${name}: ${error}`)
      continue
    }
    table.row([
      name,
      run.status,
      `${run.step}/${run.config.steps}`,
      report.percent(run.best?.accuracy),
      run.best === null ? "" : String(run.best.step),
      String(run.checkpoints.length),
      run.last === null ? "" : ageText(now - run.last.at),
      bytesText(disk),
    ])
  }
  for (const line of table.lines()) yield* output.result(line)
})

const jsonOf = ({ disk, error, name, run }: Row) =>
  run === null
    ? { name, status: "unreadable", error, disk }
    : {
        name,
        status: run.status,
        step: run.step,
        steps: run.config.steps,
        best: run.best,
        lastAt: run.last?.at ?? null,
        checkpoints: run.checkpoints.map(({ step }) => step),
        disk,
      }

export const listCommand = Command.make("list", listFlags, list).pipe(
  Command.withDescription("All runs: status, step, best held-out dev accuracy, checkpoints, age, disk"),
  Command.withExamples([
    { command: "azr runs list --sort best", description: "The best on the held-out dev suites first" },
    {
      command: "azr runs list --status interrupted --status unfinished",
      description: "Those that azr resume would continue",
    },
  ]),
)
