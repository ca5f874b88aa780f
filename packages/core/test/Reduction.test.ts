import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { type Reduction, reductionWeights } from "../src/Reduction.ts"

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Σ weight · loss over all tokens, which is what an engine computes. */
const weightedSum = (reduction: Reduction, rows: ReadonlyArray<ReadonlyArray<number>>): number => {
  const weights = reductionWeights(
    reduction,
    rows.map((row) => row.length),
  )
  return rows.reduce(
    (sum, row, i) => row.reduce((total, loss) => total + loss * (weights[i] as number), sum),
    0,
  )
}

describe("reductions", () => {
  /** Per-token losses of sequences, ragged. */
  const losses = fc.array(
    fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 9 }),
    {
      minLength: 1,
      maxLength: 9,
    },
  )

  it("tokenMean (DAPO, Eq 8): the mean over all tokens", () => {
    fc.assert(
      fc.property(losses, (rows) =>
        assert.closeTo(weightedSum({ _tag: "tokenMean" }, rows), mean(rows.flat()), 1e-9),
      ),
    )
  })

  it("sequenceMean (GRPO, Eq 3): the mean over sequences of their token means", () => {
    fc.assert(
      fc.property(losses, (rows) =>
        assert.closeTo(weightedSum({ _tag: "sequenceMean" }, rows), mean(rows.map(mean)), 1e-9),
      ),
    )
  })

  it("constant (Dr.GRPO): the sum over tokens divided by N · length", () => {
    fc.assert(
      fc.property(losses, fc.integer({ min: 1, max: 4096 }), (rows, length) => {
        const sum = rows.flat().reduce((total, loss) => total + loss, 0)
        assert.closeTo(weightedSum({ _tag: "constant", length }, rows), sum / (rows.length * length), 1e-9)
      }),
    )
  })

  it("weigh nothing for sequences without tokens and for no sequences", () => {
    assert.deepStrictEqual(reductionWeights({ _tag: "tokenMean" }, [0, 0]), [0, 0])
    assert.deepStrictEqual(reductionWeights({ _tag: "sequenceMean" }, [0, 2]), [0, 1 / 4])
    for (const reduction of [
      { _tag: "tokenMean" },
      { _tag: "sequenceMean" },
      { _tag: "constant", length: 8 },
    ] as const) {
      assert.deepStrictEqual(reductionWeights(reduction, []), [])
    }
  })
})
