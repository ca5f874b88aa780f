/**
 * What a run came to so far, for runs of any length: one pass over the bytes of `events.jsonl` from where its index ends, of
 * which only the few lines that tell of the run as a whole are decoded. A run of 10,000 steps has hundreds of megabytes of events.
 */
import { Effect, FileSystem, Path, Result } from "effect"
import type { RunConfig } from "../RunConfig.ts"
import type { RunEvent } from "../RunEvent.ts"
import { type Manifest, listManifests } from "./Checkpoint.ts"
import { eachLine, pieceBytes } from "./eachLine.ts"
import { RunStoreError, failing, logFile } from "./files.ts"
import { type Indexed, type Located, readIndex, stateOf, writeIndex } from "./LogIndex.ts"
import { type Place, type Tagged, bytesAt, decodeLine } from "./logLine.ts"
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

/** A log that goes on for longer behind the end of its index is worth a new one. */
const worthAnIndex = pieceBytes

/** Every event begins so, with its tag. */
const prefix = '{"_tag":"'
const letters = (text: string) => [...text].map((letter) => letter.charCodeAt(0))
/** The two that make up nearly all of a log say nothing of the run as a whole. */
const [proposed, taskAdded] = letters("PT")
/** Of these only the last counts. */
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
    if (!(yield* fs.exists(target))) return empty
    const log = yield* fs.open(target, { flag: "r" })
    const state = stateOf(yield* log.stat)
    const indexed = yield* readIndex(folder, log, state)
    const found = yield* scan(log, indexed, state.bytes)
    if (found.step !== null && found.step.offset - indexed.end > worthAnIndex)
      yield* writeIndex(folder, state, { place: found.step, line: yield* bytesAt(log, found.step) }, found)
    return {
      started: found.started?.event ?? null,
      evaluated: found.evaluated.map(({ event }) => event),
      lastStep: found.lastStep,
      last: found.last,
      torn: found.torn,
    }
  }).pipe(
    Effect.scoped,
    Effect.catchTag("PlatformError", (error) => Effect.fail(failing(logFile)(error))),
  )

const empty = { started: null, evaluated: [], lastStep: null, last: null, torn: false }

/** Reads on where an index ends, to the byte `to`. */
const scan = Effect.fnUntraced(function* (log: FileSystem.File, indexed: Indexed, to: number) {
  let started: Indexed["started"] = indexed.started
  const evaluated: Array<Located<"Evaluated">> = [...indexed.evaluated]
  /** The last two lines: the one before counts when the last is torn. */
  const lines = new LastTwo()
  const steps = new LastTwo()
  let problem: { readonly offset: number; readonly error: RunStoreError } | null = null

  const end = yield* eachLine(log, indexed.end, to, (piece, start, end, offset) => {
    lines.add(offset, end - start)
    // Its tag says whether a line needs more of a look: most do not.
    const letter = piece[start + prefix.length]
    if (letter === proposed || letter === taskAdded) return
    if (letter === stepCompleted[0] && piece[start + prefix.length + 1] === stepCompleted[1]) {
      return steps.add(offset, end - start)
    }
    const event = decodeLine(piece.subarray(start, end))
    const place = { offset, length: end - start }
    if (Result.isFailure(event)) problem ??= { offset, error: event.failure }
    else if (event.success._tag === "RunStarted") started = { place, event: event.success }
    else if (event.success._tag === "Evaluated") evaluated.push({ place, event: event.success })
  })

  const eventAt = Effect.fnUntraced(function* (place: Place | null) {
    return place === null ? null : yield* Effect.fromResult(decodeLine(yield* bytesAt(log, place)))
  })
  const { before, last: lastLine } = lines
  // A last line that is no JSON is torn, too: some file systems leave zeros.
  const last = yield* Effect.result(eventAt(lastLine))
  const broken = Result.isFailure(last)
  const found = problem as { readonly offset: number; readonly error: RunStoreError } | null
  if (found !== null && !(broken && found.offset === lastLine?.offset)) {
    return yield* new RunStoreError({
      file: logFile,
      message: `the line at byte ${found.offset}: ${found.error.message}`,
    })
  }
  const step = broken && steps.last?.offset === lastLine?.offset ? steps.before : steps.last
  const completed = yield* eventAt(step)
  return {
    started,
    evaluated,
    step,
    lastStep: completed?._tag === "StepCompleted" ? completed : null,
    last: broken ? yield* eventAt(before) : last.success,
    torn: broken || end < to,
  }
})

/** Places of the last line of a sort, and of the one before it. */
class LastTwo {
  before: Place | null = null
  last: Place | null = null

  add(offset: number, length: number): void {
    this.before = this.last
    this.last = { offset, length }
  }
}
