import { Effect, FileSystem, Result, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { CorpusRow, type Pair, type PairReport, pairsOf, reportPair } from "../corpusRows.ts"
import { environmentIds, findEnvironment } from "../environments.ts"
import { unreadable } from "../exitCodes.ts"
import { Output } from "../Output.ts"
import { Table } from "../Table.ts"

const decodeRow = Schema.decodeUnknownResult(Schema.fromJsonString(CorpusRow))

/** Pairs in flight; the executors' pool bounds what really runs. */
const concurrency = 16

/** How many pairs did not match, by why, most frequent first. */
const reasons = (reports: ReadonlyArray<PairReport>): string =>
  [...Map.groupBy(reports, ({ status }) => status)]
    .filter(([status]) => status !== "match")
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([status, found]) => `${found.length} ${status}`)
    .join(", ")

export const corpusCommand = Command.make(
  "corpus",
  {
    files: Argument.String("file").pipe(
      Argument.withDescription("Corpus files as JSON lines: snippet or code, input(s), output(s)"),
      Argument.variadic({ min: 1 }),
    ),
    env: Flag.Literals("env", environmentIds).pipe(
      Flag.withDescription("Environment that runs the programs (default python)"),
      Flag.withDefault("python"),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object a pair on stdout"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr corpus")(function* ({ env, files, json }) {
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    const environment = yield* findEnvironment(env)
    const table = new Table(["file", "rows", "pairs", "match", "valid tasks", "the others"], "lrrrrl")
    yield* Effect.gen(function* () {
      for (const file of files) {
        const lines = (yield* fs.readFileString(file).pipe(Effect.mapError(unreadable(file)))).split("\n")
        const rows = lines.flatMap((line, index) => (line.trim() === "" ? [] : [{ line, number: index + 1 }]))
        const pairs = rows.flatMap(({ line, number }) => {
          const row = decodeRow(line)
          const found: ReadonlyArray<Pair | null> = Result.isSuccess(row) ? pairsOf(row.success) : []
          return (found.length === 0 ? [null] : found).map((pair, index) => ({ number, index, pair }))
        })
        let done = 0
        const reports = yield* Effect.forEach(
          pairs,
          Effect.fnUntraced(function* ({ index, number, pair }) {
            const report =
              pair === null
                ? {
                    status: "malformed",
                    detail: "no program, or inputs and outputs do not pair up",
                    refused: "malformed",
                  }
                : yield* reportPair(environment, pair)
            done += 1
            if (done % 20 === 0) yield* output.status(`${file}: ${done} of ${pairs.length} pairs …`)
            return { line: number, pair: index, ...report }
          }),
          { concurrency },
        )
        for (const report of reports) {
          if (json) yield* output.result(JSON.stringify({ file, ...report }))
          else if (report.status !== "match") {
            yield* output.result(`${file}:${report.line}[${report.pair}]  ${report.status}: ${report.detail}`)
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
        ])
      }
    }).pipe(Effect.provide(environment.layer))
    for (const line of table.lines()) yield* json ? output.progress(line) : output.result(line)
  }),
).pipe(
  Command.withDescription(
    "Run recorded programs in the sandbox and report which outputs come out as recorded, and why others do not",
  ),
  Command.withShortDescription("Run recorded programs and compare their outputs"),
  Command.withExamples([
    { command: "azr corpus cruxeval.jsonl", description: "Every row, with a reason for each that differs" },
  ]),
)
