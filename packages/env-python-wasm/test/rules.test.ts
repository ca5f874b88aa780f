/** The rules on programs, with the facts that the executor finds in them. */
import { Executor } from "@azr/core"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { PythonExecutor } from "../src/index.ts"
import { checkProgram } from "../src/rules.ts"

layer(PythonExecutor.layer)("rules", (test) => {
  const judge = Effect.fnUntraced(function* (program: string) {
    const facts = yield* (yield* Executor.Executor).inspect(program)
    assert.isNull(facts.syntaxError, program)
    return checkProgram(facts)
  })

  const allows = (...programs: ReadonlyArray<string>) =>
    Effect.forEach(
      programs,
      (program) => Effect.map(judge(program), (violation) => assert.isNull(violation, program)),
      {
        concurrency: 16,
      },
    )

  const refuses = (reason: string, mentions: string, ...programs: ReadonlyArray<string>) =>
    Effect.forEach(
      programs,
      (program) =>
        Effect.map(judge(program), (violation) => {
          assert.strictEqual(violation?.reason, reason, program)
          assert.include(violation?.message, mentions, program)
        }),
      { concurrency: 16 },
    )

  /** A body for `f`, which reads its argument. */
  const body = (...lines: ReadonlyArray<string>) =>
    ["def f(a):", ...lines.map((line) => `    ${line}`), "    return a"].join("\n")

  test.effect("allow what honest programs are made of", () =>
    allows(
      "def f(a): return sorted(a)",
      '"""Doc."""\nimport math, collections.abc\nfrom heapq import heappush\nLIMIT: int = 3\nSUM = 0\nSUM += 1\n' +
        "class Node:\n    def __init__(self, value):\n        self.value = value\n" +
        "    def __lt__(self, other):\n        return self.value < other.value\n" +
        "def helper(x):\n    return math.gcd(x, LIMIT)\ndef f(a, b=2, *c):\n    return helper(a)",
      "def f(*numbers): return sum(numbers)",
      "def f(input): return input[::-1]",
      "def f(open, close): return open + close",
      "def f(dir, eval): return [dir(eval), [print for print in dir]]",
      body("open, id = a", "for vars in a: open += vars", "def g(exit): return exit + id", "return g(open)"),
      "import re\ndef f(a): return bool(re.compile('x').match(a))",
      "class Door:\n    def open(self):\n        return 1\ndef f(a):\n    return Door().open()",
      "class A:\n    def __init__(self): self.x = 1\n" +
        "class B(A):\n    def __init__(self): super().__init__()\ndef f(a): return B().x",
      "def f(n):\n    if n > 0:\n        return 1\n    else:\n        raise ValueError(n)",
      "def f(eval_count, printed): return eval_count",
      body('text = \'__import__("os").system("id") # open eval exec\''),
      body("return [x for x in a if isinstance(x, int) or hasattr(x, 'y')]"),
      body("return type(a).__name__"),
    ),
  )

  test.effect("want one f that takes something and returns something", () =>
    Effect.gen(function* () {
      yield* refuses(
        "entry",
        "found 0",
        "def g(a): return a",
        "class f:\n    pass",
        "f = 1",
        "class A:\n    def f(a): return a",
      )
      yield* refuses("entry", "found 2", "def f(a): return 1\ndef f(a): return 2")
      yield* refuses("parameters", "no parameter", "def f(): return 1")
      yield* refuses(
        "returns",
        "without returning",
        "def f(a): pass",
        "def f(a):\n    if a:\n        return 1",
        "def f(a):\n    return",
        "def f(a):\n    if a: return\n    return 1",
      )
      yield* refuses(
        "returns",
        "without returning",
        "def f(a):\n    def g(): return 1\n    g()",
        "def f(a): yield a",
      )
    }),
  )

  test.effect("want definitions only at the top level", () =>
    Effect.gen(function* () {
      const rest = "\ndef f(a): return a"
      for (const [kind, statement] of Object.entries({
        For: "for i in range(3): pass",
        If: "if True: pass",
        While: "while False: pass",
        Try: "try: pass\nfinally: pass",
        With: "with x: pass",
        Delete: "del x",
        AsyncFunctionDef: "async def g(a): return a",
      })) {
        yield* refuses("topLevel", kind, statement + rest)
      }
      yield* refuses("topLevel", "Expr", `x = 1\nsorted([])${rest}`)
    }),
  )

  test.effect("want imports from the list, at any depth of the program", () =>
    Effect.gen(function* () {
      for (const module of [
        "os",
        "sys",
        "os.path",
        "socket",
        "subprocess",
        "random",
        "time",
        "builtins",
        "io",
        "importlib",
        "ctypes",
      ]) {
        const rest = "\ndef f(a): return a"
        yield* refuses(
          "import",
          module,
          `import ${module}${rest}`,
          `from ${module} import *${rest}`,
          `import math, ${module} as m${rest}`,
        )
        yield* refuses(
          "import",
          module,
          body(`import ${module}`),
          body("def g():", `    from ${module} import x`),
        )
      }
      yield* refuses(
        "import",
        ".",
        "from . import x\ndef f(a): return a",
        "from .math import x\ndef f(a): return a",
      )
      yield* refuses("import", "mathematics", "import mathematics\ndef f(a): return a")
    }),
  )

  test.effect("refuse code from text and ways outside, also under another name", () =>
    Effect.gen(function* () {
      for (const name of [
        "eval",
        "exec",
        "compile",
        "open",
        "input",
        "print",
        "globals",
        "locals",
        "vars",
        "dir",
        "breakpoint",
        "exit",
        "quit",
        "getattr",
        "setattr",
        "delattr",
      ]) {
        yield* refuses(
          "name",
          name,
          body(`${name}(a)`),
          body(`g = ${name}`, "g(a)"),
          body(`return list(map(${name}, a))`),
        )
        yield* refuses(
          "name",
          name,
          `def f(a, g=${name}): return g(a)`,
          `class A:\n    run = ${name}\ndef f(a): return A.run(a)`,
        )
      }
      // A name of the program's own is another one only where it is bound.
      yield* refuses(
        "name",
        "open",
        "def g(open): return 1\ndef f(a): return open(a)",
        "def f(a, g=lambda: open): return [g() for open in a]",
        "class A:\n    x = open\n    open = 1\ndef f(a): return A.x(a)",
        "class A:\n    open = 1\n    def g(self): return open('x')\ndef f(a): return A().g()",
        body("global open", "open = a", "return open"),
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: open('x')\ndef f(a): return A",
      )
      for (const name of [
        "__import__",
        "__builtins__",
        "__loader__",
        "__spec__",
        "__name__",
        "__file__",
        "__build_class__",
      ]) {
        yield* refuses("name", name, body(`return ${name}`))
      }
    }),
  )

  test.effect("refuse the attributes that lead out of a value", () =>
    Effect.gen(function* () {
      const paths = [
        "().__class__.__bases__[0].__subclasses__()",
        "f.__globals__['__builtins__']",
        "f.__code__.co_consts",
        "a.__class__",
        "type(a).mro()",
        "(x for x in a).gi_frame.f_back",
        "a.__reduce_ex__(2)",
        "[].__getattribute__('x')",
        "a.__dict__",
        "f.__closure__",
        "a.__init_subclass__",
      ]
      for (const path of paths) yield* refuses("attribute", "may not be used", body(`return ${path}`))
      yield* refuses(
        "attribute",
        "may not be used",
        `from statistics import sys as s\n${body("return s.modules")}`,
        `from math import __loader__ as load\n${body("return load")}`,
        body("match a:", "    case type(__subclasses__=s): return s"),
        body("match a:", "    case object(__class__=type(mro=m)): return m"),
      )
      const inModule = (module: string, path: string) =>
        `import ${module}\n${body(`return ${module}.${path}`)}`
      yield* refuses(
        "attribute",
        "may not be used",
        inModule("statistics", "sys.modules"),
        inModule("enum", "bltns.open"),
        inModule("dataclasses", "inspect.os"),
        inModule("json", "codecs.open('x')"),
        inModule("operator", "attrgetter('__class__')"),
        inModule("typing", "get_type_hints(f)"),
        inModule("string", "Formatter().get_field('0', [f], {})"),
      )
      yield* refuses(
        "name",
        "attrgetter",
        `from operator import attrgetter\n${body("return attrgetter('x')(a)")}`,
      )
      yield* refuses(
        "name",
        "get_type_hints",
        `from typing import get_type_hints\n${body("get_type_hints(f)")}`,
      )
    }),
  )
})
