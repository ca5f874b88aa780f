/**
 * The benchmark of executors: hosts and baselines side by side. Their rounds, of a second or less, take turns, so that
 * whatever else the machine does hits all of them alike; medians over the rounds are reported.
 */
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { Executor } from "@azr/core"
import { Effect, Schema } from "effect"
import { CheckFailed } from "../exitCodes.ts"
import { type LineProcess, type LineProcessFailed, startLineProcess } from "../LineProcess.ts"
import type { LanguageId } from "./languages.ts"
import {
  BaselineGreeting,
  Greeting,
  Latency,
  Memory,
  Opening,
  type Question,
  Recovery,
  Round,
} from "./questions.ts"
import { median } from "./statistics.ts"
import { WorkItem } from "./workload.ts"

export const baselineNames = ["bareExec", "freshProcess", "reusedWorker"] as const
export type BaselineName = (typeof baselineNames)[number]

export interface HostResult {
  readonly host: Executor.ExecutorHostName
  readonly language: LanguageId
  readonly workers: number
  readonly programsPerSecond: number
  readonly cpuMsPerProgram: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly recoveryMs: Recovery
  /** Resident memory of one more worker; null where one number of workers was measured. */
  readonly rssMb: number | null
  /** Resident memory of the whole process. */
  readonly processMb: number
  /** From the start of a process to its first answer. */
  readonly firstAnswerMs: number
  /** In the first pass, before code is hot. */
  readonly coldProgramsPerSecond: number
  /** Programs a second as a multiple of each baseline of the language: the median of the rounds' ratios. */
  readonly times: Readonly<Record<BaselineName, number | null>>
}

export interface BenchReport {
  readonly cores: number
  /** Programs a second. */
  readonly baseline: Readonly<Record<BaselineName, number | null>>
  /** Processor time of a program, all processes together: what a busy machine cannot distort. */
  readonly baselineCpuMs: Readonly<Record<BaselineName, number | null>>
  readonly hosts: ReadonlyArray<HostResult>
  readonly programs: Readonly<Record<string, number>>
  readonly versions: { readonly node: string; readonly python: string | null }
}

export interface BenchPlan {
  readonly workloads: ReadonlyMap<LanguageId, ReadonlyArray<WorkItem>>
  readonly hosts: ReadonlyArray<Executor.ExecutorHostName>
  /** Whether a host that is not there is an error, or left out with a word about it. */
  readonly required: boolean
  readonly workers: ReadonlyArray<number>
  /** Measuring time for each contestant. */
  readonly seconds: number
  readonly say: (line: string) => Effect.Effect<void>
}

const fewestRounds = 3
const failuresOfEachKind = 5

interface Runner {
  readonly round: (seconds: number) => Effect.Effect<void, LineProcessFailed>
  /** Programs a second in each round so far. */
  readonly rates: () => ReadonlyArray<number>
  readonly cpuMsPerProgram: () => number
}

interface Cell extends Runner {
  readonly ask: LineProcess["ask"]
  readonly known: Pick<
    HostResult,
    "host" | "language" | "workers" | "firstAnswerMs" | "coldProgramsPerSecond"
  >
}

/** Asks one contestant for rounds and keeps what they gave. */
const runner = (ask: LineProcess["ask"], question: (seconds: number) => unknown): Runner => {
  const done: Array<typeof Round.Type> = []
  return {
    round: (seconds) => Effect.map(ask(Round, question(seconds)), (round) => void done.push(round)),
    rates: () => done.map(({ programs, seconds }) => programs / seconds),
    cpuMsPerProgram: () => median(done.map(({ cpuMs, programs }) => cpuMs / programs)),
  }
}

// ---------------------------------------------------------------------------------------------- baselines

/** From the folder of this file's source and of its build alike. */
const scripts = new URL("../../src/bench/baselines/", import.meta.url)

/** Python on this machine doing the same work, or null and a word why not. */
const startBaseline = (name: BaselineName, items: ReadonlyArray<WorkItem>, say: BenchPlan["say"]) =>
  Effect.gen(function* () {
    const script = fileURLToPath(new URL(`${name}.py`, scripts))
    const { ask } = yield* startLineProcess(name, "python3", ["-B", "-E", "-s", script])
    const cases = items.map(({ input, program }) => ({ program, input }))
    const { failed, python } = yield* ask(BaselineGreeting, cases)
    if (failed > 0) yield* say(`${name}: ${failed} of ${items.length} programs fail in Python ${python}`)
    return { name, python, ...runner(ask, (seconds) => ({ seconds })) }
  }).pipe(
    Effect.catchTag("LineProcessFailed", ({ reason }) =>
      Effect.as(say(`${name}: not measured, python3 does not run it (${reason})`), null),
    ),
  )

// -------------------------------------------------------------------------------------------------- hosts

const cellScript = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./cell.ts" : "./cell.js", import.meta.url),
)
const encodeOpening = Schema.encodeEffect(Opening)

/** A process for one language on one host, or null where that host is not there and not required. */
const startCell = Effect.fnUntraced(function* (opening: typeof Opening.Type, plan: BenchPlan) {
  const { host, language, workers } = opening
  const name = `${host}, ${language}, ${workers} worker${workers === 1 ? "" : "s"}`
  const { ask } = yield* startLineProcess(name, process.execPath, [
    ...process.execArgv,
    "--expose-gc",
    cellScript,
  ])
  const greeting = yield* ask(Greeting, yield* Effect.orDie(encodeOpening(opening)))
  if ("unavailable" in greeting) {
    const { hint, reason } = greeting.unavailable
    if (plan.required) return yield* new Executor.ExecutorUnavailable({ executor: host, reason, hint })
    yield* plan.say(`${name}: not measured, ${reason}`)
    return null
  }
  const { wrong, ...cold } = greeting
  // The rate of a host that is wrong is worth nothing.
  if (wrong > 0) return yield* new CheckFailed({ message: `${name}: ${wrong} programs gave a wrong value` })
  const known = { host, language, workers, ...cold }
  const question = (seconds: number): Question => ({ do: "throughput", seconds })
  return { ask, known, ...runner(ask, question) } satisfies Cell
})

/** What is not a rate, asked once. */
const particulars = Effect.fnUntraced(function* ({ ask }: Cell, seconds: number) {
  const recovery: Question = { do: "recovery", times: failuresOfEachKind }
  return {
    ...(yield* ask(Latency, { do: "latency", seconds } satisfies Question)),
    // Before the failures, which leave behind the pages they have touched.
    processMb: (yield* ask(Memory, { do: "memory" } satisfies Question)).rssMb,
    recoveryMs: yield* ask(Recovery, recovery),
  }
})

// ------------------------------------------------------------------------------------------------ the whole

export const measureExecutors = Effect.fn("measureExecutors")(function* (plan: BenchPlan) {
  const pythonItems = plan.workloads.get("python") ?? []
  const baselines =
    pythonItems.length === 0
      ? []
      : (yield* Effect.forEach(baselineNames, (name) => startBaseline(name, pythonItems, plan.say))).filter(
          (baseline) => baseline !== null,
        )
  const cells: Array<Cell> = []
  for (const [language, items] of plan.workloads) {
    for (const host of plan.hosts) {
      yield* plan.say(`opening ${host}, ${language}`)
      // A host may compile what it keeps for later; that is no part of any figure.
      const prepared = yield* Effect.scoped(startCell({ language, host, workers: 1, items }, plan))
      if (prepared === null) continue
      for (const workers of plan.workers) {
        const cell = yield* startCell({ language, host, workers, items }, plan)
        if (cell !== null) cells.push(cell)
      }
    }
  }

  const rounds = Math.max(fewestRounds, Math.round(plan.seconds))
  const share = plan.seconds / (rounds + 1)
  for (let round = 1; round <= rounds; round++) {
    yield* plan.say(`round ${round} of ${rounds}: ${baselines.length} baselines, ${cells.length} hosts`)
    for (const runner of [...baselines, ...cells]) yield* runner.round(share)
  }
  yield* plan.say("latency, recovery and memory")
  const details = yield* Effect.forEach(cells, (cell) =>
    Effect.map(particulars(cell, share), (found) => ({ cell, found })),
  )

  const ofBaselines = (figure: (runner: Runner) => number) =>
    Object.fromEntries(
      baselineNames.map((name) => {
        const found = baselines.find((candidate) => candidate.name === name)
        return [name, found === undefined ? null : figure(found)]
      }),
    ) as BenchReport["baseline"]
  const baseline = ofBaselines(({ rates }) => median(rates()))
  const hosts = details.map(({ cell, found }): HostResult => {
    const { host, language, workers } = cell.known
    const rates = cell.rates()
    const same = details.filter(({ cell: { known } }) => known.host === host && known.language === language)
    const times = (name: BaselineName) => {
      const base = language === "python" ? baselines.find((candidate) => candidate.name === name) : undefined
      if (base === undefined) return null
      const baseRates = base.rates()
      return median(rates.map((rate, round) => rate / (baseRates[round] ?? Number.NaN)))
    }
    return {
      host,
      language,
      workers,
      programsPerSecond: median(rates),
      cpuMsPerProgram: cell.cpuMsPerProgram(),
      ...found,
      rssMb: memoryOfOneMore(
        same.map((other) => ({ workers: other.cell.known.workers, processMb: other.found.processMb })),
      ),
      firstAnswerMs: cell.known.firstAnswerMs,
      coldProgramsPerSecond: cell.known.coldProgramsPerSecond,
      times: Object.fromEntries(baselineNames.map((name) => [name, times(name)])) as HostResult["times"],
    }
  })
  return {
    cores: availableParallelism(),
    baseline,
    baselineCpuMs: ofBaselines(({ cpuMsPerProgram }) => cpuMsPerProgram()),
    hosts,
    programs: Object.fromEntries([...plan.workloads].map(([language, items]) => [language, items.length])),
    versions: { node: process.versions.node, python: baselines[0]?.python ?? null },
  } satisfies BenchReport
})

/** What each further worker adds to a process, from the smallest and the largest that were measured. */
const memoryOfOneMore = (
  measured: ReadonlyArray<{ readonly workers: number; readonly processMb: number }>,
): number | null => {
  const sorted = measured.toSorted((a, b) => a.workers - b.workers)
  const [least, most] = [sorted[0], sorted.at(-1)]
  if (least === undefined || most === undefined || least.workers === most.workers) return null
  return (most.processMb - least.processMb) / (most.workers - least.workers)
}
