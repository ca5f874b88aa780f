/** A program cannot make up the guest's answer, nor run code while it is made. Numbers are rows of the known exploits. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Guest, number, outcome, run } from "./guest.ts"

layer(Guest.layer(1))("forgery", (test) => {
  test.effect("1, 17: has nothing to close and nothing to forge at the end of a program", () =>
    Effect.gen(function* () {
      const good = "const g = () => 1\n"
      const broken = [
        "}); (function () {", "}\nconst f = () => 2\n{", "return () => 2", "function f() { return 2 } /*",
        "function f() { return 2 } `",
        "function f() { return 2 } `${", "function f() { return 2 } if (1)",
        "function f() { return 2 } while (0)",
        "function f() { return 2 } x:", "function f() { return 2 } const f2 =",
        "function f() { return 2 } f +", "function f() { return 2 } f(",
        "function f() { return 2 } '", "function f() { return 2 } /", "<!-- \nfunction f() { return 2 }",
        "function f() { return 2 }\n--> ",
        "function f() { return 2 } class A {", "function f() { return 2 } switch (1) { case 1:",
        "function f() { return 2 } do f()",
        "function f() { return 2 } for (;;)", "function f() { return 2 } async () =>",
        "await 1\nfunction f() { return 2 }",
        "function f() { return 2 } else", "function f() { return 2 } new",
        "let __entry__ = () => 3; function f() { return 2 }",
        "with (globalThis) { function f() { return 2 } }", "function f() { return 2 } delete f",
        "super.f = () => 2", "new.target",
        "function f() { return 2 } typeof", "function f() { return 2 } export", "function f() { return 2 } @",
      ] // prettier-ignore
      for (const ending of broken) {
        assert.strictEqual(yield* outcome(good + ending), "syntax SyntaxError", ending)
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
})
