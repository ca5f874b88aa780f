/** Reading a run folder, with tolerance for what a crash can leave: a torn last line is left out. */
import { Effect, FileSystem, Path, Result, Schema } from "effect"
import { RunConfig, parse as parseConfig } from "../RunConfig.ts"
import { RunEvent } from "../RunEvent.ts"
import { listCheckpoints } from "./Checkpoint.ts"
import { RunStoreError, failing, logFile, orIfAbsent, readJson } from "./files.ts"

/** What a run folder says of itself. */
export interface RunSummary {
  readonly config: RunConfig
  readonly events: ReadonlyArray<RunEvent>
  /** Whether the log ended in a torn line, which was left out. */
  readonly torn: boolean
  /** Steps of the complete checkpoints, ascending. */
  readonly checkpoints: ReadonlyArray<number>
}

const decodeEvent = Schema.decodeUnknownResult(RunEvent)

/** Whole lines of JSON; a last line without its end, or with broken JSON, is torn. A broken line elsewhere is an error. */
export const parseLines = (
  text: string,
): Result.Result<
  { readonly lines: ReadonlyArray<unknown>; readonly torn: boolean },
  { readonly line: number }
> => {
  const parts = text.split("\n")
  const tail = parts.pop() ?? ""
  const lines: Array<unknown> = []
  for (const [index, part] of parts.entries()) {
    try {
      lines.push(JSON.parse(part))
    } catch {
      if (index === parts.length - 1) return Result.succeed({ lines, torn: true })
      return Result.fail({ line: index + 1 })
    }
  }
  return Result.succeed({ lines, torn: tail !== "" })
}

export const readConfig = Effect.fn("RunStore.readConfig")(function* (folder: string) {
  const json = yield* readJson(folder, "config.json")
  return yield* Effect.mapError(Effect.fromResult(parseConfig(json)), failing("config.json"))
})

/** The configuration and every event: of a short run, as they all are in memory. `readOverview` is for any. */
export const readSummary = Effect.fn("RunStore.readSummary")(function* (folder: string) {
  const config = yield* readConfig(folder)
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const text = yield* fs
    .readFileString(path.join(folder, logFile))
    .pipe(orIfAbsent(""), Effect.mapError(failing(logFile)))
  const parsed = parseLines(text)
  if (Result.isFailure(parsed)) {
    return yield* new RunStoreError({
      file: logFile,
      message: `line ${parsed.failure.line} is not JSON`,
    })
  }
  const events: Array<RunEvent> = []
  for (const [index, line] of parsed.success.lines.entries()) {
    const event = decodeEvent(line)
    if (Result.isFailure(event)) {
      return yield* new RunStoreError({
        file: logFile,
        message: `line ${index + 1}: ${event.failure.message}`,
      })
    }
    events.push(event.success)
  }
  return {
    config,
    events,
    torn: parsed.success.torn,
    checkpoints: yield* listCheckpoints(folder),
  } satisfies RunSummary
})
