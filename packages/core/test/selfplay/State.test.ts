import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { open } from "../../src/Environment.ts"
import { LoopSnapshot, LoopState } from "../../src/selfplay/State.ts"
import { puzzleEnvironment } from "../../src/testing/puzzleEnvironment.ts"
import { accept, kinds, puzzle, settings, stateOf, trackOf } from "./world.ts"

const three = kinds(["result", {}], ["operand", {}], ["operator", {}])

describe("LoopState", () => {
  it.effect("has a track for each kind that is configured and that an environment has", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(kinds(["operator", {}], ["unheard", {}], ["result", { solve: 9 }])),
      )
      assert.deepStrictEqual(
        state.tracks.map(({ key, settings }) => [key, settings.solve]),
        [
          ["puzzles/operator", 3],
          ["puzzles/result", 9],
        ],
      )
    }),
  )

  it.effect("gives ids in order over all buffers", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(three))
      const records = [...accept(state, "result", "1 + 1", "2 + 2"), ...accept(state, "operand", "1 + 1")]
      assert.deepStrictEqual(
        records.map(({ id }) => id),
        [1, 2, 3],
      )
      assert.isTrue(state.isKnown(trackOf(state, "operand"), "1 + 1"))
      assert.isFalse(state.isKnown(trackOf(state, "operator"), "1 + 1"))
    }),
  )

  it.effect("notes success rates in the buffer, and gives tasks back in their own type", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(three))
      const [record] = accept(state, "result", "3 * 4")
      if (record === undefined) return assert.fail("not accepted")
      state.estimated(record, 0.25)
      const [kept] = state.buffer("puzzles", "result").records
      assert.strictEqual(kept?.successRate, 0.25)
      assert.deepStrictEqual(state.taskOf(record), puzzle("3 * 4"))
    }),
  )

  it.effect("gives a task of known facets less novelty, by track, also after a checkpoint", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(kinds(["result", {}], ["operand", {}])))
      const [sums, operands] = [trackOf(state, "result"), trackOf(state, "operand")]
      const puzzle = { a: 1, operator: "+", b: 1 }
      assert.strictEqual(state.novelty(sums, puzzle), 1)
      for (let i = 0; i < 4; i++) state.visitFacets(sums, puzzle)
      assert.strictEqual(state.novelty(sums, puzzle), 1 / 2)
      // The operator is known, the result is not.
      assert.strictEqual(state.novelty(sums, { a: 5, operator: "+", b: 5 }), (1 / 2 + 1) / 2)
      assert.strictEqual(state.novelty(operands, puzzle), 1)
      state.baselines.set("solve/puzzles/result", 0.25)
      const restored = new LoopState(
        state.config,
        [...new Set(state.tracks.map(({ environment }) => environment))],
        yield* Schema.decodeUnknownEffect(LoopSnapshot)(JSON.parse(JSON.stringify(state.snapshot()))),
      )
      assert.strictEqual(restored.novelty(sums, puzzle), 1 / 2)
      assert.strictEqual(restored.baselines.get("solve/puzzles/result"), 0.25)
    }),
  )

  it.effect("counts regions by track, and lets the counts decay", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(three))
      const [sums, operands] = [trackOf(state, "result"), trackOf(state, "operand")]
      for (const text of ["1 + 1", "2 + 2", "3 * 3"]) state.visitRegion(sums, puzzle(text))
      assert.strictEqual(state.regionCount(sums, puzzle("9 + 9")), 2)
      assert.strictEqual(state.regionCount(sums, puzzle("9 - 9")), 0)
      assert.strictEqual(state.regionCount(operands, puzzle("9 + 9")), 0)
      state.decayRegions(0.5)
      assert.strictEqual(state.regionCount(sums, puzzle("9 + 9")), 1)
      assert.strictEqual(state.regionCount(sums, puzzle("9 * 9")), 0.5)
    }),
  )

  it.effect("forgets regions that no count can be told by, and counts them from 0 again", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(three))
      const sums = trackOf(state, "result")
      state.visitRegion(sums, puzzle("1 + 1"))
      state.decayRegions(2 ** -52)
      assert.strictEqual(Object.keys(state.snapshot().regions).length, 1)
      state.decayRegions(0.5)
      assert.deepStrictEqual(state.snapshot().regions, {})
      state.visitRegion(sums, puzzle("1 + 1"))
      assert.strictEqual(state.regionCount(sums, puzzle("1 + 1")), 1)
    }),
  )

  it.effect("remembers of a task that has left its buffer 16 characters, however long its identity", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(three, "buffer.capacity=1", "buffer.keepSeeds=0"))
      accept(state, "result", "1 + 1", "123456789 + 987654321", "2 + 2")
      assert.strictEqual(state.snapshot().known.length, 3 * 16)
      assert.isTrue(state.isKnown(trackOf(state, "result"), "1 + 1"))
    }),
  )

  it.effect("is restored with a million known tasks", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(three))
      const known = Array.from({ length: 1_000_000 }, (_, task) => task.toString(16).padStart(16, "0")).join(
        "",
      )
      const read = Schema.decodeUnknownEffect(LoopSnapshot)
      const saved = yield* read({ ...state.snapshot(), known })
      const restored = new LoopState(state.config, [yield* open(puzzleEnvironment())], saved)
      assert.isTrue(restored.snapshot().known === known)
      for (const broken of [known.slice(1), `${known}000000000000000g`]) {
        const { message } = yield* Effect.flip(read({ ...state.snapshot(), known: broken }))
        assert.include(message, "known")
        assert.isBelow(message.length, 500)
      }
    }),
  )

  it.effect("is restored from its snapshot through JSON, complete", () =>
    Effect.gen(function* () {
      const config = settings(three, "buffer.capacity=3", "buffer.keepSeeds=1")
      const state = yield* stateOf(config)
      accept(state, "result", "0 + 1", "0 + 2", "0 + 3")
      state.step = 4
      accept(state, "result", "4 + 1", "4 + 2")
      accept(state, "operator", "5 * 5")
      state.visitRegion(trackOf(state, "result"), puzzle("4 + 1"))
      state.decayRegions(0.97)
      for (const name of ["a", "b"]) state.streams.get(name).float()

      const saved = yield* Schema.decodeUnknownEffect(LoopSnapshot)(
        JSON.parse(JSON.stringify(state.snapshot())),
      )
      const restored = new LoopState(config, [yield* open(puzzleEnvironment())], saved)
      assert.deepStrictEqual(restored.snapshot(), state.snapshot())
      for (const each of [state, restored]) {
        each.step += 1
        assert.strictEqual(accept(each, "result", "9 + 9")[0]?.id, 7)
        assert.isTrue(each.isKnown(trackOf(each, "result"), "0 + 2"))
      }
      assert.deepStrictEqual(restored.snapshot(), state.snapshot())
      assert.strictEqual(restored.streams.get("a").uint32(), state.streams.get("a").uint32())
      assert.strictEqual(restored.streams.get("new").uint32(), state.streams.get("new").uint32())
    }),
  )
})
