import { f } from "./attempt.ts"

/** Looks at all that a program before it might have changed. */
export const probe = f(`
const prints = (value) => {
  if (typeof value === "function") return value.name + value.length
  return typeof value === "symbol" ? String(value) : typeof value
}
const own = (object) => Reflect.ownKeys(object).map((key) => {
  const { configurable, enumerable, get, set, value, writable } = Object.getOwnPropertyDescriptor(object, key)
  return String(key) + prints(get) + prints(set) + prints(value) + [configurable, enumerable, writable]
}).join()
const digest = (text) => {
  let sum = 0
  for (let i = 0; i < text.length; i++) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) | 0
  return [text.length, sum]
}
const classes = [Object, Function, Array, String, Number, BigInt, Boolean, Symbol, Map, Set, Error, TypeError,
  RegExp, Date, Promise, Iterator]
const hidden = [[].values(), function* () {}, async function () {}, async function* () {}, "".matchAll(/x/g)]
const owners = [globalThis, JSON, Math, Reflect, console, ...classes,
  ...classes.map((made) => made.prototype), ...hidden.map((value) => Object.getPrototypeOf(value))]
const pattern = /(\\w)\\1/g
console.log("probe", a)
return [
  owners.map((owner) => digest(own(owner))),
  Object.getOwnPropertyNames(globalThis).sort(),
  [Math.random(), Math.random(), Date.now(), new Date().toISOString(), typeof Date()],
  [pattern.test("aabb"), pattern.lastIndex, "aabbcc".match(pattern), "a-b".split("-")],
  [a.slice().sort(), a.toSorted((x, y) => y - x), [...a], a.map((x) => x * 2), [10, 9, 1].sort()],
  [JSON.stringify({ a, n: null, t: "é" }), JSON.parse('{"x":[1,{"y":2}]}')],
  [new Map([[1, "x"]]).get(1), [...new Set([1, 1, 2])], new Map([[NaN, 1]]).size],
  [\`\${1.5} \${[1, [2]]} \${{}}\`, 2n ** 70n, typeof globalThis.left, typeof globalThis.late, {}.polluted],
]`)
