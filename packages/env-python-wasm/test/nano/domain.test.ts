import { RandomStreams, Value } from "@azr/core"
import type { LanguageTask, ProgramDraft } from "@azr/core/language"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { PythonExecutor, pythonNano } from "../../src/index.ts"
import { python } from "../../src/language.ts"
import { nanoDomain } from "../../src/nano/domain.ts"
import { drawInput, drawProgram } from "../../src/nano/grammar.ts"
import { source } from "../../src/nano/program.ts"
import { splitOf } from "../../src/nano/split.ts"

const kindOf = (id: string) => {
  const kind = pythonNano.kinds.find((candidate) => candidate.id === id)
  assert(kind !== undefined, id)
  return kind
}

const draft = (program: ReadonlyArray<string> | string, ...inputs: ReadonlyArray<string>): ProgramDraft => ({
  program: typeof program === "string" ? program : source(program),
  inputs,
  message: "",
})

layer(PythonExecutor.layer)("admission", (test) => {
  /** The reason of a refusal, or the output. */
  const verdict = (given: ProgramDraft, kind = "deduction") =>
    kindOf(kind)
      .validate(given)
      .pipe(
        Effect.map((task) => {
          const valid = task as LanguageTask
          return valid._tag === "deduction" ? python.renderValue(valid.output) : valid._tag
        }),
        Effect.catchTag("ProposalRejected", (error) => Effect.succeed(`${error.reason}: ${error.message}`)),
      )

  test.effect("takes programs within bounds", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* verdict(draft(["a=a[1:]", "a=a+[60]"], "[1,2]")), "[2, 60]")
      assert.strictEqual(yield* verdict(draft(["a=a[2:]"], "[1,2]")), "[]")
      assert.strictEqual(yield* verdict(draft(["a=sum(a)", "a=a*-1"], "[1,2,3,0,0,0,3]")), "-9")
      // Beyond the grammar, but of the vocabulary, and Python.
      assert.strictEqual(yield* verdict(draft(["a=a[::-1][0]"], "[1,2]")), "2")
      assert.strictEqual(yield* verdict(draft(["a=a+[3,4]"], "[1,2]")), "[1, 2, 3, 4]")
    }),
  )

  test.effect("refuses values out of bounds after any statement, not only at the end", () =>
    Effect.gen(function* () {
      const outOfBounds = "domain: a value after a statement is out of bounds"
      assert.strictEqual(yield* verdict(draft(["a=[x*9 for x in a]"], "[7]")), outOfBounds)
      assert.strictEqual(yield* verdict(draft(["a=[x*9 for x in a]", "a=len(a)"], "[7]")), outOfBounds)
      assert.strictEqual(yield* verdict(draft(["a=sum(a)", "a=a-60"], "[50]")), outOfBounds)
      assert.strictEqual(yield* verdict(draft(["a=a*2", "a=a*2", "a=a[:2]"], "[1,2,3]")), outOfBounds)
      assert.strictEqual(yield* verdict(draft(["a=a[0]", "a=a+3,4"], "[1]")), outOfBounds)
      assert.strictEqual(
        yield* verdict(draft(["a=a+9"], "[1]")),
        'exception: TypeError: can only concatenate list (not "int") to list',
      )
    }),
  )

  test.effect("refuses what is too long, too wide or another language", () =>
    Effect.gen(function* () {
      const isOutside = (text: string, message: string) => assert.include(text, `domain: ${message}`)
      const seven = Array.from({ length: 7 }, () => "a=a[::-1]")
      isOutside(yield* verdict(draft(seven, "[1]")), "longer than 6 statements")
      const long = ["a=a+[1,2,3,4,5,6,7]", "a=a[:2]", "a=a+[1,2,3,4,5,6,7]", "a=a[:2]", "a=a+[1,2,3,4,5,6,7]"]
      isOutside(yield* verdict(draft(long, "[1]")), "longer than 6 statements or 26 tokens")
      for (const input of ["[]", "[1,2,3,4,5,6,7,8]", "(1,2)", "[1.0]", "[True]", "[61]"]) {
        isOutside(
          yield* verdict(draft(["a=a[::-1]"], input)),
          "an input that is not a list of 1 to 7 integers",
        )
      }
      isOutside(
        yield* verdict(draft("def f(a):\n    return a[::-1]", "[1]")),
        "not a program of the nano language",
      )
      isOutside(
        yield* verdict(draft("def f(a, b):\n    return a", "[1], [2]")),
        "not a program of the nano language",
      )
    }),
  )

  test.effect("of induction wants four different inputs and shows three", () =>
    Effect.gen(function* () {
      const task = (yield* kindOf("induction").validate(
        draft(["a=a[1:]"], "[1]", "[2]", "[3]", "[4]"),
      )) as LanguageTask
      assert(task._tag === "induction")
      assert.lengthOf(task.pairs, 4)
      assert.strictEqual(task.shown, 3)
      assert.include(
        yield* verdict(draft(["a=a[1:]"], "[1]", "[2]", "[3]"), "induction"),
        "inputs: expected 4 to 4",
      )
      assert.include(
        yield* verdict(draft(["a=a[1:]"], "[1]", "[2]", "[3]", "[3]"), "induction"),
        "inputs: expected 4 to 4",
      )
      assert.include(
        yield* verdict(draft(["a=a[0]"], "[1]", "[2]", "[3]", "[99]"), "induction"),
        "domain: an input",
      )
    }),
  )

  test.effect("takes every seed, and none is held out", () =>
    Effect.gen(function* () {
      const random = new RandomStreams.RandomStreams(2).get("seeds")
      for (const id of ["deduction", "abduction", "induction"]) {
        const kind = kindOf(id)
        const drafts = pythonNano.seeds(id, 150, random)
        assert.lengthOf(drafts, 150)
        const tasks = yield* Effect.forEach(drafts, (seed) => kind.validate(seed), { concurrency: 32 })
        for (const task of tasks) {
          assert.strictEqual(kind.split(task), "train")
          assert.deepStrictEqual(kind.measureTask(task), { statements: 1 })
        }
        assert.isAbove(new Set(tasks.map((task) => kind.identity(task))).size, 100)
      }
    }),
  )
})

describe("regions", () => {
  it("are shapes", () => {
    const facts = { canonical: "c" } as Parameters<typeof nanoDomain.region>[1]
    assert.strictEqual(nanoDomain.region(source(["a=a+[3]", "a=a[0]"]), facts), "a=a+[];a=a[0]")
    assert.strictEqual(nanoDomain.region(source(["a=a+[4]", "a=a[0]"]), facts), "a=a+[];a=a[0]")
  })
})

layer(PythonExecutor.layer)("held-out pairs", (test) => {
  test.effect("hold out every task that contains one, of any kind", () =>
    Effect.gen(function* () {
      const program = ["a=a[1:]"]
      const splitIn = (kind: string, ...inputs: ReadonlyArray<string>) =>
        Effect.map(kindOf(kind).validate(draft(program, ...inputs)), (task) => kindOf(kind).split(task))
      assert.strictEqual(yield* splitIn("deduction", "[5, 2]"), "train")
      for (const kind of ["deduction", "abduction"]) assert.strictEqual(yield* splitIn(kind, "[6, 2]"), "dev")
      const free = ["[5, 2]", "[1, 2]", "[3, 4]", "[2, 2]", "[9, 1]", "[7, 7]", "[4, 0]", "[8, 3]"].filter(
        (text) => splitOf(program, JSON.parse(text)) === "train",
      )
      assert.strictEqual(yield* splitIn("induction", ...free.slice(0, 4)), "train")
      assert.strictEqual(yield* splitIn("induction", ...free.slice(0, 3), "[6, 2]"), "dev")
      const [pair] = kindOf("deduction").reveals(
        yield* kindOf("deduction").validate(draft(program, "[6, 2]")),
      )
      const induction = yield* kindOf("induction").validate(draft(program, ...free.slice(0, 3), "[6, 2]"))
      assert.include(kindOf("induction").reveals(induction), pair)
    }),
  )
})

describe("split", () => {
  it("never changes: checkpoints were trained on one side of it", () => {
    const pinned = {
      "a=a[1:];a=sorted(a)": "train",
      "a=a[0];a=a*2": "train",
      "a=sorted(a);a=a[0]": "dev",
      "a=a[::-1];a=a+[3]": "test",
      "a=max(a);a=a-1": "test",
    }
    for (const [code, split] of Object.entries(pinned))
      assert.strictEqual(splitOf(code.split(";"), null), split, code)
    assert.strictEqual(splitOf(["a=a[1:]"], [5, 2]), "train")
    assert.strictEqual(splitOf(["a=a[1:]"], [6, 2]), "dev")
  })

  it("holds out one program in eight for each suite; with one statement, one pair in eight", () => {
    const random = new RandomStreams.RandomStreams(3).get("split")
    const programs = new Set(Array.from({ length: 30_000 }, () => drawProgram(4, random).join(";")))
    const pairs = Array.from({ length: 20_000 }, () => ({
      program: drawProgram(1, random),
      input: drawInput(random),
    }))
    const shares = (splits: ReadonlyArray<string>) =>
      (["dev", "test"] as const).map(
        (split) => splits.filter((each) => each === split).length / splits.length,
      )
    const deep = shares([...programs].map((code) => splitOf(code.split(";"), [1])))
    const single = shares(pairs.map(({ input, program }) => splitOf(program, input)))
    for (const share of [...deep, ...single]) assert.closeTo(share, 1 / 8, 0.012)
  })

  it("of deeper programs does not ask for the input; of single ones without input there is none", () => {
    const random = new RandomStreams.RandomStreams(4).get("split")
    for (let i = 0; i < 500; i++) {
      const deep = drawProgram(3, random)
      assert.strictEqual(splitOf(deep, drawInput(random)), splitOf(deep, null))
      assert.strictEqual(splitOf(drawProgram(1, random), null), "train")
    }
  })

  it("is what the kinds say", () => {
    const program = source(["a=a[1:]"])
    const input = Value.list([Value.int(1), Value.int(2)])
    assert.strictEqual(nanoDomain.split(program, [input]), splitOf(["a=a[1:]"], [1, 2]))
    assert.strictEqual(nanoDomain.split(program, []), "train")
  })
})
