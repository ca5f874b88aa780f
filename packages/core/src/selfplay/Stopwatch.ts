/** Where a step's time goes. Stages report to the stopwatch they find; without one they just run. */
import { Clock, Context, Effect } from "effect"

export type Activity = "generate" | "execute" | "train"

export class Stopwatch {
  readonly spent: Record<Activity, number> = { generate: 0, execute: 0, train: 0 }
}

const Current = Context.Reference<Stopwatch | null>("@azr/core/Stopwatch", { defaultValue: () => null })

export const withStopwatch = Effect.provideService(Current)

/** Runs an effect and adds its wall-clock seconds to the activity. */
export const timed = Effect.fnUntraced(function* <A, E, R>(
  activity: Activity,
  effect: Effect.Effect<A, E, R>,
) {
  const stopwatch = yield* Current
  const began = yield* Clock.currentTimeMillis
  const result = yield* effect
  if (stopwatch !== null) stopwatch.spent[activity] += ((yield* Clock.currentTimeMillis) - began) / 1000
  return result
})
