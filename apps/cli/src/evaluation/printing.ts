/** What an evaluation looks like in a terminal. Pure. */
import { shorten } from "../shorten.ts"
import { Table } from "../Table.ts"
import { type SuiteReport, counts } from "./results.ts"
import type { Suite } from "./Suite.ts"

/** One line a row that is no task, and their number by reason. */
export const rejectedLines = ({ id, rejected, rows }: Suite): ReadonlyArray<string> =>
  rejected.length === 0
    ? []
    : [
        ...rejected.map(
          ({ id: rowId, message, reason, row }) =>
            `${id} row ${row}${rowId === "" ? "" : ` (${rowId})`} is no task: ${reason}: ${shorten(message.replaceAll("\n", " "))}`,
        ),
        `${id}: ${rejected.length} of ${rows} rows are no tasks: ${counts(
          rejected.map(({ reason }) => reason),
        )
          .map(([reason, count]) => `${count} ${reason}`)
          .join(", ")}`,
      ]

const percent = (share: number): string => (100 * share).toFixed(1)

const interval = (found: SuiteReport["passAtK"][string] | undefined): string =>
  found === undefined ? "–" : `${percent(found.value)}  [${percent(found.low)}, ${percent(found.high)}]`

const failureNames = { wrong: "wrong", badFormat: "bad format", cutOff: "cut off", faults: "faults" } as const

const failuresText = ({ failures }: SuiteReport): string =>
  Object.entries(failureNames)
    .flatMap(([key, name]) => {
      const count = failures[key as keyof typeof failures]
      return count === 0 ? [] : [`${count} ${name}`]
    })
    .join(", ")

export const reportTable = (reports: ReadonlyArray<SuiteReport>): ReadonlyArray<string> => {
  const ks = [...new Set(reports.flatMap(({ passAtK }) => Object.keys(passAtK)))]
  const measures = [...new Set(reports.flatMap(({ means }) => Object.keys(means)))]
  const table = new Table(
    ["suite", "tasks", "answers", ...ks.map((k) => `pass@${k} %  [95 %]`), ...measures, "failures"],
    `lrr${"r".repeat(ks.length + measures.length)}l`,
  )
  for (const report of reports) {
    table.row([
      report.suite,
      String(report.tasks),
      String(report.judged),
      ...ks.map((k) => interval(report.passAtK[k])),
      ...measures.map((name) => report.means[name]?.toFixed(name === "tokens" ? 1 : 2) ?? "–"),
      failuresText(report),
    ])
  }
  return table.lines()
}
