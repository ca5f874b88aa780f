/**
 * Jobs that a server takes now and gives the result of later: done in the order of the requests, what may be done together at once.
 */
import { Deferred, type Duration, Effect, Option, Queue, type Scope } from "effect"
import { Refused } from "./requests.ts"

/** A result: JSON, or what may be said in protobuf as well. */
export interface Result {
  readonly json: unknown
  readonly protobuf: Uint8Array | null
}

export interface Options<Job> {
  /** How long a client waits for a result before it has to ask again. */
  readonly poll: Duration.Input
  /** Whether a job may be done together with the one before it. */
  readonly joins: (before: Job, job: Job) => boolean
  /** One result a job, in order. */
  readonly run: (jobs: ReadonlyArray<Job>) => Effect.Effect<ReadonlyArray<Result>, Refused>
}

export interface Futures<Job> {
  /** Gives the id to ask for the result by. */
  readonly submit: (job: Job) => string
  /** The result; null where it is not there yet. */
  readonly retrieve: (id: string) => Effect.Effect<Result | null, Refused>
}

type Pending = Deferred.Deferred<Result, Refused>

interface Queued<Job> {
  readonly job: Job
  readonly result: Pending
}

/** How many results are kept. */
const KEPT = 20_000

export const make = Effect.fn("Futures.make")(function* <Job>({
  joins,
  poll,
  run,
}: Options<Job>): Effect.fn.Return<Futures<Job>, never, Scope.Scope> {
  const queue = yield* Queue.unbounded<Queued<Job>>()
  /** Without their jobs, which may be large. */
  const results = new Map<string, Pending>()
  let last = 0

  const runAlone = ({ job, result }: Queued<Job>) =>
    Deferred.into(
      Effect.map(run([job]), (results) => results[0] as Result),
      result,
    )
  const runTogether = (batch: ReadonlyArray<Queued<Job>>) =>
    Effect.matchEffect(run(batch.map(({ job }) => job)), {
      onSuccess: (results) =>
        Effect.forEach(batch, ({ result }, index) => Deferred.succeed(result, results[index] as Result)),
      // Whose fault it was shows when each is done alone.
      onFailure: () => Effect.forEach(batch, runAlone),
    })

  const work = Effect.gen(function* () {
    const pending = yield* Queue.takeAll(queue)
    let batch: Array<Queued<Job>> = []
    for (const [index, future] of pending.entries()) {
      batch.push(future)
      const next = pending[index + 1]
      if (next !== undefined && joins(future.job, next.job)) continue
      yield* batch.length === 1 ? runAlone(future) : runTogether(batch)
      batch = []
    }
  })
  yield* Effect.forkScoped(Effect.forever(work))

  return {
    submit: (job) => {
      const id = String(++last)
      const result: Pending = Deferred.makeUnsafe()
      results.set(id, result)
      results.delete(String(last - KEPT))
      Queue.offerUnsafe(queue, { job, result })
      return id
    },
    retrieve: (id) => {
      const result = results.get(id)
      if (result !== undefined) {
        return Effect.map(Effect.timeoutOption(Deferred.await(result), poll), Option.getOrNull)
      }
      const known = /^\d+$/u.test(id) && Number(id) <= last && Number(id) > 0
      return Effect.fail(
        known
          ? new Refused({ status: 410, message: `the result of ${id} is not kept any more` })
          : new Refused({ status: 404, message: "Future not found" }),
      )
    },
  }
})
