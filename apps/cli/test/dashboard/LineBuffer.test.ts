import { assert, describe, it } from "@effect/vitest"
import { LineBuffer } from "../../src/dashboard/LineBuffer.ts"

/** The lines of a text that comes `chunk` bytes at a time, and what is left for the next one to end. */
const linesOf = (text: string, size: number, chunk: number): ReadonlyArray<string> => {
  const bytes = Buffer.from(text)
  const buffer = new LineBuffer(size)
  const lines: Array<string> = []
  for (let position = 0; position < bytes.length;) {
    const room = buffer.room(chunk)
    assert.isAbove(room.length, 0)
    const count = bytes.copy(room, 0, position)
    position += count
    buffer.fill(count, (held, start, end) => lines.push(held.toString("utf8", start, end)))
  }
  return lines
}

describe("LineBuffer", () => {
  it("gives the same whole lines however they come, and keeps a torn one back", () => {
    const text = "one\n\nthré\u2028e\nlonger than the buffer, twice over\nlast\ntorn"
    const wanted = text.split("\n").slice(0, -1)
    for (const size of [1, 2, 7, 16, 1000]) {
      for (const chunk of [1, 3, 1000])
        assert.deepStrictEqual(linesOf(text, size, chunk), wanted, `${size}, ${chunk}`)
    }
  })
})
