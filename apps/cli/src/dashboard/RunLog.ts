/**
 * Follows `events.jsonl` of one run by byte offset into an index. A torn last line waits for its end. A log that was cut
 * (a resume goes back to a checkpoint), even if it has grown past the cut since, is read again from its beginning, and the
 * cursors that were given out before say so.
 */
import { RunStore } from "@azr/core"
import { RunIndex } from "@azr/core/dashboard"
import { Effect, FileSystem, Option, Path, Semaphore } from "effect"
import { RolloutFiles } from "./RolloutFiles.ts"

const text = new TextDecoder()

export class RunLog {
  readonly folder: string
  index = new RunIndex.RunIndex()
  rollouts: RolloutFiles
  readonly #opened: string
  #resets = 0
  /** Bytes taken in: the end of the last whole line. */
  #offset = 0
  /** The last line that was taken in, by which a log that was cut and grew again is known. */
  #seam: (RunStore.Place & { readonly line: string }) | null = null
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
        const file = path.join(this.folder, RunStore.logFile)
        const info = yield* fs.stat(file).pipe(Effect.asSome, RunStore.orIfAbsent(Option.none()))
        const size = Option.isSome(info) ? Number(info.value.size) : 0
        if (size === this.#offset) return
        if (size === 0) return this.#reset()
        const handle = yield* fs.open(file)
        if (this.#seam !== null) {
          const now = size < this.#offset ? null : yield* textAt(handle, this.#seam)
          if (now !== this.#seam.line) this.#reset()
        }
        let seam: RunStore.Place | null = null
        yield* RunStore.eachLine(handle, this.#offset, size, (piece, start, end, offset) => {
          this.index.accept(piece, start, end, offset)
          seam = { offset, length: end - start }
          this.#offset = offset + seam.length + 1
        })
        if (seam !== null) this.#seam = { ...(seam as RunStore.Place), line: yield* textAt(handle, seam) }
      }),
    )
  }

  #reset(): void {
    this.#resets += 1
    this.#offset = 0
    this.#seam = null
    this.index = new RunIndex.RunIndex()
    this.rollouts = new RolloutFiles(this.folder)
  }

  /** A line of the log, by its place. */
  lineAt(place: RunStore.Place) {
    return Effect.scoped(
      Effect.gen({ self: this }, function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        return yield* textAt(yield* fs.open(path.join(this.folder, RunStore.logFile)), place)
      }),
    )
  }
}

const textAt = (file: FileSystem.File, place: RunStore.Place) =>
  Effect.map(RunStore.bytesAt(file, place), (bytes) => text.decode(bytes))
