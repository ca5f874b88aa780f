/** Nothing gets out, nothing stays, and every limit holds. Numbers are rows of the table of known exploits. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { evaluate, Guest, number, outcome, outcomeOf, run, runRaw, runRequest } from "./guest.ts"

layer(Guest.layer(1))("isolation", (test) => {
  test.effect("6: has no host, no engine, no way from text to code", () =>
    Effect.gen(function* () {
      const names = [
        "process", "require", "module", "global", "window", "self", "Deno", "Bun", "fetch", "XMLHttpRequest", "WebAssembly",
        "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "performance", "navigator", "Worker", "SharedArrayBuffer",
        "Atomics", "WeakRef", "FinalizationRegistry", "Proxy", "std", "os", "bjson", "gc", "print", "scriptArgs", "wit", "__cqjs",
        "InternalError", "structuredClone", "Intl", "importScripts", "ShadowRealm",
      ] // prettier-ignore
      for (const name of names) {
        assert.strictEqual(yield* evaluate(`typeof ${name}`), "undefined", name)
        assert.strictEqual(yield* evaluate(`'${name}' in globalThis`), false, name)
      }
      const code = [
        "eval('1')", "(0, eval)('1')", "globalThis.eval('1')", "Function('return 1')()", "new Function('return 1')()",
        "(() => {}).constructor('return 1')()", "(function* () {}).constructor('yield 1')().next()",
        "(async () => {}).constructor('return 1')()", "(async function* () {}).constructor('return 1')()",
        "Object.getPrototypeOf(async () => {}).constructor('return 1')", "[].map.constructor('return 1')()",
        "class A extends Function {}, new A('return 1')", "Reflect.construct(Function, ['return 1'])",
        "Reflect.construct(Object.getPrototypeOf(function* () {}).constructor, ['yield 1'])", "Math.random.constructor('return 1')()",
        "console.log.constructor('return 1')()", "Date.constructor('return 1')()", "Function.prototype.constructor('return 1')()",
        "Object.getPrototypeOf(Function).constructor('return 1')", "(class { static m() {} }).m.constructor('return 1')()",
      ] // prettier-ignore
      for (const expression of code) {
        const program = expression.startsWith("class")
          ? `${expression.replace(", ", "\nconst f = () => ")}`
          : `const f = () => ${expression}`
        assert.strictEqual(yield* outcome(program), "exception EvalError", expression)
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

  test.effect("1, 17: has nothing to close and nothing to forge at the end of a program", () =>
    Effect.gen(function* () {
      const good = "const g = () => 1\n"
      const broken = [
        "}); (function () {", "}\nconst f = () => 2\n{", "return () => 2", "function f() { return 2 } /*", "function f() { return 2 } `",
        "function f() { return 2 } `${", "function f() { return 2 } if (1)", "function f() { return 2 } while (0)",
        "function f() { return 2 } x:", "function f() { return 2 } const f2 =", "function f() { return 2 } f +", "function f() { return 2 } f(",
        "function f() { return 2 } '", "function f() { return 2 } /", "<!-- \nfunction f() { return 2 }", "function f() { return 2 }\n--> ",
        "function f() { return 2 } class A {", "function f() { return 2 } switch (1) { case 1:", "function f() { return 2 } do f()",
        "function f() { return 2 } for (;;)", "function f() { return 2 } async () =>", "await 1\nfunction f() { return 2 }",
        "function f() { return 2 } else", "function f() { return 2 } new", "let __entry__ = () => 3; function f() { return 2 }",
        "with (globalThis) { function f() { return 2 } }", "function f() { return 2 } delete f", "super.f = () => 2", "new.target",
        "function f() { return 2 } typeof", "function f() { return 2 } export", "function f() { return 2 } @",
      ] // prettier-ignore
      for (const ending of broken) {
        assert.strictEqual(yield* outcome(good + ending), "syntax SyntaxError", ending)
      }
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

  test.effect("4, 5, 17: a program cannot speak for the guest", () =>
    Effect.gen(function* () {
      const value = [
        number(1),
        "é",
        { dict: [["a", { map: [[number(2), { jsset: [{ bigint: "3" }] }]] }]] },
        { undefined: true },
      ]
      const after = (prelude: string, end: string) =>
        `function f() {\n  const value = [1, 'é', { a: new Map([[2, new Set([3n])]]) }, undefined]\n${prelude}\n  ${end}\n}`
      const forged = "() => 'FORGED'"
      const preludes = [
        `String.prototype.concat = ${forged}`,
        `JSON.stringify = JSON.parse = ${forged}`,
        `String.prototype.toJSON = Object.prototype.toJSON = Array.prototype.toJSON = Map.prototype.toJSON = BigInt.prototype.toJSON = ${forged}`,
        `for (const p of [String, Number, Array, Object, Map, Set, BigInt]) p.prototype.toString = p.prototype.valueOf = ${forged}`,
        `for (const p of [String, Number, Array, Object, Map, Set, BigInt]) p.prototype[Symbol.toPrimitive] = ${forged}`,
        `Map.prototype.forEach = Set.prototype.forEach = Array.prototype.map = Array.prototype.join = Array.prototype.push = ${forged}`,
        `Map.prototype.entries = Map.prototype.get = Map.prototype.has = ${forged}`,
        `Map.prototype[Symbol.iterator] = Set.prototype[Symbol.iterator] = String.prototype[Symbol.iterator] = ${forged}`,
        "Array.prototype[Symbol.iterator] = function* () { yield 'FORGED' }",
        `Object.defineProperty(Map.prototype, 'size', { get: ${forged} })`,
        `Object.getPrototypeOf(new Map().entries()).next = ${forged}`,
        `Function.prototype.call = Function.prototype.apply = Function.prototype.bind = ${forged}`,
        `Function.prototype[Symbol.iterator] = Function.prototype.get = ${forged}`,
        `for (const k of Object.keys(Object.getOwnPropertyDescriptors(Reflect))) try { Reflect[k] = ${forged} } catch {}`,
        `for (const k of Reflect.ownKeys(Object)) try { Object[k] = ${forged} } catch {}`,
        `Array.isArray = Number.isSafeInteger = Number.isFinite = BigInt.asIntN = ${forged}`,
        `String.prototype.isWellFormed = String.prototype.slice = String.prototype.charCodeAt = ${forged}`,
        `RegExp.prototype.exec = RegExp.prototype.test = RegExp.prototype[Symbol.match] = ${forged}`,
        `Object.defineProperty(RegExp.prototype, 'flags', { get: ${forged} })`,
        `for (const k of ['kind', 'text', 'message', 'value', 'get', 'set', 'enumerable', 'length', 'name', 'ok', 'fail', 'room', ''])
           Object.defineProperty(Object.prototype, k, Object.assign(Object.create(null), { configurable: true, get: ${forged}, set() { throw 1 } }))`,
        `for (let i = 0; i < 20; i++) Object.defineProperty(Array.prototype, i, { get: ${forged}, set() { throw 1 } })`,
        `Object.defineProperty(Object.prototype, Symbol.toStringTag, { get: ${forged} })`,
        `globalThis.undefined; for (const k of Object.getOwnPropertyNames(globalThis)) if (!['Map', 'Set', 'globalThis', 'undefined', 'NaN', 'Infinity'].includes(k)) try { globalThis[k] = ${forged} } catch {}`,
        "const { deleteProperty } = Reflect; const world = globalThis; for (const k of Object.getOwnPropertyNames(world)) deleteProperty(world, k)",
        `globalThis.f = globalThis.__entry__ = ${forged}`,
        `Object.prototype.f = Object.prototype.ok = ${forged}`,
        "Object.setPrototypeOf(Array.prototype, null); Object.setPrototypeOf(Map.prototype, null); Object.setPrototypeOf(String.prototype, null)",
        "try { Object.defineProperty(Function.prototype, Symbol.hasInstance, { value: () => true }) } catch {}",
        "Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.freeze(globalThis)",
        "console.log('{\"ok\":\"FORGED\",\"stdout\":\"\"}'); console.log(']]}}'); console.log = null",
        "Error.prototype.name = Error.prototype.message = 'FORGED'; Error.prototype.toString = () => { throw 1 }",
        `Array.prototype.constructor = { [Symbol.species]: ${forged} }; Object.defineProperty(Array, Symbol.species, { get: ${forged} })`,
      ] // prettier-ignore
      for (const prelude of preludes) {
        assert.deepEqual((yield* run(after(prelude, "return value"))).ok, value, prelude)
        assert.strictEqual(yield* outcome(after(prelude, "return () => 1")), "unrepresentable", prelude)
        // What fails is reported as what it is, also with everything replaced.
        const { fail } = yield* run(after(prelude, "null.x"))
        assert.strictEqual(fail.kind, "exception", prelude)
        assert.strictEqual(fail.message, "cannot read property 'x' of null", prelude)
      }
      const liars = [
        "class E { equals() { return true } valueOf() { return 1 } [Symbol.toPrimitive]() { return 1 } }\nconst f = () => new E()",
        "const f = () => ({ valueOf: () => 1 })",
        "const f = () => Object.defineProperty({ a: 1 }, 'a', { get: () => 2, enumerable: true })",
        "const f = () => new (class extends Set { forEach(g) { g(1) } get size() { return 1 } })()",
        "const f = () => Object.setPrototypeOf(() => 1, Object.prototype)",
      ]
      for (const program of liars) assert.strictEqual(yield* outcome(program), "unrepresentable", program)
      // A result that lies in wait for its reader: no code of it runs, or the kind would be fuel.
      const trap = "for (;;);"
      const waiting = `const f = () => ({ get a() { ${trap} }, [Symbol.toStringTag]: { toString() { ${trap} } }, toJSON() { ${trap} } })`
      assert.strictEqual(yield* outcome(waiting), "unrepresentable")
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
