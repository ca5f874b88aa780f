/**
 * What a step has sampled and graded, before it is learned from: plain values, so that a batch that was collected ahead is kept in a
 * checkpoint.
 */
import { Schema } from "effect"
import { ProposalStatus, Rollout } from "../RunEvent.ts"
import { TaskRecord } from "../TaskBuffer.ts"

/** A response to learn from. */
export const Lesson = Schema.Struct({
  promptTokens: Schema.Array(Schema.Int),
  /** Of the response, with their log-probabilities when they were sampled. */
  tokens: Schema.Array(Schema.Int),
  logprobs: Schema.Array(Schema.Finite),
  advantage: Schema.Finite,
  /** Log-probabilities of the response's tokens under the reference policy; null where nothing asks for them. */
  reference: Schema.NullOr(Schema.Array(Schema.Finite)),
})
export type Lesson = typeof Lesson.Type

export const Batch = Schema.Struct({
  step: Schema.Int,
  /** How many steps the policy that it was sampled from is older than the one that learns from it. */
  staleness: Schema.Int,
  /** Accepted tasks with their success rates. */
  tasks: Schema.Array(TaskRecord),
  proposals: Schema.Array(
    Schema.Struct({
      environment: Schema.String,
      kind: Schema.String,
      status: ProposalStatus,
      reason: Schema.String,
      task: Schema.NullOr(Schema.Int),
    }),
  ),
  rollouts: Schema.Array(Rollout),
  /** Of all but the learning. */
  metrics: Schema.Record(Schema.String, Schema.Finite),
  lessons: Schema.Array(Lesson),
  /** Cells with rewards but without a single non-zero advantage. */
  silentCells: Schema.Int,
})
export type Batch = typeof Batch.Type
