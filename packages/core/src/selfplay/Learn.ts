/** Stage 6: the policy learns from a batch: one update on all cells, or several on parts of it. */
import { Effect } from "effect"
import { meanOf, meansOf } from "../Metrics.ts"
import { type Datum, PolicyEngine, PolicyError, type Regularization } from "../PolicyEngine.ts"
import { reductionWeights } from "../Reduction.ts"
import { type RunConfig, learningRateAt } from "../RunConfig.ts"
import type { Batch, Lesson } from "./Batch.ts"
import type { LoopState } from "./State.ts"
import { timed } from "./Stopwatch.ts"

/** Gives the metrics of the learning. */
export const learn = Effect.fn("Learn")(function* (
  state: LoopState,
  batch: Pick<Batch, "step" | "staleness" | "lessons" | "silentCells">,
) {
  const trained = yield* timed("train", update(state, batch))
  return {
    ...trained,
    "train/zeroVariance": batch.silentCells,
    ...(state.config.update.staleness === 0 ? {} : { "train/staleness": batch.staleness }),
  }
})

const regularizationOf = ({ kl }: RunConfig, entropy: number): Regularization => ({
  entropy,
  kl: kl?.in === "loss" ? { estimator: kl.estimator, coefficient: kl.coefficient } : null,
})

/** The updates of a step, in mini-batches. Without lessons the weights stay as they are. */
const update = Effect.fnUntraced(function* (
  state: LoopState,
  { lessons, step }: Pick<Batch, "step" | "lessons">,
) {
  const { epochs, miniBatch } = state.config.update
  const counts = {
    "train/sequences": lessons.length,
    "train/tokens": lessons.reduce((sum, { tokens }) => sum + tokens.length, 0),
  }
  if (lessons.length === 0) return counts
  const order = state.streams.get("learn/order")
  const updates: Array<Effect.Success<ReturnType<typeof updateOnce>>> = []
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (miniBatch === null) {
      updates.push(yield* updateOnce(state.config, step, lessons))
      continue
    }
    const shuffled = order.sample(lessons, lessons.length)
    for (let start = 0; start < shuffled.length; start += miniBatch) {
      updates.push(yield* updateOnce(state.config, step, shuffled.slice(start, start + miniBatch)))
    }
  }
  return {
    ...counts,
    "train/updates": updates.length,
    ...meansOf(
      "",
      updates.map(({ means }) => means),
    ),
    ...(state.config.update.staleness === 0
      ? {}
      : { "train/ratioMax": Math.max(...updates.map(({ ratioMax }) => ratioMax)) }),
  }
})

/** One step of the optimizer. */
const updateOnce = Effect.fnUntraced(function* (
  config: RunConfig,
  step: number,
  lessons: ReadonlyArray<Lesson>,
) {
  const engine = yield* PolicyEngine
  const weights = reductionWeights(
    config.reduction,
    lessons.map(({ tokens }) => tokens.length),
  )
  const { entropyBonus } = config
  const bySamples = engine.capabilities.regularizations.includes("entropy") ? 0 : entropyBonus
  const datums = lessons.map((lesson, index) => toDatum(lesson, weights[index] as number, bySamples))
  const regularization = regularizationOf(config, entropyBonus - bySamples)
  const output = yield* engine.forwardBackward(datums, config.loss, regularization)
  yield* finite("forwardBackward", "loss", output.loss)
  const ratios = config.update.staleness === 0 ? [] : ratiosOf(datums, output.logprobs)
  const ratioMax = ratios.reduce((most, ratio) => Math.max(most, ratio), 0)
  yield* finite("forwardBackward", "importance ratio", ratioMax)
  const learningRate = learningRateAt(config, step)
  const { beta1, beta2, epsilon, gradClip, weightDecay } = config.optimizer
  const { gradNorm } = yield* engine.optimStep({ learningRate, beta1, beta2, epsilon, weightDecay, gradClip })
  if (gradNorm !== null) yield* finite("optimStep", "gradient norm", gradNorm)
  const means = {
    "train/loss": output.loss,
    ...meanOf("train/gradNorm", gradNorm === null ? [] : [gradNorm]),
    ...meanOf("train/entropy", output.entropy === null ? [] : [output.entropy]),
    ...meanOf("train/clipped", output.clippedShare === null ? [] : [output.clippedShare]),
    ...meanOf("train/kl", output.kl === null ? [] : [output.kl]),
    "train/learningRate": learningRate,
    ...meanOf("train/ratio", ratios),
  }
  return { means, ratioMax }
})

/** Of each token that is learned from: how much likelier it is now than when it was sampled. */
const ratiosOf = (
  datums: ReadonlyArray<Datum>,
  logprobs: ReadonlyArray<ReadonlyArray<number>>,
): ReadonlyArray<number> =>
  datums.flatMap(({ logprobs: sampled, weights }, index) =>
    weights.flatMap((weight, t) =>
      weight === 0 ? [] : [Math.exp((logprobs[index]?.[t] as number) - (sampled[t] as number))],
    ),
  )

/** A policy that has diverged ends the run: nothing after it would mean anything. */
const finite = (operation: string, what: string, value: number): Effect.Effect<void, PolicyError> =>
  Number.isFinite(value)
    ? Effect.void
    : Effect.fail(
        new PolicyError({
          operation,
          message: `the ${what} is ${value}; try a lower optimizer.learningRate`,
        }),
      )

/**
 * The sequence prompt + response, with weight, advantage and sampled log-probability on the response's tokens. `entropyBonus` is that
 * of an engine without its own: by the identity ∇H = −E[log p · ∇log p], how little a sampled token was expected is an advantage
 * whose mean gradient is the entropy's.
 */
const toDatum = (
  { advantage, logprobs, promptTokens, reference, tokens }: Lesson,
  weight: number,
  entropyBonus: number,
): Datum => {
  const onResponse = (value: (index: number) => number) => [
    ...promptTokens.map(() => 0),
    ...tokens.map((_, index) => value(index)),
  ]
  return {
    tokens: [...promptTokens, ...tokens],
    weights: onResponse(() => weight),
    advantages: onResponse((index) => advantage - entropyBonus * (logprobs[index] as number)),
    logprobs: onResponse((index) => logprobs[index] as number),
    ...(reference === null ? {} : { referenceLogprobs: onResponse((index) => reference[index] as number) }),
  }
}
