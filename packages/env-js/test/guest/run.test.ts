import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { askRaw, evaluate, Guest, number, outcome, run } from "./guest.ts"

layer(Guest.layer(1))("operation run", (test) => {
  test.effect("returns every kind of value in its canonical form, and takes each as an argument", () =>
    Effect.gen(function* () {
      const forms: ReadonlyArray<readonly [expression: string, form: unknown]> = [
        ["null", null],
        ["undefined", { undefined: true }],
        ["true", true],
        ["1", number(1)],
        ["2 ** 53", number("9007199254740992")],
        ["1e21", number("1e+21")],
        ["0.1 + 0.2", number("0.30000000000000004")],
        ["5e-324", number("5e-324")],
        ["-0", number("-0")],
        ["0 / 0", number("nan")],
        ["1 / 0", number("inf")],
        ["-1 / 0", number("-inf")],
        ["-(10n ** 30n)", { bigint: "-1000000000000000000000000000000" }],
        ["'é\"\\n\\0\u{1f600}'", 'é"\n\0😀'],
        ["[1, ['a']]", [number(1), ["a"]]],
        [
          "({ b: 1, 2: [], a: {} })",
          {
            dict: [
              ["2", []],
              ["b", number(1)],
              ["a", { dict: [] }],
            ],
          },
        ],
        ["({ ['__proto__']: 1 })", { dict: [["__proto__", number(1)]] }],
        ["new Map([[1, 'a'], [{}, -0]])", { map: [[number(1), "a"], [{ dict: [] }, number("-0")]] }], // prettier-ignore
        ["new Set(['b', 1n, []])", { jsset: ["b", { bigint: "1" }, []] }],
      ]
      for (const [expression, form] of forms) {
        assert.deepEqual(yield* evaluate(expression), form, expression)
        assert.deepEqual(yield* evaluate("given[0]", { args: [form] }), form, expression)
      }
      assert.strictEqual(yield* evaluate("given[0] + given[1]", { args: ["a", 5] }), "a5")
    }),
  )

  test.effect("gives plain data its form wherever it comes from", () =>
    Effect.gen(function* () {
      const dict = { dict: [["a", number(1)]] }
      const shared = "const f = () => { const a = [1]; return [a, a, { a }] }"
      assert.deepEqual(yield* outcome(shared), [[number(1)], [number(1)], { dict: [["a", [number(1)]]] }])
      assert.deepEqual(yield* evaluate("Object.freeze({ a: 1 })"), dict)
      assert.deepEqual(yield* evaluate("Object.assign(Object.create(null), { a: 1 })"), dict)
      assert.deepEqual(yield* evaluate("JSON.parse('{\"a\":1}')"), dict)
      const groups = yield* evaluate("Object.groupBy(['a'], (x) => x)")
      assert.deepEqual(groups, { dict: [["a", ["a"]]] })
      assert.deepEqual(yield* evaluate("'2024-05'.match(/(?<y>\\d+)/).groups"), { dict: [["y", "2024"]] })
      assert.deepEqual(yield* evaluate("'aXbX'.match(/X/g)"), ["X", "X"])
    }),
  )

  test.effect("refuses what has no canonical form, running none of its code", () =>
    Effect.gen(function* () {
      const expressions = [
        "() => 1", "class {}", "Symbol('a')", "[Symbol.iterator]", "new (class A {})()", "new Date(0)",
        "/a/", "new Error('a')",
        "new Number(1)", "new String('a')", "Object(1n)", "Object(Symbol())", "new Uint8Array(2)",
        "new ArrayBuffer(2)",
        "new DataView(new ArrayBuffer(1))", "Promise.resolve(1)", "new WeakMap()", "new WeakSet()",
        "[1].values()",
        "new Map().entries()", "(function* () { yield 1 })()", "(async () => 1)()", "[1, , 2]",
        "new Array(3)",
        "Object.assign([1], { a: 2 })", "'a'.match(/a/)", "({ get a() { throw 1 } })", "({ set a(x) {} })",
        "({ [Symbol.toPrimitive]: 1 })", "Object.assign(new Map(), { a: 1 })", "Object.create({ a: 1 })",
        "Object.create(Map.prototype)", "Object.create(Array.prototype)", "Object.setPrototypeOf([1], null)",
        "new (class extends Array {})()", "new (class extends Map {})()",
        "Object.setPrototypeOf(new Map(), Set.prototype)",
        "Object.defineProperty({}, 'a', { value: 1 })",
        "Object.defineProperty([1], 0, { get() { throw 1 } })",
        "Math", "JSON", "Reflect", "globalThis", "console", "(function () { return arguments })(1)",
        "Object.setPrototypeOf(new String('ab'), Object.prototype)", "'\\ud800'", "'a\\udfff'",
        "({ '\\ud800': 1 })",
        "new Set(['\\ud800'])", "[1, { a: new Map([[1, () => 1]]) }]",
      ] // prettier-ignore
      for (const expression of expressions) {
        assert.strictEqual(yield* evaluate(expression), "unrepresentable", expression)
      }
      const nested = (depth: number) =>
        outcome(`const f = () => { let x = 1; for (let i = 0; i < ${depth}; i++) x = [x]; return x }`)
      assert.isArray(yield* nested(64))
      assert.strictEqual(yield* nested(65), "unrepresentable")
      assert.strictEqual(yield* nested(100_000), "unrepresentable")
      const cycle = "const f = () => { const a = {}; a.a = a; return a }"
      assert.strictEqual(yield* outcome(cycle), "unrepresentable")
    }),
  )

  test.effect("refuses a result that is too long, and never cuts one", () =>
    Effect.gen(function* () {
      assert.lengthOf(yield* evaluate("[...Array(300).keys()]"), 300)
      const text = (length: number, outputBytes: number, letter = "x") =>
        evaluate(`'${letter}'.repeat(${length})`, { outputBytes })
      assert.strictEqual(yield* text(98, 100), "x".repeat(98))
      assert.strictEqual(yield* text(99, 100), "output")
      assert.strictEqual(yield* text(49, 100, "é"), "é".repeat(49))
      assert.strictEqual(yield* text(50, 100, "é"), "output")
      assert.strictEqual(yield* text(32, 98, "€"), "€".repeat(32))
      assert.strictEqual(yield* text(33, 98, "€"), "output")
      assert.strictEqual(yield* text(24, 98, "😀"), "😀".repeat(24))
      assert.strictEqual(yield* text(25, 98, "😀"), "output")
      assert.strictEqual(yield* evaluate("Array(10 ** 6).fill(0)"), "output")
      assert.strictEqual(yield* evaluate("Object.assign([], { length: 4e9 })"), "output")
      assert.strictEqual(yield* evaluate("2n ** 900000n"), "output")
      assert.strictEqual((yield* evaluate("10n ** 20000n")).bigint.length, 20_001)
      const doubling = "const f = () => { let x = []; for (let i = 0; i < 60; i++) x = [x, x]; return x }"
      assert.strictEqual(yield* outcome(doubling), "output")
    }),
  )

  test.effect("takes a module in whichever way it defines f", () =>
    Effect.gen(function* () {
      const programs = [
        "function f() { return 1 }",
        "const f = () => 1",
        "let f; f = function () { return 1 }",
        "var f = () => 1",
        "export function f() { return 1 }",
        "export const f = () => 1, g = 2",
        "export default function f() { return 1 }",
        "const f = () => 1\nexport default f",
        "const f = () => 1\nexport { f, f as g }",
        "export default { a: 1, b: 2 }\nconst f = () => 1",
        "export default function () {}\n(1)\nconst f = () => 1",
        "#!/usr/bin/env node\nfunction f() { return 1 }",
        "'use strict'\nfunction f() { return 1 } // export",
        "const s = 'export <!-- -->'\nfunction f() { return s.length - 14 }",
        "function f(n = 1) { let x = 0; while (n --> 0) x++; return x }",
        "const f = () => x; let x = 1",
        "function f() { return 1 }\n/* end */",
      ]
      for (const program of programs) assert.deepEqual(yield* outcome(program), number(1), program)
      const negated = "const y = 1, f = (x) => x<!--z\nlet z = 1"
      assert.deepEqual(yield* outcome(negated, { args: [1] }), false)
      for (const program of ["function g() { return 1 }", "const f = 1", "{ function f() {} }", ""]) {
        assert.strictEqual(yield* outcome(program), "missingEntry", program)
      }
      assert.strictEqual(yield* outcome("class f {}"), "exception TypeError")
    }),
  )

  test.effect("tells how a program failed, and nothing about the engine", () =>
    Effect.gen(function* () {
      const { fail } = yield* run("const g = (x) =>\n  x.y.z\n\nfunction f(x) {\n  return g(x)\n}", {
        args: [1],
      })
      assert.deepEqual(fail, {
        kind: "exception",
        name: "TypeError",
        message: "cannot read property 'z' of undefined",
      })
      const own = "class Own extends Error { name = 'Own' }\nfunction f() { throw new Own('x'.repeat(1000)) }"
      const answer = yield* run(own)
      assert.include(answer.fail, { kind: "exception", name: "Own" })
      assert.lengthOf(answer.fail.message, 200)
      const syntax = yield* run("function f(a) {\n  return (")
      assert.include(syntax.fail, { kind: "syntax", name: "SyntaxError" })
      // What goes wrong while it runs is no error of syntax, whatever it is called.
      for (const late of ["JSON.parse('{')", "new RegExp('(')", "(() => { throw new SyntaxError('a') })()"]) {
        assert.strictEqual(yield* evaluate(late), "exception SyntaxError", late)
      }
      assert.strictEqual(yield* outcome("throw new SyntaxError('a')"), "exception SyntaxError")
      assert.strictEqual(yield* outcome("let x = x"), "exception ReferenceError")
    }),
  )

  test.effect("takes whatever is thrown as data, running none of its code", () =>
    Effect.gen(function* () {
      const thrown = (expression: string) =>
        Effect.map(run(`const f = () => { throw ${expression} }`), ({ fail }) => [fail.name, fail.message])
      assert.deepEqual(yield* thrown("'a'"), [null, "a"])
      assert.deepEqual(yield* thrown("1.5"), [null, "1.5"])
      assert.deepEqual(yield* thrown("undefined"), [null, "undefined"])
      assert.deepEqual(yield* thrown("Symbol('a')"), [null, "a symbol"])
      assert.deepEqual(yield* thrown("{ name: 'N', message: 'm' }"), ["N", "m"])
      assert.deepEqual(yield* thrown("{ get name() { for (;;); }, get message() { for (;;); } }"), [null, ""])
      assert.deepEqual(yield* thrown("Object.create(null)"), [null, ""])
      assert.deepEqual(yield* thrown("{ toString() { for (;;); }, name: 1, message: { toString() {} } }"), [
        null,
        "",
      ])
      assert.deepEqual(yield* thrown("'\\ud800'"), [null, "\ufffd"])
    }),
  )

  test.effect("collects what is printed, apart from the answer", () =>
    Effect.gen(function* () {
      const printing = (statement: string) =>
        Effect.map(run(`const f = () => { ${statement}; return 1 }`), ({ stdout }) => stdout as string)
      assert.strictEqual(yield* printing("console.log('{\"ok\": 2}')"), '{"ok": 2}\n')
      assert.strictEqual(
        yield* printing("console.log('a', 1, [1], { b: null }, 2n, undefined, () => 1, Symbol())"),
        'a 1 [1] {"b":null} 2 undefined [function] [symbol]\n',
      )
      assert.lengthOf(yield* printing("console.log('x'.repeat(10000)); console.log('y')"), 4096)
      assert.strictEqual(
        yield* printing("console.log('\\ud800'); console.error('e'); console.warn('w')"),
        "\ufffd\n",
      )
      const failing = yield* run("const f = () => { console.info('a'); null.x }")
      assert.strictEqual(failing.stdout, "a\n")
    }),
  )

  test.effect("runs ordinary JavaScript: classes, generators, regular expressions, big integers, dates", () =>
    Effect.gen(function* () {
      const program =
        "class Stack {\n  #items = []\n  static of(...items) { const s = new Stack(); s.#items = items; return s }\n" +
        "  get size() { return this.#items.length }\n  *[Symbol.iterator]() { yield* this.#items }\n}\n" +
        "const f = (text) => {\n  const { size, ...rest } = { size: Stack.of(...text).size, a: 1 }\n" +
        "  outer: for (const x of Stack.of(1, 2, 3)) for (;;) { if (x > 1) break outer; continue outer }\n" +
        "  return [size, rest, text.replace(/(?<l>[a-z])\\d/gu, '$<l>'), [3, 1, 2].toSorted(), [...text].at(-1),\n" +
        "    2n ** 64n, new Date(Date.UTC(2024, 1, 29)).toISOString(), String(new Date(0)), [1, [2, [3]]].flat(2),\n" +
        "    text?.x?.y ?? 'none', `${size}-${rest.a}`, structured({ d: [1] })]\n}\n" +
        "function structured({ d: [e = 2] = [] } = {}) { return e }"
      assert.deepEqual(yield* outcome(program, { args: ["a1b2"] }), [
        number(4), { dict: [["a", number(1)]] }, "ab", [1, 2, 3].map(number), "2", { bigint: "18446744073709551616" },
        "2024-02-29T00:00:00.000Z", "Thu Jan 01 1970 00:00:00 GMT+0000", [1, 2, 3].map(number), "none",
        "4-1", number(1),
      ]) // prettier-ignore
    }),
  )

  test.effect("says so when the host asks for something else", () =>
    Effect.gen(function* () {
      const kind = (request: object) => Effect.map(askRaw(request), ({ fail }) => fail.kind)
      assert.strictEqual(yield* kind({ op: "reboot" }), "request")
      assert.strictEqual(yield* kind({ op: "seal" }), "request")
      assert.strictEqual(yield* kind({ op: "run" }), "request")
      const request = { op: "run", program: "const f = (a) => a", entry: "f", entropy: 0, outputBytes: 10 }
      for (const argument of [{ unknown: 1 }, 1.5, { int: "1" }, { bigint: "x" }, {}, { dict: [[1, 2]] }]) {
        assert.strictEqual(yield* kind({ ...request, args: [argument] }), "request", JSON.stringify(argument))
      }
      assert.strictEqual(yield* kind({ ...request, args: [], entry: "f; evil" }), "request")
    }),
  )
})
