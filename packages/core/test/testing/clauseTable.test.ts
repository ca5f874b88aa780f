import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { withClauseTables } from "../../src/testing/conformance/clauseTable.ts"
import { generalClauses, languageClauses } from "../../src/testing/conformance/index.ts"

const clauses = [...generalClauses, ...languageClauses]

describe("docs/ENVIRONMENTS.md", () => {
  it("has the clauses of today; if not, run pnpm document:clauses", () => {
    const text = readFileSync(new URL("../../../../docs/ENVIRONMENTS.md", import.meta.url), "utf8")
    assert.strictEqual(text, withClauseTables(text))
    for (const { id, title } of clauses) assert.include(text, `| ${id} | ${title} |`)
  })

  it("is not written where it has no place for them", () => {
    assert.throws(() => withClauseTables("# Environments"), "no <!-- clauses: begin -->")
  })
})

describe("clauses", () => {
  it("have a number, a title and a reason of their own, that fit a table", () => {
    for (const texts of [clauses.map(({ id }) => id), clauses.map(({ title }) => title)]) {
      assert.strictEqual(new Set(texts).size, clauses.length)
    }
    for (const { title, why } of clauses) assert.notMatch(`${title}${why}`, /[|\n]/)
  })
})
