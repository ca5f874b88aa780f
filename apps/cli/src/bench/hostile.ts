/**
 * Programs that fail in each way in which a program can, by language. The outcome of each is known. The first of a kind
 * is the one whose traces take longest to remove: recovery is measured by it.
 */
import type { Executor } from "@azr/core"
import type { LanguageId } from "./languages.ts"

export interface Hostile {
  readonly kind: Executor.GuestFailureKind
  /** What it does, for a report. */
  readonly what: string
  /** Takes one argument, which it may ignore. */
  readonly program: string
  /** Of endless work there is only so much. */
  readonly fuel: number
}

const hostile = (
  kind: Hostile["kind"],
  what: string,
  lines: ReadonlyArray<string>,
  fuel = 200_000_000,
): Hostile => ({ kind, what, program: lines.join("\n"), fuel })

const short = 20_000_000

const python: ReadonlyArray<Hostile> = [
  hostile(
    "fuel",
    "a loop that catches everything",
    [
      "def f(a):",
      "    while True:",
      "        try:",
      "            while True: a = a",
      "        except BaseException: pass",
    ],
    short,
  ),
  hostile("fuel", "a power tower", ["def f(a): return 10 ** 10 ** 7"], short),
  hostile(
    "fuel",
    "backtracking",
    ["import re", "def f(a): return re.match('(a+)+$', 'a' * 40 + 'b')"],
    short,
  ),
  hostile("fuel", "filling memory for ever", ["def f(a):", "    while True: bytes(5_000_000)"], short),
  hostile("memory", "a list that grows", [
    "def f(a):",
    "    x = []",
    "    while True: x.append(bytearray(10 ** 6))",
  ]),
  hostile("memory", "one allocation of a gigabyte", ["def f(a): return bytearray(10 ** 9)"]),
  hostile("memory", "a text that doubles", ["def f(a):", "    s = 'ab'", "    while True: s += s"]),
  hostile("stack", "recursion", ["def f(a): return f(a)"]),
  hostile("stack", "recursion through repr", [
    "class A:",
    "    def __repr__(self): return repr(self)",
    "def f(a): return repr(A())",
  ]),
  hostile("trap", "bytecode that does not exist", [
    "def f(a):",
    "    g = lambda: 1",
    "    g.__code__ = g.__code__.replace(co_code=bytes([255, 255] * 40))",
    "    return g()",
  ]),
  hostile("exception", "a division by zero", ["def f(a): return 1 // 0"]),
  hostile("exception", "SystemExit", ["def f(a): raise SystemExit(0)"]),
  hostile("exception", "opening a file", ["def f(a): return open('/etc/hostname').read()"]),
  hostile("syntax", "no syntax", ["def f(a) return a"]),
  hostile("output", "a result of 100,000 characters", ["def f(a): return 'a' * 100_000"]),
  hostile("unrepresentable", "an object", ["def f(a): return object()"]),
  hostile("exception", "damage to builtins, then an error", [
    "import builtins, json, collections",
    "def f(a):",
    "    builtins.sorted = builtins.len = json.dumps = collections.Counter = None",
    "    return sorted(a)",
  ]),
]

const javascript: ReadonlyArray<Hostile> = [
  hostile(
    "fuel",
    "a loop that catches everything",
    ["function f(a) {", "  for (;;) try { for (;;) a = a } catch {}", "}"],
    short,
  ),
  hostile("fuel", "a power tower", ["const f = (a) => 10n ** 10n ** 7n"], short),
  hostile("fuel", "backtracking", ["const f = (a) => /^(a+)+$/.test('a'.repeat(40) + 'b')"], short),
  hostile(
    "fuel",
    "filling memory for ever",
    ["function f(a) {", "  for (;;) new Uint8Array(5000000).fill(1)", "}"],
    short,
  ),
  hostile("memory", "a list that grows", [
    "function f(a) {",
    "  const x = []",
    "  for (;;) x.push(new Uint8Array(1000000))",
    "}",
  ]),
  hostile("memory", "one allocation of 200 megabytes", ["const f = (a) => new ArrayBuffer(2e8).byteLength"]),
  hostile("stack", "recursion", ["const f = (a) => f(a) + 1"]),
  hostile("stack", "recursion through toString", [
    "const a = { toString() { return `${a}` } }",
    "const f = () => `${a}`",
  ]),
  hostile("exception", "a null", ["const f = (a) => null.x"]),
  hostile("exception", "a thrown text", ["function f(a) { throw 'text' }"]),
  hostile("exception", "a process that is not there", ["const f = (a) => process.exit(0)"]),
  hostile("syntax", "no syntax", ["function f(a) return a"]),
  hostile("output", "a result of 100,000 characters", ["const f = (a) => 'a'.repeat(100000)"]),
  hostile("unrepresentable", "a function", ["const f = (a) => f"]),
  hostile("exception", "damage to prototypes, then an error", [
    "function f(a) {",
    "  Array.prototype.map = Object.keys = JSON.stringify = Array.prototype[Symbol.iterator] = null",
    "  return [1].map((x) => x)",
    "}",
  ]),
]

export const hostilePrograms: Readonly<Record<LanguageId, ReadonlyArray<Hostile>>> = { python, javascript }
