/**
 * What a run will ask for, from its settings alone. Counts of proposals and answers are exact where every proposal is a valid
 * task and every environment has every kind; tokens are a bound, as if each response were as long as it may be.
 */
import type { Environment, RunConfig } from "@azr/core"
import { bytesText } from "./runOverview.ts"

export interface StepCost {
  readonly proposals: number
  readonly answers: number
  /** Most tokens sampled. */
  readonly tokens: number
  /** Most responses trained on. */
  readonly trained: number
}

export const stepCost = ({
  environments,
  estimate,
  kinds,
  propose,
  solve,
}: RunConfig.RunConfig): StepCost => {
  let proposals = 0
  let answers = 0
  let tokens = 0
  let learned = 0
  for (const kind of Object.values(kinds)) {
    const estimated = Math.min(kind.tasks, kind.proposals) * estimate.samples
    const drawn = solve.from === "estimate" ? 0 : kind.solve * solve.samples
    proposals += kind.proposals
    answers += estimated + drawn
    tokens += kind.proposals * kind.maxTokens.propose + (estimated + drawn) * kind.maxTokens.solve
    learned += drawn + (solve.from === "buffer" ? 0 : estimated)
  }
  const times = environments.length
  return {
    proposals: times * proposals,
    answers: times * answers,
    tokens: times * tokens,
    trained: times * (learned + (propose.train ? proposals : 0)),
  }
}

/** Bytes that texts take in a log, no less than in runs that were looked at: of a prompt, a token of a response, a task. */
const textBytes: Readonly<
  Record<Environment.PromptStyle, { readonly prompt: number; readonly token: number; readonly task: number }>
> = {
  compact: { prompt: 100, token: 3, task: 850 },
  full: { prompt: 6000, token: 5, task: 4000 },
  fewShot: { prompt: 10_000, token: 5, task: 4000 },
}
/** What a line has besides: of a rollout, of a proposal's verdict; and the numbers of a step, with the machine's. */
const lineBytes = { rollout: 250, proposed: 190, step: 5000 }

/** Most bytes that a step adds to the logs, evaluations and checkpoints apart. */
export const stepBytes = (
  config: RunConfig.RunConfig,
): { readonly rollouts: number; readonly events: number } => {
  const { answers, proposals, tokens } = stepCost(config)
  const { prompt, task, token } = textBytes[config.promptStyle]
  return {
    rollouts: (proposals + answers) * (lineBytes.rollout + prompt) + tokens * token,
    events: proposals * (lineBytes.proposed + task) + lineBytes.step,
  }
}

/** Kept are the first one, the latest `keep`, the best, and where a stop was the last. */
export const mostCheckpoints = ({ checkpoint }: RunConfig.RunConfig): number => checkpoint.keep + 3

const count = (value: number): string => value.toLocaleString("en-US")

/** The estimate in words, and how it was made. */
export const costLines = (config: RunConfig.RunConfig): ReadonlyArray<string> => {
  const { answers, proposals, tokens, trained } = stepCost(config)
  const { events, rollouts } = stepBytes(config)
  const perEnvironment = Object.values(config.kinds).reduce(
    (sum, kind) => sum + kind.seeds + kind.proposedSeeds,
    0,
  )
  const seeds = config.environments.length * perEnvironment
  return [
    `a step      ${count(proposals)} proposals to validate and ${count(answers)} answers to judge; at most ${count(tokens)} tokens sampled, ${count(trained)} responses trained on`,
    `the run     ${count(config.steps)} steps${config.propose.steps === null ? "" : `, proposals in the first ${count(config.propose.steps)}`}; at most ${count(proposals * config.steps)} validations, ${count(answers * config.steps)} verdicts, ${count(tokens * config.steps)} tokens; before it, ${count(seeds)} seed tasks`,
    `the disk    at most ${bytesText(events)} of events and ${bytesText(rollouts)} of rollouts a step, ${bytesText((events + rollouts) * config.steps)} for the run; ${mostCheckpoints(config)} checkpoints beside them, one more while it is written`,
    "how         from the settings: every proposal valid, every response of kinds.*.maxTokens; without held-out evaluations. In a language, a validation runs the",
    "            program twice on each input; a verdict runs it once for abduction, once for each hidden pair for induction, never for deduction and error",
  ]
}
