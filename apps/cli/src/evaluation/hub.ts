/**
 * Files of data sets from the Hugging Face Hub, by its own client. Only `--hub` comes here; nothing else of an evaluation
 * uses the network. A file that was fetched before is used again if it still has its checksum.
 */
import { Effect, FileSystem, Path, Schema } from "effect"
import { UsageError } from "../exitCodes.ts"
import { Output } from "../Output.ts"
import { sha256 } from "./rowFile.ts"

/** Where downloads are kept, below the working folder. */
const folder = "suites"

/** The Hub could not be reached or has no such file. */
export class HubError extends Schema.TaggedError<HubError>()("HubError", {
  file: Schema.String,
  message: Schema.String,
}) {}

/** Gives the local file of `owner/name:path` or `owner/name@revision:path`, fetched if it is not there. */
export const downloadSuite = Effect.fn("downloadSuite")(function* (name: string) {
  const [, repository, revision = "main", file] =
    /^([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?:([\w./ -]+)$/u.exec(name) ?? []
  if (repository === undefined || file === undefined || file.split("/").includes("..")) {
    return yield* new UsageError({
      message: `--hub ${name}: expected owner/name:file, e.g. cruxeval-org/cruxeval:test.jsonl`,
    })
  }
  const output = yield* Output
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const local = path.join(folder, repository.replace("/", "+"), revision.replaceAll("/", "+"), file)
  const checksum = `${local}.sha256`
  const failing = (error: { readonly message: string }) =>
    new HubError({
      file: name,
      message: `${error.message}; fetch the file by other means and give it to --suite`,
    })
  return yield* Effect.gen(function* () {
    if (yield* fs.exists(checksum)) {
      const expected = (yield* fs.readFileString(checksum)).trim()
      if (sha256(yield* fs.readFile(local)) !== expected) {
        return yield* new HubError({
          file: local,
          message: `is not what was downloaded (sha256 ${expected}); remove it to fetch it again`,
        })
      }
      return local
    }
    const blob = yield* Effect.tryPromise({
      // Loaded here: no other command should wait for it.
      try: async () => {
        const { downloadFile } = await import("@huggingface/hub")
        return downloadFile({
          repo: { type: "dataset", name: repository },
          revision,
          path: file,
          // As Hugging Face's own tools read it: the address of a mirror.
          ...(process.env["HF_ENDPOINT"] === undefined ? {} : { hubUrl: process.env["HF_ENDPOINT"] }),
        })
      },
      catch: (cause) => ({ message: cause instanceof Error ? cause.message : String(cause) }),
    })
    if (blob === null) return yield* Effect.fail({ message: "there is no such file" })
    const bytes = new Uint8Array(blob.size)
    let done = 0
    const reader = blob.stream().getReader()
    for (;;) {
      const { done: ended, value } = yield* Effect.tryPromise({
        try: () => reader.read(),
        catch: (cause) => ({ message: cause instanceof Error ? cause.message : String(cause) }),
      })
      if (ended) break
      bytes.set(value, done)
      done += value.length
      yield* output.status(`${name}: ${done} of ${blob.size} bytes …`)
    }
    if (done !== blob.size) return yield* Effect.fail({ message: `${done} of ${blob.size} bytes came` })
    yield* fs.makeDirectory(path.dirname(local), { recursive: true })
    yield* fs.writeFile(local, bytes)
    // Last: a file without its checksum was not written whole.
    yield* fs.writeFileString(checksum, `${sha256(bytes)}\n`)
    yield* output.progress(`${local}: ${bytes.length} bytes, sha256 ${sha256(bytes)}`)
    return local
  }).pipe(Effect.mapError((error) => (error instanceof HubError ? error : failing(error))))
})
