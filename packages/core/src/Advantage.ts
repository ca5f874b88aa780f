/**
 * Advantage estimators: from the rewards of a batch to one number a response, which is then given to each of its
 * tokens. A *cell* is one (role, kind) of the batch, e.g. `propose/deduction`; a *group* the responses to one prompt.
 *
 * Every estimator that takes its baseline from the batch gives 0 where all rewards that it compares are equal. None
 * gives NaN.
 */
import { Schema } from "effect"
import { NonNegative, PositiveShare } from "./ranges.ts"

const Deviation = Schema.Literals(["population", "sample"])
type Deviation = typeof Deviation.Type

export const AdvantageConfig = Schema.TaggedUnion({
  /** Task-relative REINFORCE++ (paper Eq 8): (r − mean_cell) / (std_cell + ε). Cells never mix. */
  trrPlusPlus: { epsilon: NonNegative, deviation: Deviation },
  /**
   * TRR++ as released: REINFORCE++ inside each cell. Rewards are repeated over the tokens of their response and
   * whitened over the tokens of the cell, (r − mean) / √(var + ε) with the sample variance, so longer responses weigh
   * more.
   */
  trrPlusPlusTokens: { epsilon: NonNegative },
  /** GRPO (Shao et al. 2024, §4.1.2): (r − mean_group) / (std_group + ε). */
  grpo: { epsilon: NonNegative, deviation: Deviation },
  /** (r − mean_group) / (rms_cell + ε), rms over the centred rewards of the cell: a group baseline on the cell's scale. */
  groupBaseline: { epsilon: NonNegative },
  /** Dr.GRPO (Liu et al. 2025, §3.2): r − mean_group. Goes with the `constant` reduction. */
  drGrpo: {},
  /** Leave one out (Kool et al. 2019; Ahmadian et al. 2024, §2): r − mean of the group's other rewards. */
  rloo: {},
  /** REINFORCE++ (Hu 2025, §3.3): whitened over the tokens of the whole batch, (r − mean) / √(var + ε), the cells of a role together. */
  reinforcePlusPlus: { epsilon: NonNegative },
  /**
   * Role-conditioned estimation (SPIRAL, Liu et al. 2025, Eq 4–5): response by response b ← decay·b + (1 − decay)·r for
   * its cell, then r − b. The baselines live as long as the run and begin at 0. With a decay of 0 nothing would be left.
   */
  rae: { decay: PositiveShare },
  /** REINFORCE (Williams 1992): r itself. */
  reinforce: {},
  /** An estimator of a plugin's, by its name (`Plugins.ts`). */
  plugin: { name: Schema.String, options: Schema.Record(Schema.String, Schema.Json) },
})
export type AdvantageConfig = typeof AdvantageConfig.Type
export type BuiltInAdvantage = Exclude<AdvantageConfig, { readonly _tag: "plugin" }>

export interface Graded {
  readonly cell: string
  readonly group: string
  readonly reward: number
  /** Length of the response in tokens. */
  readonly tokens: number
}

/** Running baselines by cell: what `rae` remembers from step to step. */
export type Baselines = Map<string, number>

/** One advantage a response, in order. `rae` moves `baselines`; the others leave them alone. */
export const advantages = (
  config: BuiltInAdvantage,
  batch: ReadonlyArray<Graded>,
  baselines: Baselines,
): ReadonlyArray<number> => {
  switch (config._tag) {
    case "trrPlusPlus":
      return within(
        batch,
        (sample) => sample.cell,
        (cell) => standardized(rewards(cell), config),
      )
    case "trrPlusPlusTokens":
      return within(
        batch,
        (sample) => sample.cell,
        (cell) => whitenedOverTokens(cell, config.epsilon),
      )
    case "grpo":
      return within(batch, groupKey, (group) => standardized(rewards(group), config))
    case "groupBaseline": {
      const centred = within(batch, groupKey, (group) => centre(rewards(group)))
      const scaled = batch.map((sample, i) => ({ ...sample, reward: centred[i] as number }))
      return within(
        scaled,
        (sample) => sample.cell,
        (cell) => {
          const rms = Math.sqrt(mean(cell.map(({ reward }) => reward ** 2)))
          return cell.map(({ reward }) => (reward === 0 ? 0 : reward / (rms + config.epsilon)))
        },
      )
    }
    case "drGrpo":
      return within(batch, groupKey, (group) => centre(rewards(group)))
    case "rloo":
      return within(batch, groupKey, (group) =>
        // r − (S − r)/(n − 1) = n/(n − 1) · (r − S/n); one response alone has nothing to be compared with.
        centre(rewards(group)).map((value) => (value * group.length) / Math.max(1, group.length - 1)),
      )
    case "reinforcePlusPlus":
      return whitenedOverTokens(batch, config.epsilon)
    case "rae":
      return batch.map(({ cell, reward }) => {
        const baseline = config.decay * (baselines.get(cell) ?? 0) + (1 - config.decay) * reward
        baselines.set(cell, baseline)
        return reward - baseline
      })
    case "reinforce":
      return rewards(batch)
  }
}

const groupKey = (sample: Graded): string => `${sample.cell}\n${sample.group}`

const rewards = (samples: ReadonlyArray<Graded>): ReadonlyArray<number> => samples.map(({ reward }) => reward)

/** Applies `f` to the samples of each part and puts the results back in the batch's order. */
const within = (
  batch: ReadonlyArray<Graded>,
  key: (sample: Graded) => string,
  f: (part: ReadonlyArray<Graded>) => ReadonlyArray<number>,
): ReadonlyArray<number> => {
  const result = Array.from<number>({ length: batch.length })
  for (const indices of Map.groupBy(batch.keys(), (index) => key(batch[index] as Graded)).values()) {
    const values = f(indices.map((index) => batch[index] as Graded))
    indices.forEach((index, i) => (result[index] = values[i] as number))
  }
  return result
}

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Differences from the mean; exactly 0 where all are equal, whatever the rounding of the mean. */
const centre = (values: ReadonlyArray<number>): ReadonlyArray<number> => {
  const average = mean(values)
  return values.every((value) => value === values[0])
    ? values.map(() => 0)
    : values.map((value) => value - average)
}

const standardized = (
  values: ReadonlyArray<number>,
  config: { readonly epsilon: number; readonly deviation: Deviation },
): ReadonlyArray<number> => {
  const centred = centre(values)
  const degrees = config.deviation === "sample" ? values.length - 1 : values.length
  const deviation = Math.sqrt(centred.reduce((sum, value) => sum + value ** 2, 0) / Math.max(1, degrees))
  return centred.map((value) => (value === 0 ? 0 : value / (deviation + config.epsilon)))
}

const whitenedOverTokens = (cell: ReadonlyArray<Graded>, epsilon: number): ReadonlyArray<number> => {
  // Only what has tokens weighs: the others cannot give a cell its variance.
  const spoken = cell.filter((sample) => sample.tokens > 0)
  if (spoken.every(({ reward }) => reward === spoken[0]?.reward)) return cell.map(() => 0)
  const tokens = cell.reduce((sum, sample) => sum + sample.tokens, 0)
  const average = cell.reduce((sum, sample) => sum + sample.tokens * sample.reward, 0) / tokens
  const variance =
    cell.reduce((sum, sample) => sum + sample.tokens * (sample.reward - average) ** 2, 0) / (tokens - 1)
  return cell.map(({ reward }) => (reward - average) / Math.sqrt(variance + epsilon))
}
