/**
 * What a run came to so far, for runs of any length: one pass over the bytes of `events.jsonl`, of which only the few lines
 * that tell of the run as a whole are decoded. A run of 10,000 steps has hundreds of megabytes of events.
 */
import { Effect, FileSystem, Path, Result, Schema } from "effect"
import type { RunConfig } from "../RunConfig.ts"
import { RunEvent } from "../RunEvent.ts"
import { type Manifest, listManifests } from "./Checkpoint.ts"
import { RunStoreError, failing } from "./files.ts"
import { readConfig } from "./reading.ts"

type Tagged<T extends RunEvent["_tag"]> = Extract<RunEvent, { readonly _tag: T }>

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

const decodeEvent = Schema.decodeUnknownResult(RunEvent)
const text = new TextDecoder()
const newline = 10
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
  const found = yield* scan(folder)
  return { config, ...found, checkpoints: yield* listManifests(folder) } satisfies RunOverview
})

const file = "events.jsonl"

const decode = (line: Uint8Array): Result.Result<RunEvent, RunStoreError> =>
  Result.try({
    try: (): unknown => JSON.parse(text.decode(line)),
    catch: () => new RunStoreError({ file, message: "a line is not JSON" }),
  }).pipe(
    Result.flatMap((json) =>
      Result.mapError(decodeEvent(json), (error) => new RunStoreError({ file, message: error.message })),
    ),
  )

const scan = Effect.fnUntraced(function* (folder: string) {
  let started: RunOverview["started"] = null
  const evaluated: Array<Tagged<"Evaluated">> = []
  let lastStep: Uint8Array | null = null
  let last: Uint8Array | null = null
  // The line before the last, which counts when the last is torn.
  let before: Uint8Array | null = null
  let problem: RunStoreError | null = null

  /** Looks at one line that is not the last: by its tag first, most need no more. */
  const look = (bytes: Uint8Array, from: number, to: number) => {
    const letter = bytes[from + prefix.length]
    if (letter === proposed || letter === taskAdded) return
    if (letter === stepCompleted[0] && bytes[from + prefix.length + 1] === stepCompleted[1]) {
      lastStep = bytes.subarray(from, to)
      return
    }
    const event = decode(bytes.subarray(from, to))
    if (Result.isFailure(event)) problem ??= event.failure
    else if (event.success._tag === "RunStarted") started = event.success
    else if (event.success._tag === "Evaluated") evaluated.push(event.success)
  }
  /** Takes the whole lines of a piece of the log; gives where the rest begins. */
  const feed = (piece: Uint8Array): number => {
    let [priorFrom, priorTo, from, to, at] = [-1, 0, -1, 0, 0]
    for (let end = piece.indexOf(newline); end !== -1; end = piece.indexOf(newline, at)) {
      if (from >= 0) look(piece, from, to)
      else if (last !== null) look(last, 0, last.length)
      priorFrom = from
      priorTo = to
      from = at
      to = end
      at = end + 1
    }
    if (from >= 0) {
      before = priorFrom >= 0 ? piece.slice(priorFrom, priorTo) : last
      last = piece.slice(from, to)
    }
    // The buffer is used again.
    lastStep = lastStep?.slice() ?? null
    return at
  }

  const unfinished = yield* eachPiece(folder, feed)
  // A last line that is no JSON is torn, too: some file systems leave zeros.
  let torn = unfinished > 0
  let lastEvent: RunEvent | null = null
  if (last !== null) {
    const event = decode(last)
    if (Result.isSuccess(event)) {
      lastEvent = event.success
      look(last, 0, (last as Uint8Array).length)
    } else {
      torn = true
      if (before !== null) lastEvent = yield* Effect.fromResult(decode(before))
    }
  }
  if (problem !== null) return yield* problem as RunStoreError
  const step = lastStep === null ? null : yield* Effect.fromResult(decode(lastStep))
  return {
    started: started as RunOverview["started"],
    evaluated,
    lastStep: step?._tag === "StepCompleted" ? step : null,
    last: lastEvent,
    torn,
  }
})

/**
 * Hands the log over piece by piece, in one buffer that is used again; `feed` gives how much it took, the rest comes first in the
 * next piece. Gives how many bytes are left at the end. A log that is not there is empty.
 */
const eachPiece = (folder: string, feed: (piece: Uint8Array) => number) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const target = path.join(folder, file)
    if (!(yield* fs.exists(target))) return 0
    const handle = yield* fs.open(target, { flag: "r" })
    let buffer = new Uint8Array(pieceBytes)
    let held = 0
    for (;;) {
      const read = yield* handle.read(buffer.subarray(held))
      if (read === 0) return held
      const filled = held + read
      const taken = feed(buffer.subarray(0, filled))
      buffer.copyWithin(0, taken, filled)
      held = filled - taken
      if (held < buffer.length) continue
      // A line longer than the buffer.
      const larger = new Uint8Array(2 * buffer.length)
      larger.set(buffer)
      buffer = larger
    }
  }).pipe(Effect.scoped, Effect.mapError(failing(file)))
