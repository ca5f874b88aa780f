/**
 * The literal grammar against two oracles: Node's own engine, which evaluates the text, and the guest, which has its
 * own reader and its own engine.
 */
import { Executor, RandomStreams, Value } from "@azr/core"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Result } from "effect"
import fc from "fast-check"
import { runInNode } from "../../scripts/node-engine/nodeEngine.ts"
import { JavaScriptExecutor } from "../../src/index.ts"
import { parseArguments } from "../../src/literals/parse.ts"
import { renderArguments, renderValue } from "../../src/literals/render.ts"
import { anyJavaScript } from "./values.ts"

const pieces = [
  "(¦)¦[¦]¦{¦}¦,¦:¦+¦-¦ ¦\n¦\t¦// c\n¦/* c */¦, ¦: ¦ + ¦ - ¦\u2028¦\u00a0",
  "null¦undefined¦true¦false¦NaN¦Infinity¦0¦1¦-1¦7¦00¦007¦1_0¦1__0¦0x1F",
  "0b11¦0o17¦1.¦.5¦1e5¦1.5e-3¦2n¦0xFn¦1e¦12a¦-0",
  "'a'¦\"b\"¦`c\nd`¦'\\x41'¦'\\u{e9}'¦'\\n'¦'\\q'¦'\\0'¦'\\07'¦'\\¦'¦''",
  "`¦${¦'é😀'¦'\\ud83d'¦'\\ud83d\\ude00'¦'__proto__'",
  "[]¦{}¦[1, 2]¦{a: 1}¦{1: 2, 'b': 3}¦{10: 1, 9: 2, a: 3, 1: 4}¦{a¦a¦b:¦['c']¦x¦...a¦1 ? 2 : 3¦!1¦1 + 1",
  "new Map([[¦]])¦new Set([¦])¦new Map()¦new Set()¦new Map([[1, 2], [1, 3]])¦new Set([0, -0, 1])¦[1, 'x']",
].flatMap((line) => line.split("¦"))

/** Token soup, and rendered values with one character changed: often literals, and nearly always close to one. */
const texts = (count: number): ReadonlyArray<string> => {
  const random = new RandomStreams.RandomStreams(7).get("texts")
  const soup = () => Array.from({ length: random.integer(1, 7) }, () => random.pick(pieces)).join("")
  const mutated = (value: Value.Value): string => {
    const text = renderValue(value)
    const at = random.integer(0, text.length - 1)
    switch (random.integer(0, 3)) {
      case 0:
        return text
      case 1:
        return text.slice(0, at) + text.slice(at + 1)
      case 2:
        return text.slice(0, at) + random.pick(pieces) + text.slice(at)
      default:
        return text.slice(0, at) + random.pick(pieces) + text.slice(at + 1)
    }
  }
  return fc
    .sample(anyJavaScript, { numRuns: count, seed: 7 })
    .map((value, i) => (i % 2 === 0 ? soup() : mutated(value)).toWellFormed())
}

/** Texts that the host reads as argument lists, with the values it reads. */
const readable = (count: number) =>
  texts(count).flatMap((text) => {
    const values = parseArguments(text)
    return Result.isSuccess(values) ? [{ text, values: values.success }] : []
  })

describe("Node's own engine", () => {
  it("gives the same value for whatever the host reads, of 6,000 texts", async () => {
    const read = readable(6000)
    // The texts are worth their name only if many are literals and many are not.
    assert.isAbove(read.length, 1500)
    assert.isBelow(read.length, 4500)
    const program = `const list = (...items) => items\nfunction f() { return [\n${read
      .map(({ text }) => `list(${text}\n)`)
      .join(",\n")}] }`
    const [answer] = await runInNode([{ program, arguments: [] }])
    assert(answer !== undefined && "value" in answer, JSON.stringify(answer))
    const evaluated = answer.value as ReadonlyArray<Value.Json>
    for (const [index, { text, values }] of read.entries()) {
      assert.deepStrictEqual(evaluated[index], values.map(Value.toJson), JSON.stringify(text))
    }
  })

  it("evaluates every rendered value to the same value", async () => {
    const values = fc.sample(anyJavaScript, { numRuns: 1000, seed: 11 })
    const program = `const list = (...items) => items\nfunction f() { return list(${renderArguments(values)}) }`
    const [answer] = await runInNode([{ program, arguments: [] }])
    assert.deepStrictEqual(answer, { value: values.map(Value.toJson) })
  })
})

layer(JavaScriptExecutor.layer)("the guest", (test) => {
  test.effect("reads whatever the host reads, as the same values", () =>
    Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const read = readable(1200)
      assert.isAbove(read.length, 300)
      yield* Effect.forEach(
        read,
        Effect.fnUntraced(function* ({ text, values }) {
          const guest = (yield* executor.evaluateArguments(text)).map(Value.encode)
          assert.deepStrictEqual(guest, values.map(Value.encode), JSON.stringify(text))
        }),
        { concurrency: 64 },
      )
    }),
  )

  test.effect("reads every rendered value, and passes it through a program", () =>
    Effect.gen(function* () {
      const executor = yield* Executor.Executor
      yield* Effect.forEach(
        fc.sample(anyJavaScript, { numRuns: 300, seed: 11 }),
        Effect.fnUntraced(function* (value) {
          const text = renderArguments([value, Value.none])
          const expected = [value, Value.none].map(Value.encode)
          assert.deepStrictEqual((yield* executor.evaluateArguments(text)).map(Value.encode), expected, text)
          const outcome = yield* executor.run({
            program: "function f(a) { return a }",
            entry: "f",
            arguments: [value],
            limits: Executor.defaultLimits,
            conditions: "reference",
          })
          assert(outcome._tag === "Returned", text)
          assert.strictEqual(Value.encode(outcome.value), expected[0], text)
        }),
        { concurrency: 64 },
      )
    }),
  )

  test.effect("gives a literal in a program the value that the host reads", () =>
    Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const read = readable(500)
      yield* Effect.forEach(
        read,
        Effect.fnUntraced(function* ({ text, values }) {
          const outcome = yield* executor.run({
            program: `const list = (...items) => items\nfunction f(a) { return list(${text}\n) }`,
            entry: "f",
            arguments: [],
            limits: Executor.defaultLimits,
            conditions: "reference",
          })
          assert(outcome._tag === "Returned", text)
          assert.strictEqual(Value.encode(outcome.value), Value.encode(Value.list(values)), text)
        }),
        { concurrency: 64 },
      )
    }),
  )
})
