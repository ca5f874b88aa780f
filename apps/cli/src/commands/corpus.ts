import { Effect, FileSystem } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { type PairReport, reportPair } from "../corpusRows.ts"
import { type Pair, readLine } from "../datasetRows.ts"
import { readLanguage } from "../environments.ts"
import { UsageError, unreadable } from "../exitCodes.ts"
import type { LineProcessFailed } from "../LineProcess.ts"
import { startNativePython } from "../native/nativePython.ts"
import { hostFlag, onHost } from "../hostFlag.ts"
import { Output } from "../Output.ts"
import { Table } from "../Table.ts"

/** Pairs in flight; the executors' pool bounds what really runs. */
const concurrency = 16

/** How many reports there are of each kind, most frequent first; null is no kind. */
const counted = (reports: ReadonlyArray<PairReport>, kindOf: (report: PairReport) => string | null): string =>
  [...Map.groupBy(reports, kindOf)]
    .filter(([kind]) => kind !== null)
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([kind, found]) => `${found.length} ${kind}`)
    .join(", ")

const reasons = (reports: ReadonlyArray<PairReport>): string =>
  counted(reports, ({ status }) => (status === "match" ? null : status))

const natives = (reports: ReadonlyArray<PairReport>): string =>
  counted(reports, ({ native }) => native?.verdict ?? null)

const nativeText = ({ native }: PairReport): string =>
  native === null ? "" : `; native: ${native.verdict}${native.detail === "" ? "" : ` (${native.detail})`}`

const noPython = (error: LineProcessFailed) =>
  new UsageError({ message: `--native needs python3 on a POSIX system: ${error.reason}` })

export const corpusCommand = Command.make(
  "corpus",
  {
    files: Argument.String("file").pipe(
      Argument.withDescription("Corpus files as JSON lines: snippet or code, input(s), output(s)"),
      Argument.variadic({ min: 1 }),
    ),
    env: Flag.String("env").pipe(
      Flag.withDescription("Language that runs the programs: an id, a path or a package (default python)"),
      Flag.withDefault("python"),
    ),
    host: hostFlag,
    native: Flag.Boolean("native").pipe(
      Flag.withDescription(
        "Run what the rules allow in the python3 of this machine, too, and say whom it agrees with",
      ),
      Flag.withDefault(false),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object a pair on stdout"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr corpus")(function* ({ env, files, host, json, native }) {
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    const environment = yield* readLanguage(env)
    const table = new Table(
      ["file", "rows", "pairs", "match", "valid tasks", "the others", native ? "native agrees with" : ""],
      "lrrrrll",
    )
    if (native && environment.language.id !== "python") {
      return yield* new UsageError({
        message: `--native runs Python; ${env} has ${environment.language.name}`,
      })
    }
    yield* Effect.gen(function* () {
      const python = native ? yield* startNativePython.pipe(Effect.mapError(noPython)) : null
      if (python !== null) yield* output.progress(`native: Python ${python.version}`)
      for (const file of files) {
        const lines = (yield* fs.readFileString(file).pipe(Effect.mapError(unreadable(file)))).split("\n")
        const rows = lines.flatMap((line, index) => (line.trim() === "" ? [] : [{ line, number: index + 1 }]))
        const pairs = rows.flatMap(({ line, number }) => {
          const row = readLine(line)
          const found: ReadonlyArray<Pair | null> = row._tag === "program" ? row.pairs : [null]
          return found.map((pair, index) => ({ number, index, pair }))
        })
        let done = 0
        const reports = yield* Effect.forEach(
          pairs,
          Effect.fnUntraced(function* ({ index, number, pair }) {
            const report =
              pair === null
                ? {
                    status: "malformed",
                    detail: "no program with inputs and outputs that pair up",
                    refused: "malformed",
                    native: null,
                  }
                : yield* reportPair(environment, pair, python)
            done += 1
            if (done % 20 === 0) yield* output.status(`${file}: ${done} of ${pairs.length} pairs …`)
            return { line: number, pair: index, ...report }
          }),
          { concurrency },
        )
        for (const report of reports) {
          if (json) yield* output.result(JSON.stringify({ file, ...report }))
          else if (report.status !== "match") {
            const place = `${file}:${report.line}[${report.pair}]`
            yield* output.result(`${place}  ${report.status}: ${report.detail}${nativeText(report)}`)
          }
        }
        const count = (wanted: (report: (typeof reports)[number]) => boolean) =>
          String(reports.filter(wanted).length)
        table.row([
          file,
          String(rows.length),
          String(reports.length),
          count(({ status }) => status === "match"),
          count(({ refused }) => refused === null),
          reasons(reports),
          natives(reports),
        ])
      }
    }).pipe(Effect.scoped, Effect.provide(environment.layer), onHost(host))
    for (const line of table.lines()) yield* json ? output.progress(line) : output.result(line)
  }),
).pipe(
  Command.withDescription(
    "Run recorded programs in the sandbox and report which outputs come out as recorded, and why others do not",
  ),
  Command.withShortDescription("Run recorded programs and compare their outputs"),
  Command.withExamples([
    { command: "azr corpus cruxeval.jsonl", description: "Every row, with a reason for each that differs" },
    {
      command: "azr corpus --native cruxeval.jsonl",
      description: "And whom this machine's Python agrees with",
    },
  ]),
)
