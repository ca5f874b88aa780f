/**
 * Files of data sets from the Hugging Face Hub, by its own client. Only `--hub` comes here; nothing else of an evaluation
 * uses the network. What comes is compared with the digest that the Hub tells, and kept with its SHA-256: a file that was fetched
 * before is used again if it still has it.
 */
import { createHash } from "node:crypto"
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
  const failing = (error: Reason) =>
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
    const { blob, digest } = yield* hub(() => open(repository, revision, file))
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
  }).pipe(Effect.mapError((error) => (error instanceof HubError ? error : failing(error))))
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
    return `there is no such data set, or it is not open to everybody: HF_TOKEN may hold a token that can read it (${cause.statusCode})`
  }
  // A failed fetch says why in its cause.
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message
}

/** A file of the Hub and its digest, null where the Hub tells none. */
const open = async (repository: string, revision: string, file: string) => {
  // Loaded here: no other command should wait for it.
  const { downloadFile, fileDownloadInfo } = await import("@huggingface/hub")
  // As Hugging Face's own tools read them: the address of a mirror, and who asks.
  const { HF_ENDPOINT: hubUrl, HF_TOKEN: accessToken } = process.env
  const place = {
    repo: { type: "dataset", name: repository },
    revision,
    path: file,
    ...(hubUrl === undefined ? {} : { hubUrl }),
    ...(accessToken === undefined ? {} : { accessToken }),
  } as const
  const downloadInfo = await fileDownloadInfo(place)
  // One request for the whole, as every store of the Hub answers it: pieces of a file that has many are not worth another protocol.
  const blob = downloadInfo && (await downloadFile({ ...place, downloadInfo, xet: false }))
  if (downloadInfo === null || blob === null) throw new Error("there is no such file")
  const [, digest = null] = /^(?:W\/)?"?([\da-f]{40}|[\da-f]{64})"?$/u.exec(downloadInfo.etag) ?? []
  return { blob, digest }
}

/** Whether the Hub's name for a file is right: its SHA-256 where it is stored apart, as git names it otherwise. */
const isDigestOf = (digest: string, bytes: Uint8Array): boolean =>
  digest ===
  (digest.length === 64
    ? sha256(bytes)
    : createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex"))
