/**
 * One step of self-play: collect a batch (propose → validate → estimate → solve → grade) and learn from it. Gives what happened as data;
 * writes nothing.
 */
import { Effect } from "effect"
import { meanOf, meansOf } from "../Metrics.ts"
import type { ExecutorUnavailable } from "../Executor.ts"
import { PolicyEngine, type PolicyError, type Prompt } from "../PolicyEngine.ts"
import type { ConfigError } from "../RunConfig.ts"
import type { Rollout, StepSeconds } from "../RunEvent.ts"
import type { TaskRecord } from "../TaskBuffer.ts"
import type { Batch } from "./Batch.ts"
import { type Estimate, estimate } from "./Estimate.ts"
import { type Graded, grade } from "./Grade.ts"
import { learn } from "./Learn.ts"
import { propose } from "./Propose.ts"
import { type Answer, solve } from "./Solve.ts"
import type { LoopState, Track } from "./State.ts"
import { Stopwatch, timed, withStopwatch } from "./Stopwatch.ts"
import { type HeldOut, type Validated, admit, validate } from "./Validate.ts"

export interface StepResult extends Pick<Batch, "step" | "tasks" | "proposals" | "rollouts" | "metrics"> {
  /** Spent by the stages. */
  readonly seconds: Pick<StepSeconds, "generate" | "execute" | "train" | "overlap">
}

type Failure = PolicyError | ExecutorUnavailable | ConfigError

/**
 * Learns from the batch that waits, or from one that is collected now. With `update.staleness` 1 the batch of the next step is
 * collected meanwhile, from the policy that this step began with.
 */
export const step = Effect.fn("Step")(function* (
  state: LoopState,
  heldOut: HeldOut,
): Effect.fn.Return<StepResult, Failure, PolicyEngine> {
  const { steps, update } = state.config
  const stopwatch = new Stopwatch()
  const { batch, trained } = yield* Effect.gen(function* () {
    const batch = state.ahead ?? (yield* collect(state, heldOut, 0))
    state.ahead = null
    if (update.staleness === 0 || batch.step >= steps) return { batch, trained: yield* learn(state, batch) }
    const engine = yield* PolicyEngine
    const frozen = { ...engine, sample: yield* timed("generate", engine.frozenSampler) }
    const [trained, ahead] = yield* Effect.all(
      [
        learn(state, batch),
        Effect.provideService(collect(state, heldOut, update.staleness), PolicyEngine, frozen),
      ],
      { concurrency: "unbounded" },
    )
    state.ahead = ahead
    return { batch, trained }
  }).pipe(withStopwatch(stopwatch))
  const { metrics, proposals, rollouts, step, tasks } = batch
  return {
    step,
    tasks,
    proposals,
    rollouts,
    metrics: { ...metrics, ...trained },
    seconds: { ...stopwatch.spent, ...(update.staleness === 0 ? {} : { overlap: stopwatch.overlap }) },
  }
})

/** Everything of a step but the learning. What it changes in the state, no learning reads. */
const collect = Effect.fn("Collect")(function* (
  state: LoopState,
  heldOut: HeldOut,
  staleness: number,
): Effect.fn.Return<Batch, Failure, PolicyEngine> {
  state.step += 1
  const proposing = state.step <= (state.config.propose.steps ?? Infinity)
  const candidates = yield* propose(state, proposing ? state.tracks : [], validate)
  const validated = yield* admit(state, heldOut, candidates)
  const estimates = yield* estimate(state, validated)
  const tasks = settle(state, validated, estimates)
  const solved = yield* solve(state)
  const graded = yield* grade(state, validated, estimates, solved)
  const rollouts = rolloutsOf(state, graded)
  return {
    step: state.step,
    staleness,
    tasks,
    proposals: validated.map(({ proposal: { track }, reason, record, status }) => ({
      environment: track.environment.id,
      kind: track.kind.id,
      status,
      reason,
      task: record?.id ?? null,
    })),
    rollouts,
    metrics: {
      ...metricsOf(state, graded, estimates),
      "generate/tokens": rollouts.reduce((sum, { tokens }) => sum + tokens, 0),
    },
    lessons: graded.lessons,
    silentCells: graded.silentCells,
  }
})

/**
 * Notes success rates in the buffers, which may drop a task for its own. Counts the regions and facets of the estimated tasks
 * where a reward is made of them.
 */
const settle = (
  state: LoopState,
  validated: ReadonlyArray<Validated>,
  estimates: ReadonlyArray<Estimate>,
): ReadonlyArray<TaskRecord> => {
  const { coverage, intrinsic } = state.config.reward.propose
  if (coverage !== null) state.decayRegions(coverage.decay)
  const estimated = new Map(estimates.map((estimate) => [estimate.id, estimate]))
  return validated.flatMap(({ proposal, record, task }) => {
    if (record === null) return []
    const estimate = estimated.get(record.id)
    if (estimate === undefined) return [record]
    if (coverage !== null) state.visitRegion(proposal.track, task)
    if (intrinsic !== null) state.visitFacets(proposal.track, task)
    const rate = estimate.attempts === 0 ? null : estimate.solved / estimate.attempts
    return state.estimated(record, rate) ?? []
  })
}

/** A prompt as one text; behind their roles, where it has several messages. */
const promptText = (prompt: Prompt): string =>
  prompt.map(({ content, role }) => (prompt.length === 1 ? content : `${role}:\n${content}`)).join("\n\n")

const rolloutsOf = (state: LoopState, graded: Graded): ReadonlyArray<Rollout> => [
  ...graded.proposals.map(({ advantage, response: validated, reward }): Rollout => {
    const { prompt, sample, text, track } = validated.proposal
    return {
      step: state.step,
      role: "propose",
      environment: track.environment.id,
      kind: track.kind.id,
      task: validated.record?.id ?? null,
      prompt: promptText(prompt),
      response: text,
      tokens: sample.tokens.length,
      outcome: validated.status,
      reason: [validated.reason, validated.message].filter((part) => part !== "").join(": "),
      reward,
      advantage,
      logprob: meanLogprob(sample.logprobs),
    }
  }),
  ...[
    ...graded.measuring.map((response) => ({ response, reward: null, advantage: null })),
    ...graded.answers,
  ].map(({ advantage, response: answer, reward }): Rollout => {
    const { fault, prompt, question, sample, text, verdict } = answer
    return {
      step: state.step,
      role: "solve",
      environment: question.track.environment.id,
      kind: question.track.kind.id,
      task: question.id,
      prompt: promptText(prompt),
      response: text,
      tokens: sample.tokens.length,
      outcome: verdict?.verdict ?? "infrastructure",
      reason: verdict?.reason ?? fault,
      reward,
      advantage,
      logprob: meanLogprob(sample.logprobs),
    }
  }),
]

const meanLogprob = (logprobs: ReadonlyArray<number>): number =>
  logprobs.length === 0 ? 0 : logprobs.reduce((sum, value) => sum + value, 0) / logprobs.length

const metricsOf = (
  state: LoopState,
  graded: Graded,
  estimates: ReadonlyArray<Estimate>,
): Readonly<Record<string, number>> =>
  Object.assign(
    {},
    ...cellsOf(state).map(([cell, tracks]) => ({
      ...proposalMetrics(
        state,
        cell,
        graded.proposals.filter(({ response }) => tracks.includes(response.proposal.track)),
      ),
      ...answerMetrics(
        state,
        cell,
        graded.answers.filter(({ response }) => tracks.includes(response.question.track)),
      ),
      ...learnableMetrics(
        cell,
        estimates.filter(
          ({ answers: [first], attempts }) =>
            attempts > 0 && first !== undefined && tracks.includes(first.question.track),
        ),
      ),
      ...faultMetrics(
        cell,
        [...graded.measuring, ...graded.answers.map(({ response }) => response)].filter(({ question }) =>
          tracks.includes(question.track),
        ),
      ),
      [`buffer/${cell}/size`]: sizeOf(tracks, state),
    })),
  )

/** What metrics are about: a kind in all environments and, where there are several of these, in each, `lua:deduction`. */
const cellsOf = ({
  tracks,
}: LoopState): ReadonlyArray<readonly [name: string, tracks: ReadonlyArray<Track>]> => {
  const several = new Set(tracks.map(({ environment }) => environment.id)).size > 1
  return [
    ...Map.groupBy(tracks, ({ kind }) => kind.id),
    ...(several ? Map.groupBy(tracks, ({ environment, kind }) => `${environment.id}:${kind.id}`) : []),
  ]
}

const learnableMetrics = (
  kind: string,
  estimates: ReadonlyArray<Estimate>,
): Readonly<Record<string, number>> =>
  estimates.length === 0
    ? {}
    : {
        [`solve/${kind}/estimated`]: estimates.length,
        ...meanOf(
          `solve/${kind}/learnable`,
          estimates.map(({ attempts, solved }) => (solved > 0 && solved < attempts ? 1 : 0)),
        ),
      }

/** A fault is told of whether the answer was to be learned from or not. */
const faultMetrics = (kind: string, answers: ReadonlyArray<Answer>): Readonly<Record<string, number>> =>
  answers.length === 0
    ? {}
    : { [`solve/${kind}/faults`]: answers.filter(({ verdict }) => verdict === null).length }

const sizeOf = (tracks: ReadonlyArray<Track>, state: LoopState): number =>
  tracks.reduce((sum, { environment, kind }) => sum + state.buffer(environment.id, kind.id).size, 0)

const proposalMetrics = (
  state: LoopState,
  kind: string,
  proposals: Graded["proposals"],
): Readonly<Record<string, number>> => {
  if (proposals.length === 0) return {}
  const all = proposals.map(({ response }) => response)
  const judged = all.filter(({ status }) => status !== "infrastructure")
  const valid = judged.filter(({ status }) => status !== "badFormat" && status !== "invalid")
  const free = valid.filter(({ status }) => status !== "heldOut")
  const accepted = valid.filter(({ status }) => status === "accepted")
  return {
    [`propose/${kind}/proposals`]: all.length,
    [`propose/${kind}/judged`]: judged.length,
    [`propose/${kind}/free`]: free.length,
    [`propose/${kind}/rewarded`]: proposals.filter(({ reward }) => reward !== null).length,
    [`propose/${kind}/heldOut`]: valid.length - free.length,
    [`propose/${kind}/accepted`]: accepted.length,
    [`propose/${kind}/faults`]: all.length - judged.length,
    ...meanOf(
      `propose/${kind}/valid`,
      judged.map((proposal) => (valid.includes(proposal) ? 1 : 0)),
    ),
    ...meanOf(
      `propose/${kind}/new`,
      free.map(({ status }) => (status === "accepted" ? 1 : 0)),
    ),
    ...meanOf(
      `propose/${kind}/reward`,
      proposals.flatMap(({ reward }) => reward ?? []),
    ),
    ...(state.config.propose.composite === null
      ? {}
      : meanOf(
          `propose/${kind}/composite`,
          all.map(({ proposal }) => (proposal.composite ? 1 : 0)),
        )),
    ...meanOf(
      `propose/${kind}/tokens`,
      all.map(({ proposal }) => proposal.sample.tokens.length),
    ),
    ...meansOf(
      `propose/${kind}/task/`,
      accepted.map(({ proposal, task }) => proposal.track.kind.measureTask(task)),
    ),
  }
}

const answerMetrics = (
  state: LoopState,
  kind: string,
  answers: Graded["answers"],
): Readonly<Record<string, number>> => {
  if (answers.length === 0) return {}
  const all: ReadonlyArray<Answer> = answers.map(({ response }) => response)
  const verdicts = all.flatMap(({ verdict }) => verdict ?? [])
  const share = (wanted: string) => verdicts.map(({ verdict }) => (verdict === wanted ? 1 : 0))
  return {
    [`solve/${kind}/sampled`]: all.length,
    [`solve/${kind}/answers`]: verdicts.length,
    [`solve/${kind}/rewarded`]: answers.filter(({ reward }) => reward !== null).length,
    ...meanOf(`solve/${kind}/correct`, share("correct")),
    ...meanOf(`solve/${kind}/badFormat`, share("badFormat")),
    ...meanOf(
      `solve/${kind}/reward`,
      answers.flatMap(({ reward }) => reward ?? []),
    ),
    ...meanOf(
      `solve/${kind}/tokens`,
      all.map(({ sample }) => sample.tokens.length),
    ),
    ...meansOf(
      `solve/${kind}/response/`,
      all.map(({ question, text }) => question.track.kind.measureResponse(text, state.config.promptStyle)),
    ),
  }
}
