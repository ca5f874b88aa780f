import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import * as fc from "fast-check"
import { type OpenTaskKind, type PromptStyle, open } from "../../src/Environment.ts"
import { RandomStreams } from "../../src/RandomStreams.ts"
import {
  type Puzzle,
  puzzleEnvironment,
  puzzleResult,
  puzzleText,
} from "../../src/testing/puzzleEnvironment.ts"

const puzzles: fc.Arbitrary<Puzzle> = fc.record({
  a: fc.nat({ max: 99 }),
  operator: fc.constantFrom("+", "-", "*"),
  b: fc.nat({ max: 99 }),
})
const styles: ReadonlyArray<PromptStyle> = ["full", "compact"]

const kindsOf = Effect.map(open(puzzleEnvironment()), ({ kinds }) => kinds)
const verdict = (kind: OpenTaskKind, task: Puzzle, response: string) =>
  Result.match(kind.parseAnswer(response, "full"), {
    onFailure: () => "badFormat",
    onSuccess: (answer) => Effect.runSync(kind.verify(task, answer)).verdict,
  })

describe("puzzleEnvironment", () => {
  it.effect("validates every puzzle in range, and its gold response is correct, in both styles", () =>
    Effect.map(kindsOf, (kinds) => {
      assert.deepStrictEqual([...kinds.keys()], ["result", "operand", "operator"])
      for (const kind of kinds.values()) {
        fc.assert(
          fc.property(puzzles, fc.constantFrom(...styles), (puzzle, style) => {
            const task = Effect.runSync(kind.validate(puzzle))
            const answer = Result.getOrThrow(kind.parseAnswer(kind.goldResponse(task, style), style))
            assert.strictEqual(Effect.runSync(kind.verify(task, answer)).verdict, "correct")
            const json: unknown = JSON.parse(JSON.stringify(Schema.encodeUnknownSync(kind.taskSchema)(task)))
            assert.deepStrictEqual(Schema.decodeUnknownSync(kind.taskSchema)(json), task)
          }),
        )
      }
    }),
  )

  it.effect("judges exactly: any preimage is right, nothing else is", () =>
    Effect.map(kindsOf, (kinds) => {
      const of = (id: string) => kinds.get(id) as OpenTaskKind
      const times: Puzzle = { a: 0, operator: "*", b: 7 }
      assert.strictEqual(verdict(of("operand"), times, "12"), "correct")
      assert.strictEqual(verdict(of("operand"), { ...times, a: 2 }, "12"), "wrong")
      const two: Puzzle = { a: 2, operator: "+", b: 2 }
      assert.strictEqual(verdict(of("operator"), two, "*"), "correct")
      assert.strictEqual(verdict(of("operator"), two, "-"), "wrong")
      assert.strictEqual(verdict(of("result"), two, " 4 "), "correct")
      assert.strictEqual(verdict(of("result"), two, "5"), "wrong")
      for (const malformed of ["", "four", "4.0", "2 + 2", "4\n4"]) {
        assert.strictEqual(verdict(of("result"), two, malformed), "badFormat", malformed)
      }
      fc.assert(
        fc.property(puzzles, fc.integer({ min: -200, max: 200 }), (puzzle, answer) => {
          const right = puzzleResult({ ...puzzle, b: answer }) === puzzleResult(puzzle)
          assert.strictEqual(verdict(of("operand"), puzzle, String(answer)), right ? "correct" : "wrong")
        }),
      )
    }),
  )

  it.effect("shows a solver everything but the answer", () =>
    Effect.map(kindsOf, (kinds) => {
      const puzzle: Puzzle = { a: 31, operator: "*", b: 47 }
      const seen = (id: string, style: PromptStyle) =>
        kinds
          .get(id)
          ?.solvePrompt(puzzle, style)
          .map(({ content }) => content.split("\n").at(-1))
          .join()
      assert.deepStrictEqual(
        ["result", "operand", "operator"].flatMap((id) => styles.map((style) => seen(id, style))),
        ["31 * 47 = ?", "31*47=", "31 * ? = 1457", "31*?=1457", "31 ? 47 = 1457", "31?47=1457"],
      )
    }),
  )

  it.effect("reads proposals; the operator kind takes the numbers from the given puzzle", () =>
    Effect.map(kindsOf, (kinds) => {
      const given: Puzzle = { a: 5, operator: "+", b: 6 }
      const read = (id: string, text: string) => kinds.get(id)?.parseProposal(text, [given], "full")
      assert.deepStrictEqual(read("result", " 3*4\n"), Result.succeed({ a: 3, operator: "*", b: 4 }))
      assert.deepStrictEqual(read("operator", "-"), Result.succeed({ a: 5, operator: "-", b: 6 }))
      for (const text of ["", "3 + ", "3 / 4", "-3 + 4", "3 + 4 + 5", "3 + 4 = 7"]) {
        assert.isTrue(Result.isFailure(read("result", text) as Result.Result<unknown, unknown>), text)
      }
    }),
  )

  it("draws seeds from the stream it is given", () => {
    const environment = puzzleEnvironment({ largest: 3 })
    const draw = () =>
      environment.seeds("result", 50, new RandomStreams(1).get("seeds")) as ReadonlyArray<Puzzle>
    assert.deepStrictEqual(draw(), draw())
    assert.lengthOf(draw(), 50)
    assert.isTrue(draw().every(({ a, b }) => a >= 0 && a <= 3 && b >= 0 && b <= 3))
    assert.isAbove(new Set(draw().map(puzzleText)).size, 20)
  })
})
