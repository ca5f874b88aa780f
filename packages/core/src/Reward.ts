/**
 * Rewards of both roles (paper §3.2, Eq 4–6). With s the mean success of the solver on a task:
 *
 * | preset | bad format | invalid task | duplicate | s = 0 | s = 1 | else |
 * |---|---|---|---|---|---|---|
 * | `paper` | −1 | −0.5 | (kept) | 0 | 0 | 1 − s |
 * | `code` | −1 | −0.5 | (kept) | −0.5 | −0.5 | 1 − s |
 * | `fixed` | −1 | −0.5 | −0.5 | 0 | 0 | 1 − s |
 *
 * Solver: correct 1, wrong −0.5, bad format −1 in all three. `coverage` divides a proposer's positive reward by
 * (decayed count of the task's region)^exponent, so that the tenth program of a shape is worth less than the first.
 */
import { Schema } from "effect"
import type { Verdict } from "./Environment.ts"

/** Reward of a task that is sometimes solved: `oneMinus` 1 − s (Eq 4), `quadratic` 4s(1 − s). */
export const Learnability = Schema.Literals(["oneMinus", "quadratic"])
export type Learnability = typeof Learnability.Type

export const CoverageConfig = Schema.Struct({
  /** Factor on every count after each step, in (0, 1]. */
  decay: Schema.Finite,
  /** Power of the count by which rewards are divided, ≥ 0. */
  exponent: Schema.Finite,
})
export type CoverageConfig = typeof CoverageConfig.Type

export const ProposerReward = Schema.Struct({
  badFormat: Schema.Finite,
  invalid: Schema.Finite,
  duplicate: Schema.Finite,
  /** s = 0. */
  unsolved: Schema.Finite,
  /** s = 1. */
  alwaysSolved: Schema.Finite,
  learnability: Learnability,
  coverage: Schema.NullOr(CoverageConfig),
})
export type ProposerReward = typeof ProposerReward.Type

export const SolverReward = Schema.Struct({
  correct: Schema.Finite,
  wrong: Schema.Finite,
  badFormat: Schema.Finite,
})
export type SolverReward = typeof SolverReward.Type

export const RewardConfig = Schema.Struct({ propose: ProposerReward, solve: SolverReward })
export type RewardConfig = typeof RewardConfig.Type

const solve: SolverReward = { correct: 1, wrong: -0.5, badFormat: -1 }
const propose: ProposerReward = {
  badFormat: -1,
  invalid: -0.5,
  duplicate: -0.5,
  unsolved: 0,
  alwaysSolved: 0,
  learnability: "oneMinus",
  coverage: null,
}

export const presets = {
  paper: { propose, solve },
  code: { propose: { ...propose, unsolved: -0.5, alwaysSolved: -0.5 }, solve },
  fixed: { propose, solve },
} satisfies Record<string, RewardConfig>

/** What became of a proposal. `solved` counts the solver's correct answers among `attempts` that were judged. */
export type ProposalResult =
  | { readonly _tag: "badFormat" }
  | { readonly _tag: "invalid" }
  | { readonly _tag: "duplicate" }
  | {
      readonly _tag: "estimated"
      readonly solved: number
      readonly attempts: number
      readonly regionCount: number
    }

export const proposerReward = (config: ProposerReward, result: ProposalResult): number => {
  if (result._tag !== "estimated") return config[result._tag]
  const { attempts, regionCount, solved } = result
  if (solved === 0) return config.unsolved
  if (solved === attempts) return config.alwaysSolved
  const value = learnability(config.learnability, solved / attempts)
  return config.coverage === null ? value : value / Math.max(1, regionCount) ** config.coverage.exponent
}

const learnability = (shape: Learnability, s: number): number => {
  switch (shape) {
    case "oneMinus":
      return 1 - s
    case "quadratic":
      return 4 * s * (1 - s)
  }
}

export const solverReward = (config: SolverReward, verdict: Verdict["verdict"]): number => config[verdict]
