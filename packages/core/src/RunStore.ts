/**
 * The folder of a run, and the only code that writes to it.
 *
 *     config.json                       resolved configuration
 *     events.jsonl                      append-only, the truth
 *     events.index.json                 where to look in a long log, made anew when it is gone
 *     metrics.jsonl                     one line a step
 *     rollouts/step-000120.jsonl        every response of a step
 *     checkpoints/step-000120/          policy files, state.json, manifest.json: there as a whole or not at all
 *     run.lock                          who writes to it now
 *
 * Reading never fails on what a crash can leave: a torn last line is left out, half a checkpoint has another name.
 */
import { Clock, Context, Effect, FileSystem, Layer, Path, Schema, Semaphore } from "effect"
import type { PolicyFile } from "./PolicyEngine.ts"
import { RunConfig } from "./RunConfig.ts"
import { Rollout, RunEvent } from "./RunEvent.ts"
import {
  type Manifest,
  checkpointFolder,
  listManifests,
  namedCheckpoints,
  readCheckpoint,
  removeCheckpoint,
  retained,
  sweepCheckpoints,
  writeCheckpoint,
} from "./store/Checkpoint.ts"
import {
  RunStoreError,
  failing,
  flush,
  lockFile,
  logFile,
  logs,
  metricsFile,
  namesIn,
  orIfAbsent,
  replace,
  rolloutFile,
  sizeOf,
  stepOf,
  temporary,
} from "./store/files.ts"
import { readConfig } from "./store/reading.ts"

export {
  type Checkpoint,
  Manifest,
  checkpointFolder,
  listCheckpoints,
  listManifests,
  namedCheckpoints,
  readCheckpoint,
} from "./store/Checkpoint.ts"
export { RunStoreError, lockFile, logFile, logs, orIfAbsent, rolloutFile } from "./store/files.ts"
export { beginning, decodeLines, eachLine } from "./store/eachLine.ts"
export { indexFiles } from "./store/LogIndex.ts"
export { type Place, type Tagged, bytesAt, decodeLine } from "./store/logLine.ts"
export { type RunOverview, readOverview } from "./store/overview.ts"
export { events, readConfig } from "./store/reading.ts"

/** What a checkpoint is made of. */
export interface Saved {
  readonly step: number
  readonly policy: ReadonlyArray<PolicyFile>
  readonly state: unknown
  /** See `Manifest`. */
  readonly scheduled: boolean
  readonly score: number | null
}

/** The writer of one run. */
export class RunStore extends Context.Service<
  RunStore,
  {
    /** The folder, as the user gave it. */
    readonly folder: string
    readonly append: (events: ReadonlyArray<RunEvent>) => Effect.Effect<void, RunStoreError>
    readonly metrics: (
      step: number,
      metrics: Readonly<Record<string, number>>,
    ) => Effect.Effect<void, RunStoreError>
    readonly rollouts: (step: number, rollouts: ReadonlyArray<Rollout>) => Effect.Effect<void, RunStoreError>
    /**
     * Writes a checkpoint and removes all but that of step 0, the latest `keep`, and the best. Gives the checkpoint's
     * folder, relative to the run's.
     */
    readonly checkpoint: (saved: Saved, keep: number) => Effect.Effect<string, RunStoreError>
    /** The policy of a checkpoint. */
    readonly policyAt: (step: number) => Effect.Effect<ReadonlyArray<PolicyFile>, RunStoreError>
    /** The policies of all checkpoints that are in the folder. Fails where there is one that cannot be read. */
    readonly policies: Effect.Effect<ReadonlyArray<ReadonlyArray<PolicyFile>>, RunStoreError>
  }
>()("@azr/core/RunStore") {
  /** Starts a new run in an empty or absent folder. */
  static readonly layerNew = (folder: string, config: RunConfig) =>
    Layer.effect(RunStore, create(folder, config))
  /**
   * Continues a run at a checkpoint: the logs are cut to its offsets, what came after it is removed. Null is the very
   * beginning: only the configuration is left.
   */
  static readonly layerResume = (folder: string, manifest: Manifest | null) =>
    Layer.effect(RunStore, continueAt(folder, manifest))
}

const toLine = (value: unknown): string => `${JSON.stringify(value)}\n`
const encodeEvent = Schema.encodeSync(RunEvent)
const encodeRollout = Schema.encodeSync(Rollout)
const encodeConfig = Schema.encodeSync(RunConfig)
const utf8 = new TextEncoder()

/** What may be in the folder of a run that is about to begin: who holds it, and what a crash left of an earlier try. */
const beforehand: ReadonlySet<string> = new Set([lockFile, temporary("config.json")])

/** Fails where a new run cannot begin: in a folder that holds something. */
export const checkNew = Effect.fn("RunStore.checkNew")(function* (folder: string) {
  const present = yield* namesIn(folder).pipe(Effect.mapError(failing(".")))
  if (present.some((name) => !beforehand.has(name))) {
    return yield* new RunStoreError({
      file: ".",
      message: `${folder} is not empty; choose another name for the run`,
    })
  }
})

const create = Effect.fn("RunStore.create")(function* (folder: string, config: RunConfig) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(folder, { recursive: true }).pipe(Effect.mapError(failing(".")))
  yield* checkNew(folder)
  yield* writeConfig(folder, config)
  return yield* writer(folder)
})

/** Saves the configuration of a run, in place of an earlier one if there is one. */
export const writeConfig = Effect.fn("RunStore.writeConfig")(function* (folder: string, config: RunConfig) {
  const path = yield* Path.Path
  yield* replace(
    path.join(folder, "config.json"),
    utf8.encode(`${JSON.stringify(encodeConfig(config), null, 2)}\n`),
  ).pipe(Effect.mapError(failing("config.json")))
})

/** Fails where a log has lost what a checkpoint counts on. */
export const checkLogs = Effect.fn("RunStore.checkLogs")(function* (
  folder: string,
  { offsets }: Pick<Manifest, "offsets">,
) {
  const path = yield* Path.Path
  for (const [index, file] of logs.entries()) {
    const bytes = [offsets.events, offsets.metrics][index] ?? 0
    const present = yield* Effect.mapError(sizeOf(path.join(folder, file)), failing(file))
    if (present < bytes) {
      const message = `${present} bytes where the checkpoint says ${bytes}; use an earlier checkpoint`
      return yield* new RunStoreError({ file, message })
    }
  }
})

const continueAt = Effect.fn("RunStore.continueAt")(function* (folder: string, manifest: Manifest | null) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const step = manifest?.step ?? -1
  const lengths = [manifest?.offsets.events ?? 0, manifest?.offsets.metrics ?? 0] as const
  if (manifest !== null) yield* checkLogs(folder, manifest)
  // Checkpoints first: one that stayed while the logs were cut would point behind their end.
  for (const later of (yield* namedCheckpoints(folder)).filter((named) => named > step)) {
    yield* removeCheckpoint(folder, later).pipe(Effect.mapError(failing(checkpointFolder(later))))
  }
  // Whoever was killed in the middle of this may have written the last checkpoint of the run.
  const { checkpoint } = yield* readConfig(folder)
  yield* prune(folder, checkpoint.keep)
  const rollouts = yield* namesIn(path.join(folder, "rollouts")).pipe(Effect.mapError(failing("rollouts")))
  for (const name of rollouts.filter((name) => (stepOf(name, ".jsonl") ?? -1) > step)) {
    yield* fs.remove(path.join(folder, "rollouts", name)).pipe(Effect.mapError(failing(`rollouts/${name}`)))
  }
  for (const [index, file] of logs.entries()) {
    yield* fs
      .truncate(path.join(folder, file), lengths[index] ?? 0)
      .pipe(orIfAbsent(undefined), Effect.mapError(failing(file)))
  }
  return yield* writer(folder)
})

/** Removes the checkpoints that are not kept, and what a crash left of any. */
const prune = Effect.fnUntraced(function* (folder: string, keep: number) {
  const manifests = yield* listManifests(folder)
  const kept = retained(manifests, keep)
  yield* Effect.gen(function* () {
    for (const { step } of manifests) if (!kept.has(step)) yield* removeCheckpoint(folder, step)
    yield* sweepCheckpoints(folder)
  }).pipe(Effect.mapError(failing("checkpoints")))
})

const writer = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  // One writer at a time: events of different fibers must not interleave inside a line.
  const lock = yield* Semaphore.make(1)

  const appendLines = (file: string, lines: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const target = path.join(folder, file)
      const length = yield* sizeOf(target)
      // What went in before the disk was full goes out again, so that a later line does not join a torn one.
      yield* fs
        .writeFile(target, utf8.encode(lines.join("")), { flag: "a" })
        .pipe(Effect.tapError(() => Effect.ignore(fs.truncate(target, length))))
    }).pipe(Effect.provideContext(services), Effect.mapError(failing(file)), lock.withPermits(1))

  const checkpoint = Effect.fn("RunStore.checkpoint")(function* (saved: Saved, keep: number) {
    const { policy, scheduled, score, state, step } = saved
    yield* Effect.gen(function* () {
      // What the manifest counts on must be on the disk before it.
      for (const log of logs) yield* flush(path.join(folder, log))
      const offsets = {
        events: yield* sizeOf(path.join(folder, logFile)),
        metrics: yield* sizeOf(path.join(folder, metricsFile)),
      }
      yield* writeCheckpoint(folder, { step, scheduled, score, offsets }, policy, state)
      yield* prune(folder, keep)
    }).pipe(
      Effect.provideContext(services),
      Effect.catchTag("PlatformError", (error) => Effect.fail(failing(checkpointFolder(step))(error))),
    )
    return checkpointFolder(step)
  })

  const policyAt = (step: number) =>
    readCheckpoint(folder, step).pipe(
      Effect.map(({ policy }) => policy),
      Effect.provideContext(services),
    )

  yield* fs
    .makeDirectory(path.join(folder, "rollouts"), { recursive: true })
    .pipe(Effect.mapError(failing("rollouts")))

  return RunStore.of({
    folder,
    append: (events) =>
      appendLines(
        logFile,
        events.map((event) => toLine(encodeEvent(event))),
      ),
    metrics: Effect.fnUntraced(function* (step, metrics) {
      const at = yield* Clock.currentTimeMillis
      yield* appendLines(metricsFile, [toLine({ step, at, ...metrics })])
    }),
    rollouts: (step, rollouts) =>
      appendLines(
        rolloutFile(step),
        rollouts.map((rollout) => toLine(encodeRollout(rollout))),
      ),
    checkpoint,
    policyAt,
    policies: Effect.flatMap(Effect.provideContext(namedCheckpoints(folder), services), (steps) =>
      Effect.forEach(steps, policyAt),
    ),
  })
})
