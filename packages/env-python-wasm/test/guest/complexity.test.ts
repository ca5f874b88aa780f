/** The measures of `inspect`, worked out by hand by the rules at the top of guest/{cognitive,halstead}.py. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Guest, inspect } from "./guest.ts"

layer(Guest.layer(1))("complexity", (test) => {
  test.effect("cognitive: what breaks the flow, by how deep it lies", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [body: string, complexity: number]> = [
        ["pass", 0],
        ["if a: pass", 1],
        ["if a: pass\nelse: pass", 2],
        ["if a: pass\nelif b: pass\nelse: pass", 3],
        // An `else` with only an `if` in it is an `elif`.
        ["if a: pass\nelse:\n  if b: pass\n  else: pass", 3],
        ["if a: pass\nelse:\n  g()\n  if b: pass", 4],
        ["if a:\n  if b: pass", 3],
        ["if a: pass\nelif b:\n  if c: pass", 4],
        ["for x in a:\n  while x:\n    if b: pass", 6],
        ["for x in a: pass\nelse: pass", 2],
        ["while a:\n  if b: continue\n  break", 3],
        ["try: pass\nexcept A: pass\nexcept B: pass\nelse: pass\nfinally: pass", 3],
        ["try:\n  if a: pass\nfinally:\n  if b: pass", 2],
        ["try: pass\nexcept* A:\n  if a: pass", 3],
        ["with a:\n  if b: pass", 1],
        ["match a:\n  case 1: pass\n  case 2:\n    if b: pass\n  case _: pass", 3],
        ["match a:\n  case x if x and b: pass", 2],
        ["x = 1 if a else 2", 1],
        ["x = 1 if a else (2 if b else 3)", 3],
        ["if a:\n  x = 1 if b else 2", 3],
        ["if (1 if a else 2): pass", 2],
        ["x = [y if y else 1 for y in a if y]", 1],
        ["async for x in a: pass", 1],
        ["assert a\ndel b\nraise c", 0],
      ]
      for (const [body, complexity] of cases) {
        const program = `async def f(a, b, c):\n${body.replaceAll(/^/gm, "  ")}`
        assert.strictEqual((yield* inspect(program)).complexity.cognitive, complexity, program)
        assert.strictEqual(
          (yield* inspect(program.replace("async def", "def").replace("async ", ""))).complexity.cognitive,
          complexity,
        )
      }
    }),
  )

  test.effect("cognitive: runs of like boolean operators in the order of the source", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [expression: string, complexity: number]> = [
        ["a", 0],
        ["not a", 0],
        ["a and b and c", 1],
        ["a and b or c", 2],
        ["a and b and c or d or e and g", 3],
        ["a or b and c or d", 3],
        ["a and (b and c)", 1],
        ["a and not (b and c)", 2],
        ["a and not (b or c) and d", 2],
        ["g(a and b) or c", 2],
        ["(a and b) + (a and b)", 2],
        ["a < b < c", 0],
      ]
      for (const [expression, complexity] of cases) {
        assert.strictEqual((yield* inspect(`x = ${expression}`)).complexity.cognitive, complexity, expression)
      }
    }),
  )

  test.effect("cognitive: functions in functions, decorators and recursion", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [program: string, complexity: number]> = [
        ["if a: pass\ndef f():\n  if a: pass", 2],
        ["class A:\n  def f(self):\n    if a: pass", 1],
        ["def f():\n  x = 1\n  def g():\n    if a: pass\n  return g", 2],
        ["def f():\n  x = 1\n  class A:\n    def g(self):\n      if a: pass\n  return A", 2],
        ["def f():\n  return lambda x: 1 if x else 2", 2],
        ["f = lambda x: 1 if x else 2", 1],
        // A decorator: one function and a return.
        ["def f(g):\n  def h():\n    if a: pass\n  return h", 1],
        ["def f(x):\n  def g(h):\n    def i():\n      if a: pass\n    return i\n  return g", 1],
        ["def f(g):\n  '''Docstrings do not count.'''\n  def h():\n    if a: pass\n  return h", 1],
        ["def f(n): return n if n < 2 else f(n - 1) + f(n - 2)", 2],
        ["def f(n): return g(n)\ndef g(n): return f(n)\ndef h(n): return f(n)", 2],
        ["class A:\n  def f(self): return self.g()\n  def g(self): return self.f()\n  def h(self): f()", 2],
        ["class A:\n  def f(self, f): return f() + self.g()\n  def g(self): return 1", 0],
        ["class A:\n  @classmethod\n  def f(cls, n): return A.f(n - 1)", 1],
        ["def f(f): return f()", 0],
        ["def f(n):\n  x = 1\n  def g(n): return g(n - 1)\n  return g(n)", 1],
        ["def f(n): return [f(x) for x in n]", 1],
        ["def f(n): return (lambda: f(n))()", 1],
        ["def f(n): return f", 0],
      ]
      for (const [program, complexity] of cases) {
        assert.strictEqual((yield* inspect(program)).complexity.cognitive, complexity, program)
      }
    }),
  )

  test.effect("Halstead: operators by kind, operands by name or value", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<
        readonly [program: string, counts: readonly [N1: number, N2: number, n1: number, n2: number]]
      > = [
        ["", [0, 0, 0, 0]],
        ["x", [0, 1, 0, 1]],
        // = +, x x 1
        ["x = x + 1", [2, 3, 2, 2]],
        ["x += 1", [2, 2, 2, 2]],
        // = = , x y 0
        ["x = y = 0", [2, 3, 1, 3]],
        // and and or not, a b c d
        ["a and b and c or not d", [4, 4, 3, 4]],
        // < < , a b a
        ["a < b < a", [2, 3, 1, 2]],
        // Values of different types differ: 1, 1.0, True, '1'
        ["1, 1.0, True, '1', 1", [1, 5, 1, 4]],
        // = . + () [] , a b f c 0 and the name b once more
        ["a.b += f(b)[0]", [5, 5, 5, 4]],
        // call, = of k; f a k 1
        ["f(a, k=1)", [2, 4, 2, 4]],
        // def return +, f a b (a b: parameters, then read)
        ["def f(a, b): return a + b", [3, 5, 3, 3]],
        // list comprehension, for, if, >; x x a x 1
        ["[x for x in a if x > 1]", [4, 5, 4, 3]],
        // import; the name it binds
        ["import math", [1, 1, 1, 1]],
        ["import math as m", [1, 1, 1, 1]],
        // from-import; module and name
        ["from math import gcd", [1, 2, 1, 2]],
        // match, case, case; a 1 _
        ["match a:\n  case 1: b\n  case _: b", [3, 5, 2, 4]],
        // if; a. The docstring and an expression alone are nothing.
        ["'''Doc.'''\nif a: b", [1, 2, 1, 2]],
      ]
      for (const [program, [operators, operands, distinctOperators, distinctOperands]] of cases) {
        const { cognitive: _, ...counts } = (yield* inspect(program)).complexity
        assert.deepEqual(counts, { operators, operands, distinctOperators, distinctOperands }, program)
      }
    }),
  )

  test.effect("measure the canonical program, whatever its names and layout", () =>
    Effect.gen(function* () {
      const plain = yield* inspect("def f(a):\n  b = a + 1\n  return b and a")
      const renamed = yield* inspect("def f(xs):  # add\n  '''Doc.'''\n  (n) = (xs)+1\n  return n and xs")
      assert.deepEqual(renamed.complexity, plain.complexity)
      assert.strictEqual(renamed.tree, plain.tree)
    }),
  )
})

layer(Guest.layer(1))("tree", (test) => {
  const tree = (program: string) => Effect.map(inspect(program), (facts) => facts.tree as string)

  test.effect("is the canonical tree in bracket notation", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [program: string, tree: string]> = [
        ["", "{Module}"],
        ["def f(a): return a", "{Module{FunctionDef f{arguments{arg v0}}{Return{Name v0}}}}"],
        [
          "print(-1.5, k='x')",
          "{Module{Expr{Call{Name print}{UnaryOp -{Constant 1.5}}{keyword k{Constant 'x'}}}}}",
        ],
        ["len < int is not str", "{Module{Expr{Compare < is-not{Name len}{Name int}{Name str}}}}"],
        ["len and int and str", "{Module{Expr{BoolOp and{Name len}{Name int}{Name str}}}}"],
        ["x = None", "{Module{Assign{Name v0}{Constant None}}}"],
        ["len('{a}\\\\')", "{Module{Expr{Call{Name len}{Constant '\\{a\\}\\\\\\\\'}}}}"],
        ["from math import pi", "{Module{ImportFrom math{alias pi v0}}}"],
        ["len[:1]", "{Module{Expr{Subscript{Name len}{Slice{upper{Constant 1}}}}}}"],
        ["if 1: 2\nelse: 3", "{Module{If{Constant 1}{Expr{Constant 2}}{orelse{Expr{Constant 3}}}}}"],
        ["{1: 2, **{}}", "{Module{Expr{Dict{Constant 1}{None}{Constant 2}{Dict}}}}"],
      ]
      for (const [program, expected] of cases) assert.strictEqual(yield* tree(program), expected, program)
    }),
  )

  test.effect("differs where trees differ", () =>
    Effect.gen(function* () {
      const programs = [
        "f(a)", "f(*a)", "f(**a)", "f(a=a)", "f(a)(a)", "f[a]", "f.a", "a[1:]", "a[:1]", "a[::1]", "a[1]",
        "a[1,]", "a[1:2]", "a[1::2]", "a[:1:2]", "def f(a, b): 1", "def f(a, *b): 1", "def f(a, **b): 1",
        "def f(a, *, b): 1", "def f(a, /, b): 1", "def f(a=1): 1", "def f(*, a=1): 1", "def f(a: 1): 1",
        "def f(a) -> 1: 1", "@f\ndef f(a): 1", "async def f(a): 1", "if a: b", "if a: b\nelse: b",
        "if a:\n b\n b", "while a: b", "while a: b\nelse: b", "try: a\nfinally: b", "try: a\nexcept: b",
        "try: a\nexcept: a\nelse: b", "try: a\nexcept: a\nfinally: b", "for a in b: b",
        "for a in b: b\nelse: b", "[a for a in b]", "[a async for a in b]", "{a for a in b}",
        "(a for a in b)", "x: int", "(x): int", "x: int = 1", "import a", "import a.b", "from a import b",
        "from . import b", "from .a import b", "f'{a}'", "f'{a!r}'", "f'{a:1}'", "'a'", "b'a'", "u'a'", "1",
        "1.0", "1j", "True", "'1'", "...", "a", "-a", "not a", "global a", "raise a", "raise a from b",
        "assert a", "assert a, b", "del a", "return_ = a", "a = b = 1", "a, b = 1", "match a:\n case 1: b",
        "match a:\n case b: b", "match a:\n case b if b: b", "match a:\n case A(b): b",
        "match a:\n case A(b=b): b", "match a:\n case [b]: b", "match a:\n case [*b]: b",
        "match a:\n case {1: b}: b", "match a:\n case {**b}: b", "match a:\n case None: b", "lambda: a",
        "lambda a: a", "a if b else c", "c if b else a", "a < b", "b < a", "a is b", "a is not b", "a + b",
        "b + a", "with a: b", "with a as b: b", "with a, b: b", "class A: a", "class A(a): a",
        "class A(x=a): a", "yield_ = {1: 2}", "{1, 2}", "{**a}",
      ] // prettier-ignore
      const seen = new Map<string, string>()
      for (const program of programs) {
        const text = yield* tree(`locals()\n${program}`)
        assert.isUndefined(seen.get(text), `${program} and ${seen.get(text)}`)
        seen.set(text, program)
      }
    }),
  )

  test.effect("is read however deep or long the program", () =>
    Effect.gen(function* () {
      const sum = yield* inspect(`x = ${Array.from({ length: 1000 }, () => "1").join("+")}`)
      assert.isNull(sum.syntax)
      assert.strictEqual(sum.complexity.operators, 1000)
      const chain = yield* inspect(`if a: b\n${"elif a: b\n".repeat(200)}`)
      assert.strictEqual(chain.complexity.cognitive, 201)
      const hexadecimal = yield* inspect(`x = 0x${"f".repeat(5000)}`)
      assert.strictEqual(hexadecimal.complexity.operands, 2)
      assert.match(hexadecimal.tree, /\{Constant \d{6021}\}/)
    }),
  )
})
