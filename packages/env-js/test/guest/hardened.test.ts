/**
 * The parts of the guest that run after a program must not use anything that a program can replace. Some of
 * that is hard to see: QuickJS makes a template with substitutions by calling `String.prototype.concat`.
 */
import { readFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { type AnyNode, parse } from "acorn"
import { assert, describe, it } from "vitest"
import { nodesOf } from "../../guest/parser.ts"

/**
 * What looks a property up behind the scenes, or on an object that inherits from what a program can change.
 */
const reasonAgainst = (node: AnyNode): string | null => {
  switch (node.type) {
    case "TemplateLiteral":
      return node.expressions.length > 0 ? "calls String.prototype.concat" : null
    case "ForOfStatement":
    case "SpreadElement":
    case "ArrayPattern":
    case "YieldExpression":
      return "calls Symbol.iterator"
    case "CallExpression":
      return node.callee.type === "MemberExpression" ? "looks a method up" : null
    case "BinaryExpression":
      return node.operator === "instanceof" ? "calls Symbol.hasInstance" : null
    case "AwaitExpression":
      return "calls then"
    default:
      return null
  }
}

const findings = (source: string): ReadonlyArray<string> => {
  const tree = parse(source, { ecmaVersion: 2023, sourceType: "module", locations: true })
  return nodesOf(tree).flatMap((node) => {
    const reason = reasonAgainst(node)
    return reason === null ? [] : [`line ${node.loc?.start.line}: ${reason}`]
  })
}

describe("what runs after a program", () => {
  it.each(["encode.ts", "outcome.ts"])("%s uses nothing that the program can replace", (file) => {
    const source = readFileSync(new URL(`../../guest/${file}`, import.meta.url), "utf8")
    assert.deepEqual(findings(stripTypeScriptTypes(source)), [])
  })

  it("is searched by a search that finds things", () => {
    assert.lengthOf(
      findings("`a${1}`; for (const a of b) {}; f(...a); const [x] = y; a.b(); a instanceof B"),
      6,
    )
  })
})
