/** Using up fuel, memory, stack or output, and what catches that. */
import { attempts, f, nothing } from "./attempt.ts"

const spent = ["!fuel", "!memory", "!stack"]
export const exhaustionAttempts = attempts("exhaustion", {
  "a loop": [f("for (;;);"), "!fuel"],
  "a loop in finally": [f("try { return 1 } finally { for (;;); }"), "!fuel"],
  "a loop that catches": [f("for (;;) try { throw 1 } catch {} finally { continue }"), "!fuel"],
  "a loop in a getter": [f("const x = { get y() { for (;;); } }\nreturn x.y"), "!fuel"],
  "a loop in toString": [f("return `${{ toString() { for (;;); } }}`"), "!fuel"],
  "a loop in valueOf": [f("return +{ valueOf() { for (;;); } }"), "!fuel"],
  "a loop in toJSON": [f("return JSON.stringify({ toJSON() { for (;;); } })"), "!fuel"],
  "a loop in a comparator": [f("return a.sort(() => { for (;;); })"), "!fuel"],
  "a comparator without order": [
    f("let i = 0\nreturn Array.from({ length: 1000 }, (_, n) => n).sort(() => (i++ % 3) - 1).length"),
    "1000",
  ],
  "a generator without end": [f("return [...(function* () { for (;;) yield 1 })()]"), spent],
  "an iterator that never is done": [
    f("return new Set({ [Symbol.iterator]: () => ({ next: () => ({}) }) })"),
    "!fuel",
  ],
  "a pattern": [f("return /^(a+)+$/.test('a'.repeat(40) + 'b')"), "!fuel"],
  "a pattern with references": [f("return /(x+x+)+\\1y/.test('x'.repeat(40))"), spent],
  "a pattern of many parts": [
    f("return new RegExp('(' .repeat(50000) + ')'.repeat(50000)).test('')"),
    ["!SyntaxError", "!RangeError", "!InternalError", ...spent],
  ],
  "a text": [f("let s = 'x'\nfor (;;) s += s"), ["!InternalError", "!RangeError", ...spent]],
  "a text at once": [f("return 'x'.repeat(2 ** 30).length"), ["!InternalError", "!RangeError", ...spent]],
  padding: [f("return 'x'.padEnd(2 ** 30).length"), ["!InternalError", "!RangeError", ...spent]],
  replacement: [f("return 'a'.repeat(1e5).replace(/a/g, '$`').length"), ["!InternalError", ...spent]],
  "an array": [f("const x = []\nfor (;;) x.push(x.length)"), spent],
  "an array at once": [f("return new Array(1e9).fill(0).length"), spent],
  "an array of arrays": [f("let x = [1]\nfor (;;) x = [...x, ...x]"), spent],
  "a map": [f("const m = new Map()\nfor (let i = 0; ; i++) m.set(i, {})"), spent],
  "a buffer": [f("return new ArrayBuffer(1e9).byteLength"), ["!RangeError", "!InternalError", ...spent]],
  buffers: [f("const all = []\nfor (;;) all.push(new Uint8Array(1e6).fill(1))"), ["!RangeError", ...spent]],
  closures: [f("let g = () => 0\nfor (;;) { const h = g\n  g = () => h() }"), spent],
  "a number": [f("return 2n ** (2n ** 40n)"), ["!RangeError", ...spent]],
  "a number that grows": [f("let n = 3n\nfor (;;) n *= n"), ["!RangeError", ...spent]],
  "a number as text": [f("return (10n ** 200000n).toString().length"), ["200001", ...spent]],
  "a text as a number": [f("return BigInt('9'.repeat(1e6)) > 0n"), ["true", "!RangeError", ...spent]],
  recursion: [f("return f(a)"), "!stack"],
  "recursion that catches": [f("try { return f(a) } catch { return f(a) }"), spent],
  "recursion in finally": [f("try { f(a) } finally { f(a) }"), spent],
  "recursion in toString": [f("const x = { toString() { return `${x}` } }\nreturn `${x}`"), "!stack"],
  "recursion by accessors": [f("const x = { get y() { return this.y } }\nreturn x.y"), "!stack"],
  "recursion in a constructor": [
    f("class A { constructor() { this.a = new A() } }\nreturn new A()"),
    "!stack",
  ],
  "recursion of flattening": [
    f("let x = []\nfor (let i = 0; i < 1e5; i++) x = [x]\nreturn x.flat(Infinity).length"),
    ["0", ...spent],
  ],
  "texts nested a million times": [
    f("return JSON.parse('['.repeat(1e6) + ']'.repeat(1e6)).length"),
    ["!SyntaxError", "!RangeError", ...spent],
  ],
  "objects nested a million times": [
    f("let x = {}\nfor (let i = 0; i < 1e6; i++) x = { x }\nreturn JSON.stringify(x).length"),
    ["!RangeError", ...spent],
  ],
  "source of many brackets": [
    `function f(a) { return ${"[".repeat(20000)}${"]".repeat(20000)} }`,
    ["!SyntaxError", nothing, ...spent],
  ],
  "source of many operators": [
    `function f(a) { return ${"-".repeat(3)}${"- ".repeat(30000)}1 }`,
    ["1", "-1", "!SyntaxError", ...spent],
  ],
  "source of many functions": [
    `function f(a) { return ${"(() => ".repeat(5000)}1${")".repeat(5000)} }`,
    ["!SyntaxError", nothing, ...spent],
  ],
  "printing without end": [
    f("for (let i = 0; i < 3000; i++) console.log('x'.repeat(100))\nreturn a"),
    "[3, 1, 2]",
  ],
})
