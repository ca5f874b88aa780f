import { Value } from "@azr/core"
import type { AbductionTask, DeductionTask, InductionTask } from "@azr/core/language"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import fc from "fast-check"
import { compactSurface as surfaceOf } from "../../src/nano/CompactSurface.ts"
import { source } from "../../src/nano/program.ts"
import { markers, vocabulary } from "../../src/nano/vocabulary.ts"

const compactSurface = surfaceOf("free")
const program = source(["a=a[1:]", "a=[x+2 for x in a]"])
const list = (...items: ReadonlyArray<number>): Value.Value => Value.list(items.map(Value.int))
const common = { program, canonical: "", region: "", measures: {} }
const deduction: DeductionTask = { _tag: "deduction", ...common, input: [list(3, 1, 2)], output: list(3, 4) }
const abduction: AbductionTask = { ...deduction, _tag: "abduction" }
const induction: InductionTask = {
  _tag: "induction",
  ...common,
  pairs: [0, 1, 2, 3].map((n) => ({ input: [list(9, n)], output: list(n + 2) })),
  shown: 3,
  message: "",
}

const text = (prompt: ReturnType<typeof compactSurface.solvePrompt>): string =>
  prompt.map(({ content }) => content).join("|")

const isRefused = (result: Result.Result<unknown, { readonly message: string }>, response: string) =>
  assert.isTrue(Result.isFailure(result), response)

describe("thoughts", () => {
  const prompt = text(compactSurface.solvePrompt(deduction))

  it("are forced by a prompt that has begun one", () => {
    const surface = surfaceOf("forced")
    assert.strictEqual(text(surface.solvePrompt(deduction)), `${prompt} <think>`)
    for (const response of ["[1,2];[3,4] <ans> [3,4]", "<ans> [3,4]"]) {
      assert.strictEqual(Result.getOrThrow(surface.parseAnswer("deduction", response)), "[3,4]")
      assert.deepStrictEqual(surface.measureResponse(response), { thinks: 1 })
    }
    isRefused(surface.parseAnswer("deduction", "[3,4]"), "an answer inside the thought")
  })

  it("are forbidden by a prompt that has begun the answer", () => {
    const surface = surfaceOf("forbidden")
    assert.strictEqual(text(surface.solvePrompt(deduction)), `${prompt} <ans>`)
    assert.strictEqual(Result.getOrThrow(surface.parseAnswer("deduction", "[3,4]")), "[3,4]")
    assert.deepStrictEqual(surface.measureResponse("[3,4]"), { thinks: 0 })
    isRefused(surface.parseAnswer("deduction", "<think> [1] <ans> [3,4]"), "a thought after all")
  })

  it("of abduction undo the program, forced and forbidden likewise", () => {
    const asked = text(compactSurface.solvePrompt(abduction))
    assert.strictEqual(text(surfaceOf("forced").solvePrompt(abduction)), `${asked} <undo>`)
    assert.strictEqual(text(surfaceOf("forbidden").solvePrompt(abduction)), `${asked} <ans>`)
    const undone = surfaceOf("forced").parseAnswer("abduction", "[1,2];[0,1,2] <ans> [0,1,2]")
    assert.strictEqual(Result.getOrThrow(undone), "[0,1,2]")
    assert.strictEqual(Result.getOrThrow(surfaceOf("forbidden").parseAnswer("abduction", "[3,1]")), "[3,1]")
  })

  it("are not induction's business, and a gold answer is right with each", () => {
    for (const thoughts of ["free", "forced", "forbidden"] as const) {
      const surface = surfaceOf(thoughts)
      assert.deepStrictEqual(surface.solvePrompt(induction), compactSurface.solvePrompt(induction))
      for (const kind of ["deduction", "abduction"] as const) {
        const gold = surface.answer(kind, "[3,4]")
        assert.strictEqual(Result.getOrThrow(surface.parseAnswer(kind, gold)), "[3,4]")
      }
    }
  })
})

describe("prompts", () => {
  it("ask in the tokens of pretraining", () => {
    const { proposePrompt, solvePrompt } = compactSurface
    assert.strictEqual(text(solvePrompt(deduction)), "D a=a[1:];a=[x+2 for x in a] I [3,1,2] O")
    assert.strictEqual(text(solvePrompt(abduction)), "A a=a[1:];a=[x+2 for x in a] O [3,4] I")
    assert.strictEqual(text(solvePrompt(induction)), "S I [9,0] O [2] I [9,1] O [3] I [9,2] O [4] P")
    assert.strictEqual(text(proposePrompt("deduction", [induction])), "PD a=a[1:];a=[x+2 for x in a] P")
    assert.strictEqual(text(proposePrompt("abduction", [deduction])), "PA a=a[1:];a=[x+2 for x in a] P")
    assert.strictEqual(text(proposePrompt("induction", [abduction])), "PI a=a[1:];a=[x+2 for x in a] I")
    assert.strictEqual(text(proposePrompt("deduction", [])), "PD P")
  })

  it("cannot be written for tasks outside the language", () => {
    const foreign = { ...deduction, program: "def f(b):\n    return b" }
    assert.throws(() => compactSurface.solvePrompt(foreign), "not one of the nano language")
    assert.throws(
      () => compactSurface.solvePrompt({ ...deduction, input: [Value.string("a")] }),
      "kind string",
    )
    assert.throws(() => compactSurface.solvePrompt({ ...deduction, input: [] }), "0 arguments")
    assert.throws(() => compactSurface.proposePrompt("error", []), "kind error")
  })
})

describe("proposals", () => {
  const read = (response: string) => compactSurface.parseProposal("deduction", response, [])

  it("are a program and one input", () => {
    assert.deepStrictEqual(Result.getOrThrow(read("a=a[1:];a=[x+2 for x in a] I [1,2]")), {
      program,
      inputs: ["[1,2]"],
      message: "",
    })
  })

  it("are refused in any other form", () => {
    const bad = [
      "",
      "a=a[1:]",
      "a=a[1:] I",
      "I [1]",
      "a=a[1:] I 3",
      "a=a[1:] I [1] I [2]",
      "a=a[1:] O [1]",
      "[1] I [1]",
    ]
    for (const response of [...bad, "a=a[1:]; I [1]", "<think> a=a[1:] I [1]", "import os I [1]"]) {
      isRefused(read(response), response)
    }
  })

  it("of induction are inputs for the given program", () => {
    const inputs = (response: string) => compactSurface.parseProposal("induction", response, [deduction])
    assert.deepStrictEqual(Result.getOrThrow(inputs("[1] I [2,3] I [] I [4]")), {
      program,
      inputs: ["[1]", "[2,3]", "[]", "[4]"],
      message: "",
    })
    for (const response of ["", "[1] I", "[1] I 2", "a=a[1:] I [1]", "[1] O [2]"])
      isRefused(inputs(response), response)
    assert.throws(() => compactSurface.parseProposal("induction", "[1]", []), "other than one program")
  })
})

describe("answers", () => {
  const read = compactSurface.parseAnswer

  it("of deduction stand behind the only <ans>; the thought is read past", () => {
    for (const response of [
      "<ans> [3,4]",
      "<think> [1,2];[3,4] <ans> [3,4]",
      "<think> ; ; 7 [ <ans> [3, 4]",
      "PD <ans> [3,4]",
    ]) {
      assert.strictEqual(Result.getOrThrow(read("deduction", response)), "[3,4]", response)
    }
    assert.strictEqual(Result.getOrThrow(read("deduction", "<ans> -9")), "-9")
    const bad = [
      "",
      "[3,4]",
      "<ans>",
      "<ans> 3,4",
      "<ans> [3,4] <ans> [3,4]",
      "<ans> [3,4];",
      "<ans> [3,4",
      "<ans> [[3]]",
    ]
    for (const response of [...bad, "<ans> [61]", "<ans> sorted([4,3])"])
      isRefused(read("deduction", response), response)
  })

  it("of abduction are one list behind the only <ans>", () => {
    for (const response of [
      "<ans> [0, 1,2]",
      "<undo> [1,2];[0,1,2] <ans> [0,1,2]",
      "<undo> ; 7 [ <ans> [0,1,2]",
    ])
      assert.strictEqual(Result.getOrThrow(read("abduction", response)), "[0,1,2]", response)
    for (const response of [
      "",
      "[1]",
      "<ans>",
      "<ans> 3",
      "<ans> [1] [2]",
      "<ans> [1];[2]",
      "<ans> [1] <ans> [1]",
    ])
      isRefused(read("abduction", response), response)
  })

  it("of induction are one program, in Python", () => {
    assert.strictEqual(Result.getOrThrow(read("induction", "a=a[1:];a=[x+2 for x in a]")), program)
    for (const response of ["", "a=a[1:];", "[1]", "a=a[1:] I", "P a=a[1:]"])
      isRefused(read("induction", response), response)
  })

  it("round trip", () => {
    for (const [kind, payload] of [
      ["deduction", "[3,4]"],
      ["deduction", "7"],
      ["abduction", "[3,4]"],
      ["induction", program],
    ] as const) {
      assert.strictEqual(Result.getOrThrow(read(kind, compactSurface.answer(kind, payload))), payload)
    }
    assert.strictEqual(compactSurface.answer("deduction", "[3, 4]"), "<ans> [3,4]")
    assert.throws(() => compactSurface.answer("deduction", "'a'"))
  })

  it("and proposals are read or refused, whatever stands there", () => {
    const tokens = fc
      .array(fc.constantFrom(...vocabulary, ...markers), { maxLength: 12 })
      .map((row) => row.join(" "))
    fc.assert(
      fc.property(fc.oneof(tokens, fc.string()), (response) => {
        for (const kind of ["deduction", "abduction", "induction", "error"] as const) {
          const answered = read(kind, response)
          if (Result.isSuccess(answered)) {
            const again = read(kind, compactSurface.answer(kind, answered.success))
            assert.strictEqual(Result.getOrThrow(again), answered.success)
          }
          compactSurface.parseProposal(kind, response, [deduction])
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe("measures", () => {
  it("tell who thinks", () => {
    assert.deepStrictEqual(compactSurface.measureResponse("<think> [1] <ans> [1]"), { thinks: 1 })
    assert.deepStrictEqual(compactSurface.measureResponse(" <undo> [1] <ans> [1]"), { thinks: 1 })
    assert.deepStrictEqual(compactSurface.measureResponse("<ans> [1]"), { thinks: 0 })
  })
})
