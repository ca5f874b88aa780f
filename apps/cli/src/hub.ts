/**
 * Files from the Hugging Face Hub, by its own client. Only what the user has asked to be fetched comes here. What comes is compared
 * with the digest that the Hub tells, and kept with its SHA-256: a file that was fetched before is used again if it still has it.
 */
import { createHash } from "node:crypto"
import { Config, Effect, FileSystem, Option, Path, Redacted, Schema } from "effect"
import { Output } from "./Output.ts"
import { sha256 } from "./sha256.ts"

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
  const { file, repository, revision } = wanted
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
    const found = yield* open(wanted)
    if (found === null) return null
    const { blob, digest } = found
    const bytes = new Uint8Array(blob.size)
    let done = 0
    const reader = blob.stream().getReader()
    for (;;) {
      const { done: ended, value } = yield* hub(() => reader.read())
      if (ended) break
      if (done + value.length > blob.size)
        return yield* Effect.fail(unequal(`more than ${blob.size} bytes came`))
      bytes.set(value, done)
      done += value.length
      yield* output.status(`${name}: ${done} of ${blob.size} bytes …`)
    }
    if (done !== blob.size) return yield* Effect.fail(unequal(`${done} of ${blob.size} bytes came`))
    if (digest !== null && !isDigestOf(digest, bytes)) {
      return yield* Effect.fail(unequal(`what came is not what the Hub has (${digest})`))
    }
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

interface Reason {
  readonly message: string
}

const unequal = (message: string): Reason => ({ message: `${message}; try again` })

const hub = <A>(call: () => Promise<A>): Effect.Effect<A, Reason> =>
  Effect.tryPromise({ try: call, catch: (cause) => ({ message: reasonOf(cause) }) })

const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  if ("statusCode" in cause && (cause.statusCode === 401 || cause.statusCode === 403)) {
    return `there is no such repository, or it is not open to everybody: HF_TOKEN may hold a token that can read it (${cause.statusCode})`
  }
  // A failed fetch says why in its cause.
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message
}

/** A file of the Hub and its digest, null where the Hub tells none; null without such a file. */
const open = Effect.fnUntraced(function* ({ file, repository, revision, type }: HubFile) {
  const { endpoint, token } = yield* settings
  return yield* hub(async () => {
    // Loaded here: no other command should wait for it.
    const { downloadFile, fileDownloadInfo } = await import("@huggingface/hub")
    const place = {
      repo: { type, name: repository },
      revision,
      path: file,
      ...(Option.isNone(endpoint) ? {} : { hubUrl: endpoint.value }),
      ...(Option.isNone(token) ? {} : { accessToken: Redacted.value(token.value) }),
    } as const
    const downloadInfo = await fileDownloadInfo(place)
    // One request for the whole, as every store of the Hub answers it: pieces of a file that has many are not worth another protocol.
    const blob = downloadInfo && (await downloadFile({ ...place, downloadInfo, xet: false }))
    if (downloadInfo === null || blob === null) return null
    const [, digest = null] = /^(?:W\/)?"?([\da-f]{40}|[\da-f]{64})"?$/u.exec(downloadInfo.etag) ?? []
    return { blob, digest }
  })
})

/** Whether the Hub's name for a file is right: its SHA-256 where it is stored apart, as git names it otherwise. */
const isDigestOf = (digest: string, bytes: Uint8Array): boolean =>
  digest ===
  (digest.length === 64
    ? sha256(bytes)
    : createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex"))
