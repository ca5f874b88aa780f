/** Mutations of a program's text: by token, by line, by byte, and splices of what does harm. */
import type { RandomStreams } from "@azr/core"
import { hostilePrograms } from "../../src/bench/hostile.ts"
import type { LanguageId } from "../../src/bench/languages.ts"

type RandomStream = ReturnType<RandomStreams.RandomStreams["get"]>

/** Names, numbers, texts, white space, and every other character alone. */
const tokenPattern = /[A-Za-z_]\w*|\d[\w.]*|"[^"\n]*"|'[^'\n]*'|\s+|[^\s\w]/gu
const tokensOf = (text: string): Array<string> => text.match(tokenPattern) ?? []

/** Texts that stand where parsers and interpreters have their corners. */
const corners: Readonly<Record<LanguageId, ReadonlyArray<string>>> = {
  python: [
    "0", "-1", "1e308", "10**18", "2**64", "float('nan')", "float('inf')", "None", "...", "b''", "''", "[]", "{}", "()",
    "lambda: 0", "yield", "await x", "*", "**", "@", ":=", "->", "return", "raise", "del a", "global a", "nonlocal a",
    "async ", "import os", "from os import *", "exec('1')", "eval", "__import__('sys')", "().__class__.__base__",
    "type", "super()", "print(a)", "input()", "open('/etc/hostname')", "self", "a.__dict__", "f(a)", "f", "\\", "'''",
    '"""', "#", ";", "\n", "\t", "\r", "\0", "\f", "\u{feff}", "\u{202e}", "ﬁ", "é", "𝒇", "𝟘", "\u{1f600}", "f'{a!r:>{5}}'",
    "t'{a}'", "if 1 else", "for _ in iter(int, 1): pass", "1_0", "0x", "1e", "0o9", "01", "1if 1else 2", "class A: pass",
    "with a: pass", "match a:\n  case _: pass", "try: pass\nexcept* E: pass", "assert 0", "type X = int",
    "(x for x in a)", "[*a, *a]", "{**a}", "a[::0]", "range(10**12)", "sorted", "sys.setrecursionlimit(10**9)",
  ],
  javascript: [
    "0", "-0", "1e308", "2**53", "10n**18n", "NaN", "Infinity", "null", "undefined", "''", "``", "[]", "{}", "()", "[,]",
    "() => 0", "yield", "await x", "*", "**", "?.", "??", "??=", "=>", "...", "return", "throw a", "delete a", "void 0",
    "async ", "import 'os'", "import('os')", "export default 1", "eval('1')", "Function('return 1')()", "new.target",
    "import.meta", "this", "globalThis", "arguments", "arguments.callee", "super.x", "f(a)", "f", "\\", "`${a}`", "/(a+)+$/",
    "/[/", "//", "/*", "*/", "<!--", "-->", "#!", ";", "\n", "\t", "\r", "\0", "\f", "\u{feff}", "\u{202e}", "\u2028", "é", "𝒇",
    "\\u0061", "\\u{110000}", "\u{1f600}", "a.__proto__ = a", "Object.prototype.x = 1", "Array.prototype[0] = 1",
    "a.constructor.constructor('return 1')()", "with (a) {}", "'use strict'", "label: for (;;) break label", "debugger",
    "class A { #x; static { A.y = 1 } }", "get x() { return 1 }", "new Proxy({}, {})", "Symbol.iterator", "1_0", "0x", "1e",
    "0o9", "01", "3in []", "let let", "var f", "const a", "do ; while (0)", "if (a) ; else", "new Array(2 ** 32 - 1)",
    "new SharedArrayBuffer(8)", "Atomics.wait", "new WeakRef(a)", "JSON.rawJSON", "a.length = 1e9", "[...'a'.repeat(1e7)]",
    "Reflect.ownKeys(a)", "structuredClone", "setTimeout(f)", "Promise.resolve().then(f)", "queueMicrotask", "console.log(a)",
    "Date.now()", "Math.random()", "toString: 0", "[Symbol.toPrimitive]: f", "a[Symbol.iterator] = null", "static", "enum",
  ],
} // prettier-ignore

const controls = ["\0", "\u0001", "\u007f", "\u0080", "\ud800", "\udc00", "\u2028", "\ufffe", "\u{10ffff}"]

/** What can be done to a text. `other` is another program of the corpus. */
type Mutation = (text: string, other: string, random: RandomStream, id: LanguageId) => string

const position = (items: ReadonlyArray<unknown> | string, random: RandomStream): number =>
  random.integer(0, Math.max(items.length - 1, 0))

const byToken =
  (
    change: (tokens: Array<string>, at: number, random: RandomStream, other: string, id: LanguageId) => void,
  ): Mutation =>
  (text, other, random, id) => {
    const tokens = tokensOf(text)
    change(tokens, position(tokens, random), random, other, id)
    return tokens.join("")
  }

const lines = (text: string): Array<string> => text.split("\n")

/** These often give another valid program. */
const gentle: ReadonlyArray<Mutation> = [
  // Of its own kind: a name or number for a name or number, a sign for a sign.
  byToken((tokens, at, random, other) => {
    const same = /^\w/.test(tokens[at] ?? "") ? /^\w/ : /^[^\w\s]/
    tokens[at] = random.pick([...tokensOf(other), ...tokens].filter((token) => same.test(token)).concat("a"))
  }),
  (text, _, random) =>
    text.replaceAll(/\b\d+\b/g, (number) => (random.float() < 0.5 ? number : String(random.integer(0, 40)))),
  // The same for the names and numbers of this program alone.
  byToken((tokens, at, random) => {
    const words = tokens.filter((token) => /^\w/.test(token))
    if (/^\w/.test(tokens[at] ?? "")) tokens[at] = random.pick(words)
  }),
]

/** These often do not. */
const breaking: ReadonlyArray<Mutation> = [
  byToken((tokens, at) => tokens.splice(at, 1)),
  byToken((tokens, at) => tokens.splice(at, 0, tokens[at] ?? "")),
  byToken((tokens, at, random) => {
    const from = position(tokens, random)
    const moved = tokens[from] ?? ""
    tokens[from] = tokens[at] ?? ""
    tokens[at] = moved
  }),
  byToken((tokens, at, random, other) => (tokens[at] = random.pick([...tokensOf(other), " "]))),
  byToken((tokens, at, random, other) => tokens.splice(at, 0, random.pick([...tokensOf(other), " "]))),
  byToken((tokens, at, random, _, id) => (tokens[at] = random.pick(corners[id]))),
  byToken((tokens, at, random, _, id) => tokens.splice(at, 0, ` ${random.pick(corners[id])} `)),
  (text, other, random) => {
    const own = lines(text)
    own.splice(position(own, random), random.integer(0, 1), random.pick(lines(other)))
    return own.join("\n")
  },
  (text, _, random) => {
    const own = lines(text)
    const from = position(own, random)
    own.splice(position(own, random), 0, ...own.slice(from, from + random.integer(1, 3)))
    return own.join("\n")
  },
  (text, other) => `${text}\n${other}`,
  (text, _, random, id) => {
    const { program } = random.pick(hostilePrograms[id])
    const own = lines(text)
    // Its body, inside ours; or all of it, in front.
    if (random.float() < 0.3) return `${program}\n${text}`
    own.splice(random.integer(1, own.length), 0, ...lines(program).slice(1))
    return own.join("\n")
  },
  (text, _, random) => {
    const at = position(text, random)
    return (
      text.slice(0, at) +
      String.fromCharCode(text.charCodeAt(at) ^ (1 << random.integer(0, 7))) +
      text.slice(at + 1)
    )
  },
  (text, _, random) => {
    const at = position(text, random)
    return text.slice(0, at) + random.pick(controls) + text.slice(at)
  },
  (text, _, random) => text.slice(0, position(text, random)),
  (text, _, random) => {
    const at = position(text, random)
    return (
      text.slice(0, at) +
      random.pick(["(", "[", "{", "-", "~", "not ", "\n ", "a.", "f("]).repeat(random.integer(1, 3000)) +
      text.slice(at)
    )
  },
  (text, _, random) => {
    const at = position(text, random)
    const piece = text.slice(at, at + random.integer(1, 40))
    return text.slice(0, at) + piece.repeat(random.integer(2, 200)) + text.slice(at)
  },
]

/** Else nine of ten programs would end at the parser. */
const gentleShare = 0.6

/** One to four mutations. `corpus` lends tokens and lines. */
export const mutateProgram = (
  text: string,
  corpus: ReadonlyArray<string>,
  random: RandomStream,
  id: LanguageId,
): string => {
  let mutated = text
  const count = random.weighted([4, 3, 2, 1]) + 1
  for (let done = 0; done < count; done++) {
    const mutations = random.float() < gentleShare ? gentle : breaking
    mutated = random.pick(mutations)(mutated, random.pick(corpus), random, id)
  }
  return mutated.slice(0, 50_000)
}
