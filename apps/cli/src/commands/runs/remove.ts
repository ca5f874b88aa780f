import { RunStore } from "@azr/core"
import { Effect, FileSystem, Path, Result } from "effect"
import { Argument, Command, Flag, Prompt } from "effect/cli"
import { command, quoted } from "../../command.ts"
import { UsageError } from "../../exitCodes.ts"
import { Output } from "../../Output.ts"
import { holdRun } from "../../RunLock.ts"
import { bytesText, diskOf } from "../../runOverview.ts"
import { runsDir } from "../../runsFolder.ts"

/** What may be in the folder of a run: anything else is somebody's, and the folder is left alone. */
const parts: ReadonlySet<string> = new Set([
  "config.json",
  "config.json.tmp",
  ...RunStore.logs,
  ...RunStore.indexFiles,
  "rollouts",
  "checkpoints",
  "evaluations",
  RunStore.lockFile,
])

/** The folder of a run that may be removed: a real folder, with a configuration, and nothing else than a run has. */
const removable = Effect.fnUntraced(function* (directory: string, run: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const refuse = (reason: string) => new UsageError({ message: `${run} is not removed: ${reason}` })
  const typeOf = (file: string) =>
    fs.lstat(file).pipe(
      Effect.map(({ type }) => type),
      Effect.orElseSucceed(() => null),
    )
  for (const folder of [path.join(directory, run), run]) {
    const type = yield* typeOf(folder)
    if (type === null) continue
    if (type === "SymbolicLink") return yield* refuse("it is a link to elsewhere; remove the link by hand")
    if (type !== "Directory" || (yield* typeOf(path.join(folder, "config.json"))) !== "File") continue
    const names = yield* fs.readDirectory(folder).pipe(Effect.mapError((error) => refuse(error.message)))
    const strange = names.filter((name) => !parts.has(name)).toSorted()
    const isRun =
      names.includes(RunStore.logFile) || Result.isSuccess(yield* Effect.result(RunStore.readConfig(folder)))
    if (!isRun) return yield* refuse("its config.json is not that of a run")
    if (strange.length > 0) {
      return yield* refuse(`it holds what no run has: ${strange.join(", ")}; move it away first`)
    }
    return folder
  }
  return yield* refuse(`there is no such run in ${directory}`)
})

export const removeCommand = Command.make(
  "rm",
  {
    run: Argument.String("run").pipe(
      Argument.withDescription("Name of a run, or its folder; may be several"),
      Argument.atLeast(1),
    ),
    runsDir,
    yes: Flag.Boolean("yes").pipe(
      Flag.withDescription("Do not ask"),
      Flag.withAlias("y"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr runs rm")(function* ({ run, runsDir, yes }) {
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    const folders = yield* Effect.forEach(run, (name) => removable(runsDir, name))
    if (!yes) {
      const sizes = yield* Effect.forEach(folders, diskOf)
      const all = folders.map((folder, index) => `${folder} (${bytesText(sizes[index] ?? 0)})`).join(", ")
      if (process.stdin.isTTY !== true) {
        return yield* new UsageError({
          message: `this would remove ${all}; say so: ${command} runs rm --yes ${run.map(quoted).join(" ")}`,
        })
      }
      const sure = yield* Prompt.run(Prompt.Confirm({ message: `Remove ${all}?`, initial: false }))
      if (!sure) return yield* output.progress("nothing removed")
    }
    for (const folder of folders) {
      yield* Effect.scoped(
        Effect.gen(function* () {
          // A run that is being written is not removed.
          yield* holdRun(folder)
          yield* fs.remove(folder, { recursive: true })
        }),
      )
      yield* output.result(`removed ${folder}`)
    }
  }),
).pipe(
  Command.withDescription("Remove runs for good; asks first, unless told --yes"),
  Command.withExamples([
    { command: "azr runs rm my-run", description: "Asks, then removes it" },
    { command: "azr runs rm --yes first second", description: "Two runs, in a script" },
  ]),
)
