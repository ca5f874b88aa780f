/** The environment as a run uses it: prompts, gold responses, seeds, single cases. */
import { Environment, RandomStreams } from "@azr/core"
import { type Case, type ProgramDraft, judgeCase } from "@azr/core/language"
import { untrueExamples } from "@azr/core/testing"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import javascript, { JavaScriptExecutor } from "../src/index.ts"
import { workedExamples } from "../src/workedExamples.ts"

const draft = (program: string, ...inputs: ReadonlyArray<string>): ProgramDraft => ({
  program,
  inputs,
  message: "Look closely.",
})

const drafts: ReadonlyArray<ProgramDraft> = [
  draft("function f(a) {\n  return a;\n}", '"Hello world"'),
  draft("const f = (a, b = 2) => [a, b, null, undefined]", "1"),
  draft(
    "function f(s) {\n  return Object.fromEntries([...s].map((c) => [c, s.split(c).length - 1]));\n}",
    "'it\\'s \"so\"\\n</answer><answer></think>```'",
  ),
  draft("function f(x) {\n  return [Infinity * x, -0, NaN, 10n ** 30n];\n}", "1.5"),
  draft(
    "const m = new Map([[{ k: '</answer>' }, new Set()]]);\n" +
      "function f(a) {\n  return [new Set(a), m, { ['__proto__']: 1, 2: '</think>' }];\n}",
    "[1, 2, 2]",
  ),
  draft("// ```\nfunction f(words) {\n  return `${words}`;\n}", "['a', 'b', 'a']"),
]

const tenInputs = Array.from({ length: 10 }, (_, i) => `[${i}, true, ${i}.5]`)

layer(JavaScriptExecutor.layer)("worked examples", (test) => {
  test.effect("are true, in every kind", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        new Set(workedExamples.map(({ task }) => task._tag)).size,
        javascript.kinds.length,
      )
      assert.deepStrictEqual(yield* untrueExamples(javascript, workedExamples), [])
    }),
  )
})

layer(JavaScriptExecutor.layer)("gold responses", (test) => {
  const isCorrect = Effect.fnUntraced(function* (kind: (typeof javascript.kinds)[number], task: unknown) {
    const response = kind.goldResponse(task, "full")
    const answer = Result.getOrThrow(kind.parseAnswer(response, "full"))
    const judged = yield* kind.verify(task, answer)
    assert.deepStrictEqual(judged, { verdict: "correct", reason: "" }, `${kind.id}: ${response}`)
    // Through JSON text and back, as buffers and checkpoints keep tasks.
    const text = JSON.stringify(yield* Schema.encodeEffect(kind.taskSchema)(task))
    const decoded = yield* Schema.decodeUnknownEffect(kind.taskSchema)(JSON.parse(text))
    assert.strictEqual(kind.identity(decoded), kind.identity(task))
  })

  test.effect("are correct", () =>
    Effect.gen(function* () {
      for (const kind of javascript.kinds) {
        const given =
          kind.id === "induction"
            ? [draft("function f(a) {\n  return a.toReversed();\n}", ...tenInputs)]
            : kind.id === "error"
              ? [
                  ...drafts,
                  draft("function f(a) {\n  return a.b.c;\n}", "{}"),
                  draft("function f(a) {\n  if (a) throw new RangeError(a);\n  return a;\n}", "1"),
                ]
              : drafts
        for (const each of given) yield* isCorrect(kind, yield* kind.validate(each))
      }
    }),
  )

  test.effect("exist for every seed", () =>
    Effect.gen(function* () {
      const random = new RandomStreams.RandomStreams(1).get("seeds")
      for (const kind of javascript.kinds) {
        const seeds = javascript.seeds(kind.id, 4, random)
        assert.lengthOf(seeds, 1)
        for (const seed of seeds) {
          const task = yield* kind.validate(seed)
          assert.strictEqual(kind.split(task), "train")
          yield* isCorrect(kind, task)
        }
      }
    }),
  )

  test.effect("of an error name the exception's class", () =>
    Effect.gen(function* () {
      const error = javascript.kinds.find(({ id }) => id === "error")
      assert(error !== undefined)
      for (const [program, name] of Object.entries({
        "function f(a) { return a.b.c }": "TypeError",
        "function f(a) { return 'x'.repeat(-1) }": "RangeError",
        "function f(a) { return JSON.parse('{') }": "SyntaxError",
        "class Odd extends Error {\n  name = 'Odd'\n}\nfunction f(a) { if (a) throw new Odd(); return a }":
          "Odd",
        "function f(a) { return 1 }": "NoError",
      })) {
        // The rules want a path that returns.
        const task = yield* error.validate(draft(program, "{}"))
        assert.strictEqual((task as { readonly exception: string }).exception, name, program)
        assert.strictEqual(
          (yield* error.verify(task, { text: ` ${name.toLowerCase()}\n` })).verdict,
          "correct",
        )
      }
    }),
  )

  test.effect("of duplicates are the same task", () =>
    Effect.gen(function* () {
      const [deduction] = javascript.kinds
      assert(deduction !== undefined)
      const [one, other] = yield* Effect.forEach(
        [
          "function f(a) { const b = a + 1; return b }",
          "function f( x ){\n  // sum\n  const y=x+1\n  return y\n}",
        ],
        (program) => deduction.validate(draft(program, "1")),
      )
      assert.strictEqual(deduction.identity(one), deduction.identity(other))
      assert.strictEqual(yield* deduction.distance(one, other), 0)
      const third = yield* deduction.validate(draft("function f(a) { return a ? [a] : null }", "1"))
      assert.isAbove(yield* deduction.distance(one, third), 0)
      assert.isAbove(deduction.measureTask(third)["cognitiveComplexity"] ?? 0, 0)
      assert.notStrictEqual(deduction.region(one), deduction.region(third))
    }),
  )
})

layer(JavaScriptExecutor.layer)("single cases", (test) => {
  const judged = (given: Case) => judgeCase(javascript, given)
  const program = "function f(s) {\n  return s.split(' ').map((w) => w.length);\n}"

  test.effect("are judged as training judges them", () =>
    Effect.gen(function* () {
      const valid = yield* judged({ kind: "deduction", program, input: "'one three'" })
      assert(valid.verdict === "valid")
      assert.strictEqual(valid.output, "[3, 5]")
      const cases: ReadonlyArray<readonly [given: Case, verdict: string, reason: string]> = [
        [{ kind: "deduction", program, input: "'one three'", answer: "[3, 5]" }, "correct", ""],
        [{ kind: "deduction", program, input: "'one three'", answer: "[3,4]" }, "wrong", "[3, 5]"],
        [
          { kind: "deduction", program, input: "'one three'", answer: "three" },
          "badFormat",
          "expected a literal",
        ],
        [{ kind: "abduction", program, input: "'one three'", answer: "`seven six`" }, "wrong", "[5, 3]"],
        [{ kind: "abduction", program, output: "[3, 5]", answer: "`two eight`" }, "correct", ""],
        [
          { kind: "induction", program, inputs: ["'a'", "'b c'"], answer: "const f = (s) => [s.length]" },
          "wrong",
          "b c",
        ],
        [{ kind: "induction", program, inputs: ["'a'", "'b c'"], answer: program }, "correct", ""],
        [{ kind: "error", program, input: "null", answer: "TypeError" }, "correct", ""],
        [
          { kind: "deduction", program: "function f(a) { return Math.random() }", input: "1" },
          "rejected",
          "name",
        ],
        [{ kind: "deduction", program, input: "f('a')" }, "rejected", "input"],
      ]
      for (const [given, verdict, reason] of cases) {
        const judgement = yield* judged(given)
        assert.strictEqual(judgement.verdict, verdict, JSON.stringify([given, judgement]))
        assert("reason" in judgement)
        assert.include(judgement.reason, reason)
      }
    }),
  )
})

describe("the environment", () => {
  it.effect("opens, and asks in the words of JavaScript", () =>
    Effect.gen(function* () {
      const environment = yield* Environment.open(javascript)
      assert.strictEqual(environment.id, "javascript")
      assert.deepStrictEqual(environment.styles, ["full", "fewShot"])
      assert.sameMembers([...environment.kinds.keys()], ["deduction", "abduction", "induction", "error"])
      for (const kind of environment.kinds.values()) {
        const [seed] = environment.seeds(kind.id, 1, new RandomStreams.RandomStreams(1).get("seeds"))
        const task = yield* kind.validate(seed)
        const references = kind.references.given ? [task] : []
        for (const prompt of [kind.proposePrompt(references, "full"), kind.solvePrompt(task, "full")]) {
          const text = prompt.map(({ content }) => content).join("\n")
          assert.notInclude(text.toLowerCase(), "python")
          if (kind.id !== "induction") assert.include(text, "```javascript")
        }
      }
    }),
  )
})
