/** The rules on programs, with the facts that the executor finds in them. */
import { Executor } from "@azr/core"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { corpusPrograms } from "../scripts/corpus.ts"
import { JavaScriptExecutor } from "../src/index.ts"
import { checkProgram } from "../src/rules.ts"

layer(JavaScriptExecutor.layer)("rules", (test) => {
  const judge = Effect.fnUntraced(function* (program: string) {
    const facts = yield* (yield* Executor.Executor).inspect(program)
    assert.isNull(facts.syntaxError, program)
    return checkProgram(facts)
  })

  const allows = (...programs: ReadonlyArray<string>) =>
    Effect.forEach(
      programs,
      (program) => Effect.map(judge(program), (violation) => assert.isNull(violation, program)),
      { concurrency: 16 },
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
    ["function f(a) {", ...lines.map((line) => `  ${line}`), "  return a", "}"].join("\n")

  test.effect("allow what honest programs are made of", () =>
    allows(
      "function f(a) { return a.toSorted() }",
      "const f = (a) => a",
      "let f = function (a) { return a }",
      [
        "'use strict'",
        "const LIMIT = 3",
        "let sum = 0",
        "class Node {",
        "  #next = null",
        "  constructor(value) { this.value = value }",
        "  get next() { return this.#next }",
        "}",
        "const helper = (x) => Math.max(x, LIMIT)",
        "function f(a, b = 2, ...c) { return helper(a) }",
      ].join("\n"),
      "function f(...numbers) { return numbers.length }",
      "function f({ x, y = 1 }) { return x + y }",
      "function f(process) { return process.length }",
      "function f(require, eval_) { return require + eval_ }",
      "const eval2 = (x) => x\nfunction f(a) { return eval2(a) }",
      "function f(a) { return Array.prototype.slice.call(a) }",
      [
        "class A { constructor() { this.x = 1 } }",
        "class B extends A { constructor() { super() } }",
        "function f(a) { return new B().x }",
      ].join("\n"),
      "function f(n) {\n  if (n > 0) {\n    return 1\n  } else {\n    throw new RangeError(`${n}`)\n  }\n}",
      "function f(a) {\n  switch (a) {\n    case 1:\n      return 2\n    default:\n      return 3\n  }\n}",
      "function f(a) {\n  for (;;) {\n    if (a++ > 3) return a\n  }\n}",
      "function f(a) { return { constructor: 1, process: 2, eval: a } }",
      body("const text = 'require(\"fs\") // process.exit() eval Function'"),
      body("return new Date(a).getUTCFullYear()"),
    ),
  )

  test.effect("allow the programs of the corpus", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.filter(corpusPrograms(), ({ program }) =>
        Effect.map(judge(program), (violation) => violation !== null),
      )
      assert.deepStrictEqual(
        refused.map(({ title }) => title),
        // They ask what happens to names that nobody declared.
        ["names of what engines throw", "named function expressions", "typeof everything", "strict mode"],
      )
    }),
  )

  test.effect("want one f that takes something and returns something", () =>
    Effect.gen(function* () {
      yield* refuses(
        "entry",
        "found 0",
        "function g(a) { return a }",
        "class f {}",
        "const f = 1",
        "class A { f(a) { return a } }",
        "const { f } = { f: (a) => a }",
      )
      yield* refuses("entry", "found 2", "var f = (a) => 1\nvar f = (a) => 2")
      yield* refuses("parameters", "no parameter", "function f() { return 1 }", "const f = () => 1")
      yield* refuses(
        "returns",
        "without returning",
        "function f(a) {}",
        "function f(a) { if (a) return 1 }",
        "function f(a) { return }",
        "const f = (a) => {}",
        "function f(a) { for (const x of a) return x }",
        "function f(a) { switch (a) { case 1: return 2 } }",
        "function f(a) { try { return a } catch {} }",
        "function f(a) { const g = () => 1\n  g() }",
      )
    }),
  )

  test.effect("want definitions only at the top level", () =>
    Effect.gen(function* () {
      const rest = "\nfunction f(a) { return a }"
      for (const [kind, statement] of Object.entries({
        ForStatement: "for (let i = 0; i < 3; i++) {}",
        IfStatement: "if (true) {}",
        WhileStatement: "while (false) {}",
        TryStatement: "try {} finally {}",
        BlockStatement: "{ let x = 1 }",
        ExpressionStatement: "[].sort()",
        ThrowStatement: "throw 1",
      })) {
        yield* refuses("topLevel", kind, `const x = 1;\n${statement}${rest}`)
      }
    }),
  )

  test.effect("want no imports, at any depth of the program", () =>
    Effect.gen(function* () {
      const rest = "\nfunction f(a) { return a }"
      for (const module of ["fs", "node:fs", "qjs:os", "./x.js"]) {
        yield* refuses("import", module, body(`import("${module}")`), `const x = import("${module}")${rest}`)
      }
      yield* refuses("import", "computed", body("import(a)"))
      // A declaration is no statement of a script; the executor says so.
      const executor = yield* Executor.Executor
      for (const declaration of ['import "fs"', 'import fs from "fs"', 'export * from "fs"']) {
        assert.isNotNull((yield* executor.inspect(declaration + rest)).syntaxError, declaration)
      }
    }),
  )

  test.effect("refuse code from text and ways outside, also under another name", () =>
    Effect.gen(function* () {
      const names = [
        "eval Function globalThis window self global process require module console setTimeout fetch Buffer",
        "queueMicrotask Proxy Reflect WebAssembly Atomics SharedArrayBuffer WeakRef FinalizationRegistry Promise",
        "Intl structuredClone performance crypto escape std os gc __proto__ undeclared",
      ].join(" ")
      for (const name of names.split(" ")) {
        // Where text is evaluated, no name is sure to be the program's own, and any may be the one that is mentioned.
        yield* refuses("name", name === "eval" ? "" : name, body(`${name}(a)`))
        yield* refuses("name", name, body(`const g = ${name}`, "g(a)"), body(`a.map(${name})`))
        yield* refuses("name", name, `function f(a, g = ${name}) { return g(a) }`)
        yield* refuses("name", name, `class A { run = ${name} }\nfunction f(a) { return new A().run(a) }`)
      }
      yield* refuses("name", "eval", body("(0, eval)('1')"), body("const e = ev\\u0061l", "e('1')"))
      yield* refuses("name", "Math.random", body("return Math.random()"))
      yield* refuses("name", "Date.now", body("return Date.now()"))
    }),
  )

  test.effect("refuse the attributes that lead out of a value", () =>
    Effect.gen(function* () {
      const paths = [
        "a.constructor.constructor('return 1')()",
        "a['constructor']",
        "a?.constructor",
        "a.__proto__",
        "({}).__defineGetter__('x', f)",
        "f.caller",
        "arguments.callee",
        "Error.captureStackTrace(a)",
        "Array[Symbol.species]",
      ]
      for (const path of paths) yield* refuses("attribute", "may not be used", body(`return ${path}`))
      yield* refuses(
        "attribute",
        "constructor",
        body("const { constructor } = a", "return constructor('return 1')"),
      )
    }),
  )
})
