/** The nano language itself: vocabulary, the three forms of a program, values. */
import { Executor } from "@azr/core"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { PythonExecutor } from "../../src/index.ts"
import { knownStatements } from "../../src/nano/interpreter.ts"
import {
  canonical,
  compact,
  fromCompact,
  fromSource,
  shape,
  source,
  tokenCount,
} from "../../src/nano/program.ts"
import { fromValue, inBounds, nanoFromText, renderNano, toValue } from "../../src/nano/values.ts"
import { render, tokenize, vocabulary } from "../../src/nano/vocabulary.ts"

describe("vocabulary", () => {
  it("has 107 tokens whose order is that of checkpoints", () => {
    assert.lengthOf(vocabulary, 107)
    assert.strictEqual(new Set(vocabulary).size, 107)
    const ids = {
      "<pad>": 0,
      "<eos>": 1,
      D: 2,
      "<think>": 11,
      "<undo>": 12,
      "<ans>": 13,
      "[": 14,
      ";": 16,
      "a=a[::-1]": 17,
      "a=a*": 36,
      "-9": 37,
      "60": 106,
    }
    for (const [token, id] of Object.entries(ids)) assert.strictEqual(vocabulary.indexOf(token), id, token)
  })

  it("writes commas between integers and spaces around markers", () => {
    const tokens = [
      "D",
      "a=a+[",
      "3",
      "]",
      ";",
      "a=[x+",
      "2",
      " for x in a]",
      "I",
      "[",
      "1",
      "-9",
      "60",
      "]",
      "O",
      "<think>",
      "4",
    ]
    assert.strictEqual(render(tokens), "D a=a+[3];a=[x+2 for x in a] I [1,-9,60] O <think> 4")
    assert.deepStrictEqual(tokenize(render(tokens)), tokens)
  })

  it("reads with any spacing between tokens, and longest tokens first", () => {
    assert.deepStrictEqual(tokenize(" [ 1 ,2\n3 ] "), ["[", "1", "2", "3", "]"])
    assert.deepStrictEqual(tokenize("a=a-3"), ["a=a-", "3"])
    assert.deepStrictEqual(tokenize("a=a--3"), ["a=a-", "-3"])
    assert.deepStrictEqual(tokenize("PDPIPP"), ["PD", "PI", "P", "P"])
    assert.deepStrictEqual(tokenize("a=[x*2 for x in a]"), ["a=[x*", "2", " for x in a]"])
    assert.deepStrictEqual(tokenize(""), [])
  })

  it("reads nothing else", () => {
    const foreign = [
      "61",
      "-10",
      "-0",
      "01",
      "1.5",
      "a=b",
      "x",
      "a=a[3:]",
      "<eos>",
      "<pad>",
      "d",
      "é",
      "1\t2",
      "-",
      "600",
    ]
    for (const text of [...foreign, "9".repeat(1_000_000), `[${"(".repeat(1_000_000)}`]) {
      assert.isNull(tokenize(text), text.slice(0, 20))
    }
  })

  it("any row of tokens has a text that reads back as a row with the same text", () => {
    const rows = fc.array(fc.constantFrom(...vocabulary.slice(2)), { maxLength: 30 })
    fc.assert(
      fc.property(rows, (tokens) => {
        const read = tokenize(render(tokens))
        assert(read !== null)
        assert.strictEqual(render(read), render(tokens))
        // Only tokens whose texts run together may be read as another token: `a=a+` and `[` are `a=a+[`.
        if (!render(tokens).includes("a=a+[")) assert.deepStrictEqual(read, tokens)
      }),
      { numRuns: 2000 },
    )
  })
})

const programs = fc.array(fc.constantFrom(...knownStatements), { minLength: 1, maxLength: 6 })

describe("programs", () => {
  it("have a compact form, a source and a shape", () => {
    const program = ["a=a[1:]", "a=[x+2 for x in a]", "a=a+[-3]"]
    assert.strictEqual(compact(program), "a=a[1:];a=[x+2 for x in a];a=a+[-3]")
    assert.strictEqual(
      source(program),
      "def f(a):\n    a=a[1:]\n    a=[x+2 for x in a]\n    a=a+[-3]\n    return a",
    )
    assert.strictEqual(shape(program), "a=a[1:];a=[x+ for x in a];a=a+[]")
    assert.strictEqual(tokenCount(program), 9)
  })

  it("read back from both forms", () => {
    fc.assert(
      fc.property(programs, (program) => {
        assert.deepStrictEqual(fromCompact(compact(program)), program)
        assert.deepStrictEqual(fromSource(source(program)), program)
      }),
    )
  })

  it("are statements that begin with an assignment, and nothing else", () => {
    for (const text of [
      "",
      ";",
      "a=a[1:];",
      "3",
      "3;a=a[1:]",
      "a=a[1:] I a=a[1:]",
      "[1]",
      "a=a[1:];;a=a[0]",
    ]) {
      assert.isNull(fromCompact(text), text)
    }
    // What a proposer strings together need not be Python: that is for CPython to say.
    assert.deepStrictEqual(fromCompact("a=a[1:]3,4"), ["a=a[1:]3,4"])
  })

  it("are no other source than the one that is written for them", () => {
    const good = source(["a=a[1:]"])
    for (const text of [
      `${good}\n`,
      good.replace("a=a", "a = a"),
      good.replace("    a=", "\ta="),
      good.replace("(a)", "(b)"),
      "",
      "def f(a):\n    return a",
    ]) {
      assert.isNull(fromSource(text), JSON.stringify(text))
    }
  })
})

layer(PythonExecutor.layer)("canonical programs", (test) => {
  test.effect("are what the executor says, for every statement and for pairs", () =>
    Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const singles = knownStatements.map((statement) => [statement])
      const several = fc.sample(programs, { numRuns: 200, seed: 3 })
      yield* Effect.forEach(
        [...singles, ...several],
        Effect.fnUntraced(function* (program) {
          const facts = yield* executor.inspect(source(program))
          assert.strictEqual(canonical(program), facts.canonical)
        }),
        { concurrency: 64 },
      )
    }),
  )
})

describe("values", () => {
  it("are integers and lists of integers, within bounds", () => {
    for (const value of [-9, 60, [], [1], Array.from({ length: 10 }, () => 0)]) assert.isTrue(inBounds(value))
    for (const value of [-10, 61, [61], Array.from({ length: 11 }, () => 0)]) assert.isFalse(inBounds(value))
  })

  it("have one text and one canonical value", () => {
    for (const value of [0, -9, [], [1, -2, 60]]) {
      assert.deepStrictEqual(nanoFromText(renderNano(value)), value)
      assert.deepStrictEqual(fromValue(toValue(value)), value)
    }
    for (const text of ["", "[", "[1", "1]", "1,2", "[[1]]", "[1;2]", "I", "[a=a*]"])
      assert.isNull(nanoFromText(text), text)
    assert.isNull(fromValue({ kind: "bool", value: true }))
    assert.isNull(fromValue({ kind: "list", items: [{ kind: "float", value: 1 }] }))
    assert.isNull(fromValue({ kind: "tuple", items: [] }))
  })
})
