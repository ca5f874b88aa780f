/**
 * Workers that run calls in small batches. Results do not depend on how many there are, or of which kind: every
 * call starts from a clean state, so which worker runs it, after what, is all the same.
 *
 * Covers: order, back-pressure, cancellation, a worker that dies, one that never answers. Does not cover: what
 * a call means.
 */
import type { MachineMeter } from "@azr/core"
import type { Call, CallResult } from "./Call.ts"
import type { PoolWorker } from "./PoolWorker.ts"

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
  /** Told how the workers are used; null where nobody asks. */
  readonly meter: MachineMeter.ExecutorMeter | null
}

interface Job {
  readonly call: Call
  readonly settle: ((settled: Settled) => void) | null
  /** When it was submitted, on the clock of `performance`. */
  readonly since: number
  failures: number
  cancelled: boolean
}

type Batch = ReadonlyArray<Job>

interface Slot {
  worker: PoolWorker | null
  batch: Batch
  timer: NodeJS.Timeout | undefined
  /** When the batch was dealt out. */
  since: number
}

const LARGEST_BATCH = 16
const MOST_FAILURES = 2

export class WorkerPool {
  private readonly spawn: () => PoolWorker
  private readonly options: WorkerPoolOptions
  private readonly slots: ReadonlyArray<Slot>
  private readonly warmUp: Array<Job>
  private queue: Array<Job> = []
  private closed = false
  /** Whether a call was forgotten since the queue was last looked through. */
  private cancelled = false

  constructor(spawn: () => PoolWorker, options: WorkerPoolOptions) {
    this.spawn = spawn
    this.options = options
    this.slots = Array.from({ length: options.workers }, () => ({
      worker: null,
      batch: [],
      timer: undefined,
      since: 0,
    }))
    this.warmUp = options.warmUp.map((call) => ({
      call,
      settle: null,
      since: 0,
      failures: 0,
      cancelled: false,
    }))
    this.dispatch()
  }

  /** Queues a call. `settle` is called once; the returned function forgets the call before that. */
  submit(call: Call, settle: (settled: Settled) => void): () => void {
    const job: Job = { call, settle, since: performance.now(), failures: 0, cancelled: false }
    this.queue.push(job)
    // Calls submitted together are dealt out together.
    if (this.queue.length === 1) queueMicrotask(() => this.dispatch())
    return () => {
      job.cancelled = true
      this.cancelled = true
    }
  }

  /** Stops every worker. Calls that are not settled never will be. */
  async close(): Promise<void> {
    this.closed = true
    this.queue = []
    await Promise.all(
      this.slots.map(({ timer, worker }) => {
        clearTimeout(timer)
        return worker?.stop()
      }),
    )
  }

  private dispatch(): void {
    if (this.closed) return
    if (this.cancelled) this.queue = this.queue.filter((job) => !job.cancelled)
    this.cancelled = false
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

  private start(slot: Slot, batch: Batch): void {
    slot.batch = batch
    slot.since = performance.now()
    this.serve(slot, batch).then(
      (results) => this.finish(slot, batch, results),
      (error: Error) => this.lose(slot, batch, { kind: "lost", reason: error.message }),
    )
  }

  private async serve(slot: Slot, batch: Batch): Promise<ReadonlyArray<CallResult>> {
    const worker = (slot.worker ??= this.spawn())
    void worker.started.then(() => this.watch(slot, batch, 0))
    return worker.run(batch.map((job) => job.call))
  }

  private finish(slot: Slot, batch: Batch, results: ReadonlyArray<CallResult>): void {
    // The late answer of a worker that was given up counts for nothing: the batch was dealt out again.
    if (slot.batch !== batch) return
    clearTimeout(slot.timer)
    this.note(slot, batch)
    slot.batch = []
    this.dispatch()
    for (const [index, result] of results.entries()) {
      const job = batch[index]
      if (job !== undefined && !job.cancelled) job.settle?.({ kind: "done", result })
    }
  }

  /** Of a batch that is answered; warm-up counts for nothing. */
  private note({ since }: Slot, batch: Batch): void {
    const { meter } = this.options
    if (meter === null || batch.some(({ settle }) => settle === null)) return
    const now = performance.now()
    meter.busySeconds += (now - since) / 1000
    for (const job of batch) meter.latencies.push(now - job.since)
  }

  /** Arms the safety net for the call that the worker is at. */
  private watch(slot: Slot, batch: Batch, done: number): void {
    // Once all are done, the results are on their way, and a worker can die with them.
    const job = batch[Math.min(done, batch.length - 1)]
    const worker = slot.worker
    if (this.closed || slot.batch !== batch || job === undefined || worker === null) return
    const milliseconds = this.options.patience(job.call.fuel)
    slot.timer = setTimeout(() => {
      const now = worker.progress()
      // Judged by what the worker got done, not by messages: this thread may have been busy itself.
      if (now > done) return this.watch(slot, batch, now)
      this.lose(slot, batch, { kind: "timeout", milliseconds })
      void worker.stop()
    }, milliseconds)
  }

  /** The worker is gone: the call it was at gets one more chance, the others go back unharmed. */
  private lose(slot: Slot, batch: Batch, verdict: Settled): void {
    if (this.closed || slot.batch !== batch) return
    clearTimeout(slot.timer)
    if (this.options.meter !== null) this.options.meter[verdict.kind === "timeout" ? "timeouts" : "lost"] += 1
    const suspect = batch[Math.min(slot.worker?.progress() ?? 0, batch.length - 1)]
    slot.worker = null
    slot.batch = []
    if (suspect !== undefined) suspect.failures += 1
    const hopeless = suspect !== undefined && suspect.failures >= MOST_FAILURES
    this.queue.unshift(...batch.filter((job) => job.settle !== null && !(hopeless && job === suspect)))
    this.dispatch()
    if (hopeless && !suspect.cancelled) suspect.settle?.(verdict)
  }
}
