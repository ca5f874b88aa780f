/** Changing what the interpreter is made of, for the result or for the next program. */
import { after, attempts, f, script } from "./attempt.ts"

export const pollutionAttempts = attempts("pollution", {
  "Object.prototype": [after("Object.prototype.polluted = 9\nObject.prototype.ok = [9]", "{}"), "{}"],
  "setters on Object.prototype": [
    script`
      function f(a) {
        const trap = { __proto__: null, get: () => 9, set() { throw 9 }, configurable: true }
        const ofAnswers = ["ok", "fail", "kind", "stdout", "dict", 0, 1]
        const ofDescriptors = ["value", "get", "set", "enumerable", "length"]
        for (const name of [...ofAnswers, ...ofDescriptors]) Object.defineProperty(Object.prototype, name, trap)
        return [a, { x: 1 }, new Map([[1, new Set([2])]])]
      }
    `,
    // An entry of a Map that is made now is looked for behind index 0 and 1, which arrays have of their own.
    "[[3, 1, 2], { x: 1 }, new Map([[1, new Set([2])]])]",
  ],
  "indices on Array.prototype": [
    after(
      "Object.defineProperty(Array.prototype, 0, { get: () => 9, set() {}, configurable: true })",
      "[[1], []]",
    ),
    "[[1], []]",
  ],
  "iteration of arrays": [
    after("Array.prototype[Symbol.iterator] = function* () { yield 9 }\nArray.prototype.length = 3", "a"),
    "[3, 1, 2]",
  ],
  "methods of arrays": [
    after(
      "for (const name of Object.getOwnPropertyNames(Array.prototype))\n" +
        "  if (typeof Array.prototype[name] === 'function') Array.prototype[name] = () => [9]",
      "a",
    ),
    "[3, 1, 2]",
  ],
  "methods of strings": [
    after(
      "for (const name of Reflect.ownKeys(String.prototype))\n" +
        "  if (typeof String.prototype[name] === 'function') String.prototype[name] = () => '9'",
      "['é', '\\ud83d\\ude00'.length]",
    ),
    '["é", 2]',
  ],
  "methods of strings, with a lone surrogate": [
    after(
      "String.prototype.isWellFormed = () => true\nString.prototype.toWellFormed = () => 'fine'",
      "'\\ud800'",
    ),
    "!unrepresentable",
  ],
  "methods of maps and sets": [
    after(
      "for (const { prototype } of [Map, Set]) {\n  for (const name of Reflect.ownKeys(prototype))\n" +
        "    Object.defineProperty(prototype, name, { value: () => 9 })\n}",
      "[new Map([[1, 2]]), new Set([3])]",
    ),
    // The constructors use `set` and `add` themselves.
    "[new Map([]), new Set([])]",
  ],
  "the size of a map": [
    script`
      function f(a) {
        const made = new Map([[1, 2]])
        Object.defineProperty(Map.prototype, "size", { get: () => 0 })
        Map.prototype.forEach = () => {}
        return made
      }
    `,
    "new Map([[1, 2]])",
  ],
  "JSON.stringify": [after("JSON.stringify = () => '{\"ok\":[9]}'", "['1']"), '["1"]'],
  "JSON.parse": [after("JSON.parse = () => { throw 9 }", "a"), "[3, 1, 2]"],
  "toJSON everywhere": [
    after(
      "for (const { prototype } of [Object, Array, String, Number, Boolean, BigInt, Map, Date])\n" +
        "  prototype.toJSON = () => 'forged'",
      "[a, 1n, 's', true, { x: 1 }]",
    ),
    '[[3, 1, 2], 1n, "s", true, { x: 1 }]',
  ],
  "primitives as text": [
    script`
      function f(a) {
        for (const { prototype } of [Number, BigInt, Boolean, String]) {
          prototype.toString = prototype.valueOf = () => "9"
          prototype[Symbol.toPrimitive] = () => "9"
        }
        return [1.5, 7n, "s"]
      }
    `,
    '[1.5, 7n, "s"]',
  ],
  "Object's own functions": [
    after(
      "for (const name of Object.getOwnPropertyNames(Object))\n" +
        "  if (typeof Object[name] === 'function' && name !== 'prototype') Object[name] = () => [9]",
      "{ x: a }",
    ),
    "{ x: [3, 1, 2] }",
  ],
  "Reflect's functions": [
    after("for (const name of Object.getOwnPropertyNames(Reflect)) Reflect[name] = () => [9]", "{ x: a }"),
    "{ x: [3, 1, 2] }",
  ],
  "call, apply and bind": [
    after(
      "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => 9",
      "new Map([[1, a]])",
    ),
    "new Map([[1, [3, 1, 2]]])",
  ],
  patterns: [
    after(
      "RegExp.prototype.exec = () => null\nRegExp.prototype.test = () => false\n" +
        "for (const s of [Symbol.match, Symbol.replace, Symbol.split]) RegExp.prototype[s] = () => null",
      "'é'",
    ),
    '"é"',
  ],
  "Array.isArray and Symbol.hasInstance": [
    script`
      function f(a) {
        Array.isArray = () => false
        Object.defineProperty(Array, Symbol.hasInstance, { value: () => false })
        Object.defineProperty(Map, Symbol.hasInstance, { value: () => true })
        return [a, {}]
      }
    `,
    "[[3, 1, 2], {}]",
  ],
  species: [
    script`
      class Odd extends Array {
        static get [Symbol.species]() {
          return class {}
        }
      }
      function f(a) {
        Object.defineProperty(Array, Symbol.species, { value: Odd })
        return [[3, 1].concat([2]) instanceof Odd, a]
      }
    `,
    "[true, [3, 1, 2]]",
  ],
  "names of errors": [
    script`
      function f(a) {
        Object.defineProperty(Error.prototype, "name", { get: () => "forged" })
        TypeError.prototype.name = "also"
        return null.x
      }
    `,
    "!also",
  ],
  "the prototype of prototypes": [
    f("Object.setPrototypeOf(Object.prototype, { ok: 9 })\nreturn {}"),
    "!TypeError",
  ],
  "the prototype of arrays": [
    after("Object.setPrototypeOf(Array.prototype, { ok: 9, 0: 9 })", "[a, []]"),
    "[[3, 1, 2], []]",
  ],
  "undefined, NaN": [f("undefined = 9\nreturn undefined"), "!TypeError"],
  "constants of the global object": [
    after("try { globalThis.NaN = 9 } catch {}", "[NaN, undefined]"),
    "[NaN, undefined]",
  ],
  "globals deleted": [
    after(
      "for (const name of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[name] } catch {}",
      "a",
    ),
    "[3, 1, 2]",
  ],
  "globals replaced": [
    script`
      function f(a) {
        for (const name of Object.getOwnPropertyNames(globalThis)) {
          try {
            globalThis[name] = () => 9
          } catch {}
        }
        return a
      }
    `,
    "[3, 1, 2]",
  ],
  "everything frozen": [
    script`
      const seen = new Set()
      const freeze = (value) => {
        if (Object(value) !== value || seen.has(value)) return
        seen.add(Object.freeze(value))
        for (const key of Reflect.ownKeys(value)) {
          const { get, set, value: part } = Object.getOwnPropertyDescriptor(value, key)
          for (const next of [get, set, part]) freeze(next)
        }
      }
      function f(a) {
        freeze(globalThis)
        return [a, seen.size > 300]
      }
    `,
    "[[3, 1, 2], true]",
  ],
  "the clock and the dice": [after("Date.now = Math.random = () => 9\nDate = null", "Math.random()"), "9"],
  console: [after("console.log = null\nconsole = undefined", "a"), "[3, 1, 2]"],
  "state of a pattern": [
    f("const r = /a/g\nr.lastIndex = 9\nreturn [r.test('aaa'), RegExp.$1 === undefined || RegExp.$1 === '']"),
    "[false, true]",
  ],
  "globals for the next program": [
    after("globalThis.left = 9\nvar left2 = 9\nSymbol.for('left')", "globalThis.left"),
    "9",
  ],
  "jobs for the next program": [
    after("Promise.resolve().then(() => { Array.prototype.sort = () => 9; globalThis.late = 9 })", "a"),
    "[3, 1, 2]",
  ],
})
