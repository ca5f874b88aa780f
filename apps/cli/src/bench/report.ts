/** A benchmark's results for people. Pure. */
import { Table } from "../Table.ts"
import { type BenchReport, baselineNames } from "./measure.ts"

const three = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
const multiple = (value: number | null): string => (value === null ? "" : `${three(value)} ×`)

export const benchLines = ({
  baseline,
  baselineCpuMs,
  cores,
  hosts,
  programs,
  versions,
}: BenchReport): ReadonlyArray<string> => {
  const rates = new Table(
    ["", "workers", "programs/s", "CPU ms", "p50 ms", "p99 ms", "bareExec", "freshProcess", "reusedWorker"],
    "lrrrrrrrr",
  )
  for (const name of baselineNames) {
    const [rate, cpu] = [baseline[name], baselineCpuMs[name]]
    if (rate === null || cpu === null) continue
    rates.row([`python, ${name}`, "", three(rate), three(cpu), "", "", "", "", ""])
  }
  const others = new Table(
    [
      "recovery after",
      "workers",
      "fuel ms",
      "memory ms",
      "stack ms",
      "trap ms",
      "first answer ms",
      "cold/s",
      "MB a worker",
      "MB",
    ],
    "lrrrrrrrrr",
  )
  for (const found of hosts) {
    const name = `${found.language}, ${found.host}`
    rates.row([
      name,
      String(found.workers),
      three(found.programsPerSecond),
      three(found.cpuMsPerProgram),
      three(found.p50Ms),
      three(found.p99Ms),
      ...baselineNames.map((baselineName) => multiple(found.times[baselineName])),
    ])
    const { fuel, memory, stack, trap } = found.recoveryMs
    others.row([
      name,
      String(found.workers),
      ...[fuel, memory, stack, trap].map((milliseconds) => milliseconds?.toFixed(2) ?? ""),
      found.firstAnswerMs.toFixed(0),
      three(found.coldProgramsPerSecond),
      found.rssMb === null ? "" : three(found.rssMb),
      three(found.processMb),
    ])
  }
  const work = Object.entries(programs).map(([language, count]) => `${count} ${language}`)
  const python = versions.python === null ? "Python not measured" : `Python ${versions.python}`
  return [
    ...rates.lines(),
    "",
    ...others.lines(),
    "",
    `${cores} cores, Node ${versions.node}, ${python}; programs with inputs: ${work.join(", ")}`,
    "the last three columns of the first table: as a multiple of that baseline's rate in the same run",
  ]
}
