import { describe, expect, it } from "vitest"
import { lookOf } from "../../src/model/palette.ts"

describe("the look of a kind", () => {
  it("is its own for a language's, whatever else a run has", () => {
    expect(lookOf("deduction", ["deduction"])).toEqual(lookOf("deduction", ["result", "deduction", "query"]))
  })

  it("differs between the first four kinds that are no language's, and from a language's", () => {
    const kinds = ["deduction", "result", "abduction", "query", "induction", "error", "proof", "sum"]
    const looks = kinds.map((kind) => lookOf(kind, kinds))
    expect(new Set(looks.map(({ color }) => color)).size).toBe(kinds.length)
    expect(new Set(looks.map(({ dash }) => dash.join())).size).toBe(kinds.length)
  })
})
