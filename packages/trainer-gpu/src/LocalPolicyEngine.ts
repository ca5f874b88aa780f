/** Any local engine as core's `PolicyEngine`: Effects for promises, typed errors, files for state, text for tokens. */
import { PolicyEngine } from "@azr/core"
import { Effect, Result, type Scope } from "effect"
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint/Checkpoint.ts"
import type { Engine, TensorValues } from "./Engine.ts"
import { type ModelConfig, parameterCount } from "./model/ModelConfig.ts"
import { promptTokenizer } from "./model/promptTokenizer.ts"

export interface Backend {
  /** As in `Capabilities`. */
  readonly name: string
  readonly deterministic: boolean
  readonly open: (config: ModelConfig) => Effect.Effect<Engine, PolicyEngine.BackendUnavailable, Scope.Scope>
}

/** A policy that goes on from the files of `save`, or from `policy.safetensors` alone with a fresh optimizer. */
export const make = Effect.fn("LocalPolicyEngine.make")(function* (
  backend: Backend,
  files: ReadonlyArray<PolicyEngine.PolicyFile>,
) {
  const { config, state } = yield* readCheckpoint(files)
  const engine = yield* backend.open(config)
  yield* verb("load", () => engine.setState(state))
  const parameters = parameterCount(config)
  const { layers, width, heads } = config
  let reference: TensorValues | null = null

  /** The state in files that hold a model of this engine's configuration. */
  const readSame = Effect.fnUntraced(function* (
    operation: string,
    files: ReadonlyArray<PolicyEngine.PolicyFile>,
  ) {
    const other = yield* readCheckpoint(files)
    if (JSON.stringify(other.config) !== JSON.stringify(config)) {
      const message = "the files hold a model of another configuration; open them with an engine of their own"
      return yield* new PolicyEngine.PolicyError({ operation, message })
    }
    return other.state
  })

  return PolicyEngine.PolicyEngine.of({
    capabilities: {
      backend: backend.name,
      description:
        `GPT of ${parameters} parameters (${layers} layers, width ${width}, ${heads} heads), ` +
        engine.device,
      contextLength: config.context,
      losses: ["crossEntropy", "importanceSampling", "ppo", "cispo"],
      regularizations: ["entropy", "kl"],
      deterministic: backend.deterministic,
      // Sequences are decoded together, a batch at a time.
      sideBySide: false,
      // What is sampled from is what is trained.
      samplesWhileLearning: false,
      parameters,
    },
    tokenizer: promptTokenizer(config.vocabulary),
    sample: (requests) => verb("sample", () => engine.sample(requests)),
    frozenSampler: Effect.fail(
      new PolicyEngine.PolicyError({
        operation: "frozenSampler",
        message: `the engine ${backend.name} samples from the weights that it trains`,
      }),
    ),
    logprobs: (sequences) => verb("logprobs", () => engine.logprobs(sequences)),
    // A verb that changes the state is not left half waited for: an interruption takes effect after it.
    referenceLogprobs: (sequences) =>
      Effect.uninterruptible(
        verb("referenceLogprobs", () => {
          if (reference === null) throw new Error("there is no reference policy; setReference comes first")
          return engine.logprobsUnder(reference, sequences)
        }),
      ),
    setReference: (next) =>
      Effect.map(readSame("setReference", next), (other) => {
        reference = other.parameters
      }),
    forwardBackward: (datums, loss, regularization) =>
      Effect.uninterruptible(
        verb("forwardBackward", () => engine.forwardBackward(datums, loss, regularization)),
      ),
    optimStep: (adam) => Effect.uninterruptible(verb("optimStep", () => engine.optimStep(adam))),
    save: verb("save", async () => encodeCheckpoint({ config, state: await engine.getState() })),
    load: (next) =>
      Effect.flatMap(readSame("load", next), (state) =>
        Effect.uninterruptible(verb("load", () => engine.setState(state))),
      ),
    // The files are all there is.
    retain: () => Effect.void,
  })
})

const readCheckpoint = (
  files: ReadonlyArray<PolicyEngine.PolicyFile>,
): Effect.Effect<Checkpoint, PolicyEngine.PolicyError> =>
  Effect.fromResult(
    Result.mapError(
      decodeCheckpoint(files),
      ({ file, message }) =>
        new PolicyEngine.PolicyError({ operation: "load", message: `${file}: ${message}` }),
    ),
  )

const verb = <A>(operation: string, run: () => Promise<A>): Effect.Effect<A, PolicyEngine.PolicyError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new PolicyEngine.PolicyError({
        operation,
        message: cause instanceof Error ? cause.message : String(cause),
      }),
  })
