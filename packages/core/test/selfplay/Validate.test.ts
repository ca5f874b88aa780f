import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Suite } from "../../src/Environment.ts"
import { propose } from "../../src/selfplay/Propose.ts"
import type { LoopState } from "../../src/selfplay/State.ts"
import { admit, heldOutOf, validate } from "../../src/selfplay/Validate.ts"
import { puzzleText } from "../../src/testing/puzzleEnvironment.ts"
import { accept, kinds, playing, puzzle, settings, stateOf, textOf, trackOf, withPolicy } from "./world.ts"

/** What becomes of these proposals, in order. */
const judged = Effect.fnUntraced(function* (state: LoopState, ...proposals: ReadonlyArray<string>) {
  const validated = yield* propose(state, state.tracks, validate).pipe(
    Effect.flatMap((made) => admit(state, heldOutOf(state.tracks), made)),
    withPolicy(playing({ propose: (index) => proposals[index] ?? "" })),
  )
  return validated
})

const four = kinds(["result", { proposals: 4 }])
const buffered = (state: LoopState, id: string) => state.buffer("puzzles", id).records.map(textOf)

describe("Validate", () => {
  it.effect("accepts valid tasks into their buffer, in order, with step and parents", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(four, "propose.references=1"))
      accept(state, "result", "0 + 0")
      state.step = 7
      const validated = yield* judged(state, "1 + 1", "2 + 1", "3 + 1", "4 + 1")
      assert.deepStrictEqual(
        validated.map(({ reason, record, status }) => [
          status,
          reason,
          record?.id,
          record?.step,
          record?.parents,
        ]),
        [2, 3, 4, 5].map((id) => ["accepted", "", id, 7, [1]]),
      )
      assert.deepStrictEqual(buffered(state, "result"), ["0 + 0", "1 + 1", "2 + 1", "3 + 1", "4 + 1"])
      assert.deepStrictEqual(validated[0]?.record, {
        id: 2,
        environment: "puzzles",
        kind: "result",
        step: 7,
        origin: "proposed",
        parents: [1],
        task: puzzle("1 + 1"),
        successRate: null,
      })
    }),
  )

  it.effect("tells bad format, invalid and accepted apart, and keeps reason and message", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(four))
      const validated = yield* judged(state, "one and one", "100 + 1", "99 + 1", "1 / 1")
      assert.deepStrictEqual(
        validated.map(({ message, reason, status }) => [status, reason, message]),
        [
          ["badFormat", "badFormat", "no puzzle: one and one"],
          ["invalid", "range", "100 is not in 0 … 99"],
          ["accepted", "", ""],
          ["badFormat", "badFormat", "no puzzle: 1 / 1"],
        ],
      )
      assert.deepStrictEqual(
        validated.map(({ record }) => record?.id ?? null),
        [null, null, 1, null],
      )
      assert.deepStrictEqual(buffered(state, "result"), ["99 + 1"])
    }),
  )

  it.effect(
    "refuses duplicates of the buffer, of the same step, and of tasks that have left the buffer",
    () =>
      Effect.gen(function* () {
        const state = yield* stateOf(settings(four, "buffer.capacity=1", "buffer.keepSeeds=0"))
        accept(state, "result", "5 + 5", "6 + 6")
        assert.deepStrictEqual(buffered(state, "result"), ["6 + 6"])
        const validated = yield* judged(state, "6+6", "5 + 5", "7 + 7", " 7  +  7 ")
        assert.deepStrictEqual(
          validated.map(({ reason, status }) => [status, reason]),
          [
            ["duplicate", "duplicate"],
            ["duplicate", "duplicate"],
            ["accepted", ""],
            ["duplicate", "duplicate"],
          ],
        )
      }),
  )

  it.effect("keeps duplicates where the configuration does", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(four, "buffer.refuseDuplicates=false"))
      const validated = yield* judged(state, "7 + 7", "7 + 7", "7 + 7", "7 + 7")
      assert.isTrue(validated.every(({ status }) => status === "accepted"))
    }),
  )

  it.effect("the same puzzle is no duplicate in another kind", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(kinds(["result", { proposals: 1 }], ["operand", { proposals: 1 }])),
      )
      const validated = yield* judged(state, "7 + 7", "7 + 7")
      assert.deepStrictEqual(
        validated.map(({ proposal, status }) => [proposal.track.kind.id, status]),
        [
          ["result", "accepted"],
          ["operand", "accepted"],
        ],
      )
    }),
  )

  it.effect("caps how many of a family a step accepts; the next step starts anew", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(four, "propose.familyCap=2"))
      const first = yield* judged(state, "1 + 1", "1 + 2", "1 + 3", "2 + 1")
      assert.deepStrictEqual(
        first.map(({ reason, status }) => [status, reason]),
        [
          ["accepted", ""],
          ["accepted", ""],
          ["duplicate", "familyCap"],
          ["accepted", ""],
        ],
      )
      // What was refused for its family is not known to the run.
      const second = yield* judged(state, "1 + 3", "1 + 4", "1 + 5", "1 + 1")
      assert.deepStrictEqual(
        second.map(({ reason }) => reason),
        ["", "", "familyCap", "duplicate"],
      )
    }),
  )

  describe("held-out tasks never enter a buffer", () => {
    it.effect("by what the kind says of their split", () =>
      Effect.gen(function* () {
        const state = yield* stateOf(settings(four), {
          split: ({ a }) => (a === 1 ? "dev" : a === 2 ? "test" : "train"),
        })
        const validated = yield* judged(state, "1 + 1", "2 + 2", "3 + 3", "1 + 4")
        assert.deepStrictEqual(
          validated.map(({ reason, status }) => [status, reason]),
          [
            ["heldOut", "heldOut"],
            ["heldOut", "heldOut"],
            ["accepted", ""],
            ["heldOut", "heldOut"],
          ],
        )
        assert.deepStrictEqual(buffered(state, "result"), ["3 + 3"])
        assert.isTrue(validated.every(({ record, status }) => (record === null) === (status === "heldOut")))
      }),
    )

    it.effect("by what the suites of any kind reveal, even if the kind calls them training tasks", () =>
      Effect.gen(function* () {
        const suites: ReadonlyArray<Suite> = [
          { id: "result-dev", kind: "result", split: "dev", tasks: [puzzle("1 + 1")] },
          { id: "result-test", kind: "result", split: "test", tasks: [puzzle("2 + 2")] },
          { id: "operand-test", kind: "operand", split: "test", tasks: [puzzle("3 + 3")] },
        ]
        const state = yield* stateOf(settings(four), { suites })
        assert.strictEqual(trackOf(state, "result").kind.split(puzzle("1 + 1")), "train")
        const validated = yield* judged(state, "1 + 1", "2 + 2", "3 + 3", "4 + 4")
        assert.deepStrictEqual(
          validated.map(({ status }) => status),
          ["heldOut", "heldOut", "heldOut", "accepted"],
        )
      }),
    )
  })

  it.effect("a fault of the infrastructure is not a judgement", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(four), {
        unanswered: (task, operation) => operation === "validate" && puzzleText(task) === "2 + 2",
      })
      const validated = yield* judged(state, "1 + 1", "2 + 2", "100 + 0", "3 + 3")
      assert.deepStrictEqual(
        validated.map(({ message, reason, status }) => [status, reason, message]),
        [
          ["accepted", "", ""],
          ["infrastructure", "HostTimeout", "puzzles: no answer after 1 ms, twice"],
          ["invalid", "range", "100 is not in 0 … 99"],
          ["accepted", "", ""],
        ],
      )
      assert.deepStrictEqual(buffered(state, "result"), ["1 + 1", "3 + 3"])
      // It was not judged, so it may be proposed again.
      assert.isFalse(state.isKnown(trackOf(state, "result"), "2 + 2"))
    }),
  )
})
