import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { halsteadVolume } from "../../src/language/complexity.ts"
import { normalizedTreeDistance, treeDistance } from "../../src/language/treeDistance.ts"

interface Tree {
  readonly label: string
  readonly children: ReadonlyArray<Tree>
}

const escaped = (label: string): string => label.replaceAll(/[{}\\]/gu, "\\$&")
const brackets = ({ children, label }: Tree): string =>
  `{${escaped(label)}${children.map(brackets).join("")}}`
const size = ({ children }: Tree): number => children.reduce((sum, child) => sum + size(child), 1)

/** The recursion on forests that defines the distance, without any cleverness. */
const byDefinition = (a: ReadonlyArray<Tree>, b: ReadonlyArray<Tree>): number => {
  const memory = new Map<string, number>()
  const visit = (left: ReadonlyArray<Tree>, right: ReadonlyArray<Tree>): number => {
    const [lastLeft, lastRight] = [left.at(-1), right.at(-1)]
    if (lastLeft === undefined) return right.reduce((sum, tree) => sum + size(tree), 0)
    if (lastRight === undefined) return left.reduce((sum, tree) => sum + size(tree), 0)
    const key = `${left.map(brackets).join("")}|${right.map(brackets).join("")}`
    const known = memory.get(key)
    if (known !== undefined) return known
    const [restLeft, restRight] = [left.slice(0, -1), right.slice(0, -1)]
    const result = Math.min(
      visit([...restLeft, ...lastLeft.children], right) + 1,
      visit(left, [...restRight, ...lastRight.children]) + 1,
      visit(lastLeft.children, lastRight.children) +
        visit(restLeft, restRight) +
        (lastLeft.label === lastRight.label ? 0 : 1),
    )
    memory.set(key, result)
    return result
  }
  return visit(a, b)
}

const label = fc.constantFrom("a", "b", "{", "\\}")
const treeOfDepth = (depth: number): fc.Arbitrary<Tree> =>
  fc.record({
    label,
    children: depth === 0 ? fc.constant([]) : fc.array(treeOfDepth(depth - 1), { maxLength: 3 }),
  })
const tree = treeOfDepth(3)

describe("treeDistance", () => {
  it("is what Zhang and Shasha's example says", () => {
    assert.strictEqual(treeDistance("{f{d{a}{c{b}}}{e}}", "{f{c{d{a}{b}}}{e}}"), 2)
  })

  it("counts renamings, insertions and deletions", () => {
    assert.strictEqual(treeDistance("{a}", "{b}"), 1)
    assert.strictEqual(treeDistance("{a{b}{c}}", "{a{c}}"), 1)
    assert.strictEqual(treeDistance("{a{b{c}}}", "{a{c}}"), 1)
    assert.strictEqual(treeDistance("", "{a{b}}"), 2)
    assert.strictEqual(treeDistance("{a}", "{x{a}{a}}"), 2)
  })

  it("is the least number of edits, by definition", () => {
    fc.assert(
      fc.property(tree, tree, (a, b) => {
        assert.strictEqual(treeDistance(brackets(a), brackets(b)), byDefinition([a], [b]))
      }),
      { numRuns: 300 },
    )
  })

  it("is a metric in [0, 1] when normalised", () => {
    fc.assert(
      fc.property(tree, tree, tree, (...trees) => {
        const [a, b, c] = trees.map(brackets) as [string, string, string]
        const near = normalizedTreeDistance
        assert.strictEqual(near(a, a), 0)
        assert.strictEqual(near(a, b) === 0, a === b)
        assert.strictEqual(near(a, b), near(b, a))
        assert.isAtMost(near(a, b), 1)
        assert.isAtMost(near(a, c), near(a, b) + near(b, c) + 1e-12)
      }),
    )
    assert.strictEqual(normalizedTreeDistance("", "{a{b}}"), 1)
  })

  it("reads any text as some tree", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => void treeDistance(a, b)))
  })

  it("compares the first nodes of trees that are too large, whatever their shape", () => {
    const chain = (nodes: number): string => "{a".repeat(nodes) + "}".repeat(nodes)
    assert.strictEqual(treeDistance(chain(3000), chain(2500)), 0)
    assert.strictEqual(treeDistance(chain(2000), chain(1500)), 500)
    // Every right spine with leaves on its left is a key root: nothing has more pairs of subforests.
    const comb = (teeth: number): string => "{if{test}{body}{else".repeat(teeth) + "}}".repeat(teeth)
    for (const teeth of [100, 1000, 20_000]) {
      assert.strictEqual(treeDistance(comb(teeth), comb(teeth)), 0)
    }
    assert.strictEqual(treeDistance(comb(5), comb(6)), 4)
  })
})

describe("halsteadVolume", () => {
  it("is N log2 n", () => {
    const counts = { cognitive: 0, operators: 5, operands: 3, distinctOperators: 3, distinctOperands: 1 }
    assert.strictEqual(halsteadVolume(counts), 16)
    assert.strictEqual(
      halsteadVolume({ cognitive: 0, operators: 0, operands: 0, distinctOperators: 0, distinctOperands: 0 }),
      0,
    )
  })
})
