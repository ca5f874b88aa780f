import { Effect, Option, Path } from "effect"
import { Command, Flag } from "effect/cli"
import { command, quoted } from "../command.ts"
import { costLines } from "../cost.ts"
import { dashboardFlag } from "./dashboard.ts"
import { UsageError } from "../exitCodes.ts"
import { Output } from "../Output.ts"
import { newRunName, runsDir } from "../runsFolder.ts"
import { resolveConfig, settingFlags } from "../settings.ts"
import { checkRun, train } from "../training.ts"

export const trainCommand = Command.make(
  "train",
  {
    ...settingFlags,
    name: Flag.String("name").pipe(
      Flag.withDescription("Name of the run's folder (default: the preset and the time)"),
      Flag.optional,
    ),
    runsDir,
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Check the configuration, print it resolved and what it will cost, and stop"),
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
    if (flags.dryRun) {
      yield* checkRun(config)
      for (const line of costLines(config)) yield* output.progress(line)
      return yield* output.result(JSON.stringify(config, null, 2))
    }
    const name = Option.isSome(flags.name) ? flags.name.value : yield* newRunName(config.preset)
    if (!/^[^/\\]+$/.test(name) || /^\.+$/.test(name)) {
      return yield* new UsageError({ message: `--name ${JSON.stringify(name)} must be the name of a folder` })
    }
    const folder = path.join(flags.runsDir, name)
    const { dashboard, json } = flags
    const outcome = yield* train({ config, folder, from: "new", json, dashboard })
    if (outcome.status === "completed") {
      const line = flags.json ? output.progress : output.result
      yield* line(`look        ${command} runs show ${quoted(folder)}  ·  ${command} eval ${quoted(folder)}`)
    }
  }),
).pipe(
  Command.withDescription(
    "Train a policy by self-play: it proposes tasks, solves them, and learns from both",
  ),
  Command.withExamples([
    { command: "azr train --preset nano", description: "Train the embedded nano policy" },
    { command: "azr train --steps 5 --seed 1", description: "Five steps with another seed" },
    {
      command: "azr train azr.config.ts --name mine",
      description:
        'Settings of a file: import { defineConfig } from "@azr/core"; export default defineConfig({ preset: "nano", steps: 40 })',
    },
    {
      command: "azr train --set estimate.samples=4 --dry-run",
      description: "See every setting, and what the run will cost",
    },
  ]),
)
