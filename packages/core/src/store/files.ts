/** Files of a run folder: names, errors in plain words, and writes that are whole or not there. */
import { Effect, FileSystem, Path, type PlatformError, Schema } from "effect"
import { Digest } from "effect/crypto"

/** The run folder could not be written or read. `file` is relative to the folder; `hint` says what to try. */
export class RunStoreError extends Schema.TaggedError<RunStoreError>()("RunStoreError", {
  file: Schema.String,
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
}) {}

/** Held by the process that writes to the folder; who that is, only an application can say. */
export const lockFile = "run.lock"

/** The log of events: what a run is rebuilt from. */
export const logFile = "events.jsonl"
export const metricsFile = "metrics.jsonl"
/** Logs whose length a checkpoint notes. */
export const logs = [logFile, metricsFile] as const

export const stepName = (step: number): string => `step-${String(step).padStart(6, "0")}`

/** What holds the responses of a step. */
export const rolloutFile = (step: number): string => `rollouts/${stepName(step)}.jsonl`

/** The step of a name such as `step-000120.jsonl` with its ending; null for any other name. */
export const stepOf = (name: string, ending: string): number | null => {
  const digits =
    name.startsWith("step-") && name.endsWith(ending) ? name.slice(5, name.length - ending.length) : ""
  return /^\d{6,}$/u.test(digits) ? Number(digits) : null
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; free some space. What was saved before is intact",
  EDQUOT: "your disk quota is used up; free some space. What was saved before is intact",
  EFBIG: "the file has reached the largest size that this process may write (ulimit -f)",
  EROFS: "the file system is read-only; choose a folder that can be written",
  EACCES: "permission denied: the folder or file is not yours to use",
  EPERM: "permission denied: the folder or file is not yours to use",
}

/** Turns an error of the platform into one of the run folder, in words where the reason is a common one. */
export const failing =
  (file: string) =>
  (error: { readonly message: string; readonly cause?: unknown }): RunStoreError =>
    new RunStoreError({ file, message: reasons[codeOf(error.cause)] ?? error.message })

const codeOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""

/** What is not there yet counts as `absent`. Any other failure stays one: what cannot be read is not empty. */
export const orIfAbsent =
  <A>(absent: A) =>
  <B, R>(effect: Effect.Effect<B, PlatformError.PlatformError, R>) =>
    Effect.catchIf(
      effect,
      (error) => error.reason._tag === "NotFound",
      () => Effect.succeed(absent),
    )

export const sizeOf = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.stat(file).pipe(
    Effect.map((info) => Number(info.size)),
    orIfAbsent(0),
  )
})

/** Names in a folder; none where it is not there. */
export const namesIn = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  return (yield* fs.readDirectory(folder).pipe(orIfAbsent<ReadonlyArray<string>>([]))).toSorted()
})

/** Waits until a file's content, or a folder's names, are on the disk; one that is not there has none. */
export const flush = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  yield* Effect.scoped(Effect.flatMap(fs.open(file, { flag: "r" }), (handle) => handle.sync)).pipe(
    orIfAbsent(undefined),
  )
})

/** Writes a file and waits until it is on the disk. */
export const writeFlushed = Effect.fnUntraced(function* (file: string, bytes: Uint8Array) {
  const fs = yield* FileSystem.FileSystem
  yield* Effect.scoped(
    Effect.gen(function* () {
      const handle = yield* fs.open(file, { flag: "w" })
      yield* handle.writeAll(bytes)
      yield* handle.sync
    }),
  )
})

/** Writes a file whole or not at all: a temporary neighbour, flushed, then renamed over it. */
export const replace = Effect.fnUntraced(function* (file: string, bytes: Uint8Array) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* writeFlushed(temporary(file), bytes)
  yield* fs.rename(temporary(file), file)
  yield* flush(path.dirname(file))
})

/** What `replace` leaves behind when it is cut short. */
export const temporary = (file: string): string => `${file}.tmp`

export const readJson = Effect.fnUntraced(function* (folder: string, file: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const text = yield* fs.readFileString(path.join(folder, file)).pipe(Effect.mapError(failing(file)))
  return yield* Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: () => new RunStoreError({ file, message: "not JSON" }),
  })
})

/** Lower-case hexadecimal. */
export const sha256 = (bytes: Uint8Array): Effect.Effect<string> =>
  Digest.Digest.use((digest) => digest.digestHex(Digest.sha256, bytes)).pipe(
    Effect.provide(Digest.layerWebCrypto),
  )
