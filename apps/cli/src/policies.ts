/** Policy engines by backend name, and the checkpoints they begin with. */
import { Executor, PolicyEngine, type RunConfig } from "@azr/core"
import { type Respond, scriptedPolicy } from "@azr/core/scriptedPolicy"
import { LocalBackends } from "@azr/trainer-gpu"
import { Effect, FileSystem, Layer, type Scope } from "effect"
import { fileURLToPath } from "node:url"
import { Output } from "./Output.ts"
import { importModule, moduleFile } from "./userModule.ts"

const { BackendUnavailable, PolicyError } = PolicyEngine

/** Checkpoints that ship with the trainer, by name. */
export const embedded: ReadonlyArray<string> = ["nano"]

/** Where the weights of a name lie: with the trainer, or where the user says. */
export const weightsFile = (checkpoint: string): string =>
  embedded.includes(checkpoint)
    ? fileURLToPath(import.meta.resolve(`@azr/trainer-gpu/models/${checkpoint}.safetensors`))
    : checkpoint

/** The weights a policy begins with: an embedded checkpoint, or a `policy.safetensors` of the user's. */
const readWeights = Effect.fnUntraced(function* (checkpoint: string) {
  const fs = yield* FileSystem.FileSystem
  const bytes = yield* fs.readFile(weightsFile(checkpoint)).pipe(
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

const isLocal = (name: string): name is LocalBackends.BackendName =>
  (LocalBackends.backendNames as ReadonlyArray<string>).includes(name)

/** No model: what a module of the user's says, to try an environment in a whole run. */
const scriptBackend = "script"

const script = Effect.fnUntraced(function* (file: string) {
  const refuse = (reason: string) =>
    new PolicyError({
      operation: "load",
      message: `policy.checkpoint ${file} ${reason}; backend ${scriptBackend} wants a module with export default (prompt, seed, updates) => text`,
    })
  const { exports } = yield* Effect.tryPromise({
    try: () => importModule(moduleFile(file), { oneCopy: false }),
    catch: (error) => refuse(`cannot be loaded: ${error instanceof Error ? error.message : String(error)}`),
  })
  const respond = exports["default"]
  if (typeof respond !== "function") return yield* refuse("has no function for its default export")
  return scriptedPolicy(respond as Respond)
})

/** The engine a configuration asks for, or `BackendUnavailable`; nothing is used in its place. */
const policyLayer = ({ policy }: RunConfig.RunConfig) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { backend, checkpoint, workers } = policy
      if (backend === scriptBackend) return yield* script(checkpoint)
      if (!isLocal(backend)) {
        return yield* new BackendUnavailable({
          backend,
          reason: "there is no such policy backend",
          hint: `choose one of ${[...LocalBackends.backendNames, scriptBackend].join(", ")}`,
        })
      }
      const choice = yield* LocalBackends.choose(backend, { workers })
      if (backend === "auto") {
        const output = yield* Output
        yield* output.progress(`policy engine ${choice.backend.name}: ${choice.reason}`)
      }
      return LocalBackends.layer(choice, yield* readWeights(checkpoint))
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
