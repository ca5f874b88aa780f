/** A whole run in a folder of its own, on real executors, by whatever policy is provided: what it told. */
import { Environment, Loop, type RunConfig, type RunEvent, RunStore } from "@azr/core"
import { Effect } from "effect"
import { join } from "node:path"
import { workspace } from "./azr.ts"

export const play = Effect.fn("play")(function* <R>(
  environment: Environment.Environment<R>,
  config: RunConfig.RunConfig,
) {
  const events: Array<RunEvent.RunEvent> = []
  yield* Loop.run({
    config,
    environments: [yield* Environment.open(environment)],
    resume: null,
    versions: {},
    observe: (event) => Effect.sync(() => events.push(event)),
    announce: () => Effect.void,
    stopRequested: Effect.succeed(false),
  }).pipe(Effect.provide(RunStore.RunStore.layerNew(join(workspace(), "run"), config)))
  return events
}, Effect.scoped)
