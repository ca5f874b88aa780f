import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Result } from "effect"
import * as fc from "fast-check"
import { beginning, decodeLines } from "../../src/RunStore.ts"
import { platform, temporary } from "./newRun.ts"

const decodeJson = (line: Uint8Array) =>
  Result.try({
    try: (): unknown => JSON.parse(new TextDecoder().decode(line)),
    catch: () => ({ message: "no JSON" }),
  })

layer(platform)("a log of JSON lines", (it) => {
  const read = Effect.fnUntraced(function* (text: string) {
    const fs = yield* FileSystem.FileSystem
    const file = `${yield* temporary}/log`
    const bytes = new TextEncoder().encode(text)
    yield* fs.writeFile(file, bytes)
    return yield* decodeLines(yield* fs.open(file), beginning, bytes.length, decodeJson)
  }, Effect.scoped)

  it.effect("is read as its whole lines, wherever it is cut", () =>
    Effect.gen(function* () {
      const run = Effect.runPromiseWith(yield* Effect.context<FileSystem.FileSystem>())
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            fc.array(fc.jsonValue(), { maxLength: 6 }),
            fc.double({ min: 0, max: 1, noNaN: true }),
            async (values, share) => {
              const log = values.map((value) => `${JSON.stringify(value)}\n`).join("")
              const cut = log.slice(0, Math.round(share * log.length))
              const found = await run(read(cut))
              const whole = cut.slice(0, cut.lastIndexOf("\n") + 1)
              assert.strictEqual(found.end.offset, new TextEncoder().encode(whole).length)
              assert.strictEqual(
                JSON.stringify(found.values),
                JSON.stringify(values.slice(0, whole.split("\n").length - 1)),
              )
            },
          ),
        ),
      )
    }),
  )

  it.effect("ends before a last line that says nothing, and fails with one elsewhere", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read("1\n2\n\u0000\u0000\n"), {
        values: [1, 2],
        end: { offset: 4, lines: 2 },
      })
      assert.deepStrictEqual(yield* read("1\n{\n2"), { values: [1], end: { offset: 2, lines: 1 } })
      assert.deepStrictEqual(yield* Effect.flip(read("1\n2\n{\n4\n")), { message: "line 3: no JSON" })
    }),
  )
})
