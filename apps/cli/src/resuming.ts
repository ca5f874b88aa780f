/** Continues a run, as `azr resume` and `azr study` do: holds it first, so that nobody changes what is read. */
import { RunStore } from "@azr/core"
import { Effect } from "effect"
import { UsageError } from "./exitCodes.ts"
import { Output } from "./Output.ts"
import { holdRun } from "./RunLock.ts"
import { loadCheckpoint } from "./runsFolder.ts"
import { type TrainingOptions, train, versionsOf } from "./training.ts"

interface ResumeOptions extends Pick<TrainingOptions, "dashboard" | "json"> {
  /**
   * `latest`, `start` or a checkpoint such as `step-40`; null is the latest of a run that is not complete, or its start when it
   * has none.
   */
  readonly from: string | null
  /** Steps in all, in place of the run's own number; null is that. */
  readonly steps: number | null
}

/** Gives null where there is nothing to do. */
export const resumeRun = Effect.fn("resumeRun")(function* (
  folder: string,
  { dashboard, from, json, steps }: ResumeOptions,
) {
  const output = yield* Output
  yield* holdRun(folder)
  const { config: saved, last, started } = yield* RunStore.readOverview(folder)
  const config = steps === null ? saved : { ...saved, steps }
  const complete = last?._tag === "RunEnded" && last.status === "completed" && last.step === config.steps
  if (from === null && complete) return null
  for (const [name, now] of Object.entries(versionsOf(config))) {
    const then = started?.versions[name]
    if (then === undefined || then === now) continue
    yield* output.progress(
      `warning: the run began with ${name} ${then}, this is ${now}; it may not go on exactly as it would have`,
    )
  }
  const none = (yield* RunStore.namedCheckpoints(folder)).length === 0
  const start = from === "start" || (from === null && none)
  const checkpoint = start ? ("start" as const) : yield* loadCheckpoint(folder, "--from", from ?? "latest")
  const reached = checkpoint === "start" ? 0 : checkpoint.manifest.step
  if (reached > config.steps) {
    return yield* new UsageError({
      message: `the run is at step ${reached} already; --steps ${config.steps} wants an earlier checkpoint, with --from`,
    })
  }
  if (config.steps !== saved.steps) {
    if (config.optimizer.finalShare < 1) {
      yield* output.progress(
        `warning: the learning rate falls until the last step; up to step ${reached} that was step ${saved.steps}, from here on it is ${config.steps}`,
      )
    }
    // Before the logs are cut: whoever is killed here finds the run as it was, with more to do.
    yield* RunStore.writeConfig(folder, config)
  }
  return yield* train({ config, folder, from: checkpoint, json, dashboard })
}, Effect.scoped)
