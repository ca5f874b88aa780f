import { assert, describe, it } from "@effect/vitest"
import { RunIndex, maxPoints } from "../../src/dashboard/index.ts"
import type { MachineMeter } from "../../src/index.ts"
import type { RunEvent, SuiteResult } from "../../src/RunEvent.ts"

const place = { offset: 0, length: 0 }
const completed = (step: number, metrics: Readonly<Record<string, number>>) => ({
  _tag: "StepCompleted" as const,
  at: step * 1000,
  step,
  metrics,
  seconds: { generate: 1, execute: 2, train: 3, evaluate: 0, wait: 0, total: 6 },
})

const added = (id: number, parents: ReadonlyArray<number>, successRate: number | null): RunEvent => ({
  _tag: "TaskAdded",
  at: 1,
  record: {
    id,
    environment: "e",
    kind: "deduction",
    step: 1,
    origin: "proposed",
    parents,
    task: { program: `p${id}`, region: `r${id % 2}` },
    successRate,
  },
})

/** As a line of a log, between others. */
const accept = (index: RunIndex.RunIndex, line: unknown) => {
  const bytes = new TextEncoder().encode(`{"é"}\n${JSON.stringify(line)}\n{`)
  index.accept(bytes, bytes.indexOf(10) + 1, bytes.lastIndexOf(10), 0)
}

const indexOf = (events: ReadonlyArray<RunEvent>) => {
  const index = new RunIndex.RunIndex()
  for (const event of events) index.apply(event, place)
  return index
}

describe("RunIndex", () => {
  it("keeps series at most maxPoints long, as means of neighbouring steps", () => {
    const steps = 4321
    const index = indexOf(
      Array.from({ length: steps }, (_, i) =>
        completed(i + 1, { even: i + 1, ...(i === 7 ? { rare: 5 } : {}) }),
      ),
    )
    assert.isAtMost(index.steps.length, maxPoints)
    assert.isAtLeast(index.steps.length, maxPoints / 2)
    assert.strictEqual(index.steps.at(-1), steps)
    const { even = [], rare = [] } = index.series(null)
    assert.strictEqual(even.length, index.steps.length)
    // Eight steps a column: 1 … 8 have the mean 4.5.
    assert.strictEqual(index.steps[0], 8)
    assert.strictEqual(even[0], 4.5)
    assert.deepStrictEqual(
      rare.filter((value) => value !== null),
      [5],
    )
    assert.deepStrictEqual(Object.keys(index.series(["seconds/train"])), ["seconds/train"])
  })

  it("counts success rates by eighths, the ends apart, and loses none when columns merge", () => {
    const rates = [0, 0.001, 0.5, 0.999, 1, null]
    const index = indexOf([...rates.map((rate, id) => added(id, [], rate)), completed(1, {})])
    assert.deepStrictEqual(index.successRates.columns, [[1, 1, 0, 0, 1, 0, 0, 1, 1]])
    for (let step = 2; step <= 3 * maxPoints; step++) {
      index.apply(added(step * 10, [], 0.5), place)
      index.apply(completed(step, {}), place)
    }
    const total = index.successRates.columns.flat().reduce((sum, count) => sum + count, 0)
    assert.strictEqual(total, 5 + 3 * maxPoints - 1)
  })

  it("finds ancestors and descendants, nearest first, cycles and gaps or not", () => {
    const index = indexOf([added(1, [], 0.5), added(2, [1, 99], 0.25), added(3, [2], null), added(4, [3], 1)])
    assert.deepStrictEqual(
      index.lineage(2, 200).map(({ id }) => id),
      [2, 1, 3, 4],
    )
    assert.strictEqual(index.lineage(2, 2).length, 2)
    assert.deepStrictEqual(index.lineage(99, 200), [])
    assert.strictEqual(index.hardest?.id, 2)
  })

  it("tells how a run is: of one that a process holds the log's end and its silence say nothing", () => {
    const index = indexOf([added(1, [], null)])
    assert.strictEqual(index.state(true).state, "seeding")
    assert.strictEqual(index.state(false).state, "crashed")
    index.apply(completed(1, {}), place)
    assert.strictEqual(index.state(true).state, "training")
    assert.strictEqual(index.state(false).state, "crashed")
    index.apply({ _tag: "RunEnded", at: 2000, step: 1, status: "failed", message: "why" }, place)
    assert.deepStrictEqual(index.state(false), { state: "failed", message: "why" })
    assert.strictEqual(index.state(true).state, "training")
    index.apply(completed(2, {}), place)
    assert.strictEqual(index.state(false).state, "crashed")
  })

  it("says when a line is of a later version or broken, and goes on with the next", () => {
    const index = new RunIndex.RunIndex()
    accept(index, { _tag: "Dreamt", at: 1 })
    assert.strictEqual(index.state(true).state, "newer")
    accept(index, completed(3, {}))
    assert.strictEqual(index.step, 3)
    const whole = completed(3, { entropy: 0.5 })
    assert.deepStrictEqual(index.series(["seconds/total"]), { "seconds/total": [6] })
    for (const line of [
      { _tag: "StepCompleted" },
      { ...whole, metrics: { entropy: "0.5" } },
      { ...whole, metrics: { entropy: null } },
      { ...whole, metrics: [0.5] },
      { ...whole, metrics: null },
      { ...whole, seconds: {} },
      { ...whole, step: 1.5 },
      { ...whole, machine: {} },
    ]) {
      const broken = new RunIndex.RunIndex()
      accept(broken, line)
      assert.strictEqual(broken.state(true).state, "unreadable", JSON.stringify(line))
      assert.strictEqual(broken.step, 0)
    }
  })

  it("shows what the machine did where the log says it, and its totals", () => {
    const python = {
      workers: 2,
      calls: 30,
      remembered: 5,
      p50: 2,
      p99: 8,
      busySeconds: 3,
      lost: 1,
      timeouts: 0,
    }
    const measured = (
      step: number,
      memoryBytes: number,
      more: Partial<MachineMeter.ExecutorUse>,
    ): RunEvent => ({
      ...completed(step, {}),
      machine: { memoryBytes, executors: { python: { ...python, ...more } } },
    })
    const index = indexOf([
      completed(1, {}),
      measured(2, 1e6, {}),
      measured(3, 3e6, { calls: 0, p50: null, p99: null, busySeconds: 99 }),
    ])
    const series = index.series(null)
    assert.deepStrictEqual(series["machine/memoryBytes"], [null, 1e6, 3e6])
    // Of six seconds, on two workers; never more than all of it.
    assert.deepStrictEqual(series["executors/python/rate"], [null, 5, 0])
    assert.deepStrictEqual(series["executors/python/inUse"], [null, 0.25, 1])
    assert.deepStrictEqual(series["executors/python/p99"], [null, 8, null])
    assert.deepStrictEqual(index.executors, [
      { executor: "python", workers: 2, calls: 30, remembered: 10, lost: 2, timeouts: 0 },
    ])
    assert.deepStrictEqual(indexOf([completed(1, {})]).executors, [])
  })

  it("counts a reference that was drawn twice as one parent", () => {
    const index = indexOf([added(1, [], null), added(2, [], null), added(3, [1, 2, 1, 1], 0.5)])
    assert.deepStrictEqual(index.hardest?.parents, [1, 2])
    assert.deepStrictEqual(
      index.lineage(1, 200).map(({ id }) => id),
      [1, 3],
    )
  })

  it("tells suites of one name apart by their environments, and takes an evaluation on none for none", () => {
    const result = (environment: string, suite: string): SuiteResult => ({
      environment,
      suite,
      kind: "deduction",
      split: "dev",
      correct: 1,
      badFormat: 0,
      total: 2,
      faults: 0,
      verdicts: "+-",
      means: {},
    })
    const evaluated = (results: ReadonlyArray<SuiteResult>) =>
      ({ _tag: "Evaluated", at: 1, step: 0, results, seconds: 1 }) as const
    const index = indexOf([evaluated([result("a", "x"), result("b", "x"), result("b", "y")]), evaluated([])])
    assert.deepStrictEqual(
      index.evaluations[0]?.results.map(({ suite }) => suite),
      ["a/x", "b/x", "y"],
    )
    assert.deepStrictEqual(index.heldOut, [0.5])
  })

  it("writes a program in a line, in both languages", () => {
    const python = "def f(a):\n    if a:\n        a = 1\n    return a\n"
    assert.strictEqual(RunIndex.titleOf({ program: python }), "def f(a): if a: a = 1; return a")
    const javascript = "function f(a) {\n  const b = a * 8\n  return b;\n}"
    assert.strictEqual(
      RunIndex.titleOf({ program: javascript }),
      "function f(a) { const b = a * 8; return b; }",
    )
    assert.strictEqual(RunIndex.titleOf([1]), "[1]")
  })
})
