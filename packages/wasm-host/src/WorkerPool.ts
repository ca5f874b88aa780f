/**
 * Workers that run calls in small batches. Results do not depend on how many there are, or of which kind: every
 * call starts from a clean state, so which worker runs it, after what, is all the same.
 *
 * A worker has its next batch before it is through with one, so that it does not wait for this thread.
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
  /** What was dealt out and is not answered, in order; the worker is at the first, or already at the second. */
  batches: Array<Batch>
  /** Calls that the worker had done when it came to the first of them. */
  done: number
  timer: NodeJS.Timeout | undefined
  /** When the first of them had its turn. */
  since: number
}

const LARGEST_BATCH = 16
/** Of one worker: one that it is at, and one that it can go on with while this thread has no time for it. */
const MOST_BATCHES = 2
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
    this.slots = Array.from({ length: options.workers }, (): Slot => ({
      worker: null,
      batches: [],
      done: 0,
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
    // Idle workers before new threads.
    const idle = this.slots.filter((slot) => slot.batches.length === 0)
    idle.sort((left, right) => Number(left.worker === null) - Number(right.worker === null))
    for (const slot of idle) this.deal(slot)
    // A short queue waits for whoever is free first.
    for (const slot of this.slots) {
      if (this.queue.length <= this.slots.length) break
      if (slot.batches.length < MOST_BATCHES) this.deal(slot)
    }
    const [first] = this.slots
    if (first !== undefined && first.batches.length === 0 && this.warmUp.length > 0) {
      this.start(first, this.warmUp.splice(0, 1))
    }
  }

  private deal(slot: Slot): void {
    if (this.queue.length === 0) return
    const fair = Math.ceil(this.queue.length / (2 * this.slots.length))
    this.start(slot, this.queue.splice(0, Math.min(fair, LARGEST_BATCH)))
  }

  private start(slot: Slot, batch: Batch): void {
    slot.batches.push(batch)
    this.serve(slot, batch).then(
      (results) => this.finish(slot, batch, results),
      (error: Error) => this.lose(slot, batch, { kind: "lost", reason: error.message }),
    )
    if (slot.batches.length === 1) this.begin(slot)
  }

  private async serve(slot: Slot, batch: Batch): Promise<ReadonlyArray<CallResult>> {
    if (slot.worker === null) {
      slot.worker = this.spawn()
      slot.done = 0
    }
    return slot.worker.run(batch.map((job) => job.call))
  }

  /** The first batch of a slot has its turn. */
  private begin(slot: Slot): void {
    slot.since = performance.now()
    const [batch] = slot.batches
    void slot.worker?.started.then(() => this.watch(slot, batch, 0))
  }

  private finish(slot: Slot, batch: Batch, results: ReadonlyArray<CallResult>): void {
    // The late answer of a worker that was given up counts for nothing: the batch was dealt out again.
    if (slot.batches[0] !== batch) return
    clearTimeout(slot.timer)
    this.note(slot, batch)
    slot.batches.shift()
    slot.done += batch.length
    if (slot.batches.length > 0) this.begin(slot)
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

  /** Arms the safety net for the call that the worker is at, after so many of what it has. */
  private watch(slot: Slot, batch: Batch | undefined, done: number): void {
    const { worker } = slot
    if (this.closed || batch === undefined || slot.batches[0] !== batch || worker === null) return
    const milliseconds = this.options.patience(jobAt(slot, done)?.call.fuel ?? 0)
    slot.timer = setTimeout(() => {
      const now = worker.progress() - slot.done
      // Judged by what the worker got done, not by messages: this thread may have been busy itself.
      if (now > done) return this.watch(slot, batch, now)
      this.lose(slot, batch, { kind: "timeout", milliseconds })
      void worker.stop()
    }, milliseconds)
  }

  /** The worker is gone: the call it was at gets one more chance, the others go back unharmed. */
  private lose(slot: Slot, batch: Batch, verdict: Settled): void {
    if (this.closed || !slot.batches.includes(batch)) return
    clearTimeout(slot.timer)
    if (this.options.meter !== null) this.options.meter[verdict.kind === "timeout" ? "timeouts" : "lost"] += 1
    const suspect = jobAt(slot, (slot.worker?.progress() ?? 0) - slot.done)
    const jobs = slot.batches.flat()
    slot.worker = null
    slot.batches = []
    if (suspect !== undefined) suspect.failures += 1
    const hopeless = suspect !== undefined && suspect.failures >= MOST_FAILURES
    this.queue.unshift(...jobs.filter((job) => job.settle !== null && !(hopeless && job === suspect)))
    this.dispatch()
    if (hopeless && !suspect.cancelled) suspect.settle?.(verdict)
  }
}

/** The job that a worker is at when it has done so many. Once all are done, their results are on the way, and it can die with them. */
const jobAt = ({ batches }: Slot, done: number): Job | undefined => {
  const jobs = batches.flat()
  return jobs[Math.min(done, jobs.length - 1)]
}
