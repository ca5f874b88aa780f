import { Executor, RandomStreams, Value } from "@azr/core"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { PythonExecutor } from "../../src/index.ts"
import { drawInput, drawProgram, drawTask, goodTrace } from "../../src/nano/grammar.ts"
import { knownStatements, trace } from "../../src/nano/interpreter.ts"
import type { Program } from "../../src/nano/program.ts"
import { splitOf } from "../../src/nano/split.ts"
import { type NanoValue, fromValue, inBounds, toValue } from "../../src/nano/values.ts"

const stream = (name: string) => new RandomStreams.RandomStreams(1).get(name)

describe("grammar", () => {
  it("draws statements by their weights", () => {
    const random = stream("weights")
    const draws = 40_000
    const counts = new Map<string, number>()
    for (let i = 0; i < draws; i++) {
      const [statement = ""] = drawProgram(1, random)
      const group = statement
        .replace(/(?<=\+\[|x[+*>])\d/, "c")
        .replace(/^a=(len\(a\)|max\(a\)|min\(a\)|a\[0\]|a\[-1\])$/, "to integer")
      counts.set(group, (counts.get(group) ?? 0) + 1)
    }
    // Five list operations of weight 1 each, sorted and append 1.5, add 1.5, multiply 1, filter 1.5, to integer 4.
    const weights = {
      "a=a[::-1]": 1,
      "a=a[1:]": 1,
      "a=a[:-1]": 1,
      "a=a[:2]": 1,
      "a=a[2:]": 1,
      "a=sorted(a)": 1.5,
      "a=a+[c]": 1.5,
      "a=[x+c for x in a]": 1.5,
      "a=[x*c for x in a]": 1,
      "a=[x for x in a if x>c]": 1.5,
      "to integer": 4,
    }
    assert.sameMembers([...counts.keys()], Object.keys(weights))
    for (const [group, weight] of Object.entries(weights)) {
      const share = weight / 16
      const deviation = Math.sqrt((share * (1 - share)) / draws)
      assert.closeTo((counts.get(group) ?? 0) / draws, share, 5 * deviation, group)
    }
  })

  it("turns to integers late and stays there", () => {
    const random = stream("types")
    const turns = [0, 0, 0]
    for (let i = 0; i < 6000; i++) {
      const program = drawProgram(3, random)
      const at = program.findIndex((statement) => /^a=(len|max|min)|^a=a\[(0|-1)\]/.test(statement))
      if (at < 0) continue
      turns[at] = (turns[at] ?? 0) + 1
      for (const statement of program.slice(at + 1)) assert.match(statement, /^a=a[+*-]\d$/)
    }
    // Weight 1 of 13 before the end, 4 of 16 at the end.
    const [first = 0, second = 0, third = 0] = turns
    assert.closeTo(first / 6000, 1 / 13, 0.02)
    assert.closeTo(second / (6000 - first), 1 / 13, 0.02)
    assert.closeTo(third / (6000 - first - second), 4 / 16, 0.03)
  })

  it("draws inputs of two to five digits", () => {
    const random = stream("inputs")
    const lengths = new Set<number>()
    for (let i = 0; i < 1000; i++) {
      const input = drawInput(random)
      lengths.add(input.length)
      assert.isTrue(input.every((digit) => Number.isInteger(digit) && digit >= 0 && digit <= 9))
    }
    assert.sameMembers([...lengths], [2, 3, 4, 5])
  })

  it("draws tasks of the split asked for, good on all inputs", () => {
    const random = stream("tasks")
    for (const split of ["train", "dev", "test"] as const) {
      for (let i = 0; i < 100; i++) {
        const { inputs, program } = drawTask(1 + (i % 6), split, 3, random)
        assert.strictEqual(splitOf(program, inputs[0] ?? null), split)
        for (const input of inputs) assert.isNotNull(goodTrace(program, input))
      }
    }
  })
})

describe("interpreter", () => {
  it("stops at exceptions and at values out of bounds", () => {
    assert.deepStrictEqual(trace(["a=a[1:]", "a=len(a)", "a=a-5"], [1, 2]), [[2], 1, -4])
    assert.isNull(trace(["a=a[2:]", "a=a[0]"], [1, 2]))
    assert.isNull(trace(["a=max(a)", "a=a[1:]"], [1]))
    assert.isNull(trace(["a=[x*3 for x in a]"], [21]))
    assert.throws(() => trace(["a=[]"], [1]), "does not know")
  })
})

/** Runs statement by statement in CPython; null stands for an exception and ends the list. */
const traced = (program: Program): string =>
  [
    "def f(a):",
    "    values = []",
    "    try:",
    ...program.flatMap((statement) => [`        ${statement}`, "        values.append(a)"]),
    "    except Exception:",
    "        values.append(None)",
    "    return values",
  ].join("\n")

/** The values, if there was no exception and all are within bounds. What is too large to report is out of bounds. */
const boundedTrace = (outcome: Executor.Outcome): ReadonlyArray<NanoValue> | null => {
  if (outcome._tag === "Failed") {
    assert.include(["output", "memory"], outcome.failure.kind)
    return null
  }
  assert(outcome.value.kind === "list")
  const values: Array<NanoValue> = []
  for (const item of outcome.value.items) {
    const value = fromValue(item)
    if (value === null || !inBounds(value)) return null
    values.push(value)
  }
  return values
}

layer(PythonExecutor.layer)("interpreter and CPython", (test) => {
  test.effect("agree on 2,600 programs", () =>
    Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const random = stream("differential")
      const anyInput = (): NanoValue =>
        random.float() < 0.2
          ? random.integer(-9, 60)
          : Array.from({ length: random.integer(0, 7) }, () => random.integer(-9, 20))
      const cases = [
        ...knownStatements.map((statement) => ({ program: [statement], input: anyInput() })),
        ...Array.from({ length: 1100 }, (_, i) => ({
          program: drawProgram(1 + (i % 6), random),
          input: drawInput(random),
        })),
        ...Array.from({ length: 1000 }, () => ({
          program: Array.from({ length: random.integer(1, 4) }, () => random.pick(knownStatements)),
          input: anyInput(),
        })),
      ]
      assert.isAbove(cases.length, 2600)
      let ended = 0
      yield* Effect.forEach(
        cases,
        Effect.fnUntraced(function* ({ input, program }) {
          const outcome = yield* executor.run({
            program: traced(program),
            entry: "f",
            arguments: [toValue(input)],
            limits: Executor.defaultLimits,
            conditions: "reference",
          })
          const expected = boundedTrace(outcome)
          assert.deepStrictEqual(
            trace(program, input),
            expected,
            `${traced(program)} on ${Value.encode(toValue(input))}`,
          )
          if (expected !== null) ended++
        }),
        { concurrency: 64 },
      )
      // Both ways to end are well represented.
      assert.isAbove(ended, 1000)
      assert.isBelow(ended, cases.length - 500)
    }),
  )
})
