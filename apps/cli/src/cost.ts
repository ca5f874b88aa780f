/**
 * What a run will ask for, from its settings alone. Counts of proposals and answers are exact where every proposal is a valid
 * task; tokens are a bound, as if each response were as long as it may be.
 */
import type { RunConfig } from "@azr/core"

export interface StepCost {
  readonly proposals: number
  readonly answers: number
  /** Most tokens sampled. */
  readonly tokens: number
  /** Most responses trained on. */
  readonly trained: number
}

export const stepCost = ({ estimate, kinds, propose, solve }: RunConfig.RunConfig): StepCost => {
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
  return { proposals, answers, tokens, trained: learned + (propose.train ? proposals : 0) }
}

const count = (value: number): string => value.toLocaleString("en-US")

/** The estimate in words, and how it was made. */
export const costLines = (config: RunConfig.RunConfig): ReadonlyArray<string> => {
  const { answers, proposals, tokens, trained } = stepCost(config)
  const seeds = Object.values(config.kinds).reduce((sum, kind) => sum + kind.seeds + kind.proposedSeeds, 0)
  return [
    `a step      ${count(proposals)} proposals to validate and ${count(answers)} answers to judge; at most ${count(tokens)} tokens sampled, ${count(trained)} responses trained on`,
    `the run     ${count(config.steps)} steps${config.propose.steps === null ? "" : `, proposals in the first ${count(config.propose.steps)}`}; at most ${count(proposals * config.steps)} validations, ${count(answers * config.steps)} verdicts, ${count(tokens * config.steps)} tokens; before it, ${count(seeds)} seed tasks`,
    "how         from the settings: every proposal valid, every response of kinds.*.maxTokens; without held-out evaluations. In a language, a validation runs the",
    "            program twice on each input; a verdict runs it once for abduction, once for each hidden pair for induction, never for deduction and error",
  ]
}
