/**
 * Where a step's time goes. Stages report to the stopwatch they find; without one they just run.
 *
 * Activities may overlap. A second with several belongs to the first of them in the order below, so that the parts add up to no more
 * than the whole, and what is hidden behind generation costs nothing.
 */
import { Clock, Context, Effect } from "effect"

const activities = ["generate", "train", "execute"] as const
export type Activity = (typeof activities)[number]

export class Stopwatch {
  readonly #milliseconds: Record<Activity, number> = { generate: 0, execute: 0, train: 0 }
  readonly #running: Record<Activity, number> = { generate: 0, execute: 0, train: 0 }
  #overlap = 0
  #since = 0

  begin(activity: Activity, now: number): void {
    this.#account(now)
    this.#running[activity] += 1
  }

  end(activity: Activity, now: number): void {
    this.#account(now)
    this.#running[activity] -= 1
  }

  /** Seconds, of what has ended. */
  get spent(): Readonly<Record<Activity, number>> {
    const { execute, generate, train } = this.#milliseconds
    return { generate: generate / 1000, execute: execute / 1000, train: train / 1000 }
  }

  /** Seconds of training, among those of `generate`, beside which tokens were generated. */
  get overlap(): number {
    return this.#overlap / 1000
  }

  #account(now: number): void {
    const first = activities.find((activity) => this.#running[activity] > 0)
    if (first !== undefined) this.#milliseconds[first] += now - this.#since
    if (this.#running.generate > 0 && this.#running.train > 0) this.#overlap += now - this.#since
    this.#since = now
  }
}

const Current = Context.Reference<Stopwatch | null>("@azr/core/Stopwatch", { defaultValue: () => null })

export const withStopwatch = Effect.provideService(Current)

/** Runs an effect and adds its wall-clock time to the activity. */
export const timed = Effect.fnUntraced(function* <A, E, R>(
  activity: Activity,
  effect: Effect.Effect<A, E, R>,
) {
  const stopwatch = yield* Current
  if (stopwatch === null) return yield* effect
  stopwatch.begin(activity, yield* Clock.currentTimeMillis)
  return yield* Effect.ensuring(
    effect,
    Effect.map(Clock.currentTimeMillis, (now) => stopwatch.end(activity, now)),
  )
})
