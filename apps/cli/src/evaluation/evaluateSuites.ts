/** Asks a policy every task of some suites and judges its answers, a batch at a time, so that it can be cut off and go on. */
import { RandomStreams, Solve } from "@azr/core"
import { Effect } from "effect"
import { UsageError } from "../exitCodes.ts"
import type { EvaluationRecord } from "./EvaluationRecord.ts"
import { type SuiteReport, type TaskRecord, reportOf } from "./results.ts"
import type { Seen } from "./contamination.ts"
import { contaminationOf } from "./contamination.ts"
import type { Suite } from "./Suite.ts"

/** Tasks sampled together; what a cut loses at most. */
const batch = 64

export interface EvaluateOptions {
  readonly suites: ReadonlyArray<Suite>
  readonly ks: ReadonlyArray<number>
  readonly seed: number
  readonly record: EvaluationRecord
  /** What the policy's run has had in its buffers; null without a run. */
  readonly seen: Seen | null
  readonly progress: (suite: Suite, done: number) => Effect.Effect<void>
  /** Asked between batches; true ends the evaluation early. */
  readonly stopRequested: () => boolean
}

/** Null where it was asked to stop before the end. */
export const evaluateSuites = Effect.fn("evaluateSuites")(function* (options: EvaluateOptions) {
  const { ks, record, seed, seen, suites } = options
  const streams = new RandomStreams.RandomStreams(seed)
  const reports: Array<SuiteReport> = []
  for (const suite of suites) {
    const records = new Map(
      record.done.flatMap((each): ReadonlyArray<readonly [number, TaskRecord]> =>
        each.suite === suite.id ? [[each.index, each]] : [],
      ),
    )
    const open = suite.tasks.flatMap((task, index) => (records.has(index) ? [] : [{ ...task, index }]))
    for (let first = 0; first < open.length; first += batch) {
      if (options.stopRequested()) return null
      yield* options.progress(suite, records.size)
      const answered = yield* answer(suite, open.slice(first, first + batch), streams)
      yield* record.append(answered)
      for (const each of answered) records.set(each.index, each)
    }
    const all = [...records.values()].toSorted((a, b) => a.index - b.index)
    reports.push(reportOf(suite, all, ks, streams, seen === null ? null : contaminationOf(suite, seen)))
  }
  yield* record.finish(reports)
  return reports
})

const answer = Effect.fnUntraced(function* (
  suite: Suite,
  tasks: ReadonlyArray<Suite["tasks"][number] & { readonly index: number }>,
  streams: RandomStreams.RandomStreams,
) {
  const { decoding, kind, promptStyle } = suite
  const answers = yield* Solve.attempt(
    { config: { promptStyle } },
    tasks.map(({ index, task }) => {
      // A stream a task: which tasks were already answered changes nothing for the others.
      const stream = streams.get(`evaluate/${suite.id}/${index}`)
      return {
        track: { kind },
        task,
        id: null,
        seeds: Array.from({ length: decoding.samples }, () => stream.uint32()),
      }
    }),
    { temperature: decoding.temperature, maxTokens: () => decoding.maxTokens },
  ).pipe(
    Effect.mapError((error) =>
      error._tag === "PolicyError" && error.operation === "encodePrompt"
        ? new UsageError({
            message: `${suite.id}: this policy cannot read the prompts: ${error.message}. Without --suite it is asked those of its own environments`,
          })
        : error,
    ),
  )
  return tasks.map(({ id, index, row }, place): TaskRecord => ({
    suite: suite.id,
    index,
    row,
    id,
    answers: (answers[place] ?? []).map(({ fault, sample, text, verdict }) => ({
      response: text,
      tokens: sample.tokens.length,
      stopReason: sample.stopReason,
      verdict: verdict?.verdict ?? null,
      reason: verdict?.reason ?? fault,
      measures: kind.measureResponse(text, promptStyle),
    })),
  }))
})
