/** One model that clients train: a local engine, and what the wire says in its terms. */
import { PolicyEngine } from "@azr/core"
import { LocalBackends } from "@azr/trainer-gpu"
import type { Reduction, TrainingOutput, TrainingRequest, WireDatum } from "@azr/trainer-tinker"
import { Context, Effect, Layer, type Scope } from "effect"
import { type OptimStep, Refused } from "./requests.ts"

export interface ServedModel {
  readonly train: (request: TrainingRequest) => Effect.Effect<TrainingOutput, Refused>
  /** Metrics of the update. */
  readonly optimStep: (
    adam: (typeof OptimStep.Type)["adam_params"],
  ) => Effect.Effect<Readonly<Record<string, number>>, Refused>
  readonly save: Effect.Effect<ReadonlyArray<PolicyEngine.PolicyFile>, Refused>
  readonly load: (files: ReadonlyArray<PolicyEngine.PolicyFile>) => Effect.Effect<void, Refused>
}

export const openEngine = (
  choice: LocalBackends.Choice,
  files: ReadonlyArray<PolicyEngine.PolicyFile>,
): Effect.Effect<PolicyEngine.PolicyEngine["Service"], Refused, Scope.Scope> =>
  Layer.build(LocalBackends.layer(choice, files)).pipe(
    Effect.map(Context.get(PolicyEngine.PolicyEngine)),
    Effect.mapError(refusal),
  )

export const refusal = ({ message }: { readonly message: string }): Refused =>
  new Refused({ status: 400, message })

/**
 * With `sum`, gradients are what the Tinker service's are: the sum over tokens and sequences. With `meanOfMeans` they are what SkyRL's
 * are on JAX, so that a client can be tried on both: the mean over the sequences since the last update of their means over tokens.
 */
export const make = Effect.fn("ServedModel.make")(function* (
  choice: LocalBackends.Choice,
  files: ReadonlyArray<PolicyEngine.PolicyFile>,
  reduction: Reduction,
): Effect.fn.Return<ServedModel, Refused, Scope.Scope> {
  const engine = yield* openEngine(choice, files)
  /** With `meanOfMeans`, what waits for the number of sequences. */
  let waiting: Array<readonly [PolicyEngine.Datum, PolicyEngine.LossConfig]> = []

  const apply = Effect.suspend(() => {
    const batch = waiting
    waiting = []
    return Effect.forEach(batch, ([datum, loss]) => {
      const mass = datum.weights.reduce((sum, weight) => sum + weight, 0)
      const weights = datum.weights.map((weight) => (mass === 0 ? 0 : weight / mass / batch.length))
      return engine.forwardBackward([{ ...datum, weights }], loss)
    })
  })

  return {
    train: Effect.fn("ServedModel.train")(function* (request) {
      const loss = yield* lossOf(request)
      const datums = yield* Effect.forEach(request.data, (datum, index) => datumOf(datum, index, loss))
      const sequences = datums.map(({ tokens }) => tokens)
      if (request.forwardOnly || reduction === "meanOfMeans") {
        const logprobs = yield* Effect.mapError(engine.logprobs(sequences), refusal)
        if (!request.forwardOnly) waiting.push(...datums.map((datum) => [datum, loss] as const))
        return outputOf(logprobs, {})
      }
      const output = yield* Effect.mapError(engine.forwardBackward(datums, loss), refusal)
      return outputOf(output.logprobs, { "loss:sum": output.loss })
    }),
    optimStep: Effect.fn("ServedModel.optimStep")(function* (adam) {
      const learningRate = adam.learning_rate ?? 1e-4
      const clip = adam.grad_clip_norm ?? 0
      if (clip > 0 && reduction === "meanOfMeans") {
        return yield* new Refused({
          status: 400,
          message: "grad_clip_norm: this server does not clip gradients",
        })
      }
      const { gradNorm } = yield* Effect.mapError(
        Effect.andThen(
          apply,
          engine.optimStep({
            learningRate,
            beta1: adam.beta1 ?? 0.9,
            beta2: adam.beta2 ?? 0.95,
            epsilon: adam.eps ?? 1e-12,
            weightDecay: adam.weight_decay ?? 0,
            gradClip: clip > 0 ? clip : null,
          }),
        ),
        refusal,
      )
      return {
        "azr/learning_rate": learningRate,
        ...(gradNorm === null ? {} : { "azr/grad_norm": gradNorm }),
      }
    }),
    save: Effect.mapError(engine.save, refusal),
    load: (saved) => {
      waiting = []
      return Effect.mapError(engine.load(saved), refusal)
    },
  }
})

const outputOf = (
  logprobs: ReadonlyArray<ReadonlyArray<number>>,
  metrics: TrainingOutput["metrics"],
): TrainingOutput => ({ outputs: logprobs.map((row) => ({ logprobs: row.slice(1) })), metrics })

/** Thresholds are ratios on the wire. */
const clipOf = ({ lossFnConfig }: TrainingRequest) => ({
  clipLow: 1 - (lossFnConfig["clip_low_threshold"] ?? 0.8),
  clipHigh: (lossFnConfig["clip_high_threshold"] ?? 1.2) - 1,
})

const configKeys: Readonly<Record<string, ReadonlyArray<string>>> = {
  cross_entropy: [],
  importance_sampling: [],
  ppo: ["clip_low_threshold", "clip_high_threshold"],
  cispo: ["clip_low_threshold", "clip_high_threshold"],
}

const lossOf = (request: TrainingRequest): Effect.Effect<PolicyEngine.LossConfig, Refused> => {
  const { lossFn, lossFnConfig } = request
  const keys = configKeys[lossFn]
  if (keys === undefined) {
    const losses = Object.keys(configKeys).join(", ")
    return Effect.fail(new Refused({ status: 400, message: `loss_fn ${lossFn}: there are ${losses}` }))
  }
  const stray = Object.keys(lossFnConfig).find((key) => !keys.includes(key))
  if (stray !== undefined) {
    return Effect.fail(new Refused({ status: 400, message: `loss_fn_config ${stray}: ${lossFn} has none` }))
  }
  switch (lossFn) {
    case "cross_entropy":
      return Effect.succeed({ _tag: "crossEntropy" })
    case "ppo":
      return Effect.succeed({ _tag: "ppo", ...clipOf(request), dualClip: null })
    case "cispo":
      return Effect.succeed({ _tag: "cispo", ...clipOf(request) })
    default:
      return Effect.succeed({ _tag: "importanceSampling" })
  }
}

/** What a loss reads besides its targets and weights, which are 1 where absent. */
const inputs = ["advantages", "logprobs"] as const

const datumOf = (
  { inputs: given, tokens }: WireDatum,
  index: number,
  loss: PolicyEngine.LossConfig,
): Effect.Effect<PolicyEngine.Datum, Refused> => {
  const refuse = (problem: string) =>
    Effect.fail(new Refused({ status: 400, message: `datum ${index}: ${problem}` }))
  const targets = given["target_tokens"]
  if (targets === undefined) return refuse("target_tokens are missing")
  for (const [name, values] of Object.entries(given)) {
    if (values.length !== tokens.length) return refuse(`${values.length} ${name} for ${tokens.length} tokens`)
  }
  const last = targets.at(-1)
  if (last === undefined) return refuse("there are no tokens")
  const off = targets.findIndex((target, t) => t + 1 < tokens.length && target !== tokens[t + 1])
  if (off >= 0) return refuse(`target_tokens[${off}] is not the token that follows`)
  const missing = loss._tag === "crossEntropy" ? undefined : inputs.find((name) => given[name] === undefined)
  if (missing !== undefined) return refuse(`${missing} are missing`)
  const row = (name: string, otherwise: number) => [0, ...(given[name] ?? tokens.map(() => otherwise))]
  return Effect.succeed({
    tokens: [...tokens, last],
    weights: row("weights", 1),
    advantages: row("advantages", 0),
    logprobs: row("logprobs", 0),
  })
}
