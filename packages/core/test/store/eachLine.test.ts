import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { eachLine } from "../../src/RunStore.ts"
import { pieceBytes } from "../../src/store/eachLine.ts"
import { platform, temporary } from "./newRun.ts"

const utf8 = new TextEncoder()
const decoder = new TextDecoder()

layer(platform)("the lines of a log", (it) => {
  const linesOf = Effect.fnUntraced(function* (content: string, from: number, to?: number) {
    const fs = yield* FileSystem.FileSystem
    const file = `${yield* temporary}/log`
    const bytes = utf8.encode(content)
    yield* fs.writeFile(file, bytes)
    const lines: Array<string> = []
    const end = yield* eachLine(
      yield* fs.open(file),
      from,
      to ?? bytes.length,
      (piece, start, end, offset) => {
        const line = decoder.decode(piece.subarray(start, end))
        assert.strictEqual(decoder.decode(bytes.subarray(offset, offset + end - start)), line)
        lines.push(line)
      },
    )
    return { lines, end }
  })

  it.effect("are whole wherever a piece of the file ends, and a torn one is left", () =>
    Effect.gen(function* () {
      const around = (length: number) => `${"é".repeat(Math.floor(length / 2))}${"x".repeat(length % 2)}`
      const lines = [
        "one",
        "",
        // The first piece ends in the middle of a character, with a line, one byte before and after it; the last wants more than one.
        ...[0, 1, 2, 3].flatMap((more) => [around(pieceBytes - 6 + more), "thré\u2028e"]),
        around(2 * pieceBytes + 1),
        "last",
      ]
      const content = lines.map((line) => `${line}\n`).join("")
      const bytes = utf8.encode(content).length
      assert.deepStrictEqual(yield* linesOf(content, 0), { lines, end: bytes })
      assert.deepStrictEqual(yield* linesOf(`${content}torn`, 0), { lines, end: bytes })
      assert.deepStrictEqual(yield* linesOf(content, 4), { lines: lines.slice(1), end: bytes })
      assert.deepStrictEqual(yield* linesOf(content, bytes), { lines: [], end: bytes })
    }),
  )

  it.effect("end where they are told to, and where the file does", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* linesOf("a\nb\nc\n", 0, 5), { lines: ["a", "b"], end: 4 })
      assert.deepStrictEqual(yield* linesOf("a\nb\n", 0, 100), { lines: ["a", "b"], end: 4 })
      assert.deepStrictEqual(yield* linesOf("", 0, 100), { lines: [], end: 0 })
    }),
  )
})
