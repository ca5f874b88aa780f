import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Guest, inspect, literal } from "./guest.ts"

layer(Guest.layer(1))("operation inspect", (test) => {
  test.effect("reads facts off the tree", () =>
    Effect.gen(function* () {
      const facts = yield* inspect(
        "import math as m, os.path\nfrom collections import Counter\nclass A: pass\n" +
          "def g(a, /, b=1, *c, d, e=2, **k):\n  import re\n  from . import x\n  print(a.real.imag, m.sqrt(b))\n" +
          "async def f(x):\n  return [g(y)().strip() for y in x if y > 1]\n",
      )
      assert.isNull(facts.syntax)
      assert.deepEqual(facts.functions, [
        { name: "g", params: ["a", "b", "d", "e"], varargs: true, returns: false },
        { name: "f", params: ["x"], varargs: false, returns: true },
      ])
      assert.deepEqual(facts.topLevel, [
        "Import",
        "ImportFrom",
        "ClassDef",
        "FunctionDef",
        "AsyncFunctionDef",
      ])
      assert.deepEqual(facts.imports, [".", "collections", "math", "os.path", "re"])
      assert.deepEqual(facts.calls, ["<Call>", "<Call>.strip", "g", "m.sqrt", "print"])
      assert.deepEqual(facts.names, ["g", "m", "print"])
      assert.deepEqual(facts.attributes, ["Counter", "imag", "real", "sqrt", "strip", "x"])
      assert.deepEqual(facts.operations, [
        ".strip()", "ClassDef", "Gt", "ListComp", "computed()", "local()", "math.sqrt()", "print()",
      ]) // prettier-ignore
    }),
  )

  test.effect("lists what a program reads from outside its functions, and each attribute it names", () =>
    Effect.gen(function* () {
      const names = (program: string) => Effect.map(inspect(program), (facts) => facts.names as unknown)
      const cases: ReadonlyArray<readonly [program: string, names: ReadonlyArray<string>]> = [
        ["def f(open, *dir, **vars): return open, dir, vars", []],
        ["def f(a): return eval(a) + [eval for eval in a]", ["eval"]],
        ["def f(a):\n  return [x for x in a if (y := x)], y", []],
        ["def f(a):\n  def g():\n    return a, b\n  return g", ["b"]],
        ["def f(a):\n  def g():\n    nonlocal a\n    a = id\n  return g", ["id"]],
        ["def f(a):\n  global g\n  g = 1\n  return g", ["g"]],
        ["def f(a, b=print, *, c: len = None) -> id: return a", ["id", "len", "print"]],
        ["def f(a): return lambda x: x + y", ["y"]],
        [
          "def f(a):\n  x = 1\n  class A:\n    z: vars = x\n    y = y\n    def g(self): return z",
          ["vars", "y", "z"],
        ],
        ["class A:\n  def g(self): return __class__, super().g()", ["super"]],
        ["def f[T](x: T) -> list[T]: return x", ["list"]],
        ["try: pass\nexcept open as e: print(e)", ["e", "open", "print"]],
        ["def f(a):\n  match a:\n    case str(): return str\n    case x: return x", ["str"]],
        ["def f(a):\n  del a\n  import m as n\n  for i in n: return i", []],
      ]
      for (const [program, expected] of cases) assert.deepEqual(yield* names(program), expected, program)

      const facts = yield* inspect(
        "from a.b import c as d, e\nfrom g import *\ndef f(a):\n  a.x.y += 1\n  del a.z\n" +
          "  match a:\n    case A(u=1, v=B(w=_)): pass\n    case m.n: pass\nfor i in range(2): i + i + i",
      )
      assert.deepEqual(facts.attributes, ["*", "c", "e", "n", "u", "v", "w", "x", "y", "z"])
      assert.deepEqual(facts.operations, ["Add", "AugAssign", "Delete", "For", "Match", "range()"])
    }),
  )

  test.effect("executes nothing, and reports what does not compile", () =>
    Effect.gen(function* () {
      assert.isNull((yield* inspect("while True: pass")).syntax)
      assert.deepEqual((yield* inspect("def f(:")).syntax, { message: "invalid syntax", line: 1 })
      assert.deepEqual((yield* inspect("x = 1\nreturn 2")).syntax, {
        message: "'return' outside function",
        line: 2,
      })
      assert.include((yield* inspect("def f(): return '\ud800'")).syntax.message, "surrogates")
      assert.isNotNull((yield* inspect("(".repeat(300))).syntax)
      assert.strictEqual((yield* inspect(`x = ${"-".repeat(5000)}1`)).syntax.message.length > 0, true)
    }),
  )

  test.effect("knows whether a function ends by returning", () =>
    Effect.gen(function* () {
      const returns = (body: string) =>
        Effect.map(inspect(`def f(a):\n${body}`), ({ functions }) => functions[0].returns as boolean)
      const yes = [
        "  return a",
        "  if a: return 1\n  else: return 2",
        "  if a: return 1\n  elif a > 2: raise ValueError\n  else: return 2",
        "  with a: return 1",
        "  try: return 1\n  except E: return 2",
        "  try: g()\n  except E: return 2\n  else: return 3",
        "  try: g()\n  finally: return 3",
        "  match a:\n    case 1: return 1\n    case _: return 2",
        "  while True:\n    if a: return 1",
        "  while 1:\n    for x in a:\n      break\n    return 1",
        "  if a: return 1\n  raise ValueError",
        "  return a\n  a",
        "  if a: return 1\n  else: return 2\n  g()",
        "  with a as b, c: return b",
        "  try: return 1\n  finally: g()",
        "  try: return 1\n  except A: return 2\n  except B: raise\n  else: g()",
        "  try: return 1\n  except* A: raise",
        "  match a:\n    case [x]: return x\n    case x: return 2",
        "  match a:\n    case 1 | _: return 2",
        "  match a:\n    case (x as y): return y",
        "  match a:\n    case 1 if a: return 1\n    case _: raise E",
        "  for x in a:\n    if x: return x\n  else: return 1",
        "  while a:\n    g()\n  else:\n    return 1",
        "  while True:\n    for x in a:\n      g()\n    else:\n      continue\n    return 1",
        "  while True:\n    def g():\n      for x in a: break\n    return 1",
        "  while True:\n    while a: break\n    return 1",
        "  x = lambda: 1\n  return x",
      ]
      const no = [
        "  a",
        "  return",
        "  if a: return 1",
        "  for x in a: return x",
        "  while a: return 1",
        "  while True:\n    if a: break\n    return 1",
        "  while True:\n    try: break\n    finally: return 1",
        "  try: return 1\n  except E: pass",
        "  match a:\n    case 1: return 1",
        "  match a:\n    case 1: return 1\n    case _ if a: return 2",
        "  raise ValueError",
        "  def g(): return 1\n  raise ValueError",
        "  with a: pass",
        "  if a: return\n  return 1",
        "  try: return\n  finally: g()",
        "  try: g()\n  except E: return 2",
        "  try: return 1\n  except A: return 2\n  except B: g()",
        "  try: return 1\n  except* A: g()",
        "  match a:\n    case 1 | 2: return 2",
        "  match a:\n    case (1 as y): return y",
        "  for x in a:\n    if x: break\n  else: return 1",
        "  while a:\n    if a: break\n  else: return 1",
        "  while True:\n    try: return 1\n    finally: break",
        "  while True:\n    match a:\n      case 1: break\n    return 1",
        "  while True:\n    with a: break\n    return 1",
        "  while True:\n    for x in a: g()\n    else: break\n    return 1",
        "  while 0: return 1",
        "  class A:\n    def g(self): return 1",
        "  x = lambda: 1",
        "  assert False",
      ]
      for (const body of yes) assert.isTrue(yield* returns(body), body)
      for (const body of no) assert.isFalse(yield* returns(body), body)
    }),
  )

  test.effect("gives programs that differ in names, comments and layout one canonical text", () =>
    Effect.gen(function* () {
      const canonical = (program: string) =>
        Effect.map(inspect(program), (facts) => facts.canonical as string)
      const text = yield* canonical(
        "import math\ndef helper(x):\n  return x + math.pi\n\ndef f(a, b=2):\n  total = [helper(y) for y in a]\n  return total[b]\n",
      )
      assert.strictEqual(
        text,
        "import math as v0\n\ndef v1(v2):\n    return v2 + v0.pi\n\n" +
          "def f(v3, v4=2):\n    v5 = [v1(v6) for v6 in v3]\n    return v5[v4]",
      )
      const same =
        'import math as m\n\ndef g(a):  # add\n    """Adds."""\n    return a+m.pi\n' +
        "def f(xs,n = 2):\n  '''Doc.'''\n  a = [g(a) for a in xs]; return (a[n])"
      assert.strictEqual(yield* canonical(same), text)
      assert.strictEqual(yield* canonical(text), text)

      const different: ReadonlyArray<readonly [string, string]> = [
        ["def f(a, b): return a - b", "def f(a, b): return b - a"],
        ["def f(a): return len(a)", "def f(a): return sum(a)"],
        ["def f(a): return a.x", "def f(a): return a.y"],
        [
          "def f(a):\n  def g():\n    nonlocal a\n    a = 1\n  g()\n  return a",
          "def f(a):\n  def g():\n    a = 1\n  g()\n  return a",
        ],
        ["x = 1\ndef f(a):\n  global x\n  x = a\n  return x", "x = 1\ndef f(a):\n  x = a\n  return x"],
        ["def f(a): return [a for b in a]", "def f(a): return [b for b in a]"],
        ["def f(v0): return v1", "def f(v1): return v1"],
        ["def f(a): return dict(k=a)", "def f(a): return dict(l=a)"],
        ["class A:\n  x = 1\ndef f(a): return A.x", "class A:\n  y = 1\ndef f(a): return A.x"],
      ]
      for (const [left, right] of different)
        assert.notStrictEqual(yield* canonical(left), yield* canonical(right), left)

      // Names that are seen from outside stay.
      for (const program of [
        "def v0(k):\n    return k\n\ndef f(k):\n    return v0(k=k)",
        "class Box:\n    size = 1\n\ndef f():\n    return Box.size",
        "def f(size):\n    return locals()",
        "def f():\n    return f.__name__",
      ]) {
        assert.strictEqual(yield* canonical(program), program)
      }
    }),
  )
})

layer(Guest.layer(1))("operation literal", (test) => {
  test.effect("builds values from literals and constructors", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [text: string, built: unknown]> = [
        ["", []],
        ["1, 'a',", [1, "a"]],
        [
          "-1 * (10 ** 9), ~5, 3/4, 1 + 2j",
          [-1_000_000_000, -6, { float: "0.75" }, { complex: ["1.0", "2.0"] }],
        ],
        ["{'a':\n 1}, [ # comment\n 2]", [{ dict: [["a", 1]] }, [2]]],
        [
          "dict(a=1, b=[2]), set(), set([1])",
          [
            {
              dict: [
                ["a", 1],
                ["b", [2]],
              ],
            },
            { set: [] },
            { set: [1] },
          ],
        ],
        ["float('inf'), float('-nan'), inf, -inf", ["inf", "nan", "inf", "-inf"].map((float) => ({ float }))],
        ["int('ff', 16), str(5), bool([]), tuple('ab')", [255, "5", false, { tuple: ["a", "b"] }]],
        ["bytes([1, 2]), b'\\xff', frozenset({1})", [{ bytes: "0102" }, { bytes: "ff" }, { frozenset: [1] }]],
        [
          "Counter('aab'), collections.OrderedDict(a=1)",
          [
            {
              dict: [
                ["a", 2],
                ["b", 1],
              ],
            },
            { dict: [["a", 1]] },
          ],
        ],
        ["defaultdict(int, {'a': 1}), collections.defaultdict(None)", [{ dict: [["a", 1]] }, { dict: [] }]],
        ["'a' 'b', None, True", ["ab", null, true]],
      ]
      for (const [text, built] of cases) assert.deepEqual(yield* literal(text, "arguments"), built, text)
      assert.deepEqual(yield* literal(" {'a':\n 1}\n", "value"), { dict: [["a", 1]] })
      assert.deepEqual(yield* literal("1, 2", "value"), { tuple: [1, 2] })
    }),
  )

  test.effect("1, 14: refuses everything else, executing nothing", () =>
    Effect.gen(function* () {
      const refused: ReadonlyArray<readonly [text: string, reason: RegExp]> = [
        ["0) if False else (True", /^syntax: not an argument list/],
        ["[9])\n(True", /^syntax: invalid syntax/],
        ["1)\n#", /^syntax: unmatched/],
        ["1) + _(2", /^syntax: not an argument list/],
        ["1 for x in y", /^refused: GeneratorExp/],
        ["a, k=1", /^refused: (keyword|Name)/],
        ["k=1", /^refused: keyword arguments/],
        ["*[1]", /^refused: Starred/],
        ["**{}", /^refused: keyword arguments/],
        ["__import__('os').popen('id').read()", /^refused: call of __import__/],
        ["__import__('random').random()", /^refused/],
        ["eval('1')", /^refused: call of eval/],
        ["type('E', (), {})()", /^refused/],
        ["collections.deque([1])", /^refused/],
        ["range(3)", /^refused: call of range/],
        ["[x for x in [1]]", /^refused: ListComp/],
        ["lambda: 1", /^refused: Lambda/],
        ["f'{1}'", /^refused: JoinedStr/],
        ["(x := 1)", /^refused: NamedExpr/],
        ["''.join(['a'])", /^refused/],
        ["'x' * 10", /^refused: arithmetic/],
        ["-True", /^refused: arithmetic/],
        ["...", /^refused: an ellipsis/],
        ["10 ** 10 ** 7", /^refused: power too large/],
        ["2 ** -1000000", /^refused/],
        ["1 / 0", /^refused: ZeroDivisionError/],
        ["{[]: 1}", /^refused: TypeError/],
        ["dict(**{'a': 1})", /^refused: unpacking/],
        ["bytes(10 ** 9)", /^refused: bytes too long/],
        ["'\ud800'", /^syntax/],
        ["'\\ud800'", /^unrepresentable/],
        [`'${"x".repeat(70_000)}'`, /^output/],
        ["[".repeat(100), /^syntax/],
        ["-".repeat(20_000) + "1", /^syntax/],
      ]
      for (const [text, reason] of refused) {
        assert.match(String(yield* literal(text, "arguments")), reason, text.slice(0, 60))
      }
      assert.match(yield* literal("'a'\n'b'", "value"), /^syntax/)
      assert.match(yield* literal("1) + (2", "value"), /^syntax/)
      assert.match(yield* literal("", "value"), /^syntax/)
    }),
  )
})
