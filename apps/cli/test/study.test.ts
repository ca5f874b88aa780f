/** What `azr study` computes from its runs: intervals against closed forms, and a report that says what it was given. */
import { RandomStreams, RunConfig } from "@azr/core"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import { arms, common } from "../src/study/arms.ts"
import { report } from "../src/study/report.ts"
import type { RunResult } from "../src/study/results.ts"
import { halfWidth, pairedDifference } from "../src/study/statistics.ts"

const random = () => new RandomStreams.RandomStreams(0).get("test")
const verdicts = (tasks: number, solved: (task: number) => boolean): string =>
  Array.from({ length: tasks }, (_, task) => (solved(task) ? "+" : "-")).join("")

describe("the interval of a mean over seeds", () => {
  it("is Student's: of 1, 2, 3 it is 4.303 · 1 / √3", () => {
    assert.approximately(halfWidth([1, 2, 3]) ?? 0, 4.303 / Math.sqrt(3), 1e-12)
    // Two values: half their distance is s / √2, and t of one degree of freedom is 12.706.
    assert.approximately(halfWidth([0, 1]) ?? 0, 12.706 / 2, 1e-12)
    assert.isNull(halfWidth([1]))
  })
})

describe("the difference of two arms", () => {
  it("of the same verdicts is 0, whatever is drawn", () => {
    const same = [verdicts(100, (task) => task % 3 === 0)]
    assert.deepStrictEqual(pairedDifference(same, same, random(), 200), { mean: 0, low: 0, high: 0 })
  })

  it("has the interval of a mean of differences that are paired by task", () => {
    // One in four tasks more: the differences are Bernoulli(1/4), of deviation √(3/16) a task.
    const [one, other] = [
      [verdicts(1000, (task) => task % 2 === 0)],
      [verdicts(1000, (task) => task % 4 === 0)],
    ]
    const { high, low, mean } = pairedDifference(one, other, random(), 4000)
    assert.strictEqual(mean, 0.25)
    const half = 1.96 * Math.sqrt(3 / 16 / 1000)
    assert.approximately(high - mean, half, 0.1 * half)
    assert.approximately(mean - low, half, 0.1 * half)
  })

  it("is as wide as the seeds of an arm are apart", () => {
    const [all, none] = [verdicts(50, () => true), verdicts(50, () => false)]
    const { high, low, mean } = pairedDifference([all, none], [none], random(), 4000)
    // Both seeds drawn are the good one, or both the bad one, with probability 1/4 each.
    assert.deepStrictEqual([low, mean, high], [0, 0.5, 1])
  })
})

describe("the arms", () => {
  it.each(arms)("$id is a configuration of its own", ({ id, settings }) => {
    const config = Result.getOrThrow(RunConfig.withSettings(RunConfig.nano, [...common, ...settings]))
    for (const other of arms) {
      if (other.id === id) continue
      const second = Result.getOrThrow(RunConfig.withSettings(RunConfig.nano, [...common, ...other.settings]))
      assert.notDeepEqual(config, second, other.id)
    }
  })
})

describe("the report", () => {
  const run = (arm: string, seed: number, steps: number, share: number): RunResult => ({
    arm,
    seed,
    test: [
      {
        suite: "deduction-3",
        split: "test",
        correct: share * 1000,
        total: 1000,
        verdicts: verdicts(1000, (task) => task < share * 1000),
      } as unknown as RunResult["test"][number],
    ],
    dev: [],
    steps: Array.from({ length: steps }, (_, step) => ({
      "propose/deduction/valid": step < steps / 2 ? 0.5 : 0.75,
      "train/entropy": 1 - step / steps,
      "generate/tokens": step < steps / 2 ? 5000 : 7500,
    })),
    seconds: Array.from({ length: steps }, (_, step) => (step < steps / 2 ? 1 : 1.5)),
    programs: Array.from({ length: steps }, (_, step) => step),
    generatedTokens: 2e6,
    trainedTokens: 1e6,
  })

  it("has the arms that were run, their difference, and what was not", () => {
    const { markdown, plots } = report(
      [run("full", 0, 10, 0.7), run("full", 1, 10, 0.7), run("frozen", 0, 10, 0.6)],
      "azr",
    )
    assert.include(markdown, "| full self-play | 2 | 70.0 ± 0.0 |")
    assert.include(markdown, "| frozen proposer | 1 | 60.0 |")
    assert.match(markdown, /full self-play − frozen proposer \| – \| \+10\.0 \[\+8\.\d, \+1[12]\.\d\]/)
    assert.match(markdown, /Not run: .*fixed pool of 84/)
    assert.include([...plots.keys()], "valid.svg")
    assert.notInclude(markdown, "Whether self-play lasts")
  })

  it("of a long run has its first and last steps, and plots of its own", () => {
    const { markdown, plots } = report([run("long", 0, 400, 0.7)], "azr")
    assert.include(markdown, "| valid proposals: deduction | 0.50 | 0.75 | 1.50 |")
    assert.include(markdown, "| seconds a step (median) | 1.00 | 1.50 | 1.50 |")
    assert.include(markdown, "| the same for 10,000 generated tokens | 2.00 | 2.00 | 1.00 |")
    for (const file of ["long-valid.svg", "long-entropy.svg", "long-seconds.svg"]) {
      assert.include([...plots.keys()], file)
      assert.include(markdown, `results/${file}`)
    }
  })
})
