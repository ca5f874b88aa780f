/** What answers to a suite come to: pass@k with intervals, failures by reason. Pure. */
import { Metrics, PassAtK, type RandomStreams } from "@azr/core"
import { Schema } from "effect"
import type { Contamination } from "./contamination.ts"
import type { Suite } from "./Suite.ts"

/** One answer and its verdict; `verdict` is null where the infrastructure failed, and `reason` says how. */
export const AnswerRecord = Schema.Struct({
  response: Schema.String,
  tokens: Schema.Int,
  stopReason: Schema.Literals(["stop", "length"]),
  verdict: Schema.NullOr(Schema.Literals(["correct", "wrong", "badFormat"])),
  reason: Schema.String,
  /** What the environment measures of a response. */
  measures: Schema.Record(Schema.String, Schema.Finite),
})
export type AnswerRecord = typeof AnswerRecord.Type

/** All answers to one task, as `answers.jsonl` keeps them. */
export const TaskRecord = Schema.Struct({
  suite: Schema.String,
  /** Place in the suite's tasks, from 0. */
  index: Schema.Int,
  row: Schema.Int,
  id: Schema.String,
  answers: Schema.Array(AnswerRecord),
})
export type TaskRecord = typeof TaskRecord.Type

export interface SuiteReport {
  readonly suite: string
  readonly environment: string
  readonly kind: string
  readonly rows: number
  /** Rows that are no tasks, by reason. */
  readonly rejected: Readonly<Record<string, number>>
  /** Tasks that were asked. */
  readonly tasks: number
  /** Answers that were judged, and the correct ones among them. */
  readonly judged: number
  readonly correct: number
  /** By k. A k for which no task has enough judged answers is absent. */
  readonly passAtK: Readonly<Record<string, PassAtK.Interval & { readonly tasks: number }>>
  /** `cutOff` reached the token limit; `faults` were not judged and count nowhere else. */
  readonly failures: Readonly<Record<"wrong" | "badFormat" | "cutOff" | "faults", number>>
  /** The most frequent reasons with their counts. */
  readonly reasons: ReadonlyArray<readonly [reason: string, count: number]>
  /** Means over all answers. */
  readonly means: Readonly<Record<string, number>>
  /** Null where no run is known, or the tasks have no programs to compare. */
  readonly contamination: Contamination | null
}

const reasonsKept = 10

export const counts = (items: ReadonlyArray<string>): ReadonlyArray<readonly [string, number]> =>
  [...Map.groupBy(items, (item) => item)]
    .map(([item, found]) => [item, found.length] as const)
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))

type Failure = keyof SuiteReport["failures"]

const failureOf = ({ stopReason, verdict }: AnswerRecord): Failure | null => {
  if (verdict === null) return "faults"
  if (verdict === "correct") return null
  return verdict === "badFormat" && stopReason === "length" ? "cutOff" : verdict
}

/** `streams` gives the bootstrap of each suite and k a stream of its own. */
export const reportOf = (
  suite: Suite,
  records: ReadonlyArray<TaskRecord>,
  ks: ReadonlyArray<number>,
  streams: RandomStreams.RandomStreams,
  contamination: Contamination | null,
): SuiteReport => {
  const answers = records.flatMap((record) => record.answers)
  const failures = { wrong: 0, badFormat: 0, cutOff: 0, faults: 0 }
  for (const answer of answers) {
    const failure = failureOf(answer)
    if (failure !== null) failures[failure] += 1
  }
  const judgedOf = (of: ReadonlyArray<AnswerRecord>) => of.filter(({ verdict }) => verdict !== null)
  const correctOf = (of: ReadonlyArray<AnswerRecord>) =>
    of.filter(({ verdict }) => verdict === "correct").length
  const perTask = records.map(({ answers: of }) => ({ n: judgedOf(of).length, c: correctOf(of) }))
  return {
    suite: suite.id,
    environment: suite.environment,
    kind: suite.kindId,
    rows: suite.rows,
    rejected: Object.fromEntries(counts(suite.rejected.map(({ reason }) => reason))),
    tasks: records.length,
    judged: judgedOf(answers).length,
    correct: correctOf(answers),
    passAtK: Object.fromEntries(
      ks.flatMap((k) => {
        const interval = PassAtK.suitePassAtK(perTask, k, streams.get(`evaluate/${suite.id}/pass@${k}`))
        return interval === null ? [] : [[String(k), interval]]
      }),
    ),
    failures,
    reasons: counts(answers.flatMap(({ reason, verdict }) => (verdict === "correct" ? [] : [reason]))).slice(
      0,
      reasonsKept,
    ),
    means: {
      ...Metrics.meanOf(
        "tokens",
        answers.map(({ tokens }) => tokens),
      ),
      ...Metrics.meansOf(
        "",
        answers.map(({ measures }) => measures),
      ),
    },
    contamination,
  }
}
