/**
 * Files from the Hugging Face Hub, by its own client. Only what the user has asked to be fetched comes here. A file that was fetched
 * before is used again if it still has its checksum.
 */
import { Config, Effect, FileSystem, Option, Path, Redacted, Schema } from "effect"
import { sha256 } from "./evaluation/rowFile.ts"
import { Output } from "./Output.ts"

/** The Hub could not be reached, or a file is not what it gave. */
export class HubError extends Schema.TaggedError<HubError>()("HubError", {
  file: Schema.String,
  message: Schema.String,
}) {}

export interface HubFile {
  readonly type: "dataset" | "model"
  /** `owner/name`. */
  readonly repository: string
  readonly revision: string
  /** Its path in the repository. */
  readonly file: string
  /** Where downloads of this kind are kept. */
  readonly folder: string
  /** What to do where the Hub cannot be reached. */
  readonly elsewhere: string
}

/** Where a repository is kept below a folder of downloads. */
export const repositoryFolder = Effect.fnUntraced(function* ({
  folder,
  repository,
  revision,
}: Pick<HubFile, "folder" | "repository" | "revision">) {
  const path = yield* Path.Path
  return path.join(folder, repository.replace("/", "+"), revision.replaceAll("/", "+"))
})

/** As Hugging Face's own tools read them: the address of a mirror, and a token for what is not open to all. */
const settings = Config.all({
  endpoint: Config.option(Config.String("HF_ENDPOINT")),
  token: Config.option(Config.Redacted("HF_TOKEN")),
})

/** Gives the local file, fetched if it is not there; null where the repository has none. */
export const fetchFile = Effect.fn("fetchFile")(function* (wanted: HubFile) {
  const { file, repository, revision, type } = wanted
  const output = yield* Output
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const name = `${repository}${revision === "main" ? "" : `@${revision}`}:${file}`
  const local = path.join(yield* repositoryFolder(wanted), file)
  const checksum = `${local}.sha256`
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
    const { endpoint, token } = yield* settings
    const blob = yield* Effect.tryPromise({
      // Loaded here: no other command should wait for it.
      try: async () => {
        const { downloadFile } = await import("@huggingface/hub")
        return downloadFile({
          repo: { type, name: repository },
          revision,
          path: file,
          ...(Option.isNone(endpoint) ? {} : { hubUrl: endpoint.value }),
          ...(Option.isNone(token) ? {} : { accessToken: Redacted.value(token.value) }),
        })
      },
      catch: described,
    })
    if (blob === null) return null
    const bytes = new Uint8Array(blob.size)
    let done = 0
    const reader = blob.stream().getReader()
    for (;;) {
      const { done: ended, value } = yield* Effect.tryPromise({
        try: () => reader.read(),
        catch: described,
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
  }).pipe(
    Effect.mapError((error) =>
      error instanceof HubError
        ? error
        : new HubError({ file: name, message: `${error.message}; ${wanted.elsewhere}` }),
    ),
  )
})

const described = (cause: unknown) => ({ message: cause instanceof Error ? cause.message : String(cause) })
