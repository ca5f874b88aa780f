/** Where runs live, and how a run is found by what a user types. */
import { RunStore } from "@azr/core"
import { DateTime, Effect, FileSystem, Path } from "effect"
import { Flag } from "effect/cli"
import { command } from "./command.ts"
import { UsageError } from "./exitCodes.ts"

export const runsDir = Flag.String("runs-dir").pipe(
  Flag.withDescription("Folder that holds the runs (default runs)"),
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
    message: `no run ${run} in ${directory}${names.length === 0 ? `; start one with ${command} train` : `; there are: ${names.join(", ")}`}`,
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

/** `40`, `step-40`, `step-000040` or `latest`; null for anything else. */
const stepIn = (text: string): number | "latest" | null => {
  if (text === "latest") return "latest"
  const [, digits] = /^(?:step-)?(\d+)$/.exec(text) ?? []
  return digits === undefined ? null : Number(digits)
}

/**
 * The checkpoint that a user asked for, e.g. `step-40`, or the latest. One that is damaged is never passed over: the error names
 * what is wrong with it, and what can be used instead. `flag` is how the command takes a checkpoint.
 */
export const loadCheckpoint = Effect.fnUntraced(function* (folder: string, flag: string, wanted: string) {
  const steps = yield* RunStore.namedCheckpoints(folder)
  const asked = stepIn(wanted)
  const step = asked === "latest" ? (steps.at(-1) ?? null) : asked
  if (step === null || !steps.includes(step)) {
    const problem = asked === null ? `${flag} ${wanted} names no checkpoint, e.g. step-40` : null
    return yield* new UsageError({
      message:
        problem ??
        (steps.length === 0
          ? `${folder} has no checkpoint yet`
          : `${folder} has no checkpoint at step ${step}; there are: ${steps.join(", ")}`),
    })
  }
  return yield* readWhole(folder, step).pipe(
    Effect.catchTag("RunStoreError", (error) =>
      Effect.gen(function* () {
        const others = steps.filter((other) => other !== step)
        const usable = yield* Effect.filter(others, (other) => Effect.isSuccess(readWhole(folder, other)))
        return yield* new RunStore.RunStoreError({
          file: error.file,
          message: error.message.replace(/; use (another|an earlier) checkpoint$/, ""),
          hint:
            usable.length === 0
              ? "no other checkpoint is whole"
              : `whole are those of ${usable.map((other) => `step ${other}`).join(", ")}: ${flag} step-${usable.at(-1)}`,
        })
      }),
    ),
  )
})

const readWhole = Effect.fnUntraced(function* (folder: string, step: number) {
  const checkpoint = yield* RunStore.readCheckpoint(folder, step)
  yield* RunStore.checkLogs(folder, checkpoint.manifest)
  return checkpoint
})
