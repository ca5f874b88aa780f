/** What a run looks like in a terminal: its summary, its step lines, its tables. Pure. */
import { PassAtK, RunConfig, RunEvent } from "@azr/core"
import { shortName } from "./environmentNames.ts"
import { Table } from "./Table.ts"

const share = (value: number | undefined): string =>
  value === undefined
    ? "–"
    : value
        .toFixed(2)
        .replace(/^-0\.00$/, "0.00")
        .replace(/^(-?)0\./, "$1.")

/** The settings that people look for first. */
export const summary = (
  config: RunConfig.RunConfig,
  policy: string,
  executors: string,
  folder: string,
): ReadonlyArray<readonly [string, string]> => [
  ["run", folder],
  ["policy", policy],
  ["executors", executors],
  [
    "tasks",
    `${config.environments.map((each) => shortName(RunConfig.environmentName(each))).join(", ")}: ${Object.keys(config.kinds).join(", ")}`,
  ],
  [
    "a step",
    Object.entries(config.kinds)
      .map(
        ([kind, { proposals, tasks }]) =>
          `${proposals} ${kind} proposals, ${tasks} of them answered ${config.estimate.samples} times`,
      )
      .join("; ") +
      (config.environments.length === 1 ? "" : `; in each of ${config.environments.length} environments`),
  ],
  ...(config.seedFile === null ? [] : [["seeds", config.seedFile.path] as const]),
  ["steps, seed", `${config.steps}, ${config.seed}`],
]

/** The paper's, of all parameters. */
const RATE_OF_ALL = 1e-6

/** What a setting is hardly meant to be; null is nothing. */
export const hint = ({ optimizer, policy }: RunConfig.RunConfig): string | null =>
  policy.backend === "tinker" && policy.rank > 0 && optimizer.learningRate <= RATE_OF_ALL
    ? `learning rate ${optimizer.learningRate} is for all parameters; a LoRA adapter (policy.rank ${policy.rank}) wants about ten times as much: optimizer.learningRate=1e-5`
    : null

/**
 * One line a step: proposer reward and solver success by kind (first letters), valid and new proposals, what the
 * environment measures, entropy, answer length, buffer sizes, time.
 */
export const stepLine = (
  event: Extract<RunEvent.RunEvent, { readonly _tag: "StepCompleted" }>,
  config: RunConfig.RunConfig,
): string => {
  const { metrics, seconds, step } = event
  const kinds = Object.keys(config.kinds)
  const byKind = (role: string, name: string) =>
    kinds.map((kind) => `${kind[0]} ${share(metrics[`${role}/${kind}/${name}`])}`).join(" ")
  const first = kinds[0] ?? ""
  const measures = Object.entries(metrics)
    .flatMap(([key, value]) => {
      const name = [`propose/${first}/task/`, `solve/${first}/response/`].find((prefix) =>
        key.startsWith(prefix),
      )
      return name === undefined ? [] : [`${key.slice(name.length)} ${share(value)}`]
    })
    .join(" ")
  return [
    `step ${String(step).padStart(String(config.steps).length)}/${config.steps}`,
    `propose ${byKind("propose", "reward")}`,
    `solve ${byKind("solve", "correct")}`,
    `valid ${percent(overall(metrics, kinds, "valid"))} held ${percent(overall(metrics, kinds, "heldOut"))} new ${percent(overall(metrics, kinds, "new"))}`,
    measures,
    `ent ${share(metrics["train/entropy"])}`,
    `len ${metrics[`solve/${first}/tokens`]?.toFixed(1) ?? "–"}`,
    `buf ${kinds.map((kind) => metrics[`buffer/${kind}/size`] ?? 0).join("/")}`,
    faults(metrics, kinds),
    secondsText(seconds),
    utilization(metrics, seconds),
  ]
    .filter((part) => part !== "")
    .join("  ")
}

const secondsText = ({ evaluate, execute, generate, total, train, wait }: RunEvent.StepSeconds): string => {
  const parts = Object.entries({ gen: generate, exec: execute, train, eval: evaluate, wait })
  return `${total.toFixed(1)}s (${parts.map(([name, spent]) => `${name} ${spent.toFixed(1)}`).join(" ")})`
}

/** Where sampling and training run side by side: shares of the step in which either did, and how far the policies were apart. */
const utilization = (
  metrics: Readonly<Record<string, number>>,
  { generate, overlap, total, train }: RunEvent.StepSeconds,
): string =>
  overlap === undefined
    ? ""
    : [
        ...(total === 0
          ? []
          : [`sampling ${percent(generate / total)} training ${percent((train + overlap) / total)}`]),
        `stale ${metrics["train/staleness"] ?? 0} ratio up to ${share(metrics["train/ratioMax"])}`,
      ].join(" ")

/** Named only when there are some: they are nobody's doing but the machine's. */
const faults = (metrics: Readonly<Record<string, number>>, kinds: ReadonlyArray<string>): string => {
  const count = kinds.reduce(
    (sum, kind) => sum + (metrics[`propose/${kind}/faults`] ?? 0) + (metrics[`solve/${kind}/faults`] ?? 0),
    0,
  )
  return count === 0 ? "" : `FAULTS ${count}`
}

/** A share over all kinds: of the judged proposals for `valid`, of these for `heldOut`, of the others for `new`. */
const overall = (
  metrics: Readonly<Record<string, number>>,
  kinds: ReadonlyArray<string>,
  name: "valid" | "heldOut" | "new",
): number | undefined => {
  const count = (metric: string): number =>
    kinds.reduce((sum, kind) => sum + (metrics[`propose/${kind}/${metric}`] ?? 0), 0)
  const [free, heldOut] = [count("free"), count("heldOut")]
  const [part, whole] = {
    valid: [free + heldOut, count("judged")] as const,
    heldOut: [heldOut, free + heldOut] as const,
    new: [count("accepted"), free] as const,
  }[name]
  return whole === 0 ? undefined : part / whole
}

export const percent = (value: number | undefined): string =>
  value === undefined ? "–" : `${(100 * value).toFixed(0)}%`

const accuracy = ({ correct, total }: RunEvent.SuiteResult): number | undefined =>
  total === 0 ? undefined : correct / total

/** `deduction-1 98%  deduction-2 62% …` */
export const evaluationLine = (results: ReadonlyArray<RunEvent.SuiteResult>): string =>
  results.map((result) => `${RunEvent.suiteName(result, results)} ${percent(accuracy(result))}`).join("  ")

const withInterval = ({ correct, total }: RunEvent.SuiteResult): string => {
  const [low, high] = PassAtK.wilsonInterval(correct, total)
  return total === 0
    ? "–"
    : `${((100 * correct) / total).toFixed(1)}  [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`
}

/** Held-out accuracy before and after, a row a suite, and how the means of the responses moved. */
export const beforeAfter = (
  before: ReadonlyArray<RunEvent.SuiteResult>,
  after: ReadonlyArray<RunEvent.SuiteResult>,
): ReadonlyArray<string> => {
  const measures = measuresOf(after)
  const table = new Table(
    ["held-out suite, greedy", "tasks", "before %  [95 %]", "after %  [95 %]", "change", ...measures],
    `lrrrr${"r".repeat(measures.length)}`,
  )
  for (const [index, last] of after.entries()) {
    const first = before[index] ?? last
    const change = 100 * ((accuracy(last) ?? 0) - (accuracy(first) ?? 0))
    table.row([
      RunEvent.suiteName(last, after),
      String(last.total),
      withInterval(first),
      withInterval(last),
      `${change >= 0 ? "+" : "−"}${Math.abs(change).toFixed(1)}`,
      ...measures.map((name) => `${measure(first, name)} → ${measure(last, name)}`),
    ])
  }
  return table.lines()
}

const measuresOf = (results: ReadonlyArray<RunEvent.SuiteResult>): ReadonlyArray<string> => [
  ...new Set(results.flatMap(({ means }) => Object.keys(means))),
]

const measure = ({ means }: RunEvent.SuiteResult, name: string): string =>
  means[name]?.toFixed(name === "tokens" ? 1 : 2) ?? "–"
