import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { command, quoted } from "../command.ts"
import { Output } from "../Output.ts"
import { resumeRun } from "../resuming.ts"
import { findRun, runsDir } from "../runsFolder.ts"
import { dashboardFlag } from "./dashboard.ts"

export const resumeCommand = Command.make(
  "resume",
  {
    run: Argument.String("run").pipe(Argument.withDescription("Name of a run, or its folder")),
    runsDir,
    from: Flag.String("from").pipe(
      Flag.withDescription(
        "Checkpoint to continue from: latest, step-N, or start for the very beginning; what came after it is removed",
      ),
      Flag.withMetavar("checkpoint"),
      Flag.optional,
    ),
    steps: Flag.Int("steps").pipe(
      Flag.withDescription("Training steps in all, in place of the run's own number: to train longer"),
      Flag.filter(
        (steps) => steps >= 0,
        () => "a number of steps",
      ),
      Flag.optional,
    ),
    dashboard: dashboardFlag,
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Write every event to stdout, one JSON object a line"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr resume")(function* ({ dashboard, from, json, run, runsDir, steps }) {
    const output = yield* Output
    const folder = yield* findRun(runsDir, run)
    const outcome = yield* resumeRun(folder, {
      from: Option.getOrNull(from),
      steps: Option.getOrNull(steps),
      json,
      dashboard,
    })
    if (outcome === null) {
      yield* output.progress(
        `${folder} is complete; nothing to resume. To train longer: ${command} resume ${quoted(folder)} --steps N`,
      )
    }
  }),
).pipe(
  Command.withDescription("Continue a run from its latest checkpoint, with its saved configuration"),
  Command.withExamples([
    { command: "azr resume nano-20261122-231500", description: "Continue a run that was stopped or killed" },
    {
      command: "azr resume my-run --from step-40",
      description: "From an earlier checkpoint, e.g. because the latest is damaged",
    },
    { command: "azr resume my-run --steps 400", description: "Longer than it was begun for" },
  ]),
)
