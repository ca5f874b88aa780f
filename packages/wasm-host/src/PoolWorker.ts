/** What runs the calls of a pool: a thread with its own instance of each image. Each host has its kind. */
import type { Call, CallResult } from "./Call.ts"

export interface PoolWorker {
  /** Resolves when the thread runs: the time that it takes to start is not a call's. */
  readonly started: Promise<void>
  /** Runs a batch, after those before it; results in its order. Rejects when the worker is lost, and always from then on. */
  readonly run: (batch: ReadonlyArray<Call>) => Promise<ReadonlyArray<CallResult>>
  /** Calls that are done since the start. */
  readonly progress: () => number
  /** Ends the worker, which loses its batches. Resolves when it is of no more use, its thread perhaps still at a call. */
  readonly stop: () => Promise<void>
}
