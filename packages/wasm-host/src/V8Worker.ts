/** A worker thread of this process, seen from the pool. */
import { Worker } from "node:worker_threads"
import type { Call, CallResult } from "./Call.ts"
import type { CoreModule } from "./coreModule.ts"
import type { PoolWorker } from "./PoolWorker.ts"
import type { Batch, BatchResults, WorkerStart } from "./worker.ts"

/**
 * Native stack of a worker. The guest's own recursion limits must strike first, also in code of the baseline
 * compiler, whose frames are several times larger.
 */
const STACK_MEBIBYTES = 16

const workerUrl = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)

export class V8Worker implements PoolWorker {
  readonly started: Promise<void>
  private readonly thread: Worker
  private readonly done = new BigInt64Array(new SharedArrayBuffer(8))
  /** Why the thread is no more. */
  private lost: Error | null = null
  /** Those that are not answered, in order. */
  private batches: Array<PromiseWithResolvers<BatchResults>> = []

  constructor(images: ReadonlyMap<string, CoreModule>) {
    this.thread = new Worker(workerUrl, {
      workerData: { images, progress: this.done.buffer as SharedArrayBuffer } satisfies WorkerStart,
      resourceLimits: { stackSizeMb: STACK_MEBIBYTES },
    })
    this.started = new Promise((resolve) => this.thread.once("online", resolve))
    let reason = "the worker thread stopped"
    this.thread.on("message", (results: BatchResults) => this.batches.shift()?.resolve(results))
    this.thread.on("error", (error) => {
      reason = `the worker thread died: ${error instanceof Error ? error.message : String(error)}`
    })
    this.thread.on("exit", () => {
      this.lost = new Error(reason)
      for (const batch of this.batches.splice(0)) batch.reject(this.lost)
    })
  }

  run(batch: ReadonlyArray<Call>): Promise<ReadonlyArray<CallResult>> {
    if (this.lost !== null) return Promise.reject(this.lost)
    const answer = Promise.withResolvers<BatchResults>()
    this.batches.push(answer)
    this.thread.postMessage(batch satisfies Batch)
    return answer.promise
  }

  progress(): number {
    return Number(Atomics.load(this.done, 0))
  }

  async stop(): Promise<void> {
    await this.thread.terminate()
  }
}
