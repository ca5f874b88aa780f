/** Where an export goes: it is there as a whole or not at all, and takes nobody's place. */
import { RunStore } from "@azr/core"
import { Effect, FileSystem, Path, Schema } from "effect"
import { UsageError } from "../exitCodes.ts"

/** The export could not be written. */
export class ExportFailed extends Schema.TaggedError<ExportFailed>()("ExportFailed", {
  file: Schema.String,
  message: Schema.String,
}) {}

/** Files by name; a single one without a name is the target itself. */
export interface Target {
  readonly path: string
  readonly write: (name: string, bytes: Uint8Array) => Effect.Effect<void, ExportFailed>
}

/** Writes everything beside the target and moves it there when it is whole. */
export const toTarget = Effect.fnUntraced(function* <E, R>(
  out: string,
  folder: boolean,
  write: (target: Target) => Effect.Effect<void, E, R>,
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const failing = (error: { readonly message: string }) =>
    new ExportFailed({ file: out, message: error.message })
  if (yield* fs.exists(out).pipe(Effect.mapError(failing))) {
    return yield* new UsageError({ message: `${out} is already there; choose another --out` })
  }
  const partial = `${out}.partial`
  const remove = fs.remove(partial, { recursive: true, force: true })
  yield* Effect.gen(function* () {
    yield* remove
    yield* fs.makeDirectory(folder ? partial : path.dirname(path.resolve(partial)), { recursive: true })
  }).pipe(Effect.mapError(failing))
  yield* write({
    path: partial,
    write: (name, bytes) =>
      fs.writeFile(name === "" ? partial : path.join(partial, name), bytes).pipe(Effect.mapError(failing)),
  }).pipe(Effect.onError(() => Effect.ignore(remove)))
  yield* fs.rename(partial, out).pipe(Effect.mapError(failing))
})

export const attempt = (folder: string, write: () => Promise<void>) =>
  Effect.tryPromise({
    try: write,
    catch: (cause) =>
      cause instanceof RunStore.RunStoreError
        ? cause
        : new ExportFailed({ file: folder, message: cause instanceof Error ? cause.message : String(cause) }),
  })
