/** Lines of `events.jsonl`, by their place. */
import { Effect, type FileSystem, Option, Result, Schema } from "effect"
import { RunEvent } from "../RunEvent.ts"
import { RunStoreError, logFile } from "./files.ts"

export type Tagged<T extends RunEvent["_tag"]> = Extract<RunEvent, { readonly _tag: T }>

const Bytes = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
/** Where a line stands in the log, in bytes, without its end. */
export const Place = Schema.Struct({ offset: Bytes, length: Bytes })
export type Place = typeof Place.Type

const decodeEvent = Schema.decodeUnknownResult(RunEvent)
const text = new TextDecoder()

export const decodeLine = (line: Uint8Array): Result.Result<RunEvent, RunStoreError> =>
  Result.try({
    try: (): unknown => JSON.parse(text.decode(line)),
    catch: () => new RunStoreError({ file: logFile, message: "not JSON" }),
  }).pipe(
    Result.flatMap((json) =>
      Result.mapError(
        decodeEvent(json),
        (error) => new RunStoreError({ file: logFile, message: error.message }),
      ),
    ),
  )

/** The bytes at a place, fewer if the log ends before. */
export const bytesAt = (log: FileSystem.File, { length, offset }: Place) =>
  log
    .readAlloc(length, { position: BigInt(offset) })
    .pipe(Effect.map(Option.getOrElse(() => new Uint8Array())))
