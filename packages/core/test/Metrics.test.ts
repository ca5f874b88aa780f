import { assert, describe, it } from "@effect/vitest"
import { lookup, meanOf, meansOf, registry } from "../src/Metrics.ts"

describe("registry", () => {
  it("has every key once, with a line of documentation", () => {
    assert.strictEqual(new Set(registry.map(({ key }) => key)).size, registry.length)
    for (const { doc } of registry) assert.match(doc, /^[A-Z].*\.$/u)
  })

  it.each([
    ["propose/deduction/valid", "propose/<kind>/valid"],
    ["solve/any-kind/correct", "solve/<kind>/correct"],
    ["propose/deduction/task/statements", "propose/<kind>/task/<measure>"],
    ["solve/induction/response/thinks", "solve/<kind>/response/<measure>"],
    ["buffer/sum/size", "buffer/<kind>/size"],
    ["train/loss", "train/loss"],
    ["generate/tokens", "generate/tokens"],
  ])("finds %s", (key, pattern) => {
    assert.strictEqual(lookup(key)?.key, pattern)
  })

  it.each([
    "",
    "train",
    "train/nothing",
    "propose/valid",
    "propose/deduction/valid/more",
    "solve/deduction/valid",
  ])("does not know %j", (key) => {
    assert.isUndefined(lookup(key))
  })
})

describe("means", () => {
  it("of nothing are absent, never 0", () => {
    assert.deepStrictEqual(meanOf("k", []), {})
    assert.deepStrictEqual(meansOf("p/", []), {})
  })

  it("count what is there", () => {
    assert.deepStrictEqual(meanOf("k", [1, 2, 6]), { k: 3 })
    assert.deepStrictEqual(meansOf("p/", [{ a: 1, b: 4 }, { a: 2 }, {}]), { "p/a": 1.5, "p/b": 4 })
  })
})
