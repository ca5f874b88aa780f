/**
 * Where those lines of `events.jsonl` stand that tell of the run as a whole, up to the last step, so that a long log is read once.
 * Kept by whoever reads a run, and only a hint: what it points to is read from the log, and an index that is torn, or that does
 * not fit the log any more (a resume cuts it), counts for nothing.
 */
import { Effect, FileSystem, Option, Path, Schema } from "effect"
import type { RunEvent } from "../RunEvent.ts"
import { replace, sha256, temporary } from "./files.ts"
import { Place, type Tagged, bytesAt, decodeLine } from "./logLine.ts"

const file = "events.index.json"
/** What a run folder may hold of an index. */
export const indexFiles: ReadonlyArray<string> = [file, temporary(file)]

/** The log when it was indexed. If its length is still the same, its time (milliseconds) must be so, too. */
const LogState = Schema.Struct({ bytes: Schema.Int, modified: Schema.Finite })
export type LogState = typeof LogState.Type

const LogIndex = Schema.Struct({
  version: Schema.Literal(1),
  log: LogState,
  /** The line of the last completed step, which must still be there; all before it is indexed. */
  step: Schema.Struct({ ...Place.fields, sha256: Schema.String }),
  started: Schema.NullOr(Place),
  evaluated: Schema.Array(Place),
})
const Json = Schema.fromJsonString(LogIndex)
const decodeIndex = Schema.decodeOption(Json)
const encodeIndex = Schema.encodeSync(Json)

/** An event and the place of its line. */
export interface Located<T extends RunEvent["_tag"]> {
  readonly place: Place
  readonly event: Tagged<T>
}

/** What the lines before the byte `end` say. */
export interface Indexed {
  readonly end: number
  readonly started: Located<"RunStarted"> | null
  readonly evaluated: ReadonlyArray<Located<"Evaluated">>
}

const nothing: Indexed = { end: 0, started: null, evaluated: [] }

export const stateOf = ({ mtime, size }: FileSystem.File.Info): LogState => ({
  bytes: Number(size),
  modified: Option.match(mtime, { onNone: () => 0, onSome: (time) => time.getTime() }),
})

const utf8 = new TextEncoder()

/** What the index of a run says, checked against its log; `nothing` where there is none to be trusted. */
export const readIndex = (folder: string, log: FileSystem.File, { bytes, modified }: LogState) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const [json = "", digest] = (yield* fs.readFileString(path.join(folder, file))).split("\n")
    if ((yield* sha256(utf8.encode(json))) !== digest) return nothing
    const index = yield* Effect.fromOption(decodeIndex(json))
    if (bytes === index.log.bytes && modified !== index.log.modified) return nothing
    if ((yield* sha256(yield* bytesAt(log, index.step))) !== index.step.sha256) return nothing
    const locate = <T extends "RunStarted" | "Evaluated">(tag: T) =>
      Effect.fnUntraced(function* (place: Place) {
        const event = yield* Effect.fromResult(decodeLine(yield* bytesAt(log, place)))
        return event._tag === tag ? { place, event: event as Tagged<T> } : yield* Effect.fail("another event")
      })
    return {
      end: index.step.offset,
      started: index.started === null ? null : yield* locate("RunStarted")(index.started),
      evaluated: yield* Effect.forEach(index.evaluated, locate("Evaluated"), { concurrency: 8 }),
    } satisfies Indexed
  }).pipe(Effect.orElseSucceed(() => nothing))

/** Keeps an index, if the folder lets it. `step` is the line of a completed step. */
export const writeIndex = Effect.fnUntraced(function* (
  folder: string,
  log: LogState,
  { line, place }: { readonly place: Place; readonly line: Uint8Array },
  found: Omit<Indexed, "end">,
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const json = encodeIndex({
    version: 1,
    log,
    step: { ...place, sha256: yield* sha256(line) },
    started: found.started?.place ?? null,
    evaluated: found.evaluated.map(({ place }) => place).filter(({ offset }) => offset < place.offset),
  })
  const target = path.join(folder, file)
  yield* replace(target, utf8.encode(`${json}\n${yield* sha256(utf8.encode(json))}\n`)).pipe(
    Effect.tapError(() => Effect.ignore(fs.remove(temporary(target), { force: true }))),
    Effect.ignore,
  )
})
