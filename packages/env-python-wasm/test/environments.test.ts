/** Both environments as a whole: what they declare, and that gold responses are correct in every kind and style. */
import { Environment, RandomStreams } from "@azr/core"
import type { LanguageTask, ProgramDraft } from "@azr/core/language"
import { untrueExamples } from "@azr/core/testing"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import python, { PythonExecutor, pythonNano } from "../src/index.ts"
import { workedExamples } from "../src/workedExamples.ts"

const draft = (program: string, ...inputs: ReadonlyArray<string>): ProgramDraft => ({
  program,
  inputs,
  message: "Look closely.",
})

const drafts: ReadonlyArray<ProgramDraft> = [
  draft("def f(a):\n    return a", "'Hello world'"),
  draft("def f(a, b=2):\n    return (a, b, None)", "1"),
  draft("def f(s):\n    return {c: s.count(c) for c in s}", "'it\\'s \"so\"\\n</answer><answer></think>```'"),
  draft("import math\ndef f(x):\n    return [math.inf * x, -0.0, complex(x, -0.0), math.nan]", "1.5"),
  draft("def f(a):\n    return (set(), frozenset(a), b'\\x00</answer>', {1: {2: ()}})", "[1, 2, 2]"),
  draft(
    "from collections import Counter\n\ndef f(words):\n    '''```'''\n    return Counter(words)",
    "['a', 'b', 'a']",
  ),
  draft("def f(n):\n    return 7 ** n", "100"),
]

const tenInputs = Array.from({ length: 10 }, (_, i) => `[${i}, True, ${i}.5]`)

layer(PythonExecutor.layer)("worked examples", (test) => {
  test.effect("are true, in every kind", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(new Set(workedExamples.map(({ task }) => task._tag)).size, python.kinds.length)
      assert.deepStrictEqual(yield* untrueExamples(python, workedExamples), [])
    }),
  )
})

layer(PythonExecutor.layer)("gold responses", (test) => {
  const isCorrect = Effect.fnUntraced(function* (
    environment: typeof python,
    kind: (typeof python.kinds)[number],
    task: unknown,
  ) {
    for (const style of environment.styles) {
      const response = kind.goldResponse(task, style)
      const answer = Result.getOrThrow(kind.parseAnswer(response, style))
      const judged = yield* kind.verify(task, answer)
      assert.deepStrictEqual(judged, { verdict: "correct", reason: "" }, `${kind.id}: ${response}`)
      // Through JSON text and back, as buffers and checkpoints keep tasks.
      const text = JSON.stringify(yield* Schema.encodeEffect(kind.taskSchema)(task))
      const decoded = yield* Schema.decodeUnknownEffect(kind.taskSchema)(JSON.parse(text))
      assert.strictEqual(kind.identity(decoded), kind.identity(task))
    }
  })

  test.effect("of python are correct", () =>
    Effect.gen(function* () {
      for (const kind of python.kinds) {
        const given =
          kind.id === "induction"
            ? [draft("def f(a):\n    return a[::-1]", ...tenInputs)]
            : kind.id === "error"
              ? [
                  ...drafts,
                  draft("def f(a):\n    return a[3]", "{}"),
                  draft("def f(a):\n    if a:\n        raise ValueError(a)\n    return a", "1"),
                ]
              : drafts
        for (const each of given) yield* isCorrect(python, kind, yield* kind.validate(each))
      }
    }),
  )

  test.effect("of python-nano are correct, over all suites", () =>
    Effect.gen(function* () {
      for (const suite of yield* pythonNano.suites) {
        const kind = pythonNano.kinds.find(({ id }) => id === suite.kind)
        assert(kind !== undefined)
        const sample = suite.tasks.filter((_, index) => index % 10 === 0)
        yield* Effect.forEach(sample, (task) => isCorrect(pythonNano, kind, task), { concurrency: 32 })
      }
    }),
  )

  test.effect("of another task are wrong", () =>
    Effect.gen(function* () {
      const suite = (yield* pythonNano.suites).find(({ id }) => id === "deduction-6")
      const kind = pythonNano.kinds.find(({ id }) => id === "deduction")
      assert(suite !== undefined && kind !== undefined)
      const tasks = suite.tasks.slice(0, 100) as ReadonlyArray<Extract<LanguageTask, { _tag: "deduction" }>>
      let wrong = 0
      for (const [index, task] of tasks.entries()) {
        const other = tasks[(index + 1) % tasks.length]
        const answer = Result.getOrThrow(kind.parseAnswer(kind.goldResponse(other, "compact"), "compact"))
        if ((yield* kind.verify(task, answer)).verdict === "wrong") wrong++
      }
      assert.isAbove(wrong, 80)
    }),
  )

  test.effect("exist for every seed of python", () =>
    Effect.gen(function* () {
      const random = new RandomStreams.RandomStreams(1).get("seeds")
      for (const kind of python.kinds) {
        const seeds = python.seeds(kind.id, 4, random)
        assert.lengthOf(seeds, 1)
        for (const seed of seeds) {
          const task = yield* kind.validate(seed)
          assert.strictEqual(kind.split(task), "train")
          yield* isCorrect(python, kind, task)
        }
      }
    }),
  )
})

describe("environments", () => {
  it.effect("open, and name their parts", () =>
    Effect.gen(function* () {
      const environment = yield* Environment.open(pythonNano)
      assert.strictEqual(environment.id, "python-nano")
      assert.deepStrictEqual(environment.styles, ["compact"])
      assert.includeMembers([...environment.kinds.keys()], ["deduction", "abduction", "induction"])
      const kind = environment.kinds.get("deduction")
      const suite = environment.suites[0]
      assert(kind !== undefined && suite !== undefined)
      const [task] = suite.tasks
      const [message] = kind.solvePrompt(task, "compact")
      assert.match(message?.content ?? "", /^D a=.* I \[.*\] O$/)
      assert.deepStrictEqual(kind.measureTask(task), { statements: 1 })
      assert.throws(() => kind.solvePrompt(task, "full"), "no prompt style full")
    }),
  )

  it("have ids that differ", () => {
    assert.notStrictEqual(python.id, pythonNano.id)
    assert.deepStrictEqual(python.styles, ["full", "fewShot"])
  })
})
