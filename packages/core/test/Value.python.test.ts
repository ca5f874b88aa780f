/**
 * Python's own `==` as the oracle of `python` equality, and Python's own `repr` as the oracle of float texts. Left out,
 * visibly, on a machine without python3.
 */
import { spawnSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import { type Value, encode, equals, parse } from "../src/Value.ts"
import { pythonValue, rewritten } from "./values.ts"

const python = (program: string, input: string): string => {
  const { error, status, stderr, stdout } = spawnSync("python3", ["-I", "-c", program], {
    input,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 25_000,
  })
  if (status !== 0) throw new Error(stderr === "" ? String(error) : stderr)
  return stdout
}

const hasPython = spawnSync("python3", ["-I", "-c", "pass"]).status === 0
const leftOut = hasPython ? "" : " (left out: there is no python3 on PATH)"

const double = (x: number) => (Number.isFinite(x) ? `float.fromhex('${hexFloat(x)}')` : `float('${x}')`)
const each = (items: ReadonlyArray<Value>): string => items.map(source).join()

/** Python source of a value. Sets and dicts are built by `S` and `D`, which notice members that are equal. */
const source = (value: Value): string => {
  switch (value.kind) {
    case "null":
      return "None"
    case "bool":
      return value.value ? "True" : "False"
    case "int":
      return `int('${value.value}')`
    case "float":
      return double(value.value)
    case "complex":
      return `complex(${double(value.real)},${double(value.imaginary)})`
    case "string":
      return JSON.stringify(value.value)
    case "bytes":
      return `bytes.fromhex('${value.hex}')`
    case "list":
      return `[${each(value.items)}]`
    case "tuple":
      return `(${value.items.map((item) => `${source(item)},`).join("")})`
    case "set":
    case "frozenset":
      return `S(${value.kind},[${each(value.items)}])`
    case "dict":
      return `D([${value.entries.map(([key, item]) => `(${source(key)},${source(item)})`).join()}])`
    default:
      throw new Error(`no Python value: ${value.kind}`)
  }
}

/** Exact hexadecimal text of a finite double, from its bits. */
const hexFloat = (x: number): string => {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, x)
  const word = bits.getBigUint64(0)
  const exponent = Number((word >> 52n) & 0x7ffn)
  const fraction = (word & 0xfffffffffffffn).toString(16).padStart(13, "0")
  const sign = word >> 63n === 1n ? "-" : ""
  return exponent === 0 ? `${sign}0x0.${fraction}p-1022` : `${sign}0x1.${fraction}p${exponent - 1023}`
}

const comparing = `
import sys
class Collapsed(Exception): pass
def S(make, items):
    made = make(items)
    if len(made) < len(items): raise Collapsed
    return made
def D(pairs):
    made = dict(pairs)
    if len(made) < len(pairs): raise Collapsed
    return made
for line in sys.stdin:
    try:
        a, b = eval(line)
        print(int(a == b))
    except Collapsed:
        print('x')
`

describe("against python3", () => {
  it.skipIf(!hasPython)(`python equality is what == says, over 6,000 pairs${leftOut}`, () => {
    const pairs = fc.sample(
      fc.oneof(
        fc.tuple(pythonValue, pythonValue),
        pythonValue.map((value): [Value, Value] => [value, rewritten(value)]),
        fc.tuple(pythonValue, pythonValue).map(([a, b]): [Value, Value] => [
          { kind: "list", items: [a, b] },
          { kind: "list", items: [rewritten(b), rewritten(a)] },
        ]),
      ),
      { numRuns: 6_000, seed: 16 },
    )
    const answers = python(comparing, pairs.map(([a, b]) => `(${source(a)}, ${source(b)})\n`).join("")).split(
      "\n",
    )
    const counts = { equal: 0, different: 0, collapsed: 0 }
    for (const [index, [a, b]] of pairs.entries()) {
      const answer = answers[index]
      // A set or dict with members that are equal to one another is no Python value.
      if (answer === "x") {
        counts.collapsed += 1
        continue
      }
      assert.strictEqual(equals(a, b, "python") ? "1" : "0", answer, `${source(a)} == ${source(b)}`)
      counts[answer === "1" ? "equal" : "different"] += 1
    }
    assert.isAbove(counts.equal, 1200)
    assert.isAbove(counts.different, 1200)
    assert.isBelow(counts.collapsed, 2000)
  })

  it.skipIf(!hasPython)(
    `repr of a float reads back as the same double, and int as the same int${leftOut}`,
    () => {
      const doubles = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), {
        numRuns: 4000,
        seed: 1,
      })
      const ints = fc.sample(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), { numRuns: 1000, seed: 2 })
      const texts = python(
        "import sys\nfor line in sys.stdin:\n    print(repr(float.fromhex(line.strip())))\n",
        doubles.map((x) => `${hexFloat(x)}\n`).join(""),
      ).split("\n")
      for (const [index, x] of doubles.entries()) {
        const value = Result.getOrThrow(parse(`{"float":"${texts[index]}"}`))
        assert.isTrue(value.kind === "float" && Object.is(value.value, x), texts[index])
      }
      const decimals = python(
        "import sys\nfor line in sys.stdin:\n    print(str(int(line.strip(), 16)))\n",
        ints.map((n) => `${n.toString(16)}\n`).join(""),
      ).split("\n")
      for (const [index, n] of ints.entries()) {
        const value = Result.getOrThrow(parse(`{"int":"${decimals[index]}"}`))
        assert.isTrue(value.kind === "int" && value.value === n, decimals[index])
        assert.isTrue(equals(value, Result.getOrThrow(parse(encode(value))), "strict"))
      }
    },
  )
})
