/** Composite proposals: which programs become helpers, and what the program above them has to do. */
import { asHelper } from "@azr/core/language"
import { attackerOf } from "@azr/core/testing"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import javascript, { JavaScriptExecutor } from "../src/index.ts"

const { composed } = attackerOf(javascript, javascript.language)
const helper = (program: string) => asHelper(javascript.language, program, "g_0")

describe("a helper", () => {
  it.each([
    ["function f(a) {\n  return a;\n}\n", "function g_0(a) {\n  return a;\n}"],
    ["function f(a) { return a; }", "function g_0(a) { return a; }"],
    ["// first\nconst f = (a) => {\n  return a;\n};", "// first\nconst g_0 = (a) => {\n  return a;\n};"],
    ["const f = (a) => a.ff + $f(a)", "const g_0 = (a) => a.ff + $f(a)"],
  ])("%j is renamed where it is defined", (program, renamed) => {
    assert.strictEqual(helper(program), renamed)
  })

  it.each([
    ["calls itself", "function f(a) {\n  return a ? f(a - 1) : 0;\n}"],
    ["is quoted in a text", "function f(a) {\n  return `f of ${a}`;\n}"],
    ["calls itself by an escape", "function f(a) {\n  return a ? \\u0066(a - 1) : 0;\n}"],
    ["shares its name with a property", "function f(a) {\n  return a.f;\n}"],
    ["stands below a constant", "const n = 3;\nfunction f(a) {\n  return n;\n}"],
    ["stands above another function", "function f(a) {\n  return h(a);\n}\nfunction h(a) {\n  return a;\n}"],
    [
      "is on top of helpers itself",
      "function g_0(a) {\n  return a;\n}\n\nfunction f(a) {\n  return g_0(a);\n}",
    ],
  ])("is no program that %s", (_, program) => {
    assert.isNull(helper(program))
  })
})

layer(JavaScriptExecutor.layer)("a composite program", (test) => {
  const helpers = ["function g_0(a) {\n  return a + 1;\n}", "const g_1 = (a) => a * 2;"]
  const judged = (program: string) => composed(helpers, program, "8")

  test.effect("is its helpers and itself", () =>
    Effect.gen(function* () {
      const program = "// g_0 and g_1\nfunction f(a) {\n  return [a, g_0(a)].map(g_0).map((x) => g_1(x));\n}"
      assert.strictEqual(yield* judged(program), [...helpers, program].join("\n\n"))
    }),
  )

  test.effect("calls each of them and defines none", () =>
    Effect.gen(function* () {
      const calls = "  return g_0(g_1(a));\n}"
      const defines = "composite: it defines g_0 itself"
      for (const [program, expected] of [
        ["function f(a) {\n  return g_0(a);\n}", "composite: it does not call g_1"],
        ["function f(a) {\n  return 'g_0(1)' + g_1(a); // g_0(a)\n}", "composite: it does not call g_0"],
        [`function g_0(a) {\n  return a;\n}\nfunction f(a) {\n${calls}`, defines],
        [`const g_0 = Math.abs;\nfunction f(a) {\n${calls}`, defines],
        [`function f(a, g_0) {\n${calls}`, defines],
        [`function f(a) {\n  g_0 = Math.abs;\n${calls}`, defines],
        [`function f(a) {\n  const { g_0 } = a;\n${calls}`, defines],
        [`function f(a {\n${calls}`, "syntax"],
        [`function h(a) {\n${calls}`, "entry"],
      ] as const) {
        assert.isTrue((yield* judged(program)).startsWith(expected), `${program}: ${yield* judged(program)}`)
      }
    }),
  )
})
