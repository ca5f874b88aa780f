/** Reading a run folder, whatever its size, with tolerance for what a crash can leave: a torn last line is left out. */
import { Effect, FileSystem, Option, Path, Stream } from "effect"
import { parse as parseConfig } from "../RunConfig.ts"
import { beginning, decodeLines, pieceBytes } from "./eachLine.ts"
import { failing, logFile, orIfAbsent, readJson } from "./files.ts"
import { decodeLine } from "./logLine.ts"

export const readConfig = Effect.fn("RunStore.readConfig")(function* (folder: string) {
  const json = yield* readJson(folder, "config.json")
  return yield* Effect.mapError(Effect.fromResult(parseConfig(json)), failing("config.json"))
})

/** Every event of a run so far, in order. A piece of the log is in memory at a time: `readOverview` is quicker where it is enough. */
export const events = (folder: string) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const opened = yield* fs
        .open(path.join(folder, logFile), { flag: "r" })
        .pipe(Effect.asSome, orIfAbsent(Option.none<FileSystem.File>()))
      if (Option.isNone(opened)) return Stream.empty
      const log = opened.value
      const size = Number((yield* log.stat).size)
      return Stream.paginate(
        { from: beginning, most: pieceBytes },
        Effect.fnUntraced(function* ({ from, most }) {
          const to = Math.min(from.offset + most, size)
          const { end, values } = yield* Effect.mapError(
            decodeLines(log, from, to, decodeLine),
            failing(logFile),
          )
          // A line that is longer than a piece.
          const next = { from: end, most: end.offset === from.offset ? 2 * most : pieceBytes }
          return [values, to < size ? Option.some(next) : Option.none()] as const
        }),
      )
    }).pipe(Effect.catchTag("PlatformError", (error) => Effect.fail(failing(logFile)(error)))),
  )
