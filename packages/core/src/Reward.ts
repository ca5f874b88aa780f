/**
 * Rewards of both roles (paper §3.1, Eq 4–6). With s the mean success of the solver on a task:
 *
 * | preset | bad format | invalid task | duplicate | s = 0 | s = 1 | else |
 * |---|---|---|---|---|---|---|
 * | `paper` | −1 | −0.5 | (kept) | 0 | 0 | 1 − s |
 * | `code` | −1 | −0.5 | (kept) | −0.5 | −0.5 | 1 − s |
 * | `fixed` | −1 | −0.5 | −0.5 | 0 | 0 | 1 − s |
 *
 * Solver: correct 1, wrong −0.5, bad format −1 in all three; with `partial` a wrong answer that is right in part, a share a > 0
 * of the hidden pairs of an induction task, is worth a · correct (released code: `accuracy`). s counts what is all right
 * alone. Options for the proposer, in the order in which they apply:
 *
 * - `learnability`: the shape of the last column.
 * - `zone`: a task with s outside of low ≤ s ≤ high is worth 0.
 * - `coverage` divides a positive reward by (decayed count of the task's region)^exponent, so that the tenth program of a
 *   shape is worth less than the first.
 * - `intrinsic` adds to the reward r of an estimated task what can be measured without solving it (released code).
 *
 * All of this is the shape `standard` of either role; a plugin brings others (`Plugins.ts`).
 */
import { Effect, Schema } from "effect"
import type { Verdict } from "./Environment.ts"
import { NonNegative, PositiveShare, Share } from "./ranges.ts"

/** Reward of a task that is sometimes solved: `oneMinus` 1 − s (Eq 4), `quadratic` 4s(1 − s). */
export const Learnability = Schema.Literals(["oneMinus", "quadratic"])
export type Learnability = typeof Learnability.Type

export const CoverageConfig = Schema.Struct({
  /** Factor on every count after each step, in (0, 1]. */
  decay: PositiveShare,
  /** Power of the count by which rewards are divided, ≥ 0. */
  exponent: NonNegative,
})
export type CoverageConfig = typeof CoverageConfig.Type

/** Success rates, in [0, 1], between which a task is worth something. */
export const ZoneConfig = Schema.Struct({ low: Share, high: Share }).check(
  Schema.makeFilter(({ high, low }) => (low <= high ? undefined : `low ${low} is over high ${high}`)),
)
export type ZoneConfig = typeof ZoneConfig.Type

/**
 * With m_k the measures of a task and i_k = min(coefficient_k · m_k, max_k): `sum` r + Σ i_k, `multiply` r · Π i_k,
 * `sumMultiply` r + Π i_k. Measures are those of the environment, `distance` (mean distance to the references, in [0, 1])
 * and `novelty` (mean of 1/√n over the facets of the task, n how often the run has met one).
 */
export const IntrinsicConfig = Schema.Struct({
  combine: Schema.Literals(["sum", "multiply", "sumMultiply"]),
  terms: Schema.Record(Schema.String, Schema.Struct({ coefficient: Schema.Finite, max: Schema.Finite })),
})
export type IntrinsicConfig = typeof IntrinsicConfig.Type

/** Which function makes a reward of the settings beside it: `standard`, or one of a plugin's. */
const Shape = Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("standard")))

export const ProposerReward = Schema.Struct({
  shape: Shape,
  badFormat: Schema.Finite,
  invalid: Schema.Finite,
  duplicate: Schema.Finite,
  /** s = 0. Null: what `learnability` says of it, which with `oneMinus` is the released code's `inverse`. */
  unsolved: Schema.NullOr(Schema.Finite),
  /** s = 1. Null: what `learnability` says of it. */
  alwaysSolved: Schema.NullOr(Schema.Finite),
  learnability: Learnability,
  zone: Schema.NullOr(ZoneConfig),
  coverage: Schema.NullOr(CoverageConfig),
  intrinsic: Schema.NullOr(IntrinsicConfig),
})
export type ProposerReward = typeof ProposerReward.Type

export const SolverReward = Schema.Struct({
  shape: Shape,
  correct: Schema.Finite,
  wrong: Schema.Finite,
  badFormat: Schema.Finite,
  /** Credit for wrong answers that are right in part. */
  partial: Schema.Boolean,
})
export type SolverReward = typeof SolverReward.Type

export const RewardConfig = Schema.Struct({ propose: ProposerReward, solve: SolverReward })
export type RewardConfig = typeof RewardConfig.Type

const solve: SolverReward = { shape: "standard", correct: 1, wrong: -0.5, badFormat: -1, partial: false }
const propose: ProposerReward = {
  shape: "standard",
  badFormat: -1,
  invalid: -0.5,
  duplicate: -0.5,
  unsolved: 0,
  alwaysSolved: 0,
  learnability: "oneMinus",
  zone: null,
  coverage: null,
  intrinsic: null,
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
      /** Every measure that `intrinsic` names. */
      readonly measures: Readonly<Record<string, number>>
    }

export const proposerReward = (config: Omit<ProposerReward, "shape">, result: ProposalResult): number => {
  if (result._tag !== "estimated") return config[result._tag]
  const { attempts, measures, regionCount, solved } = result
  return withIntrinsic(
    config.intrinsic,
    covered(config.coverage, worth(config, solved, attempts), regionCount),
    measures,
  )
}

const worth = (config: Omit<ProposerReward, "shape">, solved: number, attempts: number): number => {
  const rate = solved / attempts
  if (config.zone !== null && (rate < config.zone.low || rate > config.zone.high)) return 0
  const fixed = solved === 0 ? config.unsolved : solved === attempts ? config.alwaysSolved : null
  return fixed ?? learnability(config.learnability, rate)
}

const covered = (coverage: CoverageConfig | null, reward: number, regionCount: number): number =>
  coverage === null || reward <= 0 ? reward : reward / Math.max(1, regionCount) ** coverage.exponent

const withIntrinsic = (
  intrinsic: IntrinsicConfig | null,
  reward: number,
  measures: Readonly<Record<string, number>>,
): number => {
  if (intrinsic === null) return reward
  const terms = Object.entries(intrinsic.terms).map(([name, { coefficient, max }]) => {
    const measure = measures[name]
    if (measure === undefined) throw new Error(`no measure ${name}`)
    return Math.min(coefficient * measure, max)
  })
  switch (intrinsic.combine) {
    case "sum":
      return reward + terms.reduce((sum, term) => sum + term, 0)
    case "multiply":
      return reward * product(terms)
    case "sumMultiply":
      return reward + product(terms)
  }
}

const product = (terms: ReadonlyArray<number>): number => terms.reduce((result, term) => result * term, 1)

const learnability = (shape: Learnability, s: number): number => {
  switch (shape) {
    case "oneMinus":
      return 1 - s
    case "quadratic":
      return 4 * s * (1 - s)
  }
}

/** `share` of a wrong answer is right, in [0, 1); 0 where `partial` is off. */
export const solverReward = (
  config: Omit<SolverReward, "shape">,
  verdict: Verdict["verdict"],
  share: number,
): number => (verdict === "wrong" && share > 0 ? share * config.correct : config[verdict])
