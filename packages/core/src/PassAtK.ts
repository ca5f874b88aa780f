/**
 * pass@k: the chance that at least one of k answers to a task is correct, over the tasks of a suite.
 *
 * Of n ≥ k answers c were correct; the unbiased estimate is 1 − C(n−c, k) / C(n, k) (Chen et al. 2021, "Evaluating Large
 * Language Models Trained on Code", Eq. 1), the mean over all sets of k answers.
 */
import type { RandomStream } from "./RandomStreams.ts"

/** Answers to one task: how many were judged, and how many of these were correct. */
export interface Count {
  readonly n: number
  readonly c: number
}

/** Of one task, in [0, 1]. 0 ≤ c ≤ n and 1 ≤ k ≤ n, else a `RangeError`. */
export const passAtK = ({ c, n }: Count, k: number): number => {
  if (!(Number.isInteger(k) && k >= 1 && k <= n && c >= 0 && c <= n)) {
    throw new RangeError(`no pass@${k} from ${n} answers, ${c} of them correct`)
  }
  // C(n−c, k) / C(n, k) as a product of factors below 1, so that nothing overflows.
  let failing = 1
  for (let i = n - c + 1; i <= n; i++) failing *= 1 - k / i
  return n - c < k ? 1 : 1 - failing
}

export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
  readonly method: "wilson" | "bootstrap"
}

/** Resamplings of the tasks for one interval. */
export const bootstrapDraws = 2000

/**
 * pass@k of a suite with its 95 % interval over tasks. One answer a task makes it a share, whose interval is Wilson's
 * (1927); with more it is the percentile bootstrap, which draws tasks with replacement from `random`. Tasks with fewer
 * than k judged answers are left out; null where none is left.
 */
export const suitePassAtK = (
  counts: ReadonlyArray<Count>,
  k: number,
  random: RandomStream,
): (Interval & { readonly tasks: number }) | null => {
  const usable = counts.filter(({ n }) => n >= k)
  if (usable.length === 0) return null
  const values = usable.map((count) => passAtK(count, k))
  const interval = usable.every(({ n }) => n === 1) ? wilson(values) : bootstrap(values, random)
  return { ...interval, tasks: usable.length }
}

const meanOf = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

const wilson = (values: ReadonlyArray<number>): Interval => {
  const [low, high] = wilsonInterval(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  )
  return { value: meanOf(values), low, high, method: "wilson" }
}

/** 95 % interval of a share; [0, 1] of nothing. */
export const wilsonInterval = (successes: number, total: number): readonly [low: number, high: number] => {
  if (total === 0) return [0, 1]
  const z = 1.959963984540054
  const p = successes / total
  const centre = p + z ** 2 / (2 * total)
  const spread = z * Math.sqrt((p * (1 - p)) / total + z ** 2 / (4 * total ** 2))
  const scale = 1 + z ** 2 / total
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)]
}

const bootstrap = (values: ReadonlyArray<number>, random: RandomStream): Interval => {
  const means = Float64Array.from({ length: bootstrapDraws }, () => {
    let sum = 0
    for (let i = 0; i < values.length; i++) sum += random.pick(values)
    return sum / values.length
  }).toSorted()
  const quantile = (q: number): number => means[Math.round(q * (bootstrapDraws - 1))] as number
  return { value: meanOf(values), low: quantile(0.025), high: quantile(0.975), method: "bootstrap" }
}
