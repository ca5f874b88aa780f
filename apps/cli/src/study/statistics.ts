/** What the study says of several seeds. Pure. */
import type { RandomStreams } from "@azr/core"

export const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Two-sided 95 % quantiles of Student's t, by degrees of freedom from 1. */
const t95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]

/** Half the width of the 95 % interval of a mean over seeds, by Student's t; null for fewer than two. */
export const halfWidth = (values: ReadonlyArray<number>): number | null => {
  const degrees = values.length - 1
  if (degrees < 1) return null
  const average = mean(values)
  const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / degrees
  return (t95[degrees - 1] ?? 1.96) * Math.sqrt(variance / values.length)
}

/** Verdicts of one suite, a row a seed, a character a task. */
export type Verdicts = ReadonlyArray<string>

const solved = (verdicts: string, task: number): number => (verdicts[task] === "+" ? 1 : 0)

export interface Difference {
  /** In shares: mean over seeds and tasks of one arm less that of the other. */
  readonly mean: number
  readonly low: number
  readonly high: number
}

/**
 * How much more of a suite one arm solves than another, with the 95 % percentile interval of a bootstrap that draws seeds
 * of each arm and tasks, the same tasks for both: tasks are paired, seeds are not.
 */
export const pairedDifference = (
  one: Verdicts,
  other: Verdicts,
  random: RandomStreams.RandomStream,
  draws: number,
): Difference => {
  const tasks = Math.min(...[...one, ...other].map(({ length }) => length))
  const difference = (ones: Verdicts, others: Verdicts, chosen: ArrayLike<number>): number => {
    let sum = 0
    for (let i = 0; i < chosen.length; i++) {
      const task = chosen[i] as number
      for (const row of ones) sum += solved(row, task) / ones.length
      for (const row of others) sum -= solved(row, task) / others.length
    }
    return sum / chosen.length
  }
  const all = Array.from({ length: tasks }, (_, task) => task)
  const again = (rows: Verdicts): Verdicts => rows.map(() => random.pick(rows))
  const samples = Float64Array.from({ length: draws }, () => {
    const chosen = Int32Array.from({ length: tasks }, () => random.integer(0, tasks - 1))
    return difference(again(one), again(other), chosen)
  }).toSorted()
  const quantile = (q: number): number => samples[Math.round(q * (draws - 1))] as number
  return { mean: difference(one, other, all), low: quantile(0.025), high: quantile(0.975) }
}
