import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { askRaw, evaluate, Guest, outcome, run } from "./guest.ts"

layer(Guest.layer(1))("operation run", (test) => {
  test.effect("returns every kind of value in its canonical form, and takes each as an argument", () =>
    Effect.gen(function* () {
      const forms: ReadonlyArray<readonly [expression: string, form: unknown]> = [
        ["None", null],
        ["True", true],
        ["2**53 - 1", 2 ** 53 - 1],
        ["2**53", { int: "9007199254740992" }],
        ["-10**30", { int: "-1000000000000000000000000000000" }],
        ["1.5", { float: "1.5" }],
        ["-0.0", { float: "-0.0" }],
        ["float('nan')", { float: "nan" }],
        ["-float('inf')", { float: "-inf" }],
        ["1e22", { float: "1e+22" }],
        ["'é\"\\n\\x00\\U0001f600'", 'é"\n\u0000😀'],
        ["[1, [2]]", [1, [2]]],
        ["(1, ())", { tuple: [1, { tuple: [] }] }],
        [
          "{'b': 1, (2,): []}",
          {
            dict: [
              ["b", 1],
              [{ tuple: [2] }, []],
            ],
          },
        ],
        ["{7}", { set: [7] }],
        ["frozenset({'x'})", { frozenset: ["x"] }],
        ["b'\\x00\\xff'", { bytes: "00ff" }],
        ["complex(1, -0.0)", { complex: ["1.0", "-0.0"] }],
      ]
      for (const [expression, form] of forms) {
        assert.deepEqual(yield* evaluate(expression), form, expression)
        assert.deepEqual(yield* evaluate("given[0]", { args: [form] }), form, expression)
      }
    }),
  )

  test.effect("turns exactly three classes of collections into the dict of their items", () =>
    Effect.gen(function* () {
      const value = (body: string) => outcome(`from collections import *\n${body}`)
      const items = {
        dict: [
          ["b", 2],
          ["a", 1],
        ],
      }
      assert.deepEqual(yield* value("def f(): return Counter('bba')"), items)
      assert.deepEqual(yield* value("def f(): return OrderedDict(b=2, a=1)"), items)
      assert.deepEqual(yield* value("def f(): return defaultdict(int, b=2, a=1)"), items)
      const moved = "def f():\n  d = OrderedDict(a=1, b=2)\n  d.move_to_end('a')\n  return d"
      assert.deepEqual(yield* value(moved), items)
      assert.strictEqual(yield* value("def f(): return deque([1])"), "unrepresentable")
      assert.strictEqual(yield* value("class C(Counter): pass\ndef f(): return C('a')"), "unrepresentable")
      assert.strictEqual(yield* value("def f(): return namedtuple('P', 'x')(1)"), "unrepresentable")
    }),
  )

  test.effect("refuses what has no canonical form", () =>
    Effect.gen(function* () {
      const expressions = [
        "object()", "len", "int", "(x for x in [1])", "range(3)", "{}.items()", "'\\ud800'", "[1, {2: '\\udfff'}]",
        "type('S', (str,), {})('a')", "type('I', (int,), {})(1)", "type('L', (list,), {})([1])", "memoryview(b'a')",
        "bytearray(1)", "NotImplemented", "...", "type('E', (), {'__class__': property(lambda s: dict)})()",
      ] // prettier-ignore
      for (const expression of expressions) {
        assert.strictEqual(yield* evaluate(expression), "unrepresentable", expression)
      }
      const nested = (depth: number) =>
        outcome(`def f():\n  x = 1\n  for _ in range(${depth}): x = [x]\n  return x`)
      assert.isArray(yield* nested(64))
      assert.strictEqual(yield* nested(65), "unrepresentable")
      assert.strictEqual(yield* outcome("def f():\n  x = []\n  x.append(x)\n  return x"), "unrepresentable")
    }),
  )

  test.effect("refuses a result that is too long, and never cuts one", () =>
    Effect.gen(function* () {
      assert.lengthOf(yield* evaluate("list(range(300))"), 300)
      const text = (length: number, outputBytes: number) => evaluate(`'x' * ${length}`, { outputBytes })
      assert.strictEqual(yield* text(98, 100), "x".repeat(98))
      assert.strictEqual(yield* text(99, 100), "output")
      assert.strictEqual(yield* evaluate("'é' * 49", { outputBytes: 100 }), "é".repeat(49))
      assert.strictEqual(yield* evaluate("'é' * 50", { outputBytes: 100 }), "output")
      assert.strictEqual(yield* evaluate("b'x' * 60", { outputBytes: 100 }), "output")
      assert.strictEqual(yield* evaluate("[0] * 10**6"), "output")
      assert.strictEqual(yield* evaluate("2 ** 10**6"), "output")
      assert.strictEqual((yield* evaluate("10 ** 20000")).int.length, 20_001)
      const doubling = "def f():\n  x = ()\n  for _ in range(60): x = (x, x)\n  return x"
      assert.strictEqual(yield* outcome(doubling), "output")
    }),
  )

  test.effect("tells how a program failed, and nothing about the machine", () =>
    Effect.gen(function* () {
      const { fail } = yield* run("def g(x):\n  return x[1]\n\ndef f(x):\n  return g(x)", { args: [[]] })
      assert.deepEqual(fail, {
        kind: "exception",
        name: "IndexError",
        message: "list index out of range",
      })
      const syntax = yield* run("def f(a):\n  return (")
      assert.deepEqual(syntax.fail, {
        kind: "syntax",
        name: "SyntaxError",
        message: "'(' was never closed",
      })
      assert.strictEqual(yield* outcome("def f(): return '\0'"), "syntax SyntaxError")
      assert.strictEqual(yield* outcome("def f():\nreturn 1"), "syntax IndentationError")
      assert.strictEqual(yield* outcome("def g(): return 1"), "missingEntry")
      assert.strictEqual(yield* outcome("f = 1"), "missingEntry")
      assert.strictEqual(yield* outcome("def f(a): return a"), "exception TypeError")
      const quoting = yield* run("def f(): raise ValueError(object(), '/usr/lib/python3/x.py')")
      assert.strictEqual(quoting.fail.message, "(<object object at 0x…>, '<path>')")
      assert.lengthOf((yield* run("def f(): raise ValueError('x' * 1000)")).fail.message, 200)
    }),
  )

  test.effect("takes any exception as data", () =>
    Effect.gen(function* () {
      const raised = (expression: string) =>
        outcome(`class Own(BaseException): pass\ndef f(): raise ${expression}`)
      assert.strictEqual(yield* raised("SystemExit(0)"), "exception SystemExit")
      assert.strictEqual(yield* raised("KeyboardInterrupt"), "exception KeyboardInterrupt")
      assert.strictEqual(yield* raised("GeneratorExit"), "exception GeneratorExit")
      assert.strictEqual(yield* raised("Own"), "exception Own")
      assert.strictEqual(yield* raised("MemoryError"), "memory MemoryError")
      assert.strictEqual(yield* outcome("raise SystemExit"), "exception SystemExit")
      assert.strictEqual(yield* outcome("import sys\ndef f(): sys.exit(3)"), "exception SystemExit")
      const hostile = "class E(Exception):\n  def __str__(s): raise E\n  __name__ = 5\ndef f(): raise E"
      assert.strictEqual(yield* outcome(hostile), "exception E")
    }),
  )

  test.effect("collects what is printed, apart from the answer", () =>
    Effect.gen(function* () {
      const answer = yield* run("def f():\n  print('{\"ok\": 2}')\n  return 1")
      assert.deepEqual(answer, { ok: 1, stdout: '{"ok": 2}\n' })
      assert.lengthOf((yield* run("def f(): print('x' * 10000)")).stdout, 4096)
      assert.strictEqual((yield* run("def f(): print('\\ud800')")).stdout, "?\n")
      assert.deepEqual(yield* run("import sys\ndef f(): sys.stdout.close()"), { ok: null, stdout: "" })
      assert.deepEqual(yield* run("import sys\ndef f(): print('e', file=sys.stderr)"), {
        ok: null,
        stdout: "",
      })
      assert.strictEqual(yield* evaluate("input()"), "exception EOFError")
    }),
  )

  test.effect("runs ordinary Python: dataclasses, typing, generators, big text and integers", () =>
    Effect.gen(function* () {
      const record =
        "from dataclasses import dataclass\n@dataclass\nclass P:\n  x: int\ndef f(): return repr(P(3))"
      assert.strictEqual(yield* outcome(record), "P(x=3)")
      const named =
        "from typing import NamedTuple\nclass P(NamedTuple):\n  x: int\ndef f(): return tuple(P(3))"
      assert.deepEqual(yield* outcome(named), { tuple: [3] })
      assert.strictEqual(yield* evaluate("'\\N{BULLET}' + 'ß'.upper()"), "•SS")
      assert.strictEqual(yield* evaluate("len(str(3 ** 8000))"), 3817)
      const guarded = "def f(): return 1\nif __name__ == '__main__':\n  raise ValueError"
      assert.strictEqual(yield* outcome(guarded), 1)
      assert.strictEqual(
        yield* outcome("from decimal import Decimal\ndef f(): return str(Decimal(1) / 3)"),
        `0.${"3".repeat(28)}`,
      )
    }),
  )

  test.effect("says so when the host asks for something else", () =>
    Effect.gen(function* () {
      const kind = (request: object) => Effect.map(askRaw(request), ({ fail }) => fail.kind)
      assert.strictEqual(yield* kind({ op: "reboot" }), "request")
      assert.strictEqual(yield* kind({ op: "seal" }), "request")
      assert.strictEqual(yield* kind({ op: "run" }), "request")
      const request = { op: "run", program: "def f(a): return a", entry: "f", entropy: 0, outputBytes: 10 }
      assert.strictEqual(yield* kind({ ...request, args: [{ unknown: 1 }] }), "request")
      assert.strictEqual(yield* kind({ ...request, args: [1.5] }), "request")
    }),
  )
})
