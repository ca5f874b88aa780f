/**
 * What the machine did for a step: memory, and how the executors were used. All of it depends on the machine and on the moment, like
 * the times of a step, and none of it on what was computed. Whoever runs a loop provides a meter or none; executors that find one
 * report to it.
 */
import { Context, Schema } from "effect"

/** Since the step before: held-out evaluations between the two included. */
export const ExecutorUse = Schema.Struct({
  /** Threads that may run calls. */
  workers: Schema.Int,
  /** Calls answered by a worker. */
  calls: Schema.Int,
  /** Calls answered from memory: the same request was answered before. */
  remembered: Schema.Int,
  /** Milliseconds from asking a worker to its answer, waiting for a turn included; null without a call. */
  p50: Schema.NullOr(Schema.Finite),
  p99: Schema.NullOr(Schema.Finite),
  /** Seconds that workers spent on calls, over all workers. */
  busySeconds: Schema.Finite,
  /** Workers that died at a call, and those that were given up because one took too long. Another took their place. */
  lost: Schema.Int,
  timeouts: Schema.Int,
})
export type ExecutorUse = typeof ExecutorUse.Type

export const MachineUse = Schema.Struct({
  /** Resident memory of the process when the step ended, executors included. */
  memoryBytes: Schema.Finite,
  /** By name of the executor. */
  executors: Schema.Record(Schema.String, ExecutorUse),
})
export type MachineUse = typeof MachineUse.Type

/** Where the workers of one executor report. */
export class ExecutorMeter {
  workers = 0
  /** Calls that no worker had to answer. */
  remembered = 0
  busySeconds = 0
  lost = 0
  timeouts = 0
  /** Milliseconds that each call answered by a worker took. */
  latencies: Array<number> = []

  /** What was reported since the last time. */
  take(): ExecutorUse {
    const { busySeconds, lost, remembered, timeouts, workers } = this
    const sorted = Float64Array.from(this.latencies).sort()
    this.latencies = []
    this.remembered = 0
    this.busySeconds = 0
    this.lost = 0
    this.timeouts = 0
    return {
      workers,
      calls: sorted.length,
      remembered,
      p50: quantile(sorted, 0.5),
      p99: quantile(sorted, 0.99),
      busySeconds: Math.round(1000 * busySeconds) / 1000,
      lost,
      timeouts,
    }
  }
}

export class MachineMeter {
  /** Null: nobody wants to know. */
  static readonly Current = Context.Reference<MachineMeter | null>("@azr/core/MachineMeter", {
    defaultValue: () => null,
  })

  readonly #executors = new Map<string, ExecutorMeter>()
  readonly #memoryBytes: () => number

  constructor(memoryBytes: () => number) {
    this.#memoryBytes = memoryBytes
  }

  /** The meter of an executor; pools of the same one share it. */
  executor(id: string): ExecutorMeter {
    const meter = this.#executors.get(id) ?? new ExecutorMeter()
    this.#executors.set(id, meter)
    return meter
  }

  take(): MachineUse {
    return {
      memoryBytes: this.#memoryBytes(),
      executors: Object.fromEntries([...this.#executors].map(([id, meter]) => [id, meter.take()])),
    }
  }
}

/** The smallest value that at least this share of all is not above, to microseconds. */
const quantile = (sorted: Float64Array, share: number): number | null => {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
  return value === undefined ? null : Math.round(1000 * value) / 1000
}
