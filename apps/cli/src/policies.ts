/** Policy engines by backend name, and what they begin with. */
import { Executor, PolicyEngine, type RunConfig } from "@azr/core"
import { type Respond, scriptedPolicy } from "@azr/core/scriptedPolicy"
import { LocalBackends, nanoModel, promptTokenizer } from "@azr/trainer-gpu"
import { TinkerEngine, makeHuggingFaceTokenizer, modelFamilies } from "@azr/trainer-tinker"
import { Config, Effect, FileSystem, Layer, Option, type Scope } from "effect"
import { fileURLToPath } from "node:url"
import { readModelFiles } from "./modelFiles.ts"
import { Output } from "./Output.ts"
import { importModule, moduleFile } from "./userModule.ts"

const { BackendUnavailable, PolicyError } = PolicyEngine
type Policy = RunConfig.RunConfig["policy"]

/** Models that ship with the trainer, by name. */
export const embedded: ReadonlyArray<string> = ["nano"]

/** Where the weights of a name lie: with the trainer, or where the user says. */
export const weightsFile = (model: string): string =>
  embedded.includes(model)
    ? fileURLToPath(import.meta.resolve(`@azr/trainer-gpu/models/${model}.safetensors`))
    : model

/** The weights a policy begins with: those of an embedded model, or a `policy.safetensors` of the user's. */
const readWeights = Effect.fnUntraced(function* (model: string) {
  const fs = yield* FileSystem.FileSystem
  const bytes = yield* fs.readFile(weightsFile(model)).pipe(
    Effect.mapError(
      () =>
        new PolicyError({
          operation: "load",
          message: `policy.model ${model} is neither a readable file nor one of ${embedded.join(", ")}`,
        }),
    ),
  )
  return [{ name: "policy.safetensors", bytes }]
})

/** How a model on a server reads and writes: as its tokenizer's files say, if it is none that ships. */
const tokenizerOf = Effect.fnUntraced(function* ({ model, promptForm, thinking, tokenizer }: Policy) {
  if (embedded.includes(model)) {
    return { ...promptTokenizer(nanoModel.vocabulary), contextLength: null }
  }
  const { files } = yield* readModelFiles(tokenizer ?? model)
  return yield* Effect.fromResult(
    makeHuggingFaceTokenizer(files, { model, form: promptForm, thinking, families: modelFamilies }),
  )
})

/** A model on a server of the Tinker API. */
const tinkerLayer = Effect.fnUntraced(function* ({ policy, seed }: RunConfig.RunConfig) {
  const { contextLength, model, rank, reduction, serverOptimizer } = policy
  const known = yield* Effect.orDie(Config.option(Config.String("TINKER_BASE_URL")))
  const url = policy.url ?? Option.getOrNull(known)
  if (url === null) {
    return yield* new BackendUnavailable({
      backend: "tinker",
      reason: "no address of a server is given",
      hint: "set policy.url or TINKER_BASE_URL; azr serve-policy is such a server",
    })
  }
  const tokenizer = yield* tokenizerOf(policy)
  return TinkerEngine.layer({
    url,
    model,
    rank,
    seed,
    contextLength,
    modelContextLength: tokenizer.contextLength,
    reduction,
    serverOptimizer,
    tokenizer,
  })
})

const isLocal = (name: string): name is LocalBackends.BackendName =>
  (LocalBackends.backendNames as ReadonlyArray<string>).includes(name)

/** No model: what a module of the user's says, to try an environment in a whole run. */
const scriptBackend = "script"

const script = Effect.fnUntraced(function* (file: string) {
  const refuse = (reason: string) =>
    new PolicyError({
      operation: "load",
      message: `policy.model ${file} ${reason}; backend ${scriptBackend} wants a module with export default (prompt, seed, updates) => text`,
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
const policyLayer = (config: RunConfig.RunConfig) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { backend, model, workers } = config.policy
      if (backend === scriptBackend) return yield* script(model)
      if (backend === "tinker") return yield* tinkerLayer(config)
      if (!isLocal(backend)) {
        return yield* new BackendUnavailable({
          backend,
          reason: "there is no such policy backend",
          hint: `choose one of ${[...LocalBackends.backendNames, "tinker", scriptBackend].join(", ")}`,
        })
      }
      const choice = yield* LocalBackends.choose(backend, { workers })
      if (backend === "auto") {
        const output = yield* Output
        yield* output.progress(`policy engine ${choice.backend.name}: ${choice.reason}`)
      }
      return LocalBackends.layer(choice, yield* readWeights(model))
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
