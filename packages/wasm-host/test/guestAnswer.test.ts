import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { readAnswer } from "../src/guestAnswer.ts"

const said = (response: string) => readAnswer({ response, trap: null, fuelUsed: 1 })

describe("an answer of any guest", () => {
  it("is what it says under ok, or the failure that it names", () => {
    assert.deepStrictEqual(said('{"ok":[1,null]}'), Result.succeed([1, null]))
    assert.deepStrictEqual(
      said('{"fail":{"kind":"sql","message":"no such table"}}'),
      Result.fail({ kind: "sql", message: "no such table" }),
    )
  })

  it("is a fault where there is none", () => {
    for (const trap of ["fuel", "memory", "stack", "trap"] as const) {
      const answer = readAnswer({ response: null, trap, fuelUsed: 1 })
      assert.strictEqual(Result.isFailure(answer) && answer.failure.kind, trap)
    }
    for (const response of [
      "",
      "{",
      "null",
      "[]",
      "{}",
      '{"fail":{}}',
      '{"fail":{"kind":1}}',
      "[".repeat(90_000),
    ]) {
      const answer = said(response)
      assert.strictEqual(Result.isFailure(answer) && answer.failure.kind, "trap", response.slice(0, 20))
    }
  })
})
