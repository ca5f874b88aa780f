import { assert, describe, it } from "@effect/vitest"
import { Alerts } from "../../src/dashboard/index.ts"
import type { RunEvent, SuiteResult } from "../../src/RunEvent.ts"

const seconds = { generate: 0, execute: 0, train: 0, evaluate: 0, wait: 0, total: 0 }

const completed = (step: number, metrics: Readonly<Record<string, number>>): RunEvent => ({
  _tag: "StepCompleted",
  at: step,
  step,
  metrics,
  seconds,
})

const evaluated = (step: number, correct: number, split: "dev" | "test" = "dev"): RunEvent => {
  const result: SuiteResult = {
    environment: "e",
    suite: "s",
    kind: "deduction",
    split,
    correct,
    badFormat: 0,
    total: 100,
    faults: 0,
    verdicts: "",
    means: {},
  }
  return { _tag: "Evaluated", at: step, step, results: [result], seconds: 0 }
}

const proposed = (
  step: number,
  status: "accepted" | "invalid",
  reason: string,
  rollout: number,
): RunEvent => ({
  _tag: "Proposed",
  at: step,
  step,
  environment: "e",
  kind: "deduction",
  status,
  reason,
  task: null,
  rollout,
})

const machine = (lost: number, timeouts: number): RunEvent => ({
  _tag: "StepCompleted",
  at: 1,
  step: 1 + lost + timeouts,
  metrics: {},
  seconds,
  machine: {
    memoryBytes: 1,
    executors: {
      python: { workers: 2, calls: 1, remembered: 0, p50: 1, p99: 1, busySeconds: 1, lost, timeouts },
    },
  },
})

const after = (events: ReadonlyArray<RunEvent>) => {
  const rules = new Alerts.AlertRules()
  for (const event of events) rules.apply(event)
  return rules.alerts
}

/** The value of a metric in steps 1, 2, … */
const course = (key: string, values: ReadonlyArray<number>) =>
  after(values.map((value, i) => completed(i + 1, { [key]: value })))

const times = (count: number, value: number): ReadonlyArray<number> =>
  Array.from({ length: count }, () => value)

const brief = (alerts: ReturnType<typeof after>) =>
  alerts.map(({ rule, step, until }) => ({ rule, step, until }))

describe("alerts", () => {
  it("entropy: begins when the mean of ten steps is below a fifth of the first ten, ends when it is not", () => {
    // Ten steps of 1, then k of 0: the mean is 1 − k/10, below .2 at k = 9 (.1); it is .2 again with the first 2.
    const alerts = course("train/entropy", [...times(10, 1), ...times(9, 0), 2, 2])
    assert.deepStrictEqual(brief(alerts), [{ rule: "entropyCollapse", step: 19, until: 20 }])
    assert.deepStrictEqual(alerts[0]?.evidence, { step: 19, role: "solve" })
    assert.deepStrictEqual(course("train/entropy", times(40, 0.5)), [])
  })

  it("duplicates: less than half of the valid proposals are new", () => {
    const alerts = course("propose/induction/new", [...times(10, 0.5), 0.4, 0.9])
    assert.deepStrictEqual(brief(alerts), [{ rule: "duplicates", step: 11, until: 12 }])
    assert.deepStrictEqual(alerts[0]?.evidence, {
      step: 11,
      role: "propose",
      kind: "induction",
      outcome: "duplicate",
    })
  })

  it("zero variance: a cell a step teaches nothing", () => {
    assert.deepStrictEqual(brief(course("train/zeroVariance", [...times(9, 1), 0, 2])), [
      { rule: "zeroVariance", step: 11, until: null },
    ])
  })

  it("valid share: a fifth below its best ten steps", () => {
    const alerts = course("propose/deduction/valid", [...times(10, 0.9), ...times(3, 0)])
    // .9, .81, .72, .63: only the last is more than .2 below .9.
    assert.deepStrictEqual(brief(alerts), [{ rule: "validFalling", step: 13, until: null }])
  })

  it("faults: at once, and over with the first step without", () => {
    assert.deepStrictEqual(brief(course("solve/deduction/faults", [0, 3, 1, 0])), [
      { rule: "executorFaults", step: 2, until: 4 },
    ])
  })

  it("evaluation: three standard errors below its best; the test suites do not count", () => {
    // 80 against 60 of 100: the pooled error is √(.7 · .3 · 2/100) = .0648, three of them .194.
    assert.deepStrictEqual(brief(after([evaluated(0, 70), evaluated(40, 80), evaluated(80, 60)])), [
      { rule: "evaluationFalling", step: 80, until: null },
    ])
    assert.deepStrictEqual(after([evaluated(40, 80), evaluated(80, 61), evaluated(80, 0, "test")]), [])
  })

  it("exploit attempts: one alert a rule and kind, which counts and shows the latest", () => {
    const alerts = after([
      proposed(1, "invalid", "syntax", 0),
      proposed(2, "invalid", "import", 4),
      proposed(3, "invalid", "import", 9),
      proposed(3, "invalid", "attribute", 10),
      proposed(4, "accepted", "", 1),
    ])
    assert.deepStrictEqual(
      alerts.map(({ rollout, rule, step }) => ({ rollout, rule, step })),
      [
        { rollout: 9, rule: "exploitAttempt", step: 3 },
        { rollout: 10, rule: "exploitAttempt", step: 3 },
      ],
    )
    assert.match(alerts[0]?.message ?? "", /^2 deduction proposals refused by the rule "import"/u)
  })

  it("keeps a bounded number, however often a condition comes and goes", () => {
    const alerts = course(
      "solve/deduction/faults",
      [...times(2000, 0)].map((_, i) => i % 2),
    )
    assert.strictEqual(alerts.length, Alerts.maxAlerts)
    assert.strictEqual(alerts.at(-1)?.step, 2000)
  })

  it("say when workers of an executor were replaced, and when no more are", () => {
    const [alert, ...others] = after([machine(0, 0), machine(2, 1), machine(0, 0)])
    assert.deepStrictEqual(others, [])
    assert.deepInclude(alert, { rule: "executorRestarts", severity: "warning", step: 4, until: 1 })
    assert.include(
      alert?.message ?? "",
      "3 workers of the python executor were replaced: 2 died, 1 took too long",
    )
  })
})
