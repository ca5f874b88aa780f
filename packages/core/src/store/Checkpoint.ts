/**
 * A checkpoint: policy, optimizer, the loop's state and where the logs stood, as one folder that is there as a whole or not at
 * all. It is written under another name and renamed; its manifest holds the size and the hash of every file.
 */
import { Effect, FileSystem, Option, Path, Result, Schema } from "effect"
import type { PolicyFile } from "../PolicyEngine.ts"
import {
  RunStoreError,
  failing,
  flush,
  namesIn,
  readJson,
  sha256,
  stepName,
  stepOf,
  writeFlushed,
} from "./files.ts"

export const Manifest = Schema.Struct({
  version: Schema.Literal(2),
  step: Schema.Int,
  /** Whether the configuration asked for it here. One that a stop made is not kept, and the logs do not mention it. */
  scheduled: Schema.Boolean,
  /** Share of the held-out dev tasks that its policy solved, in [0, 1]; null where it was not evaluated. */
  score: Schema.NullOr(Schema.Finite),
  files: Schema.Record(Schema.String, Schema.Struct({ bytes: Schema.Int, sha256: Schema.String })),
  /** Bytes of each log that belong to this checkpoint; later ones came after. */
  offsets: Schema.Struct({ events: Schema.Int, metrics: Schema.Int }),
})
export type Manifest = typeof Manifest.Type

export interface Checkpoint {
  readonly manifest: Manifest
  readonly policy: ReadonlyArray<PolicyFile>
  readonly state: unknown
}

const folderOfAll = "checkpoints"
const stateFile = "state.json"
const manifestFile = "manifest.json"
/** Endings of a checkpoint on its way in and on its way out. */
const arriving = ".writing"
const leaving = ".removing"
/** Of one that stands aside while another of its step comes in. As long as that is not there, it is the checkpoint. */
const aside = ".replaced"

/** Where a checkpoint lies, relative to the run's folder. */
export const checkpointFolder = (step: number): string => `${folderOfAll}/${stepName(step)}`

/** Where the checkpoint of a step lies now, relative to the run's folder. */
const placeOf = Effect.fnUntraced(
  function* (folder: string, step: number) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = checkpointFolder(step)
    const stands = (name: string) => fs.exists(path.join(folder, name))
    return !(yield* stands(place)) && (yield* stands(`${place}${aside}`)) ? `${place}${aside}` : place
  },
  (effect, _, step) => Effect.mapError(effect, failing(checkpointFolder(step))),
)

const utf8 = new TextEncoder()
const decodeManifest = Schema.decodeUnknownResult(Manifest)

/**
 * Puts a checkpoint in its place, in that of an earlier one of the same step if there is one. Whenever this is cut short, one of
 * the two is there as a whole; `sweepCheckpoints` removes the other.
 */
export const writeCheckpoint = Effect.fnUntraced(function* (
  folder: string,
  facts: Pick<Manifest, "step" | "scheduled" | "score" | "offsets">,
  policy: ReadonlyArray<PolicyFile>,
  state: unknown,
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const target = path.join(folder, checkpointFolder(facts.step))
  const draft = `${target}${arriving}`
  const files = [...policy, { name: stateFile, bytes: utf8.encode(JSON.stringify(state)) }]
  const write = Effect.gen(function* () {
    yield* fs.remove(draft, { recursive: true, force: true })
    yield* fs.makeDirectory(draft, { recursive: true })
    const listed: Record<string, { readonly bytes: number; readonly sha256: string }> = {}
    for (const { bytes, name } of files) {
      yield* writeFlushed(path.join(draft, name), bytes)
      listed[name] = { bytes: bytes.length, sha256: yield* sha256(bytes) }
    }
    const manifest: Manifest = { version: 2, ...facts, files: listed }
    yield* writeFlushed(path.join(draft, manifestFile), utf8.encode(`${JSON.stringify(manifest, null, 2)}\n`))
    yield* flush(draft)
  })
  // A disk that filled up on the way needs the space back.
  yield* Effect.tapError(write, () => Effect.ignore(fs.remove(draft, { recursive: true, force: true })))
  if (yield* fs.exists(target)) yield* fs.rename(target, `${target}${aside}`)
  yield* fs.rename(draft, target)
  yield* flush(path.dirname(target))
})

/**
 * Removes a checkpoint, and first one that stands aside for it. It does not come back when the machine goes down after this.
 */
export const removeCheckpoint = Effect.fnUntraced(function* (folder: string, step: number) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const target = path.join(folder, checkpointFolder(step))
  // Renamed first, so that what is left when this is cut short is no checkpoint.
  const gone = `${target}${leaving}`
  for (const place of [`${target}${aside}`, target]) {
    if (!(yield* fs.exists(place))) continue
    yield* fs.remove(gone, { recursive: true, force: true })
    yield* fs.rename(place, gone)
    yield* flush(path.dirname(target))
    yield* fs.remove(gone, { recursive: true })
  }
})

/** Removes what is left of checkpoints that were being written or removed; what stands aside for nothing gets its place back. */
export const sweepCheckpoints = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (const name of yield* namesIn(path.join(folder, folderOfAll))) {
    const place = path.join(folder, folderOfAll, name)
    const step = stepOf(name, aside)
    const target = step === null ? null : path.join(folder, checkpointFolder(step))
    if (target !== null && !(yield* fs.exists(target))) {
      yield* fs.rename(place, target)
    } else if (target !== null || stepOf(name, arriving) !== null || stepOf(name, leaving) !== null) {
      yield* fs.remove(place, { recursive: true })
    }
  }
})

/** Steps of the folders that have the name of a checkpoint, complete or not, ascending. */
export const namedCheckpoints = Effect.fnUntraced(function* (folder: string) {
  const path = yield* Path.Path
  const names = yield* namesIn(path.join(folder, folderOfAll)).pipe(Effect.mapError(failing(folderOfAll)))
  const steps = names.flatMap((name) => stepOf(name, "") ?? stepOf(name, aside) ?? [])
  return [...new Set(steps)].toSorted((a, b) => a - b)
})

/** Manifests of the complete checkpoints of a run, by step, ascending. */
export const listManifests = Effect.fn("RunStore.listManifests")(function* (folder: string) {
  const manifests: Array<Manifest> = []
  for (const step of yield* namedCheckpoints(folder)) {
    const manifest = yield* Effect.option(readManifest(folder, step))
    if (Option.isSome(manifest)) manifests.push(manifest.value)
  }
  return manifests
})

/** Steps of the complete checkpoints of a run, ascending. */
export const listCheckpoints = Effect.fn("RunStore.listCheckpoints")(function* (folder: string) {
  return (yield* listManifests(folder)).map(({ step }) => step)
})

const readManifest = Effect.fnUntraced(function* (folder: string, step: number) {
  const file = `${yield* placeOf(folder, step)}/${manifestFile}`
  const manifest = decodeManifest(yield* readJson(folder, file))
  if (Result.isFailure(manifest)) return yield* new RunStoreError({ file, message: manifest.failure.message })
  if (manifest.success.step !== step)
    return yield* new RunStoreError({ file, message: `it says step ${manifest.success.step}` })
  return manifest.success
})

/** A complete checkpoint; every file must have the size and the hash that its manifest says. */
export const readCheckpoint = Effect.fn("RunStore.readCheckpoint")(function* (folder: string, step: number) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const manifest = yield* readManifest(folder, step)
  const place = yield* placeOf(folder, step)
  const policy: Array<PolicyFile> = []
  for (const [name, saved] of Object.entries(manifest.files)) {
    const file = `${place}/${name}`
    const bytes = yield* fs
      .readFile(path.join(folder, file))
      .pipe(
        Effect.mapError((error) =>
          error.reason._tag === "NotFound"
            ? new RunStoreError({ file, message: "it is missing; use another checkpoint" })
            : failing(file)(error),
        ),
      )
    const damage =
      bytes.length !== saved.bytes
        ? `${bytes.length} bytes where the manifest says ${saved.bytes}`
        : (yield* sha256(bytes)) === saved.sha256
          ? null
          : "its content is not what was saved (another SHA-256 than the manifest's)"
    if (damage !== null)
      return yield* new RunStoreError({ file, message: `${damage}; use another checkpoint` })
    if (name !== stateFile) policy.push({ name, bytes })
  }
  return {
    manifest,
    policy,
    state: yield* readJson(folder, `${place}/${stateFile}`),
  } satisfies Checkpoint
})

/**
 * The steps that are kept: 0, which the final test compares with; the latest `keep` of those that were scheduled; the one
 * with the best score, the earlier of equals; and the last one of all.
 */
export const retained = (
  manifests: ReadonlyArray<Pick<Manifest, "step" | "scheduled" | "score">>,
  keep: number,
): ReadonlySet<number> => {
  const scheduled = manifests.filter((manifest) => manifest.scheduled).toSorted((a, b) => a.step - b.step)
  const best = scheduled.reduce<(typeof scheduled)[number] | null>(
    (found, next) => ((next.score ?? -1) > (found?.score ?? -1) ? next : found),
    null,
  )
  return new Set([
    0,
    ...scheduled
      .filter(({ step }) => step > 0)
      .slice(-keep)
      .map(({ step }) => step),
    ...(best === null ? [] : [best.step]),
    Math.max(...manifests.map(({ step }) => step)),
  ])
}
