/** Filling the buffers before the first step: with the environment's seeds, then with proposals of the first policy. */
import { Clock, Effect, Result } from "effect"
import { type ValidatedSeed, drawSeeds } from "../Environment.ts"
import type { RunEvent } from "../RunEvent.ts"
import type { RunStoreError } from "../RunStore.ts"
import { propose } from "./Propose.ts"
import type { LoopState, SeedingProgress, Track } from "./State.ts"
import { type HeldOut, admit, isHeldOut, validate } from "./Validate.ts"

export type Emit = (events: ReadonlyArray<RunEvent>) => Effect.Effect<void, RunStoreError>

export interface SeedOptions {
  readonly heldOut: HeldOut
  readonly emit: Emit
  /** Told what begins. */
  readonly announce: (track: Track, tasks: number) => Effect.Effect<void>
  /** Asked after every round. */
  readonly stopRequested: Effect.Effect<boolean>
}

/**
 * Goes on with the seeding where the state stands, round by round, and notes in it what is done. False: it was asked to
 * stop; a checkpoint of the state continues with the next round.
 */
export const seedBuffers = Effect.fn("seedBuffers")(function* (
  state: LoopState,
  progress: SeedingProgress,
  options: SeedOptions,
) {
  const { announce, emit, stopRequested } = options
  for (const track of state.tracks) {
    if (track.settings.seeds === 0 || progress.seeded.includes(track.key)) continue
    yield* announce(track, track.settings.seeds)
    yield* seed(state, track, options)
    progress.seeded.push(track.key)
    if (yield* stopRequested) return false
  }
  const tracks = state.tracks.filter(({ settings }) => settings.proposedSeeds > 0)
  for (const { key } of tracks) progress.tally[key] ??= { accepted: 0, rejected: 0 }
  const poor = () =>
    tracks.filter(({ key, settings }) => (progress.tally[key]?.accepted ?? 0) < settings.proposedSeeds)
  while (progress.round < state.config.maxSeedRounds && poor().length > 0) {
    for (const track of poor()) yield* announce(track, track.settings.proposedSeeds)
    yield* proposeRound(state, progress, poor(), options)
    progress.round += 1
    if (yield* stopRequested) return false
  }
  const at = yield* Clock.currentTimeMillis
  yield* emit(
    tracks.map(({ environment, key, kind }): RunEvent => ({
      _tag: "Seeded",
      at,
      environment: environment.id,
      kind: kind.id,
      ...(progress.tally[key] ?? { accepted: 0, rejected: 0 }),
    })),
  )
  return true
})

/** Fills one buffer with the environment's seeds: validated like proposals, never held out, never twice. */
const seed = Effect.fn("seed")(function* (state: LoopState, track: Track, { emit, heldOut }: SeedOptions) {
  const { environment, kind, settings } = track
  const random = state.streams.get(`seeds/${track.key}`)
  let accepted = 0
  let rejected = 0
  const take = Effect.fnUntraced(function* (tasks: ReadonlyArray<ValidatedSeed>) {
    const events: Array<RunEvent> = []
    const at = yield* Clock.currentTimeMillis
    for (const task of tasks) {
      if (
        Result.isFailure(task) ||
        isHeldOut(heldOut, track, task.success) ||
        state.isKnown(track, kind.identity(task.success))
      ) {
        rejected += 1
        continue
      }
      events.push({ _tag: "TaskAdded", at, record: state.accept(track, task.success, "seed", []) })
    }
    yield* emit(events)
    accepted += events.length
    return events.length
  })
  yield* drawSeeds(environment, kind, settings.seeds, random, take)
  const at = yield* Clock.currentTimeMillis
  yield* emit([{ _tag: "Seeded", at, environment: environment.id, kind: kind.id, accepted, rejected }])
})

/** One round of proposals by the policy that the run begins with, without training it (paper, §3.3.1). */
const proposeRound = Effect.fn("proposeRound")(function* (
  state: LoopState,
  progress: SeedingProgress,
  tracks: ReadonlyArray<Track>,
  { emit, heldOut }: SeedOptions,
) {
  const validated = yield* admit(state, heldOut, yield* propose(state, tracks, validate))
  const at = yield* Clock.currentTimeMillis
  for (const { proposal, record } of validated) {
    const count = progress.tally[proposal.track.key]
    if (count !== undefined) count[record === null ? "rejected" : "accepted"] += 1
  }
  yield* emit(
    validated.flatMap(({ record }): ReadonlyArray<RunEvent> =>
      record === null ? [] : [{ _tag: "TaskAdded", at, record }],
    ),
  )
})
