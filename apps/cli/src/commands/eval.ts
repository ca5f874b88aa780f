import { Evaluate, Loop, PolicyEngine, RunEvent, RunStore } from "@azr/core"
import { Effect, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { openEnvironments } from "../environments.ts"
import { Output } from "../Output.ts"
import { withEngines } from "../policies.ts"
import * as report from "../report.ts"
import { findRun, loadCheckpoint, runsDir } from "../runsFolder.ts"

const encodeResult = Schema.encodeSync(RunEvent.SuiteResult)

export const evalCommand = Command.make(
  "eval",
  {
    run: Argument.String("run").pipe(Argument.withDescription("Name of a run, or its folder")),
    runsDir,
    step: Flag.String("step").pipe(
      Flag.withDescription("Checkpoint to evaluate: a step, or latest (the default)"),
      Flag.withDefault("latest"),
    ),
    split: Flag.Literals("split", ["dev", "test"]).pipe(
      Flag.withDescription("Which held-out suites"),
      Flag.withDefault("test" as const),
    ),
    suite: Flag.String("suite").pipe(
      Flag.withDescription("Only this suite, e.g. deduction-3; may be repeated"),
      Flag.atLeast(0),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object a suite on stdout"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr eval")(function* ({ json, run, runsDir, split, step, suite }) {
    const output = yield* Output
    const folder = yield* findRun(runsDir, run)
    const saved = yield* RunStore.readConfig(folder)
    const config = { ...saved, evaluate: { ...saved.evaluate, suites: suite } }
    const checkpoint = yield* loadCheckpoint(folder, "--step", step)
    const results = yield* Effect.gen(function* () {
      const engine = yield* PolicyEngine.PolicyEngine
      yield* output.announce("starting the executors …")
      const environments = yield* openEnvironments(config)
      const { state } = yield* Effect.fromResult(Loop.prepare({ config, environments, resume: null }))
      yield* engine.load(checkpoint.policy)
      yield* output.announce(`evaluating step ${checkpoint.manifest.step} on the held-out ${split} suites …`)
      return yield* Evaluate.evaluate(state, split, null)
    }).pipe(withEngines(config))
    if (json) {
      for (const result of results) {
        yield* output.result(JSON.stringify(encodeResult(result)))
      }
      return
    }
    yield* output.progress(`${folder}, step ${checkpoint.manifest.step}, greedy`)
    for (const line of report.evaluationTable(results)) yield* output.result(line)
  }),
).pipe(
  Command.withDescription("Evaluate a checkpoint on held-out tasks that training never saw"),
  Command.withExamples([
    { command: "azr eval my-run", description: "The latest checkpoint on every test suite" },
    {
      command: "azr eval my-run --step 0 --suite deduction-3 --json",
      description: "The first policy on one suite",
    },
  ]),
)
