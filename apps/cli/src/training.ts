/** Runs a training, new or continued, with its display: what `azr train` and `azr resume` have in common. */
import {
  Executor,
  Loop,
  MachineMeter,
  Plugins,
  PolicyEngine,
  type RunConfig,
  RunEvent,
  RunStore,
} from "@azr/core"
import { wasmtimeStatus } from "@azr/wasm-host"
import { Clock, Effect, Option, Path, Schema } from "effect"
import { command, quoted } from "./command.ts"
import { pageFolder } from "./dashboard/page.ts"
import { serve } from "./dashboard/server.ts"
import { openEnvironments } from "./environments.ts"
import { UsageError } from "./exitCodes.ts"
import { Output } from "./Output.ts"
import { readPlugins } from "./plugins.ts"
import { withEngines } from "./policies.ts"
import * as report from "./report.ts"
import { holdRun } from "./RunLock.ts"
import { StopSignal } from "./StopSignal.ts"
import { versions } from "./version.ts"

export interface TrainingOptions {
  readonly config: RunConfig.RunConfig
  readonly folder: string
  /** A new run in a new folder, the very beginning of one that is there and held, or a checkpoint of it. */
  readonly from: "new" | "start" | RunStore.Checkpoint
  /** Write every event to stdout as a line of JSON. */
  readonly json: boolean
  /** Port of a dashboard that is there while the run trains. */
  readonly dashboard: Option.Option<number>
}

const encodeEvent = Schema.encodeSync(RunEvent.RunEvent)

/** The environments of a configuration, running, once they and the plugins have all that it names. */
const usableEnvironments = Effect.fnUntraced(function* (config: RunConfig.RunConfig, resume: unknown) {
  const environments = yield* openEnvironments(config)
  yield* Effect.fromResult(Loop.prepare({ config, environments, resume }))
  yield* Effect.fromResult(Plugins.rulesOf(config, yield* Plugins.Plugins))
  return environments
})

/** Refuses a configuration that a new run would refuse, but for what only the policy's engine can say. */
export const checkRun = (config: RunConfig.RunConfig) =>
  Effect.scoped(Effect.asVoid(usableEnvironments(config, null))).pipe(
    Effect.provideServiceEffect(Plugins.Plugins, readPlugins(config)),
    Effect.provideService(Executor.ExecutorSettings, config.executor),
  )

export const train = Effect.fn("train")(
  function* (options: TrainingOptions) {
    const { config, folder, from } = options
    const output = yield* Output
    const engine = yield* PolicyEngine.PolicyEngine
    const stop = yield* StopSignal.Current
    const began = yield* Clock.currentTimeMillis

    // Whatever may refuse the run comes before anything is written to its folder or cut off its logs; the folder itself first.
    if (from === "new") {
      yield* RunStore.checkNew(folder).pipe(
        Effect.catchTag("RunStoreError", ({ message }) => Effect.fail(new UsageError({ message }))),
      )
      yield* holdRun(folder)
    }
    if (Option.isSome(options.dashboard)) {
      const runsDir = (yield* Path.Path).dirname(folder)
      const page = yield* pageFolder()
      const { link } = yield* serve({ runsDir, host: "127.0.0.1", port: options.dashboard.value, page })
      yield* output.progress(`dashboard   ${link}`)
    }
    yield* output.announce("starting the executors …")
    const checkpoint = typeof from === "string" ? null : from
    const environments = yield* usableEnvironments(config, checkpoint?.state ?? null)
    yield* Effect.fromResult(Loop.suits(config, engine.capabilities))
    if (checkpoint !== null) yield* engine.load(checkpoint.policy)
    const store =
      from === "new"
        ? RunStore.RunStore.layerNew(folder, config)
        : RunStore.RunStore.layerResume(folder, checkpoint?.manifest ?? null)

    if (from === "new") {
      for (const [name, value] of report.summary(
        config,
        engine.capabilities.description,
        executors(config),
        folder,
      )) {
        yield* output.progress(`${output.style("stderr", "dim", name.padEnd(12))} ${value}`)
      }
      const hint = report.hint(config)
      if (hint !== null) yield* output.progress(`hint        ${hint}`)
    } else {
      yield* output.progress(
        checkpoint === null
          ? `resuming ${folder} from the start: it has no checkpoint`
          : `resuming ${folder} at step ${checkpoint.manifest.step}`,
      )
    }
    const ready = yield* Clock.currentTimeMillis
    const run = Effect.runSyncWith(yield* Effect.context())
    stop.accept(() =>
      run(
        output.progress(
          "stopping after this step or evaluation, with a checkpoint; press Ctrl-C again to stop now",
        ),
      ),
    )

    const howToGoOn = output.progress(`continue    ${command} resume ${quoted(folder)}`)
    const outcome = yield* Loop.run({
      config,
      environments,
      resume: checkpoint,
      versions: versionsOf(config),
      observe: (event) => show(output, config, options.json, event),
      announce: (phase) => output.announce(describe(phase)),
      stopRequested: Effect.sync(() => stop.requested),
    }).pipe(
      Effect.tapError(() => howToGoOn),
      Effect.onInterrupt(() => howToGoOn),
      Effect.provide(store),
    )
    stop.honoured = outcome.status === "interrupted"

    const ended = yield* Clock.currentTimeMillis
    const line = options.json ? output.progress : output.result
    if (outcome.test !== null && outcome.test.after.length > 0) {
      yield* line("")
      for (const row of report.beforeAfter(outcome.test.before, outcome.test.after)) yield* line(row)
    }
    yield* line("")
    yield* line(
      `${outcome.status === "completed" ? "done" : "stopped"} at step ${outcome.step} of ${config.steps}: ` +
        `set-up ${((ready - began) / 1000).toFixed(1)} s, run ${((ended - ready) / 1000).toFixed(0)} s`,
    )
    yield* line(`run folder  ${folder}`)
    if (outcome.status === "interrupted") yield* line(`continue    ${command} resume ${quoted(folder)}`)
    return outcome
  },
  (effect, { config }) => withEngines(config)(effect),
  (effect, { config }) => Effect.provideServiceEffect(effect, Plugins.Plugins, readPlugins(config)),
  Effect.provideServiceEffect(
    MachineMeter.MachineMeter.Current,
    Effect.sync(() => new MachineMeter.MachineMeter(() => process.memoryUsage.rss())),
  ),
)

/** What computes the run, for its record. */
export const versionsOf = (config: RunConfig.RunConfig): Readonly<Record<string, string>> => ({
  ...versions,
  executors: executors(config),
})

/** What programs run on, and with `auto` why. */
const executors = ({ executor: { host } }: RunConfig.RunConfig): string => {
  if (host !== "auto") return host
  const wasmtime = wasmtimeStatus()
  return wasmtime.available ? `wasmtime ${wasmtime.version}` : `v8 (wasmtime: ${wasmtime.reason})`
}

/** Shows an event: as it is with `--json`, as a line for people in any case. */
const show = Effect.fnUntraced(function* (
  output: Output["Service"],
  config: RunConfig.RunConfig,
  json: boolean,
  event: RunEvent.RunEvent,
) {
  if (json) yield* output.result(JSON.stringify(encodeEvent(event)))
  switch (event._tag) {
    case "Seeded":
      return yield* output.progress(
        `seeded ${event.environment}/${event.kind}: ${event.accepted} tasks (${event.rejected} drafts refused)`,
      )
    case "StepCompleted":
      return yield* output.progress(report.stepLine(event, config))
    case "Evaluated":
      if (event.results[0]?.split !== "dev") return
      return yield* output.progress(
        output.style(
          "stderr",
          "cyan",
          `held-out dev, step ${event.step}: ${report.evaluationLine(event.results)}`,
        ),
      )
    default:
  }
})

const describe = (phase: Loop.Phase): string => {
  switch (phase._tag) {
    case "Seeding":
      return `seeding ${phase.track} with ${phase.tasks} tasks …`
    case "Evaluating":
      return `evaluating the policy of step ${phase.step} on the held-out ${phase.split} suites …`
  }
}
