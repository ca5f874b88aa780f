/** What the runs of a study came to, read from their folders. */
import { type RunEvent, RunStore } from "@azr/core"
import { Effect, Schema, Stream } from "effect"
import type { Arm } from "./arms.ts"

export interface RunResult {
  readonly arm: string
  readonly seed: number
  /** Held-out test suites of the last policy. */
  readonly test: ReadonlyArray<RunEvent.SuiteResult>
  /** Dev suites along the run. */
  readonly dev: ReadonlyArray<{
    readonly step: number
    readonly results: ReadonlyArray<RunEvent.SuiteResult>
  }>
  /** Metrics of each step, from 1, and how long it took. */
  readonly steps: ReadonlyArray<Readonly<Record<string, number>>>
  readonly seconds: ReadonlyArray<number>
  /** Programs that entered a buffer by the end of each step, each counted once. */
  readonly programs: ReadonlyArray<number>
  readonly generatedTokens: number
  readonly trainedTokens: number
}

export const runName = (arm: Arm, seed: number): string => `${arm.id}-seed${seed}`

const TaskOfProgram = Schema.Struct({ canonical: Schema.String })
const isTaskOfProgram = Schema.is(TaskOfProgram)

/** The result of a run; null while it is not complete. */
export const readRun = Effect.fn("study.readRun")(function* (arm: string, seed: number, folder: string) {
  const { config, evaluated, last } = yield* RunStore.readOverview(folder)
  if (last?._tag !== "RunEnded" || last.status !== "completed") return null
  const completed: Array<RunStore.Tagged<"StepCompleted">> = []
  const known = new Set<string>()
  const programs: Array<number> = []
  yield* Stream.runForEach(RunStore.events(folder), (event) =>
    Effect.sync(() => {
      if (event._tag === "TaskAdded" && isTaskOfProgram(event.record.task))
        known.add(event.record.task.canonical)
      if (event._tag !== "StepCompleted") return
      completed.push(event)
      programs.push(known.size)
    }),
  )
  const total = (key: string): number => completed.reduce((sum, { metrics }) => sum + (metrics[key] ?? 0), 0)
  return {
    arm,
    seed,
    // The last policy is tested first, then the first one for comparison.
    test:
      evaluated.find(({ results, step }) => step === config.steps && results[0]?.split === "test")?.results ??
      [],
    dev: evaluated.filter(({ results }) => results[0]?.split === "dev"),
    steps: completed.map(({ metrics }) => metrics),
    seconds: completed.map(({ seconds }) => seconds.total),
    programs,
    generatedTokens: total("generate/tokens"),
    trainedTokens: total("train/tokens"),
  } satisfies RunResult
})
