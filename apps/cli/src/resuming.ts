/** Continues a run, as `azr resume` and `azr study` do: holds it first, so that nobody changes what is read. */
import { RunStore } from "@azr/core"
import { Effect } from "effect"
import { Output } from "./Output.ts"
import { holdRun } from "./RunLock.ts"
import { loadCheckpoint } from "./runsFolder.ts"
import { type TrainingOptions, train, versionsOf } from "./training.ts"

/**
 * `from` is `latest`, `start` or a checkpoint such as `step-40`; null is the latest of a run that is not complete, or its start when
 * it has none. Gives null where there is nothing to do.
 */
export const resumeRun = Effect.fn("resumeRun")(function* (
  folder: string,
  { dashboard, from, json }: Pick<TrainingOptions, "dashboard" | "json"> & { readonly from: string | null },
) {
  const output = yield* Output
  yield* holdRun(folder)
  const { config, last, started } = yield* RunStore.readOverview(folder)
  if (from === null && last?._tag === "RunEnded" && last.status === "completed") return null
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
  return yield* train({ config, folder, from: checkpoint, json, dashboard })
}, Effect.scoped)
