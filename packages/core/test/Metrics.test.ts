import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { metricsDocument } from "../scripts/metricsDocument.ts"
import { countOf, lookup, meanOf, meansOf, registry } from "../src/Metrics.ts"

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

describe("counts", () => {
  it("are in the registry, and every share has one", () => {
    for (const { key, over, unit } of registry) {
      if (over !== null) assert.strictEqual(registry.find((entry) => entry.key === over)?.unit, "count", key)
      if (unit === "share") assert.isNotNull(over, key)
    }
  })

  it("are of the same kind as the ratio", () => {
    assert.strictEqual(countOf("solve/deduction/correct"), "solve/deduction/answers")
    assert.strictEqual(countOf("propose/a/task/statements"), "propose/a/accepted")
    assert.strictEqual(countOf("train/entropy"), "train/updates")
    assert.isNull(countOf("solve/deduction/answers"))
    assert.isNull(countOf("nothing"))
  })
})

describe("docs/METRICS.md", () => {
  it("has the metrics of today; if not, run pnpm document:metrics", () => {
    const text = readFileSync(new URL("../../../docs/METRICS.md", import.meta.url), "utf8")
    assert.strictEqual(text, metricsDocument())
    for (const { doc, key } of registry) {
      assert.include(text, `| \`${key}\` |`)
      assert.include(text, doc)
    }
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
