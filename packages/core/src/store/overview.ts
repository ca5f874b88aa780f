/**
 * What a run came to so far, for runs of any length: one pass over the bytes of `events.jsonl`, of which only the few lines
 * that tell of the run as a whole are decoded. A run of 10,000 steps has hundreds of megabytes of events.
 */
import { Effect, FileSystem, Option, Path, Result, Schema } from "effect"
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
const chunkBytes = 4 << 20

/** Every event begins so, with its tag. */
const prefix = '{"_tag":"'
/** The two that make up nearly all of a log say nothing of the run as a whole. */
const common = new Set(["P", "T"].map((letter) => letter.charCodeAt(0)))

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
  let rest: Uint8Array = new Uint8Array(0)
  let problem: RunStoreError | null = null
  const isStep = (line: Uint8Array) => line[prefix.length] === 83 && line[prefix.length + 1] === 116

  const take = (line: Uint8Array) => {
    if (isStep(line)) lastStep = line
    if (common.has(line[prefix.length] ?? 0) || isStep(line)) return
    const event = decode(line)
    if (Result.isFailure(event)) problem ??= event.failure
    else if (event.success._tag === "RunStarted") started = event.success
    else if (event.success._tag === "Evaluated") evaluated.push(event.success)
  }
  const feed = (chunk: Uint8Array) => {
    let at = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, at)) {
      const piece = chunk.subarray(at, end)
      const line = rest.length === 0 ? piece : joined(rest, piece)
      if (last !== null) take(last)
      before = last
      last = line
      rest = new Uint8Array(0)
      at = end + 1
    }
    if (at < chunk.length) rest = joined(rest, chunk.subarray(at))
  }

  yield* eachChunk(folder, feed)
  // A last line that is no JSON is torn, too: some file systems leave zeros.
  let torn = rest.length > 0
  let lastEvent: RunEvent | null = null
  if (last !== null) {
    const event = decode(last)
    if (Result.isSuccess(event)) {
      lastEvent = event.success
      take(last)
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

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}

/** Hands the log over piece by piece; each is a buffer of its own. A log that is not there is empty. */
const eachChunk = (folder: string, feed: (chunk: Uint8Array) => void) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const target = path.join(folder, file)
    if (!(yield* fs.exists(target))) return
    const handle = yield* fs.open(target, { flag: "r" })
    for (;;) {
      const chunk = yield* handle.readAlloc(chunkBytes)
      if (Option.isNone(chunk)) return
      feed(chunk.value)
    }
  }).pipe(Effect.scoped, Effect.mapError(failing(file)))
