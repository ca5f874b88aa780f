/**
 * The literal grammar against two oracles: `ast.literal_eval` of a python3 on PATH (left out, visibly, where there is
 * none), and the guest, which has its own reader and its own CPython.
 */
import { spawnSync } from "node:child_process"
import { Executor, RandomStreams, Value } from "@azr/core"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Result } from "effect"
import fc from "fast-check"
import { PythonExecutor } from "../../src/index.ts"
import { parseArguments, parseValue } from "../../src/literals/parse.ts"
import { renderArguments, renderValue } from "../../src/literals/render.ts"
import { anyPython } from "./values.ts"

const pieces = [
  "(¦)¦[¦]¦{¦}¦,¦:¦+¦-¦ ¦\n¦\t¦# c\n¦\\\n¦, ¦: ¦ + ¦ - ",
  "None¦True¦False¦0¦1¦-1¦7¦00¦007¦1_0¦1__0¦0x1F¦0b11¦0o17¦1.¦.5¦1e5¦1.5e-3¦2j¦1.5J¦1+2j¦1e¦12a",
  "'a'¦\"b\"¦'''c\n'd'''¦r'\\n'¦b'e'¦rb'\\x'¦u'f'¦f'g'¦'\\x41'¦'\\u00e9'¦'\\n\\101'¦'\\q'¦b'\\xff'¦'\\¦'¦''¦'é😀'",
  "[]¦{}¦()¦(1,)¦[1, 2]¦{1: 2}¦{1, 2}¦{'a': [1]}¦x¦f(1)¦*a¦1 if 2 else 3¦not 1¦1 + 1",
].flatMap((line) => line.split("¦"))

/**
 * Token soup, and rendered values with one character changed: often literals, and nearly always close to one. None ends
 * with a backslash: the oracles put a text in front of a closing bracket on the next line, which that would join.
 */
const texts = (count: number): ReadonlyArray<string> => {
  const random = new RandomStreams.RandomStreams(7).get("texts")
  const soup = () => Array.from({ length: random.integer(1, 7) }, () => random.pick(pieces)).join("")
  const values = fc.sample(anyPython, { numRuns: count, seed: 7 })
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
  return values
    .map((value, i) => (i % 2 === 0 ? soup() : mutated(value)))
    .map((text) => text.toWellFormed())
    .filter((text) => !/\\\n?$/.test(text))
}

const oracle = `
import ast, json, sys, warnings
warnings.simplefilter("ignore")
def encode(v):
    k = type(v)
    if v is None or k in (bool, str): return v
    if k is int: return v if abs(v) < 2**53 else {"int": str(v)}
    if k is float: return {"float": repr(v)}
    if k is complex: return {"complex": [repr(v.real), repr(v.imag)]}
    if k is bytes: return {"bytes": v.hex()}
    if k is list: return [encode(x) for x in v]
    if k is dict: return {"dict": [[encode(a), encode(b)] for a, b in v.items()]}
    return {k.__name__: [encode(x) for x in v]}
def value(text):
    return encode(ast.literal_eval(text))
def arguments(text):
    call = ast.parse("_(" + text + "\\n)", mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "_" or call.keywords:
        raise ValueError
    return [encode(ast.literal_eval(node)) for node in call.args]
for line in sys.stdin:
    answer = []
    for read in (value, arguments):
        try: answer.append([read(json.loads(line))])
        except IndentationError: answer.append("indented")
        except (ValueError, SyntaxError, TypeError, OverflowError, MemoryError): answer.append("refused")
    print(json.dumps(answer))
`

const hasPython = spawnSync("python3", ["-I", "-c", "pass"]).status === 0
const leftOut = hasPython ? "" : " (left out: there is no python3 on PATH)"

/** Zero's sign in a sum like `-0.0+2j` changed with CPython 3.14; older ones serve as oracle of everything else. */
const unsigned = (encoded: string): string =>
  encoded.replaceAll(/(?<=\{"complex":\["[^"]*",|\{"complex":\[)"-0"/g, '"0"')

describe("ast.literal_eval", () => {
  it.skipIf(!hasPython)(`agrees on 6,000 texts, as value and as arguments${leftOut}`, () => {
    const asked = texts(6000).filter((text) => !/\.\.\.|set\(\)/.test(text))
    const input = asked.map((text) => JSON.stringify(text)).join("\n")
    const { status, stderr, stdout } = spawnSync("python3", ["-I", "-c", oracle], {
      input,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    })
    assert.strictEqual(status, 0, stderr)
    const answers = stdout.trimEnd().split("\n")
    assert.lengthOf(answers, asked.length)
    const read = { value: 0, arguments: 0, refused: 0 }
    for (const [i, text] of asked.entries()) {
      const [value, args] = JSON.parse(answers[i] as string) as [unknown, unknown]
      const canonical = (json: unknown) => unsigned(Value.encode(Result.getOrThrow(Value.fromJson(json))))
      if (value !== "indented") {
        const expected = Array.isArray(value) ? canonical(value[0]) : value
        const actual = Result.match(parseValue(text), {
          onSuccess: (parsed) => unsigned(Value.encode(parsed)),
          onFailure: () => "refused",
        })
        assert.strictEqual(actual, expected, JSON.stringify(text))
        read[actual === "refused" ? "refused" : "value"]++
      }
      const expected = Array.isArray(args) ? (args[0] as ReadonlyArray<unknown>).map(canonical) : args
      const actual = Result.match(parseArguments(text), {
        onSuccess: (parsed) => parsed.map((each) => unsigned(Value.encode(each))),
        onFailure: () => "refused",
      })
      assert.deepStrictEqual(actual, expected, JSON.stringify(text))
      if (actual !== "refused") read.arguments++
    }
    // The texts are worth their name only if many are literals and many are not.
    assert(read.value > 1000 && read.arguments > 1000 && read.refused > 1000, JSON.stringify(read))
  })
})

layer(PythonExecutor.layer)("the guest", (test) => {
  test.effect("reads whatever the host reads, as the same values", () =>
    Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const readable = texts(3000).filter((text) => Result.isSuccess(parseArguments(text)))
      assert.isAbove(readable.length, 500)
      yield* Effect.forEach(
        readable,
        Effect.fnUntraced(function* (text) {
          const host = Result.getOrThrow(parseArguments(text)).map(Value.encode)
          const guest = (yield* executor.evaluateArguments(text)).map(Value.encode)
          assert.deepStrictEqual(guest, host, JSON.stringify(text))
        }),
        { concurrency: 64 },
      )
    }),
  )

  test.effect("reads every rendered value, constructors included", () =>
    Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const values = fc.sample(anyPython, { numRuns: 500, seed: 11 })
      yield* Effect.forEach(
        values,
        Effect.fnUntraced(function* (value) {
          const text = renderArguments([value, Value.none])
          assert.deepStrictEqual(
            (yield* executor.evaluateArguments(text)).map(Value.encode),
            [value, Value.none].map(Value.encode),
            text,
          )
        }),
        { concurrency: 64 },
      )
    }),
  )
})
