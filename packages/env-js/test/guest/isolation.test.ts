/**
 * Nothing gets out, nothing stays, and every limit holds. Numbers are rows of the table of known exploits.
 */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { evaluate, Guest, number, outcome, outcomeOf, runRaw, runRequest } from "./guest.ts"

layer(Guest.layer(1))("isolation", (test) => {
  test.effect("6: has no host, no engine, no way from text to code", () =>
    Effect.gen(function* () {
      const names = [
        "process", "require", "module", "global", "window", "self", "Deno", "Bun", "fetch",
        "XMLHttpRequest", "WebAssembly",
        "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "performance", "navigator", "Worker",
        "SharedArrayBuffer",
        "Atomics", "WeakRef", "FinalizationRegistry", "Proxy", "std", "os", "bjson", "gc", "print",
        "scriptArgs", "wit", "__cqjs",
        "InternalError", "structuredClone", "Intl", "importScripts", "ShadowRealm",
      ] // prettier-ignore
      for (const name of names) {
        assert.strictEqual(yield* evaluate(`typeof ${name}`), "undefined", name)
        assert.strictEqual(yield* evaluate(`'${name}' in globalThis`), false, name)
      }
      const code = [
        "eval('1')", "(0, eval)('1')", "globalThis.eval('1')", "Function('return 1')()",
        "new Function('return 1')()",
        "(() => {}).constructor('return 1')()", "(function* () {}).constructor('yield 1')().next()",
        "(async () => {}).constructor('return 1')()", "(async function* () {}).constructor('return 1')()",
        "Object.getPrototypeOf(async () => {}).constructor('return 1')", "[].map.constructor('return 1')()",
        "new (class extends Function {})('return 1')", "Reflect.construct(Function, ['return 1'])",
        "Reflect.construct(Object.getPrototypeOf(function* () {}).constructor, ['yield 1'])",
        "Math.random.constructor('return 1')()",
        "console.log.constructor('return 1')()", "Date.constructor('return 1')()",
        "Function.prototype.constructor('return 1')()",
        "Object.getPrototypeOf(Function).constructor('return 1')",
        "(class { static m() {} }).m.constructor('return 1')()",
      ] // prettier-ignore
      for (const expression of code) {
        assert.strictEqual(yield* evaluate(expression), "exception EvalError", expression)
      }
      // Modules cannot be loaded, and what is asked for asynchronously never comes.
      const loaded =
        "let got = 1\nfunction f() { import('std').then(() => { got = 2 }, () => { got = 3 }); return got }"
      assert.deepEqual(yield* outcome(loaded), number(1))
      assert.strictEqual(yield* outcome("import * as std from 'std'\nfunction f() {}"), "syntax SyntaxError")
      const later = "let got = 1\nfunction f() { Promise.resolve().then(() => { got = 2 }); return got }"
      assert.deepEqual(yield* outcome(later), number(1))
      const traces =
        "['stack', 'captureStackTrace', 'prepareStackTrace'].filter((n) => n in Error || n in new Error())"
      assert.deepEqual(yield* evaluate(traces), [])
      assert.strictEqual(yield* evaluate("(function () { return typeof this })()"), "undefined")
      assert.strictEqual(
        yield* evaluate("(function () { return arguments.callee })()"),
        "exception TypeError",
      )
      assert.strictEqual(yield* evaluate("(function () {}).caller"), "exception TypeError")
    }),
  )

  test.effect("18: ends every excess, the same way each time, and goes on", () =>
    Effect.gen(function* () {
      const excesses: Readonly<Record<string, string>> = {
        "const f = () => { for (;;) { try { for (;;); } catch {} finally { continue } } }": "fuel",
        "const f = () => /^(a+)+$/.test('a'.repeat(40) + 'b')": "fuel",
        "const f = () => /(x+x+)+y/.test('x'.repeat(5000))": "fuel",
        "const f = () => Array(1e9).join('x').length": "fuel",
        "const f = () => { for (;;) new Uint8Array(10_000_000) }": "fuel",
        "const f = () => { let x = 3n; for (;;) x = x * x % (1n << 300_000n) }": "fuel",
        "const f = () => Array.from({ length: 2 ** 53 - 1 }, () => 0)": "exception RangeError",
        "function* g() { for (;;) yield 1 }\nconst f = () => { for (const x of g()); }": "fuel",
        "const f = () => { const a = [2, 1]; for (;;) a.sort(() => Math.random() - 0.5) }": "fuel",
        "const f = () => 2n ** 10_000_000n": "exception RangeError",
        "const f = () => 'a'.repeat(10 ** 9)": "memory InternalError",
        "const f = () => 'a'.padEnd(2 ** 29)": "memory InternalError",
        "const f = () => { let s = 'x'; for (;;) s += s }": "memory InternalError",
        "const f = () => new Uint8Array(10 ** 9)": "memory InternalError",
        "const f = () => { const a = []; for (;;) a.push(new Uint8Array(100_000)) }": "memory InternalError",
        "const f = () => { let a = []; for (;;) a = [a, {}] }": "memory InternalError",
        "const f = () => { const m = new Map(); for (let i = 0; ; i++) m.set(i, new Uint8Array(1000)) }":
          "memory InternalError",
        "const f = () => { const a = [1]; for (;;) a.push(...a) }": "exception RangeError",
        "const f = () => f()": "stack RangeError",
        "const f = () => [1].map(f)": "stack RangeError",
        "const f = () => JSON.stringify({ toJSON: f })": "stack RangeError",
        "const f = () => { const o = { get a() { return this.a } }; return o.a }": "stack RangeError",
        "const f = () => { const o = { toString() { return `${this}` } }; return String(o) }":
          "stack RangeError",
        "class A { constructor() { new A() } }\nconst f = () => new A()": "stack RangeError",
        "const f = () => '('.repeat(10 ** 5).match(new RegExp('('.repeat(10 ** 5)))": "exception SyntaxError",
        "const f = () => { let x = 0; for (let i = 0; i < 10 ** 5; i++) x = [x]; return String(x) }":
          "stack RangeError",
      }
      // Enough to run out of something else first.
      const fuelFor = (expected: string) => (expected === "fuel" ? 1e8 : 1e9)
      const observed: Array<unknown> = []
      for (const [program, expected] of Object.entries(excesses)) {
        const result = yield* runRaw(program, { fuel: fuelFor(expected) })
        assert.strictEqual(outcomeOf(result), expected, program)
        assert.strictEqual(yield* evaluate("[...'ba'].sort()[0]"), "a")
        observed.push(result)
      }
      const again: Array<unknown> = []
      for (const [program, expected] of Object.entries(excesses)) {
        again.push(yield* runRaw(program, { fuel: fuelFor(expected) }))
      }
      assert.deepEqual(again, observed)
    }),
  )

  test.effect("18: lets a program catch what ends it, where the language has an error for it", () =>
    Effect.gen(function* () {
      const depth =
        "let n = 0\nconst g = () => { n++; g() }\nfunction f() { try { g() } catch (e) { return [n > 1000, e instanceof RangeError] } }"
      assert.deepEqual(yield* outcome(depth), [true, true])
      const room = "function f() { try { 'a'.repeat(10 ** 9) } catch { return 'caught' } }"
      assert.strictEqual(yield* outcome(room), "caught")
      // A million brackets are more than the engine's parser recurses through, and no more than a failure.
      for (const deep of ["JSON.parse('['.repeat(1e6))", "JSON.parse('{\"a\":'.repeat(1e6))"]) {
        assert.include(["stack", "stack RangeError", "exception SyntaxError"], yield* evaluate(deep), deep)
      }
      for (const bracket of ["(", "[", "-", "!", "{", "(() => "]) {
        const answer = yield* outcome(`const f = () => ${bracket.repeat(20_000)}`)
        assert.include(["stack", "stack RangeError", "syntax SyntaxError"], answer, bracket)
      }
    }),
  )

  test.effect("12: keeps nothing from one program to the next", () =>
    Effect.gen(function* () {
      const probe =
        "let n = 0\nfunction f() {\n  n++\n  return [n, typeof leaked, [2, 1].sort(), JSON.stringify([1]), Math.max(1, 2), Math.random(), Date.now(),\n" +
        "    Object.keys(Object.prototype), Object.getOwnPropertyNames(globalThis).length, String(new Date()), Symbol.for('a').description,\n" +
        "    /a/.exec('a').index, [].concat([1]), 'a'.at(0), new Map([[1, 2]]).size, (0.1).toFixed(20), typeof f.x] }"
      const reference = yield* runRaw(probe)
      assert.isTrue(
        reference.response?.startsWith('{"ok":[{"float":"1"},"undefined",'),
        reference.response ?? "",
      )
      const intruders = [
        "globalThis.leaked = 1; globalThis.n = 5\nconst f = () => 1",
        "globalThis.leaked = Array.from({ length: 500_000 }, (_, i) => [i])\nconst f = () => leaked.length",
        "Array.prototype.sort = JSON.stringify = Math.max = null\nconst f = () => 1",
        "Math.random = Date.now = () => 0; Date.prototype.toString = () => ''\nconst f = () => 1",
        "Object.prototype.leaked = 1\nconst f = () => ({}).leaked",
        "const { deleteProperty } = Reflect; const world = globalThis; for (const k of Object.getOwnPropertyNames(world)) deleteProperty(world, k)\nconst f = () => 1",
        "for (const o of [Object, Array, Map, String, Math, JSON]) Object.freeze(o), Object.freeze(o.prototype)\nconst f = () => 1",
        "const f = () => { for (;;); }",
        "const f = () => f()",
        "const f = () => { const a = []; for (;;) a.push(Array(1000).fill(a)) }",
        "const f = () => { throw new RangeError('a') }",
        "const f = () => new Uint8Array(50_000_000).fill(255).length",
        "const f = () => { Promise.reject(1).finally(() => { globalThis.leaked = 1 }); return 1 }",
        "const f = () => (",
        "Symbol.for('a'); Symbol.prototype.leaked = 1\nconst f = () => 1",
        "RegExp.prototype.exec = () => null; String.prototype.at = () => ''\nconst f = () => 1",
        "const f = () => { console.log('x'.repeat(5000)); return 1 }",
        "const f = () => { const s = []; for (let i = 0; i < 100_000; i++) s.push(Symbol.for('k' + i)); return s.length }",
      ] // prettier-ignore
      for (const intruder of intruders) {
        yield* runRaw(intruder)
        assert.deepEqual(yield* runRaw(probe), reference, intruder)
      }
    }),
  )

  test.effect("7: what a program could observe of the machine differs with the entropy or is constant", () =>
    Effect.gen(function* () {
      const perturbed = { entropy: 0x9e3779b9 }
      const varying = [
        "Math.random()",
        "Date.now()",
        "new Date().getTime()",
        "new Date().toISOString()",
        "Date()",
        "[1, 2, 3, 4, 5, 6, 7, 8].sort(() => Math.random() - 0.5)",
      ]
      for (const expression of varying) {
        const reference = yield* evaluate(expression)
        assert.deepEqual(yield* evaluate(expression), reference, expression)
        assert.notDeepEqual(yield* evaluate(expression, perturbed), reference, expression)
      }
      const constant = [
        "new Date(0).toString()",
        "new Date(2020, 5, 1).getTimezoneOffset()",
        "new Date(Date.UTC(2020, 1, 1)).toLocaleString()",
        "[...new Set(['b', 'a'])].concat(Object.keys({ b: 1, a: 1, 1: 1 }))",
        "[3, 1, 2].sort((a, b) => 1)",
        "(1234.5).toLocaleString()",
        "'ä'.localeCompare('z')",
        "String(() => 1) + String(class A {}) + String(Math.max)",
      ]
      for (const expression of constant) {
        assert.deepEqual(yield* evaluate(expression, perturbed), yield* evaluate(expression), expression)
      }
      const clock = yield* evaluate(
        "[Date.now(), Date.now(), new Date().getTime()].map((t, i, all) => t - all[0])",
      )
      assert.deepEqual(clock, [0, 1, 2].map(number))
      const draws = yield* evaluate("Array.from({ length: 1000 }, Math.random).every((x) => x >= 0 && x < 1)")
      assert.isTrue(draws)
      const mean = yield* evaluate(
        "Array.from({ length: 10000 }, Math.random).reduce((x, y) => x + y) / 10000",
      )
      assert.approximately(Number(mean.float), 0.5, 0.02)
    }),
  )
})

layer(Guest.layer(3))("three workers", (test) => {
  test.effect("give the same answers and the same fuel on each of them, and on repetition", () =>
    Effect.gen(function* () {
      const programs = [
        "const f = (n) => [Math.random(), Date.now(), Object.keys({ b: n, a: 1 })]",
        "const f = (n) => { let s = 0; for (let i = 0; i < n * 100; i++) s += i * i; return s }",
        "const f = (n) => f(n)",
        "const f = (n) => { for (;;) n++ }",
      ]
      const pool = yield* Guest
      const calls = Array.from({ length: 64 }, (_, index) => ({
        image: "a",
        fuel: 1e8,
        request: runRequest(programs[index % 4]!, { args: [7] }),
      }))
      const results = yield* pool.runAll(calls)
      for (const [index, result] of results.entries()) assert.deepEqual(result, results[index % 4])
      assert.deepEqual(
        results.slice(0, 4).map(({ trap }) => trap),
        [null, null, null, "fuel"],
      )
    }),
  )
})
