import { RunConfig, RunStore } from "@azr/core"
import { Effect, FileSystem, Option, Path } from "effect"
import { Command, Flag } from "effect/cli"
import { command } from "../command.ts"
import { UsageError } from "../exitCodes.ts"
import { Output } from "../Output.ts"
import { resumeRun } from "../resuming.ts"
import { listRuns } from "../runsFolder.ts"
import { type Arm, arms, common } from "../study/arms.ts"
import { report } from "../study/report.ts"
import { readRun, runName } from "../study/results.ts"
import { train } from "../training.ts"

const armIds = arms.map(({ id }) => id)

/** Trains one arm with one seed, or goes on with it, or has nothing to do. */
const settle = Effect.fnUntraced(function* (
  arm: Arm,
  seed: number,
  folder: string,
  settings: ReadonlyArray<string>,
) {
  const output = yield* Output
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const config = yield* Effect.fromResult(
    RunConfig.withSettings(RunConfig.nano, [`seed=${seed}`, ...common, ...settings, ...arm.settings]),
  )
  const started = yield* fs.exists(path.join(folder, "config.json")).pipe(Effect.orElseSucceed(() => false))
  if (!started) {
    yield* output.progress(`\n${arm.title}, seed ${seed}`)
    return (yield* train({ config, folder, from: "new", json: false, dashboard: Option.none() })).status
  }
  const saved = yield* RunStore.readConfig(folder)
  if (JSON.stringify(saved) !== JSON.stringify(config)) {
    return yield* new UsageError({
      message: `${folder} was run with other settings; choose another --out, or remove it`,
    })
  }
  const resumed = yield* resumeRun(folder, { from: null, steps: null, json: false, dashboard: Option.none() })
  return resumed?.status ?? "completed"
})

const nanoCommand = Command.make(
  "nano",
  {
    out: Flag.String("out").pipe(
      Flag.withDescription("Folder for the runs; those that are there are not repeated (default study)"),
      Flag.withDefault("study"),
    ),
    arm: Flag.Literals("arm", armIds).pipe(
      Flag.withDescription("Only this arm; may be repeated"),
      Flag.atLeast(0),
    ),
    seeds: Flag.Int("seeds").pipe(
      Flag.withDescription("Seeds of each arm, instead of its own number"),
      Flag.optional,
    ),
    set: Flag.String("set").pipe(
      Flag.withDescription("A setting for all arms, e.g. --set steps=20; may be repeated"),
      Flag.withMetavar("key=value"),
      Flag.atLeast(0),
    ),
    report: Flag.String("report").pipe(
      Flag.withDescription(
        "Markdown file to write; plots go to the folder results beside it (default study/RESULTS.md)",
      ),
      Flag.withDefault("study/RESULTS.md"),
    ),
  },
  Effect.fn("azr study nano")(function* (flags) {
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    if (Option.isSome(flags.seeds) && flags.seeds.value < 1) {
      return yield* new UsageError({ message: `--seeds ${flags.seeds.value} must be at least 1` })
    }
    const chosen = arms.filter(({ id }) => flags.arm.length === 0 || flags.arm.includes(id))
    const plan = chosen.flatMap((arm) =>
      Array.from({ length: Option.getOrElse(flags.seeds, () => arm.seeds) }, (_, seed) => ({ arm, seed })),
    )
    for (const [index, { arm, seed }] of plan.entries()) {
      yield* output.progress(`run ${index + 1} of ${plan.length}: ${runName(arm, seed)}`)
      const status = yield* settle(arm, seed, path.join(flags.out, runName(arm, seed)), flags.set)
      if (status === "interrupted") {
        return yield* output.result(
          `stopped; the same command goes on: ${command} study nano --out ${flags.out}`,
        )
      }
    }
    // Every complete run of the folder is in the report, also those of earlier calls with other arms.
    const results = []
    const names = yield* listRuns(flags.out)
    for (const arm of arms) {
      for (const name of names) {
        const [, seed] = new RegExp(`^${arm.id}-seed(\\d+)$`).exec(name) ?? []
        if (seed === undefined) continue
        const result = yield* readRun(arm.id, Number(seed), path.join(flags.out, name))
        if (result !== null) results.push(result)
      }
    }
    const study = report(results, "azr study nano")
    const plots = path.join(path.dirname(flags.report), "results")
    yield* fs.makeDirectory(plots, { recursive: true })
    for (const [file, svg] of study.plots) yield* fs.writeFileString(path.join(plots, file), svg)
    yield* fs.writeFileString(flags.report, study.markdown)
    yield* output.result(study.markdown)
    yield* output.result(`written to ${flags.report}, ${study.plots.size} plots in ${plots}`)
  }),
).pipe(
  Command.withDescription(
    "Train the nano policy by full self-play and by its controls, several seeds each, and write tables and plots",
  ),
  Command.withShortDescription("Full self-play against its controls, with tables and plots"),
  Command.withExamples([
    {
      command: "azr study nano",
      description: "Every arm and seed: some hours on two cores; may be stopped and repeated",
    },
    {
      command: "azr study nano --arm full --arm frozen --seeds 3",
      description: "Two arms, three seeds each",
    },
  ]),
)

export const studyCommand = Command.make("study").pipe(
  Command.withDescription("Experiments with controls"),
  Command.withExamples([
    {
      command: "azr study nano --arm full --seeds 1",
      description: "One run of the embedded default, with a report",
    },
  ]),
  Command.withSubcommands([nanoCommand]),
)
