import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { measureDashboard } from "../bench/dashboard/measure.ts"
import { dashboardLines } from "../bench/dashboard/report.ts"
import { UsageError } from "../exitCodes.ts"
import { Output } from "../Output.ts"

export const dashboardBenchCommand = Command.make(
  "dashboard",
  {
    steps: Flag.Int("steps").pipe(
      Flag.withDescription("Steps of the run to be shown (default 5000)"),
      Flag.withDefault(5000),
    ),
    rollouts: Flag.Int("rollouts").pipe(
      Flag.withDescription("Rollouts of all steps together (default 1000000)"),
      Flag.withDefault(1_000_000),
    ),
    rounds: Flag.Int("rounds").pipe(
      Flag.withDescription("Requests after the first one, whose median is shown (default 5)"),
      Flag.withDefault(5),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object on stdout"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr bench dashboard")(function* ({ json, rollouts, rounds, steps }) {
    const output = yield* Output
    if (rounds < 1 || steps < 1 || rollouts < 8 * steps) {
      return yield* new UsageError({
        message: "--rounds and --steps must be more than 0, and --rollouts eight a step or more",
      })
    }
    const report = yield* measureDashboard({ steps, rollouts, rounds, say: output.announce })
    if (json) return yield* output.result(JSON.stringify(report))
    for (const line of dashboardLines(report)) yield* output.result(line)
  }),
).pipe(
  Command.withDescription(
    "Times of the dashboard's server on a generated run: its start, the overview, and pages of rollouts, each the first " +
      "time and again, and the memory and disk that this takes. Writes the run (0.4 GB by default) to the system's " +
      "temporary folder and removes it",
  ),
  Command.withShortDescription("Times and memory of the dashboard on a run of a million rollouts"),
  Command.withExamples([
    { command: "azr bench dashboard", description: "5,000 steps with a million rollouts" },
    {
      command: "azr bench dashboard --steps 500 --rollouts 100000 --json",
      description: "A tenth of that, for a program",
    },
  ]),
)
