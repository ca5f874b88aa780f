/**
 * The metrics registry: every key that a step may report, with its unit, the direction that is good, and what it says.
 * Keys are `<role>/<kind>/<name>`, or `<name>` for the whole step; `<kind>` stands for any kind, in all environments of the run
 * (`deduction`) and, where there are several, in each of them (`lua:deduction`).
 */
export interface Metric {
  readonly key: string
  readonly unit: "share" | "count" | "tokens" | "nats" | "reward" | "norm" | "rate" | "value"
  /** Which way is good, where one way is. */
  readonly better: "up" | "down" | null
  /**
   * Of a share or a mean: the count that it is over, reported in the same step. What was sampled in all is another count
   * (`proposals`, `sampled`), so that nobody has to guess what a ratio leaves out. Null for what is no mean.
   */
  readonly over: string | null
  readonly doc: string
}

type Direction = Metric["better"]

const count = (key: string, better: Direction, doc: string): Metric => ({
  key,
  unit: "count",
  better,
  over: null,
  doc,
})

const mean = (key: string, unit: Metric["unit"], better: Direction, over: string, doc: string): Metric => ({
  key,
  unit,
  better,
  over,
  doc,
})

const single = (key: string, unit: Metric["unit"], better: Direction, doc: string): Metric => ({
  key,
  unit,
  better,
  over: null,
  doc,
})

const proposals = "propose/<kind>/proposals"
const sampled = "solve/<kind>/sampled"
const answers = "solve/<kind>/answers"
const updates = "train/updates"

export const registry: ReadonlyArray<Metric> = [
  count(proposals, null, "Proposals sampled, all of them."),
  count("propose/<kind>/judged", null, "Proposals that were judged: all but those lost to faults."),
  mean(
    "propose/<kind>/valid",
    "share",
    "up",
    "propose/<kind>/judged",
    "Proposals that are valid tasks, new or not, among those judged.",
  ),
  count("propose/<kind>/heldOut", null, "Valid tasks that were dropped because they are held out."),
  count("propose/<kind>/free", null, "Valid tasks that are not held out."),
  mean(
    "propose/<kind>/new",
    "share",
    "up",
    "propose/<kind>/free",
    "Accepted tasks among the valid ones that are not held out.",
  ),
  count(
    "propose/<kind>/accepted",
    null,
    "Proposals that became tasks. Not each stays in the buffer: see `buffer.admit`, and `buffer.evict` newest.",
  ),
  count("propose/<kind>/faults", "down", "Proposals lost to infrastructure faults."),
  count("propose/<kind>/rewarded", null, "Proposals with a reward: neither lost nor kept out by a rule."),
  mean(
    "propose/<kind>/reward",
    "reward",
    "up",
    "propose/<kind>/rewarded",
    "Mean proposer reward over rewarded proposals.",
  ),
  mean(
    "propose/<kind>/composite",
    "share",
    null,
    proposals,
    "Proposals that were asked for calls of their references' programs; where `propose.composite` is set.",
  ),
  mean("propose/<kind>/tokens", "tokens", null, proposals, "Mean length of a proposal."),
  mean(
    "propose/<kind>/task/<measure>",
    "value",
    null,
    "propose/<kind>/accepted",
    "Mean of a measure of the accepted tasks, named by the environment.",
  ),
  count(sampled, null, "Answers sampled to learn from, all of them."),
  count(answers, null, "Answers judged: all but those lost to faults."),
  mean("solve/<kind>/correct", "share", "up", answers, "Correct answers among those judged."),
  mean(
    "solve/<kind>/badFormat",
    "share",
    "down",
    answers,
    "Answers without the form asked for, among those judged.",
  ),
  count(
    "solve/<kind>/faults",
    "down",
    "Answers lost to infrastructure faults, also those of an estimate that is not learned from.",
  ),
  count("solve/<kind>/rewarded", null, "Answers with a reward."),
  mean("solve/<kind>/reward", "reward", "up", "solve/<kind>/rewarded", "Mean solver reward."),
  mean("solve/<kind>/tokens", "tokens", null, sampled, "Mean length of an answer."),
  count(
    "solve/<kind>/estimated",
    null,
    "Tasks whose success rate was estimated from at least one judged answer.",
  ),
  mean(
    "solve/<kind>/learnable",
    "share",
    "up",
    "solve/<kind>/estimated",
    "Estimated tasks solved sometimes but not always.",
  ),
  mean(
    "solve/<kind>/response/<measure>",
    "value",
    null,
    sampled,
    "Mean of a measure of the responses, named by the environment.",
  ),
  count("buffer/<kind>/size", null, "Tasks in the buffer, seeds included."),
  count(updates, null, "Steps of the optimizer; the metrics of training are means over them."),
  mean("train/loss", "value", null, updates, "Sum of weighted token losses of an update."),
  mean("train/gradNorm", "norm", null, updates, "Norm of the gradient before clipping."),
  mean("train/entropy", "nats", null, updates, "Mean entropy of the policy on the trained tokens."),
  mean("train/clipped", "share", null, updates, "Trained tokens whose ratio was clipped."),
  mean(
    "train/kl",
    "nats",
    null,
    updates,
    "Mean estimate, per token, of the KL divergence from the policy that the run began with.",
  ),
  mean("train/learningRate", "rate", null, updates, "Learning rate of the update."),
  single(
    "train/staleness",
    "count",
    null,
    "Steps by which the policy that the batch was sampled from is older than the one that learned; where `update.staleness` is 1.",
  ),
  mean(
    "train/ratio",
    "value",
    null,
    updates,
    "Mean importance ratio of the trained tokens, exp(log-probability when learned from − when sampled); where `update.staleness` is 1.",
  ),
  single("train/ratioMax", "value", null, "The largest of these ratios."),
  count(
    "train/sequences",
    null,
    "Sequences that were learned from: those with a non-zero advantage or, where the loss has a regularization (`entropyBonus`, `kl` in the loss), all with an advantage.",
  ),
  single("train/tokens", "tokens", null, "Response tokens trained on."),
  count(
    "train/zeroVariance",
    "down",
    "Cells in which every advantage was 0: their rewards taught nothing, a regularization of the loss still may.",
  ),
  single("generate/tokens", "tokens", null, "Tokens sampled in the step."),
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

/** The key of the count that a concrete share or mean is over, e.g. of `solve/deduction/correct`; null for other keys. */
export const countOf = (key: string): string | null => {
  const over = lookup(key)?.over ?? null
  return over === null ? null : over.replace("<kind>", key.split("/")[1] ?? "")
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
