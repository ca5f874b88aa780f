import { availableParallelism } from "node:os"
import { Executor } from "@azr/core"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { languageIds, languages } from "../bench/languages.ts"
import { measureExecutors } from "../bench/measure.ts"
import { benchLines } from "../bench/report.ts"
import { readWorkload, sourcesOf } from "../bench/workload.ts"
import { UsageError } from "../exitCodes.ts"
import { Output } from "../Output.ts"
import { dashboardBenchCommand } from "./benchDashboard.ts"
import { trainerCommand } from "./benchTrainer.ts"

const executorsCommand = Command.make(
  "executors",
  {
    corpus: Flag.String("corpus").pipe(
      Flag.withDescription(
        "Corpus file of the programs to run, instead of the bundled ones; may be repeated",
      ),
      Flag.withMetavar("file"),
      Flag.atLeast(0),
    ),
    host: Flag.Literals("host", [...Executor.executorHostNames, "all"]).pipe(
      Flag.withDescription("Host to measure (default all that are there)"),
      Flag.withDefault("all"),
    ),
    env: Flag.Literals("env", [...languageIds, "all"]).pipe(
      Flag.withDescription("Language to measure (default all)"),
      Flag.withDefault("all"),
    ),
    seconds: Flag.Finite("seconds").pipe(
      Flag.withDescription("Measuring time for each host and baseline (default 2)"),
      Flag.withDefault(2),
    ),
    workers: Flag.Int("workers").pipe(
      Flag.withDescription("Number of workers; may be repeated (default 1 and one a core)"),
      Flag.atLeast(0),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object on stdout"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr bench executors")(function* ({ corpus, env, host, json, seconds, workers }) {
    const output = yield* Output
    if (!(seconds > 0) || workers.some((count) => count < 1)) {
      return yield* new UsageError({ message: "--seconds and --workers must be more than 0" })
    }
    const ids = env === "all" ? languageIds : [env]
    if (corpus.length > 0 && ids.length > 1) {
      return yield* new UsageError({ message: "--corpus needs --env: which language are its programs in?" })
    }
    const workloads = yield* Effect.forEach(ids, (id) =>
      Effect.gen(function* () {
        const language = languages[id]
        const { items, left } = yield* Effect.provide(
          readWorkload(language, sourcesOf(language, corpus)),
          language.environment.layer,
        )
        yield* output.announce(
          `${id}: ${items.length} programs with inputs; ${left} left out, as no valid tasks`,
        )
        if (items.length === 0) return yield* new UsageError({ message: "no program to measure" })
        return [id, items] as const
      }),
    )
    const counts = workers.length > 0 ? workers : [1, availableParallelism()]
    const report = yield* Effect.scoped(
      measureExecutors({
        workloads: new Map(workloads),
        hosts: host === "all" ? Executor.executorHostNames : [host],
        required: host !== "all",
        workers: [...new Set(counts)],
        seconds,
        say: output.announce,
      }),
    )
    if (json) return yield* output.result(JSON.stringify(report))
    for (const line of benchLines(report)) yield* output.result(line)
  }),
).pipe(
  Command.withDescription(
    "Programs a second, latency, recovery and memory of the executors, next to native Python in the same run: bare exec " +
      "in one process, a new process for each program, and one reused worker as in the released Absolute Zero code. " +
      "Natively only programs run that are valid tasks and returned in the sandbox",
  ),
  Command.withShortDescription("Rates, latency, recovery and memory of the executors"),
  Command.withExamples([
    { command: "azr bench executors", description: "Every host and language, a minute" },
    {
      command: "azr bench executors --env python --host v8 --corpus tasks.jsonl --seconds 10 --json",
      description: "One host, own programs, longer",
    },
  ]),
)

export const benchCommand = Command.make("bench").pipe(
  Command.withDescription("Measure this machine"),
  Command.withExamples([
    { command: "azr bench executors", description: "Programs a second, beside other ways to run them" },
    { command: "azr bench trainer", description: "Tokens a second, beside PyTorch where it is installed" },
    { command: "azr bench dashboard", description: "The dashboard on a run of a million rollouts" },
  ]),
  Command.withSubcommands([executorsCommand, trainerCommand, dashboardBenchCommand]),
)
