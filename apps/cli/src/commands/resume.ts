import { RunStore } from "@azr/core"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Output } from "../Output.ts"
import { findRun, chooseCheckpoint, runsDir } from "../runsFolder.ts"
import { train } from "../training.ts"
import { dashboardFlag } from "./dashboard.ts"

export const resumeCommand = Command.make(
  "resume",
  {
    run: Argument.String("run").pipe(Argument.withDescription("Name of a run, or its folder")),
    runsDir,
    from: Flag.Int("from").pipe(
      Flag.withDescription("Step of the checkpoint to continue from; what came after it is removed"),
      Flag.optional,
    ),
    dashboard: dashboardFlag,
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Write every event to stdout, one JSON object a line"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr resume")(function* ({ dashboard, from, json, run, runsDir }) {
    const output = yield* Output
    const folder = yield* findRun(runsDir, run)
    const { config, events } = yield* RunStore.readSummary(folder)
    const last = events.at(-1)
    if (last?._tag === "RunEnded" && last.status === "completed" && Option.isNone(from)) {
      return yield* output.progress(
        `${folder} is complete at step ${last.step}; nothing to resume. To train longer, start a run with a larger --steps`,
      )
    }
    const checkpoint = yield* RunStore.readCheckpoint(folder, yield* chooseCheckpoint(folder, from))
    yield* train({ config, folder, checkpoint, json, dashboard })
  }),
).pipe(
  Command.withDescription("Continue a run from its latest checkpoint, with its saved configuration"),
  Command.withExamples([
    { command: "azr resume nano-20261122-231500", description: "Continue a stopped run" },
  ]),
)
