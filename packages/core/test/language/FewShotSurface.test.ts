import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type WorkedExample, fewShotSurface } from "../../src/language/FewShotSurface.ts"
import { fullSurface } from "../../src/language/FullSurface.ts"
import { languageEnvironment } from "../../src/language/languageEnvironment.ts"
import type { LanguageTask } from "../../src/language/Task.ts"
import type { Prompt } from "../../src/PolicyEngine.ts"
import { untrueExamples } from "../../src/testing/untrueExamples.ts"
import { int } from "../../src/Value.ts"
import { stackDomain, stackExecutor, stackLanguage } from "./stackLanguage.ts"

const thoughts = { proposing: "A square takes one step.", solving: "7 times 7 is 49." }
const square = { program: "dup *", input: [int(7)], output: int(49) }
const pairs = [1, 2, 3, 4].map((n) => ({ input: [int(n)], output: int(n * n) }))

const examples: ReadonlyArray<WorkedExample> = [
  { ...thoughts, task: { _tag: "deduction", ...square } },
  { ...thoughts, task: { _tag: "deduction", program: "dup +", input: [int(3)], output: int(6) } },
  { ...thoughts, task: { _tag: "abduction", ...square } },
  { ...thoughts, task: { _tag: "induction", program: "dup *", pairs, shown: 2, message: "Squares." } },
  {
    ...thoughts,
    task: { _tag: "error", program: "reciprocal", input: [int(0)], exception: "ZeroDivisionError" },
  },
]

/** The first with something in it that is not so. */
const untrue: ReadonlyArray<readonly [problem: string, WorkedExample["task"]]> = [
  ["deduction 1: wrong ", { _tag: "deduction", ...square, output: int(50) }],
  ["abduction 1: it is dup *\nf(?) = 49", { _tag: "abduction", ...square, output: int(50) }],
  ["deduction 1: an empty ```input block", { _tag: "deduction", ...square, input: [] }],
  ["deduction 1: what is cube?", { _tag: "deduction", ...square, program: "dup cube" }],
  [
    "induction 1: it is f(2) = 4",
    {
      _tag: "induction",
      program: "dup *",
      pairs: [...pairs.slice(1), { input: [int(1)], output: int(0) }],
      shown: 2,
      message: "Squares.",
    },
  ],
  ["error 1: wrong ", { _tag: "error", program: "dup *", input: [int(0)], exception: "ZeroDivisionError" }],
]

const environmentOf = (shown: ReadonlyArray<WorkedExample>) =>
  languageEnvironment({
    id: "stack",
    title: "Stack",
    language: stackLanguage,
    domain: stackDomain,
    surfaces: [fullSurface(stackLanguage), fewShotSurface(stackLanguage, shown)],
    kinds: ["deduction", "abduction", "induction", "error"],
    suites: Effect.succeed([]),
    strict: false,
    layer: stackExecutor({ onRun: () => {}, unanswered: () => false }),
  })

const problemsOf = (shown: ReadonlyArray<WorkedExample>) =>
  untrueExamples(environmentOf(shown), shown).pipe(
    Effect.provide(stackExecutor({ onRun: () => {}, unanswered: () => false })),
  )

const task = (program: string): LanguageTask => ({
  _tag: "deduction",
  program,
  input: [int(1)],
  output: int(2),
  canonical: "",
  region: "",
  measures: {},
})

const roles = (prompt: Prompt): string => prompt.map(({ role }) => role[0]).join("")

describe("few-shot prompts", () => {
  const full = fullSurface(stackLanguage)
  const fewShot = fewShotSurface(stackLanguage, examples)

  it("end with the full prompt, behind a turn for each example of the kind", () => {
    const references = [task("dup +")]
    for (const [prompt, end] of [
      [fewShot.solvePrompt(task("dup +")), full.solvePrompt(task("dup +"))],
      [fewShot.proposePrompt("deduction", references), full.proposePrompt("deduction", references)],
    ] as const) {
      assert.strictEqual(roles(prompt), "uauau")
      assert.deepStrictEqual(prompt.slice(-1), end)
    }
    assert.strictEqual(roles(fewShot.proposePrompt("abduction", [])), "uau")
    const alone = fewShotSurface(stackLanguage, [])
    assert.deepStrictEqual(alone.solvePrompt(task("dup +")), full.solvePrompt(task("dup +")))
  })

  it("show questions as they are asked, with thoughts and answers in the form", () => {
    const [question, response] = fewShot.solvePrompt(task("1 +"))
    const [first] = examples
    assert.deepStrictEqual(
      question,
      full.solvePrompt({ ...task("dup *"), ...first?.task } as LanguageTask)[0],
    )
    assert.strictEqual(
      response?.content,
      "<think>\n7 times 7 is 49.\n</think>\n<answer>\n```output\n49\n```\n</answer>",
    )
    assert.strictEqual(
      fewShot.proposePrompt("deduction", [])[1]?.content,
      "<think>\nA square takes one step.\n</think>\n<answer>\n```stack\ndup *\n```\n```input\n7\n```\n</answer>",
    )
  })
})

describe("worked examples", () => {
  it.effect("that are true have no problem", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* problemsOf(examples), [])
    }),
  )

  it.effect.each(untrue)("%s", ([problem, shown]) =>
    Effect.gen(function* () {
      const [found, ...others] = yield* problemsOf([{ ...thoughts, task: shown }])
      assert.isTrue(found?.startsWith(problem), found)
      assert.lengthOf(others, 0)
    }),
  )
})
