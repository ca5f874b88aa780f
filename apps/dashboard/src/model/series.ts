/** Numbers of a run that a picture or a sentence needs. */
import type { Evaluation, RunView, SuitePoint } from "@azr/core/dashboard"

type Values = ReadonlyArray<number | null>

export const seriesOf = ({ series, steps }: RunView, key: string): Values =>
  series[key] ?? steps.map(() => null)

export const isKnown = (values: Values): boolean => values.some((value) => value !== null)

export const lastOf = (values: Values): number | null => values.findLast((value) => value !== null) ?? null

/** Mean of what is there, none where nothing is. */
export const meanOf = (values: Values): number | null => {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
}

/** Means over the kinds, each step. */
export const meanOver = (rows: ReadonlyArray<Values>): Values =>
  (rows[0] ?? []).map((_, index) => meanOf(rows.map((row) => row[index] ?? null)))

/** Every suite of the split with its results in the order of time. */
export const suitesOf = (
  evaluations: ReadonlyArray<Evaluation>,
  split: Evaluation["split"],
): ReadonlyArray<{
  readonly suite: string
  readonly kind: string
  readonly points: ReadonlyArray<SuitePoint & { readonly step: number }>
}> => {
  const points = evaluations
    .filter((evaluation) => evaluation.split === split)
    .toSorted((a, b) => a.step - b.step)
    .flatMap(({ results, step }) => results.map((result) => ({ ...result, step })))
  return [...new Map(points.map(({ kind, suite }) => [suite, kind]))].map(([suite, kind]) => ({
    suite,
    kind,
    points: points.filter((point) => point.suite === suite),
  }))
}

/** Whether the run was evaluated on nothing. */
export const hasNoSuites = ({ evaluations }: Pick<RunView, "evaluations">): boolean =>
  evaluations.length > 0 && evaluations.every(({ results }) => results.length === 0)

export interface KindChange {
  readonly kind: string
  readonly before: number
  readonly now: number
}

const shareSolved = (results: ReadonlyArray<SuitePoint>): number =>
  results.reduce((sum, { correct }) => sum + correct, 0) /
  Math.max(
    1,
    results.reduce((sum, { total }) => sum + total, 0),
  )

/** Held-out accuracy of each kind, all suites together, at the first evaluation and the latest; most improved first. */
export const changesByKind = (
  evaluations: ReadonlyArray<Evaluation>,
  split: Evaluation["split"],
): ReadonlyArray<KindChange> => {
  const ofSplit = evaluations
    .filter((evaluation) => evaluation.split === split)
    .toSorted((a, b) => a.step - b.step)
  const [first] = ofSplit
  const last = ofSplit.at(-1)
  if (first === undefined || last === undefined || first === last) return []
  const kinds = [...new Set(last.results.map(({ kind }) => kind))]
  return kinds
    .map((kind) => ({
      kind,
      before: shareSolved(first.results.filter((result) => result.kind === kind)),
      now: shareSolved(last.results.filter((result) => result.kind === kind)),
    }))
    .sort((a, b) => b.now - b.before - (a.now - a.before))
}

/** The split with the most evaluations: development while a run trains; test where it is all there is. */
export const mainSplit = (evaluations: ReadonlyArray<Evaluation>): Evaluation["split"] =>
  evaluations.some(({ split }) => split === "dev") ? "dev" : "test"

export interface Refusals {
  readonly proposed: number
  readonly refused: number
  /** Most frequent first. */
  readonly reasons: ReadonlyArray<{
    readonly status: string
    readonly reason: string
    readonly count: number
  }>
}

export const refusalsOf = ({ proposals }: Pick<RunView, "proposals">): Refusals => {
  const reasons = new Map<string, { status: string; reason: string; count: number }>()
  let proposed = 0
  for (const { count, reason, status } of proposals) {
    proposed += count
    if (status === "accepted") continue
    const key = `${status}/${reason}`
    const entry = reasons.get(key) ?? { status, reason: reason === "" ? status : reason, count: 0 }
    reasons.set(key, { ...entry, count: entry.count + count })
  }
  const sorted = [...reasons.values()].sort((a, b) => b.count - a.count)
  return { proposed, refused: sorted.reduce((sum, { count }) => sum + count, 0), reasons: sorted }
}

/** Words for the short codes of proposals. */
const words: Readonly<Record<string, string>> = {
  heldOut: "held out for evaluation",
  duplicate: "a duplicate",
  familyCap: "one of too many alike",
  tooLong: "too long for the context",
  badFormat: "not in the form asked for",
  syntax: "a syntax error",
  exception: "an exception",
  nondeterministic: "not deterministic",
  domain: "outside the domain",
  inputs: "unusable inputs",
  input: "an unusable input",
  import: "a forbidden import",
  name: "a forbidden name",
  attribute: "a forbidden attribute",
  fuel: "too long a computation",
  memory: "too much memory",
  infrastructure: "an infrastructure fault",
}

export const reasonInWords = (reason: string): string => words[reason] ?? reason

/**
 * Seconds that evaluations on the dev split took at each step: they follow the step, whose own time leaves them out. Those on
 * the test split come once, after the training.
 */
export const evaluationSeconds = ({ evaluations, steps }: Pick<RunView, "evaluations" | "steps">): Values => {
  if (evaluations.length === 0) return steps.map(() => null)
  const spent = new Map<number, number>()
  for (const { seconds, split, step } of evaluations) if (split === "dev") spent.set(step, seconds)
  return steps.map((step) => spent.get(step) ?? 0)
}

/** Proposals left after each check, in the order in which the checks are made. */
export const stagesOf = ({ proposals }: Pick<RunView, "proposals">) => {
  const lost = { parsed: 0, ran: 0, deterministic: 0, new: 0, accepted: 0 }
  let proposed = 0
  for (const { count: n, reason, status } of proposals) {
    proposed += n
    if (status === "badFormat") lost.parsed += n
    else if (status === "invalid" && reason === "nondeterministic") lost.deterministic += n
    else if (status === "invalid" || status === "infrastructure") lost.ran += n
    else if (status === "duplicate") lost.new += n
    else if (status !== "accepted") lost.accepted += n
  }
  let left = proposed
  return [
    { label: "proposed", count: proposed },
    ...Object.entries(lost).map(([label, away]) => ({ label, count: (left -= away) })),
  ]
}
