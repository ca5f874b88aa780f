import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Suite } from "../../src/Environment.ts"
import { evaluate } from "../../src/selfplay/Evaluate.ts"
import { puzzleText } from "../../src/testing/puzzleEnvironment.ts"
import { ScriptedPolicy } from "../../src/testing/scriptedPolicy.ts"
import { kinds, playing, puzzle, questionOf, settings, solved, stateOf, withPolicy } from "./world.ts"

const suite = (id: string, kind: string, split: "dev" | "test", ...texts: ReadonlyArray<string>): Suite => ({
  id,
  kind,
  split,
  tasks: texts.map(puzzle),
})

const suites = [
  suite("easy", "result", "dev", "1 + 1", "2 + 2", "3 + 3"),
  suite("hard", "result", "dev", "9 * 9", "8 * 8"),
  suite("final", "result", "test", "5 + 5"),
  suite("inverse", "operand", "dev", "4 + 4"),
  suite("unused", "operator", "dev", "7 + 7"),
]
const two = kinds(["operand", {}], ["result", {}])

describe("Evaluate", () => {
  it.effect("judges the suites of a split, of the kinds there are, each on its own", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(two), { suites })
      const results = yield* evaluate(state, "dev", null)
      assert.deepStrictEqual(
        results.map(({ badFormat, correct, environment, faults, kind, split, suite, total }) => [
          `${environment}/${kind}/${suite}/${split}`,
          { correct, badFormat, total, faults },
        ]),
        [
          ["puzzles/operand/inverse/dev", { correct: 0, badFormat: 0, total: 1, faults: 0 }],
          ["puzzles/result/easy/dev", { correct: 2, badFormat: 1, total: 3, faults: 0 }],
          ["puzzles/result/hard/dev", { correct: 1, badFormat: 0, total: 2, faults: 0 }],
        ],
      )
      assert.deepStrictEqual(
        results.map(({ verdicts }) => verdicts),
        ["-", "++!", "+-"],
      )
      assert.deepStrictEqual(results[1]?.means, { tokens: 11 / 3, characters: 8 / 3 })
      assert.deepStrictEqual(
        (yield* evaluate(state, "test", null)).map(({ correct, suite, total }) => [suite, correct, total]),
        [["final", 1, 1]],
      )
    }).pipe(
      withPolicy(
        playing({
          solve: (question) =>
            question === "3 + 3 = ?" ? "what ?" : question === "8 * 8 = ?" ? "0" : solved(question),
        }),
      ),
    ),
  )

  it.effect("takes the first `limit` tasks of each suite, and only the suites asked for", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(two, 'evaluate.suites=["easy","inverse"]'), { suites })
      assert.deepStrictEqual(
        (yield* evaluate(state, "dev", 2)).map(({ suite, total }) => [suite, total]),
        [
          ["inverse", 1],
          ["easy", 2],
        ],
      )
      const { prompts } = yield* ScriptedPolicy
      assert.deepStrictEqual((yield* prompts).map(questionOf), ["4 + ? = 8", "1 + 1 = ?", "2 + 2 = ?"])
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("counts faults apart: they are neither right nor wrong", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(two), {
        suites,
        unanswered: (task, operation) => operation === "verify" && puzzleText(task) === "2 + 2",
      })
      const [, easy] = yield* evaluate(state, "dev", null)
      assert.deepStrictEqual([easy?.correct, easy?.total, easy?.faults], [2, 2, 1])
      assert.strictEqual(easy?.verdicts, "+?+")
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("changes nothing that the run decides by: no buffer, no random stream", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(two), { suites })
      const before = JSON.stringify(state.snapshot())
      yield* evaluate(state, "dev", null)
      assert.strictEqual(JSON.stringify(state.snapshot()), before)
    }).pipe(withPolicy(playing({}))),
  )
})
