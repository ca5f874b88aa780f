import { Effect, Option, Path } from "effect"
import { Command, Flag } from "effect/cli"
import { command, quoted } from "../command.ts"
import { dashboardFlag } from "./dashboard.ts"
import { UsageError } from "../exitCodes.ts"
import { Output } from "../Output.ts"
import { newRunName, runsDir } from "../runsFolder.ts"
import { resolveConfig, settingFlags } from "../settings.ts"
import { train } from "../training.ts"

export const trainCommand = Command.make(
  "train",
  {
    ...settingFlags,
    name: Flag.String("name").pipe(Flag.withDescription("Name of the run's folder"), Flag.optional),
    runsDir,
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Print the resolved configuration and stop"),
      Flag.withDefault(false),
    ),
    dashboard: dashboardFlag,
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Write every event to stdout, one JSON object a line"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr train")(function* (flags) {
    const output = yield* Output
    const path = yield* Path.Path
    const config = yield* resolveConfig(flags)
    if (flags.dryRun) return yield* output.result(JSON.stringify(config, null, 2))
    const name = Option.isSome(flags.name) ? flags.name.value : yield* newRunName(config.preset)
    if (!/^[^/\\]+$/.test(name) || /^\.+$/.test(name)) {
      return yield* new UsageError({ message: `--name ${JSON.stringify(name)} must be the name of a folder` })
    }
    const folder = path.join(flags.runsDir, name)
    const outcome = yield* train({
      config,
      folder,
      checkpoint: null,
      json: flags.json,
      dashboard: flags.dashboard,
    })
    if (outcome.status === "completed") {
      const line = flags.json ? output.progress : output.result
      yield* line(
        `look        ${command} runs show ${quoted(folder)}  ·  ${command} eval ${quoted(folder)}  ·  ${command} train --seed ${config.seed + 1}`,
      )
    }
  }),
).pipe(
  Command.withDescription(
    "Train a policy by self-play: it proposes tasks, solves them, and learns from both",
  ),
  Command.withExamples([
    { command: "azr train --preset nano", description: "Train the embedded nano policy" },
    { command: "azr train --steps 5 --seed 1", description: "Five steps with another seed" },
    { command: "azr train --set estimate.samples=4 --dry-run", description: "See what a setting changes" },
  ]),
)
