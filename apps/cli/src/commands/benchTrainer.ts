import { availableParallelism } from "node:os"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { measureTrainers } from "../bench/trainer/measure.ts"
import { trainerLines } from "../bench/trainer/report.ts"
import { modelNames } from "../bench/trainer/workload.ts"
import { UsageError } from "../exitCodes.ts"
import { Output } from "../Output.ts"

export const trainerCommand = Command.make(
  "trainer",
  {
    model: Flag.Literals("model", [...modelNames, "all"]).pipe(
      Flag.withDescription("Model to measure (default all)"),
      Flag.withDefault("all"),
    ),
    python: Flag.String("python").pipe(
      Flag.withDescription("Python with torch, the baseline (default python3)"),
      Flag.withDefault("python3"),
    ),
    rounds: Flag.Int("rounds").pipe(
      Flag.withDescription("Measured rounds of every engine (default 5)"),
      Flag.withDefault(5),
    ),
    seconds: Flag.Finite("seconds").pipe(
      Flag.withDescription("Length of a round, at least (default 1)"),
      Flag.withDefault(1),
    ),
    threads: Flag.Int("threads").pipe(
      Flag.withDescription("Number of threads; may be repeated (default 1 and one a core)"),
      Flag.atLeast(0),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object on stdout"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr bench trainer")(function* ({ json, model, python, rounds, seconds, threads }) {
    const output = yield* Output
    if (!(seconds > 0 && rounds >= 1) || threads.some((count) => count < 1)) {
      return yield* new UsageError({ message: "--rounds, --seconds and --threads must be more than 0" })
    }
    const counts = threads.length > 0 ? threads : [1, availableParallelism()]
    const report = yield* measureTrainers({
      models: model === "all" ? modelNames : [model],
      python,
      threads: [...new Set(counts)],
      rounds,
      seconds,
      say: output.announce,
    })
    if (json) return yield* output.result(JSON.stringify(report))
    for (const line of trainerLines(report)) yield* output.result(line)
  }),
).pipe(
  Command.withDescription(
    "Tokens a second trained and sampled by every engine that is there, for models of 0.22 and 0.83 million parameters, next " +
      "to PyTorch on the CPU in the same run: the same weights, batches and threads. And where the time of the wasm " +
      "engine goes",
  ),
  Command.withShortDescription("Rates of the trainers, next to PyTorch"),
  Command.withExamples([
    { command: "azr bench trainer", description: "Two models, one thread and all" },
    {
      command: "azr bench trainer --python venv/bin/python --threads 1 --json",
      description: "PyTorch from a virtual environment, one thread",
    },
  ]),
)
