/**
 * Random programs by grammar: typed expressions over a list of integers `a`, an integer `n` and a text `s`, in a few
 * statements. Most of them return; all of them use what programs use.
 */
import { type RandomStreams, Value } from "@azr/core"
import type { LanguageId } from "../../src/bench/languages.ts"

type RandomStream = ReturnType<RandomStreams.RandomStreams["get"]>

/** The types of expressions. Each has variables, and forms with holes: `I` integer, `L` list, `S` text, `B` truth. */
type Type = "I" | "L" | "S" | "B"

interface Grammar {
  readonly leaves: Readonly<Record<Type, ReadonlyArray<string>>>
  readonly forms: Readonly<Record<Type, ReadonlyArray<string>>>
  /** Statements; besides expressions `#` is a fresh variable. */
  readonly statements: ReadonlyArray<readonly [text: string, variable: Type]>
  readonly program: (statements: ReadonlyArray<string>, results: ReadonlyArray<string>) => string
}

const python: Grammar = {
  leaves: {
    I: ["n", "0", "1", "2", "7", "-3", "10**9", "2**63", "len(a)", "len(s)"],
    L: ["a", "[]", "[1, 2, 3]", "list(range(5))", "a[::-1]"],
    S: ["s", "''", "'abc'", "'é☕'", "str(n)"],
    B: ["True", "False", "n > 2", "bool(a)", "s.isalpha()"],
  },
  forms: {
    I: [
      "($I + $I)", "($I - $I)", "($I * $I)", "($I // $I)", "($I % $I)", "($I if $B else $I)", "abs($I)", "sum($L)",
      "len($L)", "len($S)", "max($L, default=$I)", "min($I, $I)", "$L.count($I)", "$S.find($S)", "($I & $I)",
      "($I ^ $I)", "($I << ($I % 40))", "ord(($S + 'x')[0])", "int($B)", "sum(x * $I for x in $L if x % 2)", "~$I",
      "len(set($L))", "round($I / 7)", "pow($I, 3, 1000007)", "int(str($I))",
    ],
    L: [
      "($L + $L)", "$L[$I:]", "$L[:$I]", "sorted($L)", "[x + $I for x in $L]", "[x for x in $L if x > $I]",
      "list(map(lambda x: x * 2, $L))", "list(set($L))", "($L * ($I % 4))", "[ord(c) for c in $S]", "[*$L, $I]",
      "list(dict.fromkeys($L))", "[len(w) for w in $S.split()]", "[i for i, x in enumerate($L) if x == $I]",
      "[x % 5 for x in $L]", "[p * q for p, q in zip($L, $L)]",
    ],
    S: [
      "($S + $S)", "$S[::-1]", "$S.upper()", "$S.replace($S, $S)", "(f'{$I}' + $S)", "($S * ($I % 4))", "repr($L)",
      "$S.strip($S)", "'-'.join(str(x) for x in $L)", "$S[$I:]", "('%d' % $I)", "$S.center(9, '.')", "hex($I)",
      "str($B)", "chr(97 + $I % 26)", "format($I, ',')",
    ],
    B: [
      "($I < $I)", "($L == $L)", "not $B", "($B and $B)", "($B or $B)", "$I in $L", "$S in $S", "all($L)", "any($L)",
      "isinstance($I, bool)", "($S <= $S)", "$S.startswith($S)",
    ],
  },
  statements: [
    ["# = $I", "I"], ["# = $L", "L"], ["# = $S", "S"], ["# = 0\nfor x in $L:\n    # += x * $I", "I"],
    ["# = []\nfor i, c in enumerate($S):\n    if i % 2: #.append(ord(c))\n    else: #.insert(0, i)", "L"],
    ["# = $I % 50\nwhile # > 3:\n    # = # // 2", "I"], ["try:\n    # = $I // $I\nexcept ZeroDivisionError:\n    # = $I", "I"],
    ["# = {}\nfor x in $L:\n    #[x] = #.get(x, 0) + 1\n# = list(#.values())", "L"],
    ["def g(x, y=$I): return x * y - $I\n# = g($I)", "I"], ["if $B:\n    # = $S\nelse:\n    # = $S", "S"],
    ["#, *_ = $L + [0]", "I"], ["# = $L[:]\n#.sort(key=lambda x: -x)", "L"],
  ],
  program: (statements, results) =>
    ["def f(a, n, s):", ...statements.join("\n").split("\n").map((line) => `    ${line}`),
      `    return (${results.join(", ")},)`].join("\n"),
} // prettier-ignore

const javascript: Grammar = {
  leaves: {
    I: ["n", "(0)", "(1)", "(2)", "(7)", "(-3)", "(1e9)", "(2 ** 53)", "a.length", "s.length", "NaN", "(-0)", "(0.1)", "Infinity"],
    L: ["a", "[]", "[1, 2, 3]", "[...Array(5).keys()]", "a.toReversed()"],
    S: ["s", "''", "'abc'", "'é☕'", "String(n)"],
    B: ["true", "false", "n > 2", "a.length > 0", "/^[a-z]+$/i.test(s)"],
  },
  forms: {
    I: [
      "($I + $I)", "($I - $I)", "($I * $I)", "($I / $I)", "($I % $I)", "($B ? $I : $I)", "Math.abs($I)",
      "$L.reduce((x, y) => x + y, $I)", "$L.length", "$S.length", "Math.max(...$L, $I)", "Math.min($I, $I)",
      "$L.indexOf($I)", "$S.indexOf($S)", "($I & $I)", "($I ^ $I)", "($I << ($I % 40))", "($S + 'x').charCodeAt(0)",
      "Number($B)", "(~$I)", "new Set($L).size", "Math.round($I / 7)", "($I >>> 3)", "parseInt(String($I))", "Math.trunc($I)",
      "(Math.abs($I) ** 0.5)", "($L.at($I) ?? $I)", "Number(BigInt(Math.trunc($I % 1000 || 0)) ** 3n)", "Math.imul($I, $I)",
      "Math.sign($I)", "Number($S)", "parseFloat($S)", "Math.hypot($I, 3)",
    ],
    L: [
      "$L.concat($L)", "$L.slice($I)", "$L.slice(0, $I)", "$L.toSorted()", "$L.map((x) => x + $I)",
      "$L.filter((x) => x > $I)", "[...new Set($L)]", "[...$S].map((c) => c.codePointAt(0))", "[...$L, $I]",
      "$S.split(' ').map((w) => w.length)", "$L.flatMap((x, i) => (i % 2 ? [x] : [x, i]))", "$L.toSorted((x, y) => y - x)",
      "Object.values({ ...$L })", "$L.fill($I, 1, 3)", "$L.toSpliced(1, 1)", "[...$L.entries()].flat()",
    ],
    S: [
      "($S + $S)", "[...$S].reverse().join('')", "$S.toUpperCase()", "$S.replaceAll($S, $S)", "`${$I}${$S}`",
      "$S.repeat(Math.abs(Math.trunc($I % 4 || 0)))", "JSON.stringify($L)", "$S.trim()", "$L.join('-')", "$S.slice($I)",
      "$S.padStart(9, '.')", "($I % 1000 || 0).toString(16)", "String($B)", "(typeof $I)", "($I % 1e6 || 0).toFixed(2)",
      "$S.normalize('NFD')", "($S.at(-1) + '')",
    ],
    B: [
      "($I < $I)", "($L == $L)", "(!$B)", "($B && $B)", "($B || $B)", "$L.includes($I)", "$S.includes($S)",
      "$L.every((x) => x)", "$L.some((x) => x < 0)", "Number.isInteger($I)", "($S <= $S)", "$S.startsWith($S)",
      "Object.is($I, -0)", "($I == $S)", "($I === $I)",
    ],
  },
  statements: [
    ["let # = $I", "I"], ["let # = $L", "L"], ["let # = $S", "S"], ["let # = 0\nfor (const x of $L) # += x * $I", "I"],
    ["const # = []\n;[...$S].forEach((c, i) => (i % 2 ? #.push(c.length) : #.unshift(i)))", "L"],
    ["let # = $I % 50 || 0\nwhile (# > 3) # = # >> 1", "I"],
    ["let # = $I\ntry {\n  null.x\n} catch (error) {\n  # = error instanceof TypeError ? $I : $I\n}", "I"],
    ["const m# = new Map()\nfor (const x of $L) m#.set(x, (m#.get(x) ?? 0) + 1)\nconst # = [...m#.values()]", "L"],
    ["const g# = (x, y = $I) => x * y - $I\nlet # = g#($I)", "I"],
    ["let #\nif ($B) # = $S\nelse # = $S", "S"], ["const [# = 0] = $L", "I"], ["const # = [...$L].sort((x, y) => y - x)", "L"],
    ["let { length: # } = $S", "I"], ["let # = 0\nswitch ($I) {\n  case 1: # = $I\n  default: # += 1\n}", "I"],
  ],
  program: (statements, results) =>
    ["function f(a, n, s) {", ...statements.join("\n").split("\n").map((line) => `  ${line}`),
      `  return [${results.join(", ")}]`, "}"].join("\n"),
} // prettier-ignore

const grammars: Readonly<Record<LanguageId, Grammar>> = { python, javascript }

const largestDepth = 3

export interface GeneratedCall {
  readonly program: string
  readonly arguments: ReadonlyArray<Value.Value>
}

/** A program and arguments for it, by the stream alone. */
export const generateProgram = (id: LanguageId, random: RandomStream): GeneratedCall => {
  const { forms, leaves, program, statements } = grammars[id]
  const known: Record<Type, Array<string>> = { I: [], L: [], S: [], B: [] }
  const expression = (type: Type, depth: number): string =>
    depth <= 0 || random.float() < 0.2
      ? random.pick([...leaves[type], ...known[type], ...known[type]])
      : fill(random.pick(forms[type]), depth - 1)
  const fill = (form: string, depth: number): string =>
    form.replace(/\$([ILSB])/g, (_, type: Type) => expression(type, depth))
  const body: Array<string> = []
  const count = random.integer(1, 5)
  for (let index = 0; index < count; index++) {
    const [form, type] = random.pick(statements)
    const name = `v${index}`
    body.push(fill(form.replaceAll("#", name), random.integer(0, largestDepth)))
    known[type].push(name)
  }
  const results = (["I", "L", "S", "B"] as const).map((type) => expression(type, 2))
  return { program: program(body, results), arguments: generateArguments(id, random) }
}

const texts = [
  "",
  "hello world",
  "aAbB",
  "naïve ☕",
  "0",
  "-12",
  "\u0000\ud83d\ude00",
  "a\nb\tc",
  "x".repeat(70),
]
const integers = [0, 1, -1, 7, 255, 2 ** 31, -(2 ** 53) + 1, 1e15]

/** `a`, `n` and `s`. */
const generateArguments = (id: LanguageId, random: RandomStream): ReadonlyArray<Value.Value> => {
  const number = numberOf(id)
  const length = random.integer(0, 8)
  return [
    Value.list(Array.from({ length }, () => number(random.integer(-9, 20)))),
    number(random.float() < 0.7 ? random.integer(-5, 30) : random.pick(integers)),
    Value.string(random.pick(texts)),
  ]
}

const numberOf =
  (id: LanguageId) =>
  (value: number): Value.Value =>
    id === "python" ? Value.int(value) : Value.float(value)

/** Any value at all, for what a program does not expect. */
export const generateValue = (id: LanguageId, random: RandomStream, depth = 3): Value.Value => {
  const number = numberOf(id)
  const scalar = (): Value.Value =>
    random.pick([
      Value.none,
      Value.bool(random.float() < 0.5),
      number(random.pick(integers)),
      number(random.integer(-100, 100)),
      Value.float(random.pick([0.5, -0, Number.NaN, Infinity, 1e308, 5e-324, random.float()])),
      Value.string(random.pick(texts)),
    ])
  if (depth === 0 || random.float() < 0.4) return scalar()
  const items = Array.from({ length: random.integer(0, 4) }, () => generateValue(id, random, depth - 1))
  if (random.float() < 0.6) return Value.list(items)
  return Value.dict(items.map((item, index) => [Value.string(`k${index}`), item]))
}
