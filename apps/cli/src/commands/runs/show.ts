import { RunStore } from "@azr/core"
import { Effect, FileSystem, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Output } from "../../Output.ts"
import * as report from "../../report.ts"
import { historyLines, readHistory } from "../../runHistory.ts"
import { readRunOverview } from "../../runOverview.ts"
import { findRun, runsDir } from "../../runsFolder.ts"

export const showCommand = Command.make(
  "show",
  {
    run: Argument.String("run").pipe(Argument.withDescription("Name of a run, or its folder")),
    runsDir,
    every: Flag.Int("every").pipe(
      Flag.withDescription(
        "How the run went instead: memory, time, tokens and bytes of the logs, in windows of so many steps",
      ),
      Flag.filter(
        (steps) => steps > 0,
        () => "a number of steps",
      ),
      Flag.withMetavar("steps"),
      Flag.optional,
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object on stdout; with --every one a window"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr runs show")(function* ({ every, json, run, runsDir }) {
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    const folder = yield* findRun(runsDir, run)
    if (Option.isSome(every)) {
      const windows = yield* readHistory(folder, every.value)
      const lines = json
        ? windows.map((window) => JSON.stringify(window))
        : historyLines(windows, yield* RunStore.readConfig(folder))
      for (const line of lines) yield* output.result(line)
      return
    }
    const found = yield* readRunOverview(folder)
    const { best, checkpoints, config, evaluated, last, started, status, step, torn } = found
    if (json) {
      return yield* output.result(
        JSON.stringify({
          folder,
          status,
          step,
          best,
          config,
          versions: started?.versions ?? {},
          checkpoints: checkpoints.map(({ scheduled, score, step }) => ({ step, score, scheduled })),
          evaluations: evaluated.map(({ results, step }) => ({ step, results })),
          message: last?._tag === "RunEnded" ? last.message : "",
        }),
      )
    }
    const files = yield* fs.readDirectory(folder)
    const failure = last?._tag === "RunEnded" && last.message !== "" ? `: ${last.message}` : ""
    const rows = [
      ...report.summary(config, started?.policy ?? "", started?.versions["executors"] ?? "", folder),
      ...(started === null || started.config.steps === config.steps
        ? []
        : [["begun for", `${started.config.steps} steps`] as const]),
      [
        "status",
        `${status} at step ${step}${failure}${torn ? " (the log ends in a torn line, left out)" : ""}`,
      ],
      [
        "checkpoints",
        checkpoints.map((each) => `${each.step}${each.step === best?.step ? " (best)" : ""}`).join(", "),
      ],
      ["files", files.toSorted().join("  ")],
    ] as const
    for (const [name, value] of rows)
      yield* output.result(`${output.style("stdout", "dim", name.padEnd(12))} ${value}`)
    yield* output.result("")
    for (const { results, step } of evaluated) {
      if (results.length === 0) continue
      yield* output.result(
        `${results[0]?.split ?? ""} at step ${String(step).padStart(4)}  ${report.evaluationLine(results)}`,
      )
    }
  }),
).pipe(
  Command.withDescription("One run: settings, status, evaluations, checkpoints"),
  Command.withExamples([
    { command: "azr runs show my-run", description: "By its name in the folder runs" },
    {
      command: "azr runs show my-run --every 100",
      description: "Whether memory and the time of a step stay what they were",
    },
    {
      command: "azr runs show ./elsewhere/my-run --json",
      description: "By its folder, with the whole configuration as JSON",
    },
  ]),
)
