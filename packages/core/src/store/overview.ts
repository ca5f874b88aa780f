/**
 * What a run came to so far, for runs of any length: one pass over the bytes of `events.jsonl` from where its index ends, of
 * which only the few lines that tell of the run as a whole are decoded. A run of 10,000 steps has hundreds of megabytes of events.
 */
import { Effect, FileSystem, Option, Path, Result } from "effect"
import type { RunConfig } from "../RunConfig.ts"
import type { RunEvent } from "../RunEvent.ts"
import { type Manifest, listManifests } from "./Checkpoint.ts"
import { type RunStoreError, failing, logFile } from "./files.ts"
import { type Indexed, type Located, nothing, readIndex, stateOf, writeIndex } from "./LogIndex.ts"
import { type Tagged, decodeLine } from "./logLine.ts"
import { readConfig } from "./reading.ts"

export interface RunOverview {
  readonly config: RunConfig
  readonly started: Tagged<"RunStarted"> | null
  readonly evaluated: ReadonlyArray<Tagged<"Evaluated">>
  /** The last step that was completed. */
  readonly lastStep: Tagged<"StepCompleted"> | null
  /** The last event of all. A run that has not ended is being written or was cut off. */
  readonly last: RunEvent | null
  /** Whether the log ended in a torn line, which was left out. */
  readonly torn: boolean
  readonly checkpoints: ReadonlyArray<Manifest>
}

const newline = 10
/** Read at a time; of a log that goes on for longer behind the end of its index, that is worth a new index. */
const pieceBytes = 4 << 20

/** Every event begins so, with its tag. */
const prefix = '{"_tag":"'
const letters = (text: string) => [...text].map((letter) => letter.charCodeAt(0))
/** The two that make up nearly all of a log say nothing of the run as a whole. */
const [proposed, taskAdded] = letters("PT")
/** Of these only the last counts. `Seeded` begins like it. */
const stepCompleted = letters("St")

export const readOverview = Effect.fn("RunStore.readOverview")(function* (folder: string) {
  const config = yield* readConfig(folder)
  const found = yield* readLog(folder)
  return { config, ...found, checkpoints: yield* listManifests(folder) } satisfies RunOverview
})

const readLog = (folder: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const target = path.join(folder, logFile)
    if (!(yield* fs.exists(target))) return yield* scan(null, nothing)
    const log = yield* fs.open(target, { flag: "r" })
    const state = stateOf(yield* log.stat)
    const indexed = yield* readIndex(folder, log, state)
    const found = yield* scan(log, indexed)
    if (found.step !== null && found.step.offset - indexed.end > pieceBytes)
      yield* writeIndex(folder, state, found.step, found)
    return found
  }).pipe(
    Effect.scoped,
    Effect.catchTag("PlatformError", (error) => Effect.fail(failing(logFile)(error))),
    Effect.map(({ evaluated, last, lastStep, started, torn }) => ({
      started: started?.event ?? null,
      evaluated: evaluated.map(({ event }) => event),
      lastStep,
      last,
      torn,
    })),
  )

/** Reads on where an index ends. A log of no file is empty. */
const scan = Effect.fnUntraced(function* (log: FileSystem.File | null, indexed: Indexed) {
  let started: Indexed["started"] = indexed.started
  const evaluated: Array<Located<"Evaluated">> = [...indexed.evaluated]
  let step: Line | null = null
  let last: Line | null = null
  // The line before the last, which counts when the last is torn.
  let before: Line | null = null
  let problem: RunStoreError | null = null

  /** Looks at one line that is not the last: by its tag first, most need no more. `base` is where the piece begins. */
  const look = (piece: Uint8Array, base: number, from: number, to: number) => {
    const letter = piece[from + prefix.length]
    if (letter === proposed || letter === taskAdded) return
    const line = piece.subarray(from, to)
    if (letter === stepCompleted[0] && piece[from + prefix.length + 1] === stepCompleted[1]) {
      step = { offset: base + from, line }
      return
    }
    const event = decodeLine(line)
    const place = { offset: base + from, length: to - from }
    if (Result.isFailure(event)) problem ??= event.failure
    else if (event.success._tag === "RunStarted") started = { place, event: event.success }
    else if (event.success._tag === "Evaluated") evaluated.push({ place, event: event.success })
  }
  /** Takes the whole lines of a piece of the log; gives where the rest begins. */
  const feed = (piece: Uint8Array, base: number): number => {
    let [priorFrom, priorTo, from, to, at] = [-1, 0, -1, 0, 0]
    for (let end = piece.indexOf(newline); end !== -1; end = piece.indexOf(newline, at)) {
      if (from >= 0) look(piece, base, from, to)
      else if (last !== null) look(last.line, last.offset, 0, last.line.length)
      priorFrom = from
      priorTo = to
      from = at
      to = end
      at = end + 1
    }
    // The buffer is used again.
    if (from >= 0) {
      before = priorFrom >= 0 ? kept(base + priorFrom, piece.subarray(priorFrom, priorTo)) : last
      last = kept(base + from, piece.subarray(from, to))
    }
    if (step !== null) step = kept(step.offset, step.line)
    return at
  }

  const unfinished = log === null ? 0 : yield* eachPiece(log, indexed.end, feed)
  // A last line that is no JSON is torn, too: some file systems leave zeros.
  let torn = unfinished > 0
  let lastEvent: RunEvent | null = null
  if (last !== null) {
    const { line, offset } = last as Line
    const event = decodeLine(line)
    if (Result.isSuccess(event)) {
      lastEvent = event.success
      look(line, offset, 0, line.length)
    } else {
      torn = true
      if (before !== null) lastEvent = yield* Effect.fromResult(decodeLine((before as Line).line))
    }
  }
  if (problem !== null) return yield* problem as RunStoreError
  const completed = step === null ? null : yield* Effect.fromResult(decodeLine((step as Line).line))
  return {
    started,
    evaluated,
    step: step as Line | null,
    lastStep: completed?._tag === "StepCompleted" ? completed : null,
    last: lastEvent,
    torn,
  }
})

interface Line {
  readonly offset: number
  readonly line: Uint8Array
}

const kept = (offset: number, line: Uint8Array): Line => ({ offset, line: Uint8Array.from(line) })

/**
 * Hands the log over from an offset, piece by piece, in one buffer that is used again; `feed` gives how much it took, the rest
 * comes first in the next piece. Gives how many bytes are left at the end.
 */
const eachPiece = Effect.fnUntraced(function* (
  log: FileSystem.File,
  from: number,
  feed: (piece: Uint8Array, base: number) => number,
) {
  let base = from
  for (let size = pieceBytes; ; size *= 2) {
    // The platform's own array: Node's finds a byte several times faster than any other.
    const buffer = yield* log.readAlloc(size, { position: BigInt(base) })
    if (Option.isNone(buffer)) return 0
    for (let filled = buffer.value.length; ;) {
      const taken = feed(buffer.value.subarray(0, filled), base)
      base += taken
      // A line longer than the buffer.
      if (taken === 0 && filled === size) break
      const rest = filled - taken
      filled = yield* log.read(buffer.value, { position: BigInt(base) })
      if (filled === rest) return rest
    }
  }
})
