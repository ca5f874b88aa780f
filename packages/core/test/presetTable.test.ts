import { existsSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { differences, withPresetTable } from "../scripts/presetTable.ts"

const root = new URL("../../../", import.meta.url)

describe("docs/ALGORITHM.md", () => {
  it("has the presets of today; if not, run pnpm document:presets", () => {
    const text = readFileSync(new URL("docs/ALGORITHM.md", root), "utf8")
    assert.strictEqual(text, withPresetTable(text))
  })

  it("names files that exist, and has no cell that would break the table", () => {
    for (const [name, values, { file }] of differences()) {
      assert.isTrue(existsSync(new URL(`packages/${file}`, root)), `${name}: ${file}`)
      assert.notMatch(values.join(), /[|\n]/u)
    }
  })

  it("knows what the released code and ours do differently (§3.2, Eq 4; buffers)", () => {
    const byName = new Map(differences().map(([name, values]) => [name, values]))
    // nano, paper, code, fixed
    assert.deepStrictEqual(byName.get("reward.propose.unsolved"), ["0", "0", "-0.5", "0"])
    assert.deepStrictEqual(byName.get("buffer.evict"), ["oldest", "oldest", "newest", "oldest"])
    assert.deepStrictEqual(byName.get("buffer.refuseDuplicates"), ["true", "false", "false", "true"])
  })

  it("is not written where it has no place for the table", () => {
    assert.throws(() => withPresetTable("# The algorithm"), "no <!-- presets: begin -->")
  })
})
