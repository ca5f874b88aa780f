/**
 * Stage 5: the policy learns. Rewards → advantages per cell → one update on all cells. What an infrastructure fault or
 * a rule left without a reward is masked: it neither counts nor teaches.
 */
import { Effect, Result } from "effect"
import type { Graded } from "../Advantage.ts"
import { meanOf, meansOf } from "../Metrics.ts"
import { type Datum, PolicyEngine, PolicyError, type Regularization } from "../PolicyEngine.ts"
import { klEstimate } from "../PolicyLoss.ts"
import { Plugins, rulesOf } from "../Plugins.ts"
import { reductionWeights } from "../Reduction.ts"
import type { ProposalResult } from "../Reward.ts"
import type { ExecutorUnavailable } from "../Executor.ts"
import { type ConfigError, type RunConfig, learningRateAt } from "../RunConfig.ts"
import type { Estimate } from "./Estimate.ts"
import { type Measures, measure } from "./Intrinsic.ts"
import { partialShares } from "./Partial.ts"
import type { Answer } from "./Solve.ts"
import type { LoopState, Track } from "./State.ts"
import { timed } from "./Stopwatch.ts"
import type { Validated } from "./Validate.ts"

/** One response with what it earned; null: masked, or not learned from. */
export interface Scored<Response> {
  readonly response: Response
  readonly reward: number | null
  readonly advantage: number | null
}

export interface Learned {
  readonly proposals: ReadonlyArray<Scored<Validated>>
  /** The estimate's answers, then those to tasks drawn from the buffers. */
  readonly answers: ReadonlyArray<Scored<Answer>>
  readonly metrics: Readonly<Record<string, number>>
}

export const learn = Effect.fn("Learn")(function* (
  state: LoopState,
  validated: ReadonlyArray<Validated>,
  estimates: ReadonlyArray<Estimate>,
  solved: ReadonlyArray<Answer>,
): Effect.fn.Return<Learned, PolicyError | ConfigError | ExecutorUnavailable, PolicyEngine> {
  const { config } = state
  const estimated = new Map(estimates.map((estimate) => [estimate.id, estimate]))
  const measures = yield* measure(
    state,
    validated.filter(({ record }) => record !== null && estimated.has(record.id)),
  )
  const guesses = estimates.flatMap((estimate) => estimate.answers)
  const answers = [...guesses, ...solved]
  const firstTaught = config.solve.from === "buffer" ? guesses.length : 0

  const proposalReferences = yield* referenceLogprobs(
    state,
    validated.map(({ proposal }) => proposal),
  )
  const answerReferences = yield* referenceLogprobs(state, answers)

  const rules = yield* Effect.fromResult(rulesOf(config, yield* Plugins))
  const proposalRewards = yield* rewarded(validated, (validatedOne, index) => {
    const result = resultOf(state, validatedOne, estimated, measures)
    const { sample, text, track } = validatedOne.proposal
    return result === null
      ? null
      : Result.map(
          rules.proposeReward({ ...responseOf(track, sample, text), result }),
          (reward) => reward - klPenalty(config, sample, proposalReferences[index]),
        )
  })
  const shares = yield* partialShares(state, answers.slice(firstTaught))
  const answerRewards = yield* rewarded(answers, ({ question, sample, text, verdict: judged }, index) => {
    const share = shares[index - firstTaught] ?? null
    return judged === null || share === null
      ? null
      : Result.map(
          rules.solveReward({ ...responseOf(question.track, sample, text), verdict: judged.verdict, share }),
          (reward) => reward - klPenalty(config, sample, answerReferences[index]),
        )
  })

  const proposalAdvantages = yield* spread(
    proposalRewards,
    (index): Omit<Graded, "reward"> => {
      const { sample, track } = (validated[index] as Validated).proposal
      return { cell: `propose/${track.key}`, group: String(index), tokens: sample.tokens.length }
    },
    (batch) => rules.advantages("propose", batch, state.baselines),
  )
  const answerAdvantages = yield* spread(
    answerRewards,
    (index): Omit<Graded, "reward"> => {
      const { question, sample } = answers[index] as Answer
      return {
        cell: `solve/${question.track.key}`,
        group: String(question.id),
        tokens: sample.tokens.length,
      }
    },
    (batch) => rules.advantages("solve", batch, state.baselines),
  )

  const lesson = (
    { promptTokens, sample }: Response,
    advantage: number | null | undefined,
    weight: number,
    reference: ReadonlyArray<number> | undefined,
  ): ReadonlyArray<Lesson> => {
    // What is masked teaches nothing; what has no advantage still has an entropy and a distance.
    if (advantage === null || advantage === undefined || sample.tokens.length === 0) return []
    if (advantage * weight === 0 && !regularizes(config)) return []
    return [{ promptTokens, sample, advantage: advantage * weight, reference: reference ?? null }]
  }
  const { roleWeight } = config
  const lessons = [
    ...(config.propose.train
      ? validated.flatMap(({ proposal }, index) =>
          lesson(proposal, proposalAdvantages[index], roleWeight.propose, proposalReferences[index]),
        )
      : []),
    ...answers.flatMap((answer, index) =>
      lesson(answer, answerAdvantages[index], roleWeight.solve, answerReferences[index]),
    ),
  ]

  const trained = yield* timed("train", update(state, lessons))
  return {
    proposals: validated.map((response, index) => ({
      response,
      reward: proposalRewards[index] ?? null,
      advantage: proposalAdvantages[index] ?? null,
    })),
    answers: answers.map((response, index) => ({
      response,
      reward: answerRewards[index] ?? null,
      advantage: answerAdvantages[index] ?? null,
    })),
    metrics: {
      ...trained,
      "train/zeroVariance": silentCells(validated, proposalAdvantages, answers, answerAdvantages),
    },
  }
})

/** What the reward function is told of a proposal; null where it earns nothing and teaches nothing. */
const resultOf = (
  state: LoopState,
  { proposal: { track }, record, status, task }: Validated,
  estimated: ReadonlyMap<number, Estimate>,
  measures: ReadonlyMap<number, Measures | null>,
): ProposalResult | null => {
  switch (status) {
    case "badFormat":
    case "invalid":
    case "duplicate":
      return { _tag: status }
    case "heldOut":
    case "infrastructure":
      return null
    case "accepted": {
      const estimate = record === null ? undefined : estimated.get(record.id)
      if (estimate === undefined || estimate.attempts === 0) return null
      const measured = measures.get(estimate.id)
      if (measured === null) return null
      return {
        _tag: "estimated",
        solved: estimate.solved,
        attempts: estimate.attempts,
        regionCount: state.regionCount(track, task),
        measures: measured ?? {},
      }
    }
  }
}

const responseOf = ({ environment, kind }: Track, { tokens }: Answer["sample"], text: string) => ({
  environment: environment.id,
  kind: kind.id,
  text,
  tokens: tokens.length,
})

/** The reward of each response; null for what has none. */
const rewarded = <Response>(
  responses: ReadonlyArray<Response>,
  reward: (response: Response, index: number) => Result.Result<number, ConfigError> | null,
): Effect.Effect<ReadonlyArray<number | null>, ConfigError> =>
  Effect.fromResult(
    Result.all(responses.map((response, index) => reward(response, index) ?? Result.succeed(null))),
  )

/** Estimates advantages over the rewarded responses and puts them back at their indices; null elsewhere. */
const spread = (
  rewards: ReadonlyArray<number | null>,
  describe: (index: number) => Omit<Graded, "reward">,
  estimator: (batch: ReadonlyArray<Graded>) => Result.Result<ReadonlyArray<number>, ConfigError>,
): Effect.Effect<ReadonlyArray<number | null>, ConfigError> => {
  const indices = rewards.flatMap((reward, index) => (reward === null ? [] : [index]))
  const batch = indices.map((index) => ({ ...describe(index), reward: rewards[index] as number }))
  const result: Array<number | null> = rewards.map(() => null)
  return Effect.fromResult(
    Result.map(estimator(batch), (values) => {
      indices.forEach((index, i) => (result[index] = values[i] as number))
      return result
    }),
  )
}

type Response = Pick<Answer, "promptTokens" | "sample">

interface Lesson extends Response {
  readonly advantage: number
  /** Log-probabilities of the response's tokens under the reference policy; null where nothing asks for them. */
  readonly reference: ReadonlyArray<number> | null
}

/** For each response the log-probabilities of its tokens under the reference policy; empty without a KL penalty. */
const referenceLogprobs = Effect.fnUntraced(function* (state: LoopState, responses: ReadonlyArray<Response>) {
  if (state.config.kl === null) return []
  const engine = yield* PolicyEngine
  const spoken = responses.filter(({ sample }) => sample.tokens.length > 0)
  const scores = yield* timed(
    "train",
    engine.referenceLogprobs(spoken.map(({ promptTokens, sample }) => [...promptTokens, ...sample.tokens])),
  )
  const ofSpoken = new Map(spoken.map((response, index) => [response, scores[index] ?? []]))
  return responses.map((response) => ofSpoken.get(response)?.slice(response.promptTokens.length) ?? [])
})

/** What the reward of a response loses for its distance to the reference policy, Σ over its tokens. */
const klPenalty = (
  { kl }: RunConfig,
  { logprobs }: Answer["sample"],
  reference: ReadonlyArray<number> | undefined,
): number =>
  kl?.in === "reward" && reference !== undefined
    ? kl.coefficient *
      logprobs.reduce(
        (sum, logprob, t) => sum + klEstimate(kl.estimator, logprob, reference[t] as number).value,
        0,
      )
    : 0

const regularizationOf = ({ entropyBonus, kl }: RunConfig): Regularization => ({
  entropy: entropyBonus,
  kl: kl?.in === "loss" ? { estimator: kl.estimator, coefficient: kl.coefficient } : null,
})

/** Whether the loss has terms that need no advantage. */
const regularizes = ({ entropyBonus, kl }: RunConfig): boolean => entropyBonus > 0 || kl?.in === "loss"

/** The updates of a step, in mini-batches. Without lessons the weights stay as they are. */
const update = Effect.fnUntraced(function* (state: LoopState, lessons: ReadonlyArray<Lesson>) {
  const { epochs, miniBatch } = state.config.update
  const counts = {
    "train/sequences": lessons.length,
    "train/tokens": lessons.reduce((sum, { sample }) => sum + sample.tokens.length, 0),
  }
  if (lessons.length === 0) return counts
  const order = state.streams.get("learn/order")
  const updates: Array<Readonly<Record<string, number>>> = []
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (miniBatch === null) {
      updates.push(yield* updateOnce(state, lessons))
      continue
    }
    const shuffled = order.sample(lessons, lessons.length)
    for (let start = 0; start < shuffled.length; start += miniBatch) {
      updates.push(yield* updateOnce(state, shuffled.slice(start, start + miniBatch)))
    }
  }
  return { ...counts, "train/updates": updates.length, ...meansOf("", updates) }
})

/** One step of the optimizer. */
const updateOnce = Effect.fnUntraced(function* (state: LoopState, lessons: ReadonlyArray<Lesson>) {
  const { config } = state
  const engine = yield* PolicyEngine
  const weights = reductionWeights(
    config.reduction,
    lessons.map(({ sample }) => sample.tokens.length),
  )
  const output = yield* engine.forwardBackward(
    lessons.map((lesson, index) => toDatum(lesson, weights[index] as number)),
    config.loss,
    regularizationOf(config),
  )
  yield* finite("forwardBackward", "loss", output.loss)
  const learningRate = learningRateAt(config, state.step)
  const { beta1, beta2, epsilon, gradClip, weightDecay } = config.optimizer
  const { gradNorm } = yield* engine.optimStep({ learningRate, beta1, beta2, epsilon, weightDecay, gradClip })
  if (gradNorm !== null) yield* finite("optimStep", "gradient norm", gradNorm)
  return {
    "train/loss": output.loss,
    ...meanOf("train/gradNorm", gradNorm === null ? [] : [gradNorm]),
    ...meanOf("train/entropy", output.entropy === null ? [] : [output.entropy]),
    ...meanOf("train/clipped", output.clippedShare === null ? [] : [output.clippedShare]),
    ...meanOf("train/kl", output.kl === null ? [] : [output.kl]),
    "train/learningRate": learningRate,
  }
})

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

/** The sequence prompt + response, with weight, advantage and sampled log-probability on the response's tokens. */
const toDatum = ({ advantage, promptTokens, reference, sample }: Lesson, weight: number): Datum => {
  const onResponse = (value: (index: number) => number) => [
    ...promptTokens.map(() => 0),
    ...sample.tokens.map((_, index) => value(index)),
  ]
  return {
    tokens: [...promptTokens, ...sample.tokens],
    weights: onResponse(() => weight),
    advantages: onResponse(() => advantage),
    logprobs: onResponse((index) => sample.logprobs[index] as number),
    ...(reference === null ? {} : { referenceLogprobs: onResponse((index) => reference[index] as number) }),
  }
}

/** Cells with rewards but without a single non-zero advantage. */
const silentCells = (
  validated: ReadonlyArray<Validated>,
  proposalAdvantages: ReadonlyArray<number | null>,
  answers: ReadonlyArray<Answer>,
  answerAdvantages: ReadonlyArray<number | null>,
): number => {
  const heard = new Map<string, boolean>()
  const listen = (cell: string, advantage: number | null | undefined) => {
    if (advantage === null || advantage === undefined) return
    heard.set(cell, heard.get(cell) === true || advantage !== 0)
  }
  validated.forEach(({ proposal }, index) =>
    listen(`propose/${proposal.track.key}`, proposalAdvantages[index]),
  )
  answers.forEach(({ question }, index) => listen(`solve/${question.track.key}`, answerAdvantages[index]))
  return [...heard.values()].filter((loud) => !loud).length
}
