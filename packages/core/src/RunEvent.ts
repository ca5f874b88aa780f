/**
 * The events of a run: `events.jsonl`, one JSON object a line, append-only, the truth from which everything else can be
 * rebuilt. Same seed, same engine: the same bytes, apart from the fields named in `timeFields`.
 */
import { Schema } from "effect"
import { MachineUse } from "./MachineMeter.ts"
import { RunConfig } from "./RunConfig.ts"
import { TaskRecord } from "./TaskBuffer.ts"

/** Fields whose values depend on the clock and the machine, wherever they stand. */
export const timeFields: ReadonlyArray<string> = ["at", "seconds", "machine"]

/** Milliseconds since 1970. */
const at = Schema.Finite

/**
 * Wall-clock seconds by what they were spent on, from the end of the step before to the end of this one. A second in which tokens
 * were generated is one of generation, whatever ran beside it.
 */
export const StepSeconds = Schema.Struct({
  generate: Schema.Finite,
  execute: Schema.Finite,
  train: Schema.Finite,
  /** Of `generate`, those in which was trained, too; absent where one waits for the other (`update.staleness` 0). */
  overlap: Schema.optionalKey(Schema.Finite),
  /** Held-out evaluations since the step before. */
  evaluate: Schema.Finite,
  /** All the rest: checkpoints, logs, waiting for a turn. */
  wait: Schema.Finite,
  total: Schema.Finite,
})
export type StepSeconds = typeof StepSeconds.Type

/** What a proposal came to. `reason` is a short code, e.g. `syntax`; empty for accepted ones. */
export const ProposalStatus = Schema.Literals([
  "accepted",
  "badFormat",
  "invalid",
  "duplicate",
  "heldOut",
  "infrastructure",
])
export type ProposalStatus = typeof ProposalStatus.Type

export const SuiteResult = Schema.Struct({
  environment: Schema.String,
  suite: Schema.String,
  kind: Schema.String,
  split: Schema.Literals(["dev", "test"]),
  correct: Schema.Int,
  badFormat: Schema.Int,
  /** Tasks that were judged; infrastructure faults are not among them. */
  total: Schema.Int,
  faults: Schema.Int,
  /** What became of each task, in the order of the suite: `+` correct, `-` wrong, `!` bad format, `?` infrastructure fault. */
  verdicts: Schema.String,
  /** Means over the responses: `tokens`, and what the environment measures. */
  means: Schema.Record(Schema.String, Schema.Finite),
})
export type SuiteResult = typeof SuiteResult.Type

/** What a suite is called among the results of an evaluation: with its environment where another has one of the same id. */
export const suiteName = (
  { environment, suite }: Pick<SuiteResult, "environment" | "suite">,
  results: ReadonlyArray<Pick<SuiteResult, "environment" | "suite">>,
): string =>
  results.some((other) => other.suite === suite && other.environment !== environment)
    ? `${environment}/${suite}`
    : suite

/** Share of all tasks that were judged which were solved, in [0, 1]; null where none was. */
export const accuracyOf = (results: ReadonlyArray<Pick<SuiteResult, "correct" | "total">>): number | null => {
  const total = results.reduce((sum, result) => sum + result.total, 0)
  return total === 0 ? null : results.reduce((sum, { correct }) => sum + correct, 0) / total
}

export const RunEvent = Schema.TaggedUnion({
  RunStarted: {
    at,
    config: RunConfig,
    versions: Schema.Record(Schema.String, Schema.String),
    policy: Schema.String,
  },
  /** Seeding of one buffer ended. */
  Seeded: { at, environment: Schema.String, kind: Schema.String, accepted: Schema.Int, rejected: Schema.Int },
  /** A task was accepted, and `buffer.admit` keeps it. A full buffer that evicts the newest does not take it. */
  TaskAdded: { at, record: TaskRecord },
  /** A proposal was judged. `rollout` is its index in the step's rollouts. */
  Proposed: {
    at,
    step: Schema.Int,
    environment: Schema.String,
    kind: Schema.String,
    status: ProposalStatus,
    reason: Schema.String,
    task: Schema.NullOr(Schema.Int),
    rollout: Schema.Int,
  },
  StepCompleted: {
    at,
    step: Schema.Int,
    metrics: Schema.Record(Schema.String, Schema.Finite),
    seconds: StepSeconds,
    /** Absent where nobody measured it, and in logs of earlier versions. */
    machine: Schema.optionalKey(MachineUse),
  },
  Evaluated: { at, step: Schema.Int, results: Schema.Array(SuiteResult), seconds: Schema.Finite },
  Checkpointed: { at, step: Schema.Int, folder: Schema.String },
  RunEnded: {
    at,
    step: Schema.Int,
    status: Schema.Literals(["completed", "interrupted", "failed"]),
    message: Schema.String,
  },
})
export type RunEvent = typeof RunEvent.Type

/** One response of the policy, as `rollouts/step-NNNNNN.jsonl` keeps it. */
export const Rollout = Schema.Struct({
  step: Schema.Int,
  role: Schema.Literals(["propose", "solve"]),
  environment: Schema.String,
  kind: Schema.String,
  /** The task answered, or the one a proposal became. */
  task: Schema.NullOr(Schema.Int),
  prompt: Schema.String,
  response: Schema.String,
  /** Length of the response in tokens. */
  tokens: Schema.Int,
  /** A verdict, or a `ProposalStatus`. */
  outcome: Schema.String,
  reason: Schema.String,
  /** Null where an infrastructure fault or a rule keeps the rollout out of the update. */
  reward: Schema.NullOr(Schema.Finite),
  advantage: Schema.NullOr(Schema.Finite),
  /** Mean log-probability of the response's tokens when sampled, in nats. */
  logprob: Schema.Finite,
})
export type Rollout = typeof Rollout.Type
