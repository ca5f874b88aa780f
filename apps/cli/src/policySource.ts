/** The policy that a user names: a run's checkpoint, a checkpoint's folder, a file of weights, or an embedded name. */
import { type PolicyEngine, RunConfig, RunStore } from "@azr/core"
import { Effect, FileSystem, Option, Path } from "effect"
import { UsageError, unreadable } from "./exitCodes.ts"
import { embedded, weightsFile } from "./policies.ts"
import { findRun, loadCheckpoint } from "./runsFolder.ts"

export interface PolicySource {
  readonly name: string
  /** The run's; of weights without a run, the nano preset with them. */
  readonly config: RunConfig.RunConfig
  /** The run and its step; null for weights without a run. */
  readonly run: { readonly folder: string; readonly step: number } | null
  readonly files: ReadonlyArray<PolicyEngine.PolicyFile>
}

export const findPolicy = Effect.fn("findPolicy")(function* (
  directory: string,
  name: string,
  step: Option.Option<string>,
) {
  const path = yield* Path.Path
  const fs = yield* FileSystem.FileSystem
  const exists = (file: string) => fs.exists(file).pipe(Effect.orElseSucceed(() => false))
  const isRun =
    (yield* exists(path.join(directory, name, "config.json"))) ||
    (yield* exists(path.join(name, "config.json")))
  if (!isRun && Option.isNone(step)) {
    const folder = path.resolve(name)
    const [, atStep] = /^step-(\d{6,})$/u.exec(path.basename(folder)) ?? []
    if (atStep !== undefined && path.basename(path.dirname(folder)) === "checkpoints") {
      // The run's folder as the user would write it.
      return yield* checkpointOf(path.join(name, "..", ".."), atStep)
    }
    if (embedded.includes(name) || name.endsWith(".safetensors")) {
      const file = weightsFile(name)
      const bytes = yield* fs.readFile(file).pipe(Effect.mapError(unreadable(name)))
      const config = yield* Effect.fromResult(
        RunConfig.withSettings(RunConfig.nano, [`policy.model=${JSON.stringify(name)}`]),
      )
      return {
        name,
        config,
        run: null,
        files: [{ name: "policy.safetensors", bytes }],
      } satisfies PolicySource
    }
  }
  const folder = yield* findRun(directory, name)
  return yield* checkpointOf(
    folder,
    Option.getOrElse(step, () => "latest"),
  )
})

const checkpointOf = Effect.fnUntraced(function* (folder: string, wanted: string) {
  const config = yield* RunStore.readConfig(folder)
  const { manifest, policy } = yield* loadCheckpoint(folder, "--step", wanted)
  return { name: folder, config, run: { folder, step: manifest.step }, files: policy } satisfies PolicySource
})

/** The weights among a policy's files. */
export const weightsOf = ({ files, name }: PolicySource) => {
  const weights = files.find((file) => file.name === "policy.safetensors")
  return weights === undefined
    ? Effect.fail(
        new UsageError({ message: `${name} keeps its weights elsewhere: there is no policy.safetensors` }),
      )
    : Effect.succeed(weights.bytes)
}
