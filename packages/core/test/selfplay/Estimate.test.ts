import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { estimate } from "../../src/selfplay/Estimate.ts"
import { propose } from "../../src/selfplay/Propose.ts"
import type { LoopState } from "../../src/selfplay/State.ts"
import { admit, heldOutOf, validate } from "../../src/selfplay/Validate.ts"
import { puzzleText } from "../../src/testing/puzzleEnvironment.ts"
import { type Player, kinds, playing, settings, solved, stateOf, textOf, withPolicy } from "./world.ts"

const estimated = (state: LoopState, player: Player) =>
  propose(state, state.tracks, validate).pipe(
    Effect.flatMap((made) => admit(state, heldOutOf(state.tracks), made)),
    Effect.flatMap((validated) =>
      Effect.map(estimate(state, validated), (estimates) => ({ validated, estimates })),
    ),
    withPolicy(playing(player)),
  )

describe("Estimate", () => {
  it.effect("success rate is the share of correct answers among `samples`", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings("estimate.samples=8", kinds(["result", { proposals: 2, tasks: 2 }])),
      )
      const { estimates } = yield* estimated(state, {
        propose: (index) => `${index} + 1`,
        solve: (question, index) =>
          question === "0 + 1 = ?" ? (index < 3 ? "1" : index < 6 ? "9" : "?") : solved(question),
      })
      assert.deepStrictEqual(
        estimates.map(({ answers, attempts, id, solved: right }) => [id, answers.length, attempts, right]),
        [
          [1, 8, 8, 3],
          [2, 8, 8, 8],
        ],
      )
    }),
  )

  it.effect("takes the first `tasks` accepted proposals of each kind; the others stay in the buffer", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(kinds(["result", { proposals: 5, tasks: 2 }], ["operand", { proposals: 3, tasks: 1 }])),
      )
      const { estimates, validated } = yield* estimated(state, {
        propose: (index) =>
          ["bad", "1 + 1", "1 + 1", "1 + 2", "1 + 3", "200 + 1", "2 + 2", "2 + 3"][index] ?? "",
      })
      assert.deepStrictEqual(
        validated.map(({ record }) => (record === null ? null : textOf(record))),
        [null, "1 + 1", null, "1 + 2", "1 + 3", null, "2 + 2", "2 + 3"],
      )
      assert.deepStrictEqual(
        estimates.map(({ answers }) => answers[0]?.question.track.kind.describe(answers[0].question.task)),
        ["1 + 1 = ?", "1 + 2 = ?", "2 + ? = 4"],
      )
      assert.strictEqual(state.buffer("puzzles", "result").size, 3)
    }),
  )

  it.effect("faults of the infrastructure are not attempts", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings("estimate.samples=4", kinds(["result", { proposals: 2, tasks: 2 }])),
        {
          unanswered: (task, operation) => operation === "verify" && puzzleText(task) === "1 + 1",
        },
      )
      const { estimates } = yield* estimated(state, {
        propose: (index) => `${index} + 1`,
        // A cut answer is judged without the executor.
        solve: (question, index) =>
          question === "1 + 1 = ?" && index === 0 ? "x".repeat(99) : solved(question),
      })
      assert.deepStrictEqual(
        estimates.map(({ answers, attempts, solved: right }) => [answers.length, attempts, right]),
        [
          [4, 4, 4],
          [4, 1, 0],
        ],
      )
    }),
  )
})
