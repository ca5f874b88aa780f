/**
 * Follows `events.jsonl` of one run by byte offset into an index. A torn last line waits for its end. A log that was cut
 * (a resume goes back to a checkpoint), even if it has grown past the cut since, is read again from its beginning, and the
 * cursors that were given out before say so.
 */
import { RunIndex } from "@azr/core/dashboard"
import { Effect, FileSystem, Option, Path, Semaphore } from "effect"
import { RolloutFiles } from "./RolloutFiles.ts"

const chunkBytes = 1 << 20
const seamBytes = 64
const newline = 10
const text = new TextDecoder()

export class RunLog {
  readonly folder: string
  index = new RunIndex.RunIndex()
  rollouts: RolloutFiles
  readonly #opened: string
  #resets = 0
  /** Bytes taken in: the end of the last whole line. */
  #offset = 0
  /** The beginning of the last line that was taken in, by which a log that was cut and grew again is known. */
  #seam: { readonly offset: number; readonly bytes: Uint8Array } | null = null
  readonly #lock = Semaphore.makeUnsafe(1)

  /** `opened` tells this index from any other of the same run. */
  constructor(folder: string, opened: string) {
    this.folder = folder
    this.#opened = opened
    this.rollouts = new RolloutFiles(folder)
  }

  get cursor(): string {
    return `${this.#opened}-${this.#resets}.${this.#offset}`
  }

  /** Whether everything that was read up to that cursor still holds. */
  continues(cursor: string): boolean {
    const [epoch, offset] = cursor.split(".")
    return epoch === `${this.#opened}-${this.#resets}` && Number(offset) <= this.#offset
  }

  /** Takes in what the log has got since the last time. */
  get refresh() {
    return this.#lock.withPermits(1)(Effect.suspend(() => this.#refresh()))
  }

  #refresh() {
    return Effect.scoped(
      Effect.gen({ self: this }, function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const file = path.join(this.folder, "events.jsonl")
        const info = yield* fs.stat(file).pipe(
          Effect.asSome,
          Effect.catchIf(
            ({ reason }) => reason._tag === "NotFound",
            () => Effect.succeedNone,
          ),
        )
        const size = Option.isSome(info) ? Number(info.value.size) : 0
        if (size === this.#offset) return
        if (size === 0) return this.#reset()
        const handle = yield* fs.open(file)
        const read = (offset: number, bytes: number) =>
          handle
            .readAlloc(bytes, { position: BigInt(offset) })
            .pipe(Effect.map(Option.getOrElse(() => new Uint8Array())))
        if (this.#seam !== null) {
          const { bytes, offset } = this.#seam
          const now = size < this.#offset ? new Uint8Array() : yield* read(offset, bytes.length)
          if (!same(now, bytes)) this.#reset()
        }
        let rest = Buffer.alloc(0)
        for (let position = this.#offset; position < size;) {
          const chunk = yield* read(position, Math.min(chunkBytes, size - position))
          if (chunk.length === 0) break
          position += chunk.length
          rest = this.#take(Buffer.concat([rest, chunk]))
        }
      }),
    )
  }

  /** Indexes the whole lines and gives back what is left of the last one. A `Buffer` finds and decodes them fastest. */
  #take(bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
    let start = 0
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      this.index.accept(bytes.toString("utf8", start, end), { offset: this.#offset, length: end - start })
      this.#seam = { offset: this.#offset, bytes: bytes.subarray(start, Math.min(end, start + seamBytes)) }
      this.#offset += end - start + 1
      start = end + 1
    }
    if (this.#seam !== null) this.#seam = { ...this.#seam, bytes: Uint8Array.from(this.#seam.bytes) }
    return bytes.subarray(start)
  }

  #reset(): void {
    this.#resets += 1
    this.#offset = 0
    this.#seam = null
    this.index = new RunIndex.RunIndex()
    this.rollouts = new RolloutFiles(this.folder)
  }

  /** A line of the log, by its place. */
  lineAt({ length, offset }: RunIndex.Place) {
    return Effect.scoped(
      Effect.gen({ self: this }, function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const handle = yield* fs.open(path.join(this.folder, "events.jsonl"))
        const bytes = yield* handle.readAlloc(length, { position: BigInt(offset) })
        return text.decode(Option.getOrElse(bytes, () => new Uint8Array()))
      }),
    )
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])
