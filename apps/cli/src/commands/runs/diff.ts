import type { RunEvent } from "@azr/core"
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Output } from "../../Output.ts"
import * as report from "../../report.ts"
import { type RunOverview, readRunOverview } from "../../runOverview.ts"
import { findRun, runsDir } from "../../runsFolder.ts"
import { Table } from "../../Table.ts"

/** What is not the same in two runs; each pair is what `a` and `b` have, null where one has none. */
interface Difference {
  readonly key: string
  readonly a: string | null
  readonly b: string | null
}

/** Every plain value of an object, by its path; lists are values. */
const flatten = (value: unknown, path = ""): ReadonlyArray<readonly [string, string]> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => flatten(inner, path === "" ? key : `${path}.${key}`))
    : [[path, typeof value === "string" ? value : JSON.stringify(value)]]

const differences = (a: unknown, b: unknown): ReadonlyArray<Difference> => {
  const [left, right] = [new Map(flatten(a)), new Map(flatten(b))]
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((key) => ({ key, a: left.get(key) ?? null, b: right.get(key) ?? null }))
    .filter((row) => row.a !== row.b)
}

/** The last evaluation of a split, by suite. A completed run tests its last policy before its first one. */
const lastResults = (
  { evaluated }: RunOverview,
  split: "dev" | "test",
): ReadonlyMap<string, { readonly step: number; readonly result: RunEvent.SuiteResult }> => {
  const step = Math.max(
    ...evaluated.filter(({ results }) => results[0]?.split === split).map((event) => event.step),
  )
  return new Map(
    evaluated
      .filter((event) => event.step === step)
      .flatMap(({ results }) => results)
      .filter((result) => result.split === split)
      .map((result) => [`${result.environment}/${result.suite}`, { step, result }] as const),
  )
}

const resultRows = (a: RunOverview, b: RunOverview) =>
  (["dev", "test"] as const).flatMap((split) => {
    const [left, right] = [lastResults(a, split), lastResults(b, split)]
    return [...new Set([...left.keys(), ...right.keys()])].map((suite) => ({
      split,
      suite,
      a: left.get(suite) ?? null,
      b: right.get(suite) ?? null,
    }))
  })

const share = (found: ReturnType<typeof resultRows>[number]["a"]): number | null =>
  found === null || found.result.total === 0 ? null : found.result.correct / found.result.total

export const diffCommand = Command.make(
  "diff",
  {
    a: Argument.String("a").pipe(Argument.withDescription("Name of a run, or its folder")),
    b: Argument.String("b").pipe(Argument.withDescription("The other one")),
    runsDir,
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object on stdout"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr runs diff")(function* (flags) {
    const output = yield* Output
    const [folderA, folderB] = [
      yield* findRun(flags.runsDir, flags.a),
      yield* findRun(flags.runsDir, flags.b),
    ]
    const [a, b] = [yield* readRunOverview(folderA), yield* readRunOverview(folderB)]
    const facts = ({ started, status, step }: RunOverview) => ({
      status,
      step,
      policy: started?.policy ?? null,
    })
    const config = differences(a.config, b.config)
    const versions = differences(a.started?.versions ?? {}, b.started?.versions ?? {})
    const progress = differences(facts(a), facts(b))
    const results = resultRows(a, b)
    if (flags.json) return yield* output.result(JSON.stringify({ config, versions, progress, results }))

    const section = Effect.fnUntraced(function* (title: string, rows: ReadonlyArray<Difference>) {
      if (rows.length === 0) return yield* output.result(`${title}: the same`)
      const table = new Table([title, flags.a, flags.b], "lll")
      for (const row of rows) table.row([row.key, row.a ?? "–", row.b ?? "–"])
      for (const line of table.lines()) yield* output.result(line)
    })
    yield* section("settings", config)
    yield* output.result("")
    yield* section("versions", versions)
    yield* output.result("")
    yield* section("state", progress)
    if (results.length === 0) return
    yield* output.result("")
    const table = new Table(
      ["held-out suite", "split", flags.a, "at step", flags.b, "at step", "difference"],
      "llrrrrr",
    )
    for (const row of results) {
      const [left, right] = [share(row.a), share(row.b)]
      table.row([
        row.suite,
        row.split,
        report.percent(left ?? undefined),
        String(row.a?.step ?? ""),
        report.percent(right ?? undefined),
        String(row.b?.step ?? ""),
        left === null || right === null ? "" : signed(100 * (right - left)),
      ])
    }
    for (const line of table.lines()) yield* output.result(line)
  }),
).pipe(
  Command.withDescription(
    "How two runs differ: settings, versions, state, and the last results of each held-out suite",
  ),
  Command.withShortDescription("How two runs differ: settings, versions, results"),
  Command.withExamples([
    { command: "azr runs diff my-run other-run", description: "What was set otherwise, and what came of it" },
    { command: "azr runs diff a b --json", description: "The same for a program" },
  ]),
)

const signed = (points: number): string => `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)}`
