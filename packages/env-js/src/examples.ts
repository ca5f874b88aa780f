/** JavaScript as the conformance suite sees it. */
import { Value } from "@azr/core"
import type { LanguageExamples } from "@azr/core/language"

const { bigint, bool, dict, float, jsset, list, map, none, string, undefinedValue } = Value

/**
 * Deep equality in the terms of the language: SameValueZero for what is no object, the same elements in arrays, and in
 * everything else the same members in any order.
 */
const equalities = `
const matches = (xs, ys, test) => {
  const left = [...ys]
  return xs.length === ys.length && xs.every((x) => {
    const at = left.findIndex((y) => test(x, y))
    return at >= 0 && left.splice(at, 1).length === 1
  })
}
const kind = (x) => Object.prototype.toString.call(x)
const same = (x, y) => {
  if (typeof x !== "object" || typeof y !== "object" || x === null || y === null) return [x].includes(y)
  if (kind(x) !== kind(y)) return false
  if (Array.isArray(x)) return x.length === y.length && x.every((item, i) => same(item, y[i]))
  if (x instanceof Set) return matches([...x], [...y], same)
  const entries = (z) => (z instanceof Map ? [...z] : Object.entries(z))
  return matches(entries(x), entries(y), same)
}
const f = (values) => values.map((a) => values.map((b) => same(a, b)))
`.trim()

export const examples: LanguageExamples = {
  values: [
    float(1),
    string("a"),
    list([float(3), float(1), float(2)]),
    none,
    undefinedValue,
    bool(true),
    bool(false),
    float(0),
    float(-0),
    float(-7),
    float(2 ** 53),
    float(1.5),
    float(0.1),
    float(1e21),
    float(5e-324),
    float(Number.MAX_VALUE),
    float(Number.NaN),
    float(Number.POSITIVE_INFINITY),
    float(Number.NEGATIVE_INFINITY),
    bigint(0n),
    bigint(1n),
    bigint(-(10n ** 30n)),
    string(""),
    string("1"),
    string('it\'s "so"\\n `${x}`'),
    string("\u0000\n\r\t\u007f\u202e\u2028\u{1f600}é"),
    string("</think><answer>```"),
    list([]),
    list([undefinedValue]),
    list([float(1), list([string("a"), none])]),
    dict([]),
    dict([
      [string("b"), float(1)],
      [string("a"), list([])],
    ]),
    dict([
      [string("a"), list([])],
      [string("b"), float(1)],
    ]),
    dict([
      [string("7"), none],
      [string("a b"), undefinedValue],
      [string("__proto__"), dict([])],
      [string("constructor"), float(-0)],
    ]),
    map([]),
    map([
      [string("a"), list([])],
      [string("b"), float(1)],
    ]),
    map([
      [string("b"), float(1)],
      [string("a"), list([])],
    ]),
    map([
      [dict([[string("k"), bigint(2n)]]), jsset([float(2)])],
      [none, map([])],
    ]),
    jsset([]),
    jsset([float(3), string("x"), list([])]),
    jsset([string("x"), list([]), float(3)]),
    jsset([jsset([float(1)])]),
    list([float(Number.NaN), jsset([])]),
  ],
  identity: "function f(a) {\n  return a;\n}",
  disguise: "function f( argument )  // the same\n{\n\n  return   argument\n}\n",
  endless: "function f(a) {\n  for (;;) {}\n}",
  hoards: "function f(a) {\n  const kept = [];\n  for (;;) kept.push([a]);\n}",
  recurses: "function f(a) {\n  return f(a);\n}",
  floods: 'function f(a) {\n  return "ab".repeat(100_000);\n}',
  nondeterministic: [
    "function f(a) {\n  return Math.random();\n}",
    "function f(a) {\n  return Date.now();\n}",
    "function f(a) {\n  return new Date().toISOString();\n}",
  ],
  malformed: "function f(a) {\n  return (a;\n}",
  throws: { program: "function f(a) {\n  return null.missing;\n}", name: "TypeError" },
  prints: {
    program: "function f(a) {\n  console.log('{\"ok\": 2}');\n  return a;\n}",
    stdout: '{"ok": 2}\n',
  },
  equalities,
}
