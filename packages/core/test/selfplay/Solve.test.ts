import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Question, attempt, solve } from "../../src/selfplay/Solve.ts"
import type { LoopState } from "../../src/selfplay/State.ts"
import { puzzleText } from "../../src/testing/puzzleEnvironment.ts"
import { ScriptedPolicy } from "../../src/testing/scriptedPolicy.ts"
import {
  accept,
  kinds,
  playing,
  puzzle,
  questionOf,
  settings,
  solved,
  stateOf,
  trackOf,
  withPolicy,
} from "./world.ts"

const question = (state: LoopState, kind: string, text: string, seeds: ReadonlyArray<number>): Question => ({
  track: trackOf(state, kind),
  task: puzzle(text),
  id: null,
  seeds,
})

const decoding = { temperature: 1, maxTokens: () => 20 }

describe("attempt", () => {
  it.effect("answers by question and seed, in order, each judged", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(kinds(["result", {}], ["operand", {}])))
      const answers = yield* attempt(
        state,
        [
          question(state, "result", "3 + 4", [1, 2, 3]),
          question(state, "operand", "5 - 2", [4]),
          question(state, "result", "1 + 1", []),
        ],
        decoding,
      )
      assert.deepStrictEqual(
        answers.map((of) =>
          of.map(({ fault, text, verdict }) => [text, verdict?.verdict, verdict?.reason, fault]),
        ),
        [
          [
            ["7", "correct", "", ""],
            ["8", "wrong", "3 + 4 is 7", ""],
            ["seven", "badFormat", "no answer: seven", ""],
          ],
          [["2", "correct", "", ""]],
          [],
        ],
      )
    }).pipe(
      withPolicy(
        playing({
          solve: (asked, index) => (asked === "3 + 4 = ?" ? (["7", "8", "seven"][index] ?? "") : "2"),
        }),
      ),
    ),
  )

  it.effect("any answer that gives the result counts", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(kinds(["operand", {}])))
      const [answers] = yield* attempt(state, [question(state, "operand", "0 * 8", [1, 2])], decoding)
      assert.deepStrictEqual(
        answers?.map(({ verdict }) => verdict?.verdict),
        ["correct", "correct"],
      )
    }).pipe(withPolicy(playing({ solve: (_, index) => ["8", "33"][index] ?? "" }))),
  )

  it.effect("a response that was cut off has bad format, even if its beginning is right", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings())
      const [answers] = yield* attempt(state, [question(state, "result", "3 + 4", [1])], {
        ...decoding,
        maxTokens: () => 1,
      })
      assert.deepStrictEqual(
        answers?.map(({ sample, text, verdict }) => [text, sample.stopReason, verdict]),
        [["7", "length", { verdict: "badFormat", reason: "cut off after 1 tokens" }]],
      )
    }).pipe(withPolicy(playing({ solve: () => "7" }))),
  )

  it.effect("equal answers to one task are verified once", () =>
    Effect.gen(function* () {
      const verified: Array<string> = []
      const state = yield* stateOf(settings(), {
        unanswered: (task, operation) => {
          if (operation === "verify") verified.push(puzzleText(task))
          return false
        },
      })
      const [first, second] = yield* attempt(
        state,
        [question(state, "result", "3 + 4", [1, 2, 3, 4, 5, 6]), question(state, "result", "1 + 6", [1, 2])],
        decoding,
      )
      assert.deepStrictEqual(
        first?.map(({ verdict }) => verdict?.verdict),
        ["correct", "wrong", "correct", "wrong", "correct", "wrong"],
      )
      assert.lengthOf(second ?? [], 2)
      assert.deepStrictEqual(verified.toSorted(), ["1 + 6", "1 + 6", "3 + 4", "3 + 4"])
    }).pipe(withPolicy(playing({ solve: (_, index) => ["7", "8"][index % 2] ?? "" }))),
  )

  it.effect("a fault of the infrastructure is no verdict; it says what happened", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(), {
        unanswered: (task, operation) => operation === "verify" && puzzleText(task) === "3 + 4",
      })
      const [lost, found] = yield* attempt(
        state,
        [question(state, "result", "3 + 4", [1, 2]), question(state, "result", "1 + 1", [1])],
        decoding,
      )
      assert.deepStrictEqual(
        lost?.map(({ fault, verdict }) => [verdict, fault]),
        [
          [null, "puzzles: no answer after 1 ms, twice"],
          [null, "puzzles: no answer after 1 ms, twice"],
        ],
      )
      assert.deepStrictEqual(found?.[0]?.verdict, { verdict: "correct", reason: "" })
    }).pipe(withPolicy(playing({ solve: solved }))),
  )

  it.effect("grades what the policy wrote, never its prompt", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings())
      const [answers] = yield* attempt(state, [question(state, "result", "3 + 4", [1])], decoding)
      const [answer] = answers ?? []
      assert.strictEqual(answer?.text, "")
      assert.strictEqual(answer?.verdict?.verdict, "badFormat")
      assert.include(answer?.prompt.map(({ content }) => content).join(""), "3 + 4")
    }).pipe(withPolicy(playing({ solve: () => "" }))),
  )
})

describe("Solve", () => {
  const asked = Effect.map(Effect.flatten(Effect.map(ScriptedPolicy, ({ prompts }) => prompts)), (prompts) =>
    prompts.map(questionOf),
  )

  it.effect("asks for `samples` answers to each task", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings("solve.from=buffer", "solve.samples=3", kinds(["result", { solve: 2 }])),
      )
      accept(state, "result", "1 + 1", "2 + 2")
      const answers = yield* solve(state)
      assert.deepStrictEqual(answers.map(({ question: { id } }) => id).toSorted(), [1, 1, 1, 2, 2, 2])
      // Answers to one task are a group, sampled with seeds of their own.
      assert.strictEqual(new Set(answers.flatMap(({ question: { seeds } }) => seeds)).size, 6)
    }).pipe(withPolicy(playing({ solve: solved }))),
  )

  it.effect("leaves the environment's seeds out where it is told to", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings("solve.from=buffer", "solve.seeds=false", kinds(["result", { solve: 2 }])),
      )
      state.accept(trackOf(state, "result"), puzzle("9 + 9"), "seed", [])
      accept(state, "result", "1 + 1")
      assert.deepStrictEqual(
        (yield* solve(state)).map(({ question: { id } }) => id),
        [2, 2],
      )
    }).pipe(withPolicy(playing({ solve: solved }))),
  )

  it.effect("draws `solve` tasks of each kind from its own buffer", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(
          "solve.from=buffer",
          kinds(["result", { solve: 2 }], ["operand", { solve: 1 }], ["operator", { solve: 4 }]),
        ),
      )
      accept(state, "result", "1 + 1", "2 + 2", "3 + 3")
      accept(state, "operand", "4 + 4")
      const answers = yield* solve(state)
      assert.deepStrictEqual(
        answers.map(({ question: { track } }) => track.kind.id),
        ["result", "result", "operand"],
      )
      const questions = yield* asked
      assert.lengthOf(new Set(questions), 3)
      assert.include(questions, "4 + ? = 8")
      for (const { question: of } of answers) {
        const asked = state.buffer("puzzles", of.track.kind.id).records.find(({ id }) => id === of.id)
        assert.deepStrictEqual(asked?.task, of.task)
      }
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("repeats tasks only where there are too few", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings("solve.from=both", kinds(["result", { solve: 5 }])))
      accept(state, "result", "1 + 1", "2 + 2")
      assert.lengthOf(yield* solve(state), 5)
      assert.deepStrictEqual([...new Set(yield* asked)].toSorted(), ["1 + 1 = ?", "2 + 2 = ?"])
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("draws by the mix: maxNew takes the newest step first", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings("solve.from=buffer", "solve.mix=maxNew", kinds(["result", { solve: 2 }])),
      )
      accept(state, "result", "1 + 1", "2 + 2", "3 + 3", "4 + 4")
      state.step = 1
      accept(state, "result", "5 + 5", "6 + 6")
      yield* solve(state)
      assert.deepStrictEqual((yield* asked).toSorted(), ["5 + 5 = ?", "6 + 6 = ?"])
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("asks nothing where only the estimate is learned from", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings("solve.from=estimate"))
      accept(state, "result", "1 + 1")
      assert.deepStrictEqual(yield* solve(state), [])
      assert.deepStrictEqual(yield* asked, [])
    }).pipe(withPolicy(playing({}))),
  )
})
