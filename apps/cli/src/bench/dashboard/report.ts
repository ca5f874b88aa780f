/** The dashboard's times for people. Pure. */
import { bytesText } from "../../runOverview.ts"
import { Table } from "../../Table.ts"
import type { DashboardReport } from "./measure.ts"

const milliseconds = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0))

export const dashboardLines = (report: DashboardReport): ReadonlyArray<string> => {
  const table = new Table(["", "first ms", "then ms"], "lrr")
  table.row(["server start to first answer", milliseconds(report.startMs), ""])
  for (const [name, { cold, warm }] of [
    ["overview", report.overviewMs],
    ["list of runs", report.listMs],
    ...Object.entries(report.rolloutsMs).map(([place, times]) => [`rollouts, ${place}`, times] as const),
  ] as const) {
    table.row([name, milliseconds(cold), milliseconds(warm)])
  }
  return [
    ...table.lines(),
    "",
    `${report.steps.toLocaleString("en")} steps, ${report.rollouts.toLocaleString("en")} rollouts, ${bytesText(report.bytesOnDisk)} on disk; ` +
      `an overview is ${bytesText(report.overviewBytes)} and the first one took ${milliseconds(report.overviewCpuMs)} ms of CPU, start included. The server held ${bytesText(report.memoryBytes)}, at most ${bytesText(report.peakMemoryBytes)}. ` +
      `${report.cores} cores, Node ${report.node}.`,
  ]
}
