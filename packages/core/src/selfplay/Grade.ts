/**
 * Stage 5: rewards, advantages per cell, and what there is to learn from. What an infrastructure fault or a rule left without a
 * reward is masked: it neither counts nor teaches.
 */
import { Effect, Result } from "effect"
import type { Graded as Rewarded } from "../Advantage.ts"
import { PolicyEngine, type PolicyError } from "../PolicyEngine.ts"
import { klEstimate } from "../PolicyLoss.ts"
import { Plugins, rulesOf } from "../Plugins.ts"
import type { ProposalResult } from "../Reward.ts"
import type { ExecutorUnavailable } from "../Executor.ts"
import type { ConfigError, RunConfig } from "../RunConfig.ts"
import type { Batch, Lesson } from "./Batch.ts"
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

export interface Graded extends Pick<Batch, "lessons" | "silentCells"> {
  readonly proposals: ReadonlyArray<Scored<Validated>>
  /** What the solver learns from: the estimate's answers, then those to tasks drawn from the buffers, as `solve.from` says. */
  readonly answers: ReadonlyArray<Scored<Answer>>
  /** The estimate's answers where they only measure. */
  readonly measuring: ReadonlyArray<Answer>
}

export const grade = Effect.fn("Grade")(function* (
  state: LoopState,
  validated: ReadonlyArray<Validated>,
  estimates: ReadonlyArray<Estimate>,
  solved: ReadonlyArray<Answer>,
): Effect.fn.Return<Graded, PolicyError | ConfigError | ExecutorUnavailable, PolicyEngine> {
  const { config } = state
  const estimated = new Map(estimates.map((estimate) => [estimate.id, estimate]))
  const measures = yield* measure(
    state,
    validated.filter(({ record }) => record !== null && estimated.has(record.id)),
  )
  const guesses = estimates.flatMap((estimate) => estimate.answers)
  const [measuring, answers] =
    config.solve.from === "buffer" ? [guesses, solved] : [[], [...guesses, ...solved]]

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
  const shares = yield* partialShares(state, answers)
  const answerRewards = yield* rewarded(answers, ({ question, sample, text, verdict: judged }, index) => {
    const share = shares[index] ?? null
    return judged === null || share === null
      ? null
      : Result.map(
          rules.solveReward({ ...responseOf(question.track, sample, text), verdict: judged.verdict, share }),
          (reward) => reward - klPenalty(config, sample, answerReferences[index]),
        )
  })

  const proposalAdvantages = yield* spread(
    proposalRewards,
    (index): Omit<Rewarded, "reward"> => {
      const { sample, track } = (validated[index] as Validated).proposal
      return { cell: `propose/${track.key}`, group: String(index), tokens: sample.tokens.length }
    },
    (batch) => rules.advantages("propose", batch, state.baselines),
  )
  const answerAdvantages = yield* spread(
    answerRewards,
    (index): Omit<Rewarded, "reward"> => {
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
    const { logprobs, tokens } = sample
    return [{ promptTokens, tokens, logprobs, advantage: advantage * weight, reference: reference ?? null }]
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
    measuring,
    lessons,
    silentCells: countSilent(validated, proposalAdvantages, answers, answerAdvantages),
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
  describe: (index: number) => Omit<Rewarded, "reward">,
  estimator: (batch: ReadonlyArray<Rewarded>) => Result.Result<ReadonlyArray<number>, ConfigError>,
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

/** Whether the loss has terms that need no advantage. */
const regularizes = ({ entropyBonus, kl }: RunConfig): boolean => entropyBonus > 0 || kl?.in === "loss"

/** Cells with rewards but without a single non-zero advantage. */
const countSilent = (
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
