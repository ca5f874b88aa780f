/** Policy engines by backend name, and the checkpoints they begin with. */
import { Executor, PolicyEngine, type RunConfig } from "@azr/core"
import { WasmPolicyEngine } from "@azr/trainer-gpu"
import { Effect, FileSystem, Layer, type Scope } from "effect"
import { fileURLToPath } from "node:url"

const { BackendUnavailable, PolicyError } = PolicyEngine

/** Checkpoints that ship with the trainer, by name. */
const embedded = ["nano"]

/** The weights a policy begins with: an embedded checkpoint, or a `policy.safetensors` of the user's. */
const readWeights = Effect.fnUntraced(function* (checkpoint: string) {
  const fs = yield* FileSystem.FileSystem
  const file = embedded.includes(checkpoint)
    ? fileURLToPath(import.meta.resolve(`@azr/trainer-gpu/models/${checkpoint}.safetensors`))
    : checkpoint
  const bytes = yield* fs.readFile(file).pipe(
    Effect.mapError(
      () =>
        new PolicyError({
          operation: "load",
          message: `policy.checkpoint ${checkpoint} is neither a readable file nor one of ${embedded.join(", ")}`,
        }),
    ),
  )
  return [{ name: "policy.safetensors", bytes }]
})

/** The engine a configuration asks for, or `BackendUnavailable`; nothing is used in its place. */
const policyLayer = ({ policy }: RunConfig.RunConfig) =>
  Layer.unwrap(
    Effect.gen(function* () {
      if (policy.backend !== "wasm") {
        return yield* new BackendUnavailable({
          backend: policy.backend,
          reason: `no policy backend is called ${policy.backend}`,
          hint: "use --backend wasm",
        })
      }
      const files = yield* readWeights(policy.checkpoint)
      return WasmPolicyEngine.layer(files, { workers: policy.workers })
    }),
  )

/** Runs an effect with the engine and the executor settings of a configuration, in a scope of its own. */
export const withEngines =
  (config: RunConfig.RunConfig) =>
  <A, E, R>(effect: Effect.Effect<A, E, R | PolicyEngine.PolicyEngine | Scope.Scope>) =>
    effect.pipe(
      Effect.scoped,
      Effect.provide(policyLayer(config)),
      Effect.provideService(Executor.ExecutorSettings, config.executor),
    )
