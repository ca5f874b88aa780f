import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { textTask } from "../../src/language/index.ts"

const kind = textTask((task: string) => task)

describe("what a text says of a task", () => {
  it("is the same but for space", () => {
    assert.strictEqual(kind.identity(" 3  +\n4 "), "3 + 4")
    assert.deepStrictEqual(kind.reveals("3 +  4"), ["3 + 4"])
    assert.notStrictEqual(kind.identity("3 + 4"), kind.identity("4 + 3"))
  })

  it("has a region by its length: 1, 2 to 3, 4 to 7 … characters", () => {
    const regions = [0, 1, 2, 3, 4, 7, 8].map((length) => kind.region("x".repeat(length)))
    assert.deepStrictEqual(regions, ["0", "1", "2", "2", "3", "3", "4"])
  })

  it.effect("lies as far from another as the words that they do not share (Jaccard)", () =>
    Effect.gen(function* () {
      const distances = yield* Effect.forEach(
        [
          ["a b c", "a b c"],
          ["a b", "b a"],
          ["a b c", "a b d"],
          ["x + y1", "x - y1"],
          ["a", "b"],
          ["", ""],
          ["größe_1", "größe_2"],
        ] as const,
        ([task, other]) => kind.distance(task, other),
      )
      assert.deepStrictEqual(distances, [0, 0, 1 - 2 / 4, 1 - 2 / 4, 1, 0, 1])
    }),
  )

  it("measures whether a response thought", () => {
    assert.deepStrictEqual(kind.measureResponse("<think>hm</think><answer>1</answer>", "full"), { thinks: 1 })
    assert.deepStrictEqual(kind.measureResponse("<think> </think><answer>1</answer>", "full"), { thinks: 0 })
  })
})
