/** Composite proposals: which programs become helpers, and what the program above them has to do. */
import { asHelper } from "@azr/core/language"
import { attackerOf } from "@azr/core/testing"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import python, { PythonExecutor } from "../src/index.ts"

const { composed } = attackerOf(python, python.language)
const helper = (program: string) => asHelper(python.language, program, "g_0")

describe("a helper", () => {
  it.each([
    ["def f(a):\n    return a", "def g_0(a):\n    return a"],
    [
      "import math\n\n# halves\ndef f(a):\n    return a // 2\n",
      "import math\n\n# halves\ndef g_0(a):\n    return a // 2",
    ],
    [
      "from re import sub\ndef f(x): return sub('a', 'f1', x)",
      "from re import sub\ndef g_0(x): return sub('a', 'f1', x)",
    ],
    ["def f(a):\n    return f'{a:.2f}' + rf\"\\d\"", "def g_0(a):\n    return f'{a:.2f}' + rf\"\\d\""],
    [
      "def f(off, of):\n    def ff(a):\n        return a\n    return ff(off)",
      "def g_0(off, of):\n    def ff(a):\n        return a\n    return ff(off)",
    ],
  ])("%j is renamed where it is defined", (program, renamed) => {
    assert.strictEqual(helper(program), renamed)
  })

  it.each([
    ["calls itself", "def f(a):\n    return f(a - 1) if a else 0"],
    ["is quoted in a text", "def f(a):\n    return 'f of ' + a"],
    ["is read in a formatted text", "def f(a):\n    return f'{f}'"],
    ["shares its name with a variable", "def f(a):\n    g = lambda f: f\n    return g(a)"],
    ["stands below another function", "def h(a):\n    return a\ndef f(a):\n    return h(a)"],
    ["stands below a constant", "n = 3\ndef f(a):\n    return n"],
    ["is written in letters that Python takes for f", "def f(a):\n    return \u{ff46}(a)"],
    ["has more than a definition in a line", "import math; n = 3\ndef f(a):\n    return n"],
    ["holds a text at the margin", 'def f(a):\n    return """\nx"""'],
    ["is decorated", "from functools import cache\n@cache\ndef f(a):\n    return a"],
    ["is on top of helpers itself", "def g_0(a):\n    return a\n\ndef f(a):\n    return g_0(a)"],
    ["is defined twice", "def f(a):\n    return a\ndef f(a):\n    return 2"],
    ["has ends of lines that are none here", "x = 1\rdef f(a):\n    return x"],
  ])("is no program that %s", (_, program) => {
    assert.isNull(helper(program))
  })
})

layer(PythonExecutor.layer)("a composite program", (test) => {
  const helpers = ["def g_0(a):\n    return a + 1", "import math\ndef g_1(a):\n    return math.isqrt(a)"]
  const judged = (program: string) => composed(helpers, program, "8")

  test.effect("is its helpers and itself", () =>
    Effect.gen(function* () {
      const program = "# g_0 and g_1\ndef f(a):\n    return [g_1(x) for x in map(g_0, [a, g_0(a)])]"
      assert.strictEqual(yield* judged(program), [...helpers, program].join("\n\n"))
    }),
  )

  test.effect("calls each of them and defines none", () =>
    Effect.gen(function* () {
      const calls = "    return g_0(g_1(a))"
      const defines = "composite: it defines g_0 itself"
      for (const [program, expected] of [
        ["def f(a):\n    return g_0(a)", "composite: it does not call g_1"],
        ["def f(a):\n    return 'g_0(1)' + str(g_1(a))  # g_0(a)", "composite: it does not call g_0"],
        ["def f(a):\n    return [g_1(a), g_0]", "composite: it does not call g_0"],
        [`def g_0(a):\n    return a\ndef f(a):\n${calls}`, defines],
        [`g_0 = abs\ndef f(a):\n${calls}`, defines],
        [`from math import sqrt as g_0\ndef f(a):\n${calls}`, defines],
        [`class g_0:\n    pass\ndef f(a):\n    g_0()\n${calls}`, defines],
        [`def f(a, g_0=abs):\n${calls}`, defines],
        [`def f(a):\n    global g_0\n    g_0 = abs\n${calls}`, defines],
        [`def f(a):\n    (lambda **o: 1)(**{})\n    global g_0\n    g_0 = abs\n${calls}`, defines],
        [`def f(a):\n    for g_0 in [abs]:\n        pass\n${calls}`, defines],
        ["def f(a:\n    return g_0(g_1(a))", "syntax"],
        [`def h(a):\n${calls}`, "entry"],
      ] as const) {
        assert.isTrue((yield* judged(program)).startsWith(expected), `${program}: ${yield* judged(program)}`)
      }
    }),
  )
})
