/**
 * Worker threads that run calls in small batches. Results do not depend on how many there are: every call
 * starts from a clean state, so which worker runs it, after what, is all the same.
 *
 * Covers: order, back-pressure, cancellation, a worker that dies, one that never answers. Does not cover: what
 * a call means.
 */
import { Worker } from "node:worker_threads"
import type { CallResult, CoreModule } from "./coreModule.ts"
import type { Batch, BatchResults, Call, WorkerStart } from "./worker.ts"

/** How a call ended. `lost` and `timeout` are faults of the infrastructure, after one retry. */
export type Settled =
  | { readonly kind: "done"; readonly result: CallResult }
  | { readonly kind: "lost"; readonly reason: string }
  | { readonly kind: "timeout"; readonly milliseconds: number }

export interface WorkerPoolOptions {
  readonly workers: number
  /** Wall-clock milliseconds after which a call of this much fuel is taken for stuck. */
  readonly patience: (fuel: number) => number
  /** Calls whose results nobody needs, run while nothing else waits so that the engine compiles the hot paths. */
  readonly warmUp: ReadonlyArray<Call>
}

interface Job {
  readonly call: Call
  readonly settle: ((settled: Settled) => void) | null
  failures: number
  cancelled: boolean
}

interface Slot {
  readonly progress: Int32Array
  worker: Worker | null
  batch: ReadonlyArray<Job>
  timer: NodeJS.Timeout | undefined
}

const LARGEST_BATCH = 16
const MOST_FAILURES = 2
/**
 * Native stack of a worker. The guest's own recursion limits must strike first, also in code of the baseline
 * compiler, whose frames are several times larger.
 */
const STACK_MEBIBYTES = 16

const workerUrl = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)

export class WorkerPool {
  private readonly images: WorkerStart["images"]
  private readonly options: WorkerPoolOptions
  private readonly slots: ReadonlyArray<Slot>
  private readonly warmUp: Array<Job>
  private queue: Array<Job> = []
  private closed = false

  constructor(images: ReadonlyMap<string, CoreModule>, options: WorkerPoolOptions) {
    this.images = [...images]
    this.options = options
    this.slots = Array.from({ length: options.workers }, () => ({
      progress: new Int32Array(new SharedArrayBuffer(4)),
      worker: null,
      batch: [],
      timer: undefined,
    }))
    this.warmUp = options.warmUp.map((call) => ({ call, settle: null, failures: 0, cancelled: false }))
    this.dispatch()
  }

  /** Queues a call. `settle` is called once; the returned function forgets the call before that. */
  submit(call: Call, settle: (settled: Settled) => void): () => void {
    const job: Job = { call, settle, failures: 0, cancelled: false }
    this.queue.push(job)
    // Calls submitted together are dealt out together.
    if (this.queue.length === 1) queueMicrotask(() => this.dispatch())
    return () => {
      job.cancelled = true
    }
  }

  /** Stops every worker. Calls that are not settled never will be. */
  async close(): Promise<void> {
    this.closed = true
    this.queue = []
    await Promise.all(
      this.slots.map(({ timer, worker }) => {
        clearTimeout(timer)
        return worker?.terminate()
      }),
    )
  }

  private dispatch(): void {
    if (this.closed) return
    this.queue = this.queue.filter((job) => !job.cancelled)
    // Running workers before new threads.
    const idle = this.slots.filter((slot) => slot.batch.length === 0)
    idle.sort((left, right) => Number(left.worker === null) - Number(right.worker === null))
    for (const slot of idle) {
      if (this.queue.length === 0) break
      const fair = Math.ceil(this.queue.length / (2 * this.slots.length))
      this.start(slot, this.queue.splice(0, Math.min(fair, LARGEST_BATCH)))
    }
    const [first] = this.slots
    if (first !== undefined && first.batch.length === 0 && this.warmUp.length > 0) {
      this.start(first, this.warmUp.splice(0, 1))
    }
  }

  private start(slot: Slot, batch: ReadonlyArray<Job>): void {
    slot.batch = batch
    Atomics.store(slot.progress, 0, 0)
    const running = slot.worker
    const worker = running ?? (slot.worker = this.spawn(slot))
    worker.postMessage(batch.map((job) => job.call) satisfies Batch)
    // The time that a thread takes to start is not the call's.
    if (running === null) worker.once("online", () => this.watch(slot, 0))
    else this.watch(slot, 0)
  }

  private spawn(slot: Slot): Worker {
    const worker = new Worker(workerUrl, {
      workerData: {
        images: this.images,
        progress: slot.progress.buffer as SharedArrayBuffer,
      } satisfies WorkerStart,
      resourceLimits: { stackSizeMb: STACK_MEBIBYTES },
    })
    let reason = "the worker thread stopped"
    worker.on("message", (results: BatchResults) => this.finish(slot, results))
    worker.on("error", (error) => {
      reason = `the worker thread died: ${error instanceof Error ? error.message : String(error)}`
    })
    worker.on("exit", () => {
      if (slot.worker === worker) this.lose(slot, { kind: "lost", reason })
    })
    return worker
  }

  private finish(slot: Slot, results: BatchResults): void {
    const { batch } = slot
    clearTimeout(slot.timer)
    slot.batch = []
    this.dispatch()
    for (const [index, result] of results.entries()) {
      const job = batch[index]
      if (job !== undefined && !job.cancelled) job.settle?.({ kind: "done", result })
    }
  }

  /** Arms the safety net for the call that the worker is at. */
  private watch(slot: Slot, done: number): void {
    const job = slot.batch[done]
    if (job === undefined) return
    const milliseconds = this.options.patience(job.call.fuel)
    slot.timer = setTimeout(() => {
      const now = Atomics.load(slot.progress, 0)
      // Judged by what the worker got done, not by messages: this thread may have been busy itself.
      if (now > done) this.watch(slot, now)
      else this.abandon(slot, milliseconds)
    }, milliseconds)
  }

  private abandon(slot: Slot, milliseconds: number): void {
    const worker = slot.worker
    this.lose(slot, { kind: "timeout", milliseconds })
    void worker?.terminate()
  }

  /** The worker is gone: the call it was at gets one more chance, the others go back unharmed. */
  private lose(slot: Slot, verdict: Settled): void {
    const { batch } = slot
    clearTimeout(slot.timer)
    slot.worker = null
    slot.batch = []
    const suspect = batch[Atomics.load(slot.progress, 0)]
    if (suspect !== undefined) suspect.failures += 1
    const hopeless = suspect !== undefined && suspect.failures >= MOST_FAILURES
    this.queue.unshift(...batch.filter((job) => job.settle !== null && !(hopeless && job === suspect)))
    this.dispatch()
    if (hopeless && !suspect.cancelled) suspect.settle?.(verdict)
  }
}
