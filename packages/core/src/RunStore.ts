/**
 * The folder of a run, and the only code that writes to it.
 *
 *     config.json                       resolved configuration
 *     events.jsonl                      append-only, the truth
 *     metrics.jsonl                     one line a step
 *     rollouts/step-000120.jsonl        every response of a step
 *     checkpoints/step-000120/          policy files, state.json, and manifest.json, written last by rename
 *
 * Reading never fails on what a crash can leave: a torn last line is left out, a checkpoint without its manifest does
 * not exist.
 */
import {
  Clock,
  Context,
  Effect,
  FileSystem,
  Layer,
  Option,
  Path,
  type PlatformError,
  Result,
  Schema,
  Semaphore,
} from "effect"
import type { PolicyFile } from "./PolicyEngine.ts"
import { RunConfig, parse as parseConfig } from "./RunConfig.ts"
import { Rollout, RunEvent } from "./RunEvent.ts"

/** The run folder could not be written or read. `file` is relative to the folder. */
export class RunStoreError extends Schema.TaggedError<RunStoreError>()("RunStoreError", {
  file: Schema.String,
  message: Schema.String,
}) {}

/** What ties a checkpoint together. Written last: a checkpoint is complete exactly when it has one. */
export const Manifest = Schema.Struct({
  version: Schema.Literal(1),
  step: Schema.Int,
  /** Bytes of each file of the checkpoint. */
  files: Schema.Record(Schema.String, Schema.Int),
  /** Bytes of each log that belong to this checkpoint; later ones came after. */
  offsets: Schema.Struct({ events: Schema.Int, metrics: Schema.Int }),
})
export type Manifest = typeof Manifest.Type

export interface Checkpoint {
  readonly manifest: Manifest
  readonly policy: ReadonlyArray<PolicyFile>
  readonly state: unknown
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
     * Writes a checkpoint and removes all but the latest `keep` and the one of step 0. Gives the checkpoint's folder,
     * relative to the run's.
     */
    readonly checkpoint: (
      step: number,
      policy: ReadonlyArray<PolicyFile>,
      state: unknown,
      keep: number,
    ) => Effect.Effect<string, RunStoreError>
    /** The policy of a checkpoint. */
    readonly policyAt: (step: number) => Effect.Effect<ReadonlyArray<PolicyFile>, RunStoreError>
  }
>()("@azr/core/RunStore") {
  /** Starts a new run in an empty or absent folder. */
  static readonly layerNew = (folder: string, config: RunConfig) =>
    Layer.effect(RunStore, create(folder, config))
  /** Continues a run at a checkpoint: the logs are cut to its offsets, what came after it is removed. */
  static readonly layerResume = (folder: string, manifest: Manifest) =>
    Layer.effect(RunStore, continueAt(folder, manifest))
}

const stepName = (step: number): string => `step-${String(step).padStart(6, "0")}`

/** Where a checkpoint lies, relative to the run's folder. */
export const checkpointFolder = (step: number): string => `checkpoints/${stepName(step)}`

const isStepName = (name: string): boolean => /^step-\d{6}/u.test(name)
const toLine = (value: unknown): string => `${JSON.stringify(value)}\n`
const encodeEvent = Schema.encodeSync(RunEvent)
const encodeRollout = Schema.encodeSync(Rollout)
const encodeConfig = Schema.encodeSync(RunConfig)
const utf8 = new TextEncoder()

const failing =
  (file: string) =>
  (error: { readonly message: string; readonly cause?: unknown }): RunStoreError =>
    new RunStoreError({
      file,
      message: diskFull(error.cause) ? "the disk is full; free some space" : error.message,
    })

const diskFull = (cause: unknown): boolean =>
  typeof cause === "object" && cause !== null && "code" in cause && cause.code === "ENOSPC"

/** What is not there yet counts as `absent`. Any other failure stays one: what cannot be read is not empty. */
const orIfAbsent =
  <A>(absent: A) =>
  <B, R>(effect: Effect.Effect<B, PlatformError.PlatformError, R>) =>
    Effect.catchIf(
      effect,
      (error) => error.reason._tag === "NotFound",
      () => Effect.succeed(absent),
    )

const create = Effect.fn("RunStore.create")(function* (folder: string, config: RunConfig) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fs.makeDirectory(folder, { recursive: true }).pipe(Effect.mapError(failing(".")))
  const present = yield* fs.readDirectory(folder).pipe(Effect.mapError(failing(".")))
  if (present.length > 0) {
    return yield* new RunStoreError({
      file: ".",
      message: `${folder} is not empty; choose another name for the run`,
    })
  }
  yield* replace(
    path.join(folder, "config.json"),
    utf8.encode(`${JSON.stringify(encodeConfig(config), null, 2)}\n`),
  ).pipe(Effect.mapError(failing("config.json")))
  return yield* writer(folder)
})

const continueAt = Effect.fn("RunStore.continueAt")(function* (folder: string, manifest: Manifest) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const logs = [
    ["events.jsonl", manifest.offsets.events],
    ["metrics.jsonl", manifest.offsets.metrics],
  ] as const
  for (const [file, bytes] of logs) {
    const present = yield* Effect.mapError(sizeOf(path.join(folder, file)), failing(file))
    if (present < bytes) {
      const message = `${present} bytes where the checkpoint says ${bytes}; use an earlier checkpoint`
      return yield* new RunStoreError({ file, message })
    }
  }
  // Checkpoints first: one that stayed while the logs were cut would point behind their end.
  const later = (directory: string, suffix: string) =>
    fs.readDirectory(path.join(folder, directory)).pipe(
      orIfAbsent([]),
      Effect.mapError(failing(directory)),
      Effect.map((names) =>
        names.filter((name) => isStepName(name) && name > `${stepName(manifest.step)}${suffix}`),
      ),
    )
  for (const name of yield* later("checkpoints", "")) {
    yield* removeCheckpoint(folder, name).pipe(Effect.mapError(failing(`checkpoints/${name}`)))
  }
  for (const name of yield* later("rollouts", ".jsonl")) {
    yield* fs.remove(path.join(folder, "rollouts", name)).pipe(Effect.mapError(failing(`rollouts/${name}`)))
  }
  for (const [file, bytes] of logs) {
    yield* fs
      .truncate(path.join(folder, file), bytes)
      .pipe(orIfAbsent(undefined), Effect.mapError(failing(file)))
  }
  return yield* writer(folder)
})

const sizeOf = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.stat(file).pipe(
    Effect.map((info) => Number(info.size)),
    orIfAbsent(0),
  )
})

/** Removes a checkpoint, its manifest first: what is left when this is cut short is no checkpoint. */
const removeCheckpoint = Effect.fnUntraced(function* (folder: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const target = path.join(folder, "checkpoints", name)
  yield* fs.remove(path.join(target, "manifest.json"), { force: true })
  yield* fs.remove(target, { recursive: true })
})

/** Writes a file whole or not at all: a temporary neighbour, flushed, then renamed over it. */
const replace = Effect.fnUntraced(function* (file: string, bytes: Uint8Array) {
  const fs = yield* FileSystem.FileSystem
  const temporary = `${file}.tmp`
  yield* Effect.scoped(
    Effect.gen(function* () {
      const handle = yield* fs.open(temporary, { flag: "w" })
      yield* handle.writeAll(bytes)
      yield* handle.sync
    }),
  )
  yield* fs.rename(temporary, file)
})

/** Waits until a file's content is on the disk; one that is not there yet has none. */
const flush = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  yield* Effect.scoped(Effect.flatMap(fs.open(file, { flag: "r+" }), (handle) => handle.sync)).pipe(
    orIfAbsent(undefined),
  )
})

const writer = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  // One writer at a time: events of different fibers must not interleave inside a line.
  const lock = yield* Semaphore.make(1)

  const appendLines = (file: string, lines: ReadonlyArray<string>) =>
    fs
      .writeFile(path.join(folder, file), utf8.encode(lines.join("")), { flag: "a" })
      .pipe(Effect.mapError(failing(file)), lock.withPermits(1))

  const checkpoint = Effect.fn("RunStore.checkpoint")(function* (
    step: number,
    policy: ReadonlyArray<PolicyFile>,
    state: unknown,
    keep: number,
  ) {
    const relative = checkpointFolder(step)
    const target = path.join(folder, relative)
    const files = [...policy, { name: "state.json", bytes: utf8.encode(JSON.stringify(state)) }]
    yield* Effect.gen(function* () {
      // What the manifest counts on must be on the disk before it.
      for (const log of ["events.jsonl", "metrics.jsonl"]) yield* flush(path.join(folder, log))
      const manifest: Manifest = {
        version: 1,
        step,
        files: Object.fromEntries(files.map(({ bytes, name }) => [name, bytes.length])),
        offsets: {
          events: yield* sizeOf(path.join(folder, "events.jsonl")),
          metrics: yield* sizeOf(path.join(folder, "metrics.jsonl")),
        },
      }
      yield* fs.makeDirectory(target, { recursive: true })
      for (const { bytes, name } of files) yield* replace(path.join(target, name), bytes)
      yield* replace(
        path.join(target, "manifest.json"),
        utf8.encode(`${JSON.stringify(manifest, null, 2)}\n`),
      )
      const names = (yield* fs.readDirectory(path.join(folder, "checkpoints")))
        .filter((name) => isStepName(name) && name !== stepName(0))
        .toSorted()
      for (const name of names.slice(0, Math.max(0, names.length - keep))) {
        yield* removeCheckpoint(folder, name)
      }
    }).pipe(Effect.provideContext(services), Effect.mapError(failing(relative)))
    return relative
  })

  yield* fs
    .makeDirectory(path.join(folder, "rollouts"), { recursive: true })
    .pipe(Effect.mapError(failing("rollouts")))

  return RunStore.of({
    folder,
    append: (events) =>
      appendLines(
        "events.jsonl",
        events.map((event) => toLine(encodeEvent(event))),
      ),
    metrics: Effect.fnUntraced(function* (step, metrics) {
      const at = yield* Clock.currentTimeMillis
      yield* appendLines("metrics.jsonl", [toLine({ step, at, ...metrics })])
    }),
    rollouts: (step, rollouts) =>
      appendLines(
        `rollouts/${stepName(step)}.jsonl`,
        rollouts.map((rollout) => toLine(encodeRollout(rollout))),
      ),
    checkpoint,
    policyAt: (step) =>
      readCheckpoint(folder, step).pipe(
        Effect.map(({ policy }) => policy),
        Effect.provideContext(services),
      ),
  })
})

// ---------------------------------------------------------------------------------------------- reading

/** What a run folder says of itself, read with tolerance for what a crash leaves. */
export interface RunSummary {
  readonly config: RunConfig
  readonly events: ReadonlyArray<RunEvent>
  /** Whether the log ended in a torn line, which was left out. */
  readonly torn: boolean
  /** Steps of the complete checkpoints, ascending. */
  readonly checkpoints: ReadonlyArray<number>
}

const decodeEvent = Schema.decodeUnknownResult(RunEvent)
const decodeManifest = Schema.decodeUnknownResult(Manifest)

/** Whole lines of JSON; a last line without its end, or with broken JSON, is torn. A broken line elsewhere is an error. */
export const parseLines = (
  text: string,
): Result.Result<
  { readonly lines: ReadonlyArray<unknown>; readonly torn: boolean },
  { readonly line: number }
> => {
  const parts = text.split("\n")
  const tail = parts.pop() ?? ""
  const lines: Array<unknown> = []
  for (const [index, part] of parts.entries()) {
    try {
      lines.push(JSON.parse(part))
    } catch {
      if (index === parts.length - 1) return Result.succeed({ lines, torn: true })
      return Result.fail({ line: index + 1 })
    }
  }
  return Result.succeed({ lines, torn: tail !== "" })
}

const readJson = Effect.fnUntraced(function* (folder: string, file: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const text = yield* fs.readFileString(path.join(folder, file)).pipe(Effect.mapError(failing(file)))
  return yield* Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: () => new RunStoreError({ file, message: "not JSON" }),
  })
})

export const readConfig = Effect.fn("RunStore.readConfig")(function* (folder: string) {
  const json = yield* readJson(folder, "config.json")
  return yield* Effect.mapError(Effect.fromResult(parseConfig(json)), failing("config.json"))
})

export const readSummary = Effect.fn("RunStore.readSummary")(function* (folder: string) {
  const config = yield* readConfig(folder)
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const text = yield* fs
    .readFileString(path.join(folder, "events.jsonl"))
    .pipe(orIfAbsent(""), Effect.mapError(failing("events.jsonl")))
  const parsed = parseLines(text)
  if (Result.isFailure(parsed)) {
    return yield* new RunStoreError({
      file: "events.jsonl",
      message: `line ${parsed.failure.line} is not JSON`,
    })
  }
  const events: Array<RunEvent> = []
  for (const [index, line] of parsed.success.lines.entries()) {
    const event = decodeEvent(line)
    if (Result.isFailure(event)) {
      return yield* new RunStoreError({
        file: "events.jsonl",
        message: `line ${index + 1}: ${event.failure.message}`,
      })
    }
    events.push(event.success)
  }
  return {
    config,
    events,
    torn: parsed.success.torn,
    checkpoints: yield* listCheckpoints(folder),
  } satisfies RunSummary
})

/** Steps of the complete checkpoints of a run, ascending. */
export const listCheckpoints = Effect.fn("RunStore.listCheckpoints")(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = yield* fs
    .readDirectory(path.join(folder, "checkpoints"))
    .pipe(orIfAbsent([]), Effect.mapError(failing("checkpoints")))
  const steps: Array<number> = []
  for (const name of names.filter(isStepName).toSorted()) {
    const manifest = yield* readManifest(folder, name).pipe(Effect.option)
    if (Option.isSome(manifest)) steps.push(manifest.value.step)
  }
  return steps
})

const readManifest = Effect.fnUntraced(function* (folder: string, name: string) {
  const file = `checkpoints/${name}/manifest.json`
  const manifest = decodeManifest(yield* readJson(folder, file))
  if (Result.isFailure(manifest)) return yield* new RunStoreError({ file, message: manifest.failure.message })
  return manifest.success
})

/** A complete checkpoint; every file must have the size its manifest says. */
export const readCheckpoint = Effect.fn("RunStore.readCheckpoint")(function* (folder: string, step: number) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const manifest = yield* readManifest(folder, stepName(step))
  const policy: Array<PolicyFile> = []
  for (const [file, bytes] of Object.entries(manifest.files)) {
    const relative = `${checkpointFolder(step)}/${file}`
    const content = yield* fs.readFile(path.join(folder, relative)).pipe(Effect.mapError(failing(relative)))
    if (content.length !== bytes) {
      return yield* new RunStoreError({
        file: relative,
        message: `${content.length} bytes where the manifest says ${bytes}; use another checkpoint`,
      })
    }
    if (file !== "state.json") policy.push({ name: file, bytes: content })
  }
  return {
    manifest,
    policy,
    state: yield* readJson(folder, `${checkpointFolder(step)}/state.json`),
  } satisfies Checkpoint
})
