/**
 * The metrics registry: every key that a step may report, with its unit, the direction that is good, and what it says.
 * Keys are `<role>/<kind>/<name>`, or `<name>` for the whole step; `<kind>` stands for any kind.
 */
export interface Metric {
  readonly key: string
  readonly unit: "share" | "count" | "tokens" | "nats" | "reward" | "norm" | "rate" | "value"
  /** Which way is good, where one way is. */
  readonly better: "up" | "down" | null
  readonly doc: string
}

const metric = (key: string, unit: Metric["unit"], better: Metric["better"], doc: string): Metric => ({
  key,
  unit,
  better,
  doc,
})

export const registry: ReadonlyArray<Metric> = [
  metric("propose/<kind>/proposals", "count", null, "Proposals sampled."),
  metric(
    "propose/<kind>/valid",
    "share",
    "up",
    "Proposals that are valid tasks, new or not, among those judged.",
  ),
  metric("propose/<kind>/new", "share", "up", "Accepted tasks among the valid ones that are not held out."),
  metric("propose/<kind>/heldOut", "count", null, "Valid tasks that were dropped because they are held out."),
  metric("propose/<kind>/accepted", "count", null, "Tasks that entered the buffer."),
  metric("propose/<kind>/faults", "count", "down", "Proposals lost to infrastructure faults."),
  metric("propose/<kind>/reward", "reward", "up", "Mean proposer reward over rewarded proposals."),
  metric("propose/<kind>/tokens", "tokens", null, "Mean length of a proposal."),
  metric(
    "propose/<kind>/task/<measure>",
    "value",
    null,
    "Mean of a measure of the accepted tasks, named by the environment.",
  ),
  metric("solve/<kind>/answers", "count", null, "Answers judged."),
  metric("solve/<kind>/correct", "share", "up", "Correct answers among those judged."),
  metric(
    "solve/<kind>/badFormat",
    "share",
    "down",
    "Answers without the form asked for, among those judged.",
  ),
  metric("solve/<kind>/faults", "count", "down", "Answers lost to infrastructure faults."),
  metric("solve/<kind>/reward", "reward", "up", "Mean solver reward."),
  metric("solve/<kind>/tokens", "tokens", null, "Mean length of an answer."),
  metric("solve/<kind>/learnable", "share", "up", "Estimated tasks solved sometimes but not always."),
  metric(
    "solve/<kind>/response/<measure>",
    "value",
    null,
    "Mean of a measure of the responses, named by the environment.",
  ),
  metric("buffer/<kind>/size", "count", null, "Tasks in the buffer, seeds included."),
  metric(
    "train/updates",
    "count",
    null,
    "Steps of the optimizer; the metrics of training are means over them.",
  ),
  metric("train/loss", "value", null, "Sum of weighted token losses of an update."),
  metric("train/gradNorm", "norm", null, "Norm of the gradient before clipping."),
  metric("train/entropy", "nats", null, "Mean entropy of the policy on the trained tokens."),
  metric("train/clipped", "share", null, "Trained tokens whose ratio was clipped."),
  metric(
    "train/kl",
    "nats",
    null,
    "Mean estimate, per token, of the KL divergence from the policy that the run began with.",
  ),
  metric("train/learningRate", "rate", null, "Learning rate of the update."),
  metric("train/sequences", "count", null, "Sequences with a non-zero advantage."),
  metric("train/tokens", "tokens", null, "Response tokens trained on."),
  metric(
    "train/zeroVariance",
    "count",
    "down",
    "Cells in which every advantage was 0, so that they taught nothing.",
  ),
  metric("generate/tokens", "tokens", null, "Tokens sampled in the step."),
]

/** The registry's entry for a concrete key, e.g. `propose/deduction/valid`. */
export const lookup = (key: string): Metric | undefined => {
  const parts = key.split("/")
  return registry.find((entry) => {
    const pattern = entry.key.split("/")
    return (
      pattern.length === parts.length && pattern.every((part, i) => part.startsWith("<") || part === parts[i])
    )
  })
}

/** Mean of what is there, or nothing: a metric without samples is absent, never 0. */
export const meanOf = (key: string, values: ReadonlyArray<number>): Readonly<Record<string, number>> =>
  values.length === 0 ? {} : { [key]: values.reduce((sum, value) => sum + value, 0) / values.length }

/** Means of records by key, each key prefixed. */
export const meansOf = (
  prefix: string,
  records: ReadonlyArray<Readonly<Record<string, number>>>,
): Readonly<Record<string, number>> => {
  const keys = [...new Set(records.flatMap(Object.keys))]
  return Object.assign(
    {},
    ...keys.map((key) =>
      meanOf(
        `${prefix}${key}`,
        records.flatMap((record) => record[key] ?? []),
      ),
    ),
  )
}
