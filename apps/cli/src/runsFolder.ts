/** Where runs live, and how a run is found by what a user types. */
import { RunStore } from "@azr/core"
import { DateTime, Effect, FileSystem, Option, Path } from "effect"
import { Flag } from "effect/cli"
import { UsageError } from "./exitCodes.ts"

export const runsDir = Flag.String("runs-dir").pipe(
  Flag.withDescription("Folder that holds the runs"),
  Flag.withDefault("runs"),
)

/** A new run's name: the preset and the time, e.g. `nano-20261122-231500`. */
export const newRunName = Effect.fnUntraced(function* (preset: string) {
  const now = DateTime.formatIso(yield* DateTime.now)
  return `${preset}-${now.slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")}`
})

/** The folder of a run, given its name or a path to it. */
export const findRun = Effect.fnUntraced(function* (directory: string, run: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (const folder of [path.join(directory, run), run]) {
    if (yield* fs.exists(path.join(folder, "config.json")).pipe(Effect.orElseSucceed(() => false)))
      return folder
  }
  const names = yield* listRuns(directory)
  return yield* new UsageError({
    message: `no run ${run} in ${directory}${names.length === 0 ? "; start one with azr train" : `; there are: ${names.join(", ")}`}`,
  })
})

/** Names of the folders that are runs. */
export const listRuns = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = yield* fs.readDirectory(directory).pipe(Effect.orElseSucceed((): ReadonlyArray<string> => []))
  return yield* Effect.filter(names.toSorted(), (name) =>
    fs.exists(path.join(directory, name, "config.json")).pipe(Effect.orElseSucceed(() => false)),
  )
})

/** The step of the checkpoint that a user asked for, or of the latest complete one. */
export const chooseCheckpoint = Effect.fnUntraced(function* (folder: string, wanted: Option.Option<number>) {
  const steps = yield* RunStore.listCheckpoints(folder)
  const step = Option.getOrElse(wanted, () => steps.at(-1) ?? -1)
  if (steps.includes(step)) return step
  return yield* new UsageError({
    message:
      steps.length === 0
        ? `${folder} has no complete checkpoint; start a new run with azr train`
        : `${folder} has no complete checkpoint at step ${step}; there are: ${steps.join(", ")}`,
  })
})
