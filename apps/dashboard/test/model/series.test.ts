import type { Evaluation, RunView } from "@azr/core/dashboard"
import { describe, expect, it } from "vitest"
import { changesByKind, evaluationSeconds, meanOver, refusalsOf, stagesOf } from "../../src/model/series.ts"

const proposals: RunView["proposals"] = [
  { kind: "deduction", status: "accepted", reason: "", count: 60 },
  { kind: "deduction", status: "badFormat", reason: "badFormat", count: 4 },
  { kind: "deduction", status: "invalid", reason: "syntax", count: 6 },
  { kind: "abduction", status: "invalid", reason: "syntax", count: 3 },
  { kind: "abduction", status: "invalid", reason: "nondeterministic", count: 2 },
  { kind: "abduction", status: "duplicate", reason: "familyCap", count: 5 },
  { kind: "abduction", status: "heldOut", reason: "heldOut", count: 20 },
]

const evaluation = (step: number, correct: Readonly<Record<string, number>>): Evaluation => ({
  step,
  split: "dev",
  seconds: 2,
  results: Object.entries(correct).map(([suite, solved]) => ({
    suite,
    kind: suite.replace(/-.*/u, ""),
    correct: solved,
    total: 100,
    badFormat: 0,
    low: 0,
    high: 1,
  })),
})

describe("what a run says", () => {
  it("counts proposals down, check by check", () => {
    expect(stagesOf({ proposals })).toEqual([
      { label: "proposed", count: 100 },
      { label: "parsed", count: 96 },
      { label: "ran", count: 87 },
      { label: "deterministic", count: 85 },
      { label: "new", count: 80 },
      { label: "accepted", count: 60 },
    ])
  })

  it("adds refusals over the kinds, most frequent first", () => {
    expect(refusalsOf({ proposals })).toEqual({
      proposed: 100,
      refused: 40,
      reasons: [
        { status: "heldOut", reason: "heldOut", count: 20 },
        { status: "invalid", reason: "syntax", count: 9 },
        { status: "duplicate", reason: "familyCap", count: 5 },
        { status: "badFormat", reason: "badFormat", count: 4 },
        { status: "invalid", reason: "nondeterministic", count: 2 },
      ],
    })
  })

  it("compares the latest evaluation with the first, kind by kind", () => {
    const evaluations = [
      evaluation(40, { "deduction-1": 98, "deduction-2": 60, "abduction-2": 44 }),
      evaluation(0, { "deduction-1": 98, "deduction-2": 20, "abduction-2": 40 }),
    ]
    expect(changesByKind(evaluations, "dev")).toEqual([
      { kind: "deduction", before: 0.59, now: 0.79 },
      { kind: "abduction", before: 0.4, now: 0.44 },
    ])
    expect(changesByKind(evaluations.slice(1), "dev")).toEqual([])
    expect(changesByKind(evaluations, "test")).toEqual([])
    expect(evaluationSeconds({ evaluations, steps: [39, 40] })).toEqual([0, 2])
    expect(evaluationSeconds({ evaluations: [], steps: [1] })).toEqual([null])
  })

  it("means what is there", () => {
    expect(
      meanOver([
        [1, null, null],
        [3, 5, null],
      ]),
    ).toEqual([2, 5, null])
  })
})
