/** The recorded corpus: in step with the programs it was made of, and reproduced by the executor. */
import { readFile } from "node:fs/promises"
import { Executor, Value } from "@azr/core"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Result } from "effect"
import { corpusPrograms } from "../scripts/corpus.ts"
import { JavaScriptExecutor } from "../src/index.ts"
import { parseArguments, parseValue } from "../src/literals/parse.ts"
import { renderValue } from "../src/literals/render.ts"

interface Row {
  readonly snippet: string
  readonly inputs: ReadonlyArray<string>
  readonly outputs: ReadonlyArray<string>
}

const rows = (await readFile(new URL("../data/parity.jsonl", import.meta.url), "utf8"))
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Row)

describe("the recorded corpus", () => {
  it("holds the programs and inputs of corpus/ (else: pnpm parity --record)", () => {
    assert.isAtLeast(rows.length, 150)
    assert.deepStrictEqual(
      rows.map(({ inputs, snippet }) => ({ snippet, inputs })),
      corpusPrograms().map(({ inputs, program }) => ({ snippet: program, inputs })),
    )
    assert.lengthOf(new Set(corpusPrograms().map(({ title }) => title)), rows.length)
    for (const { inputs, outputs } of rows) assert.lengthOf(outputs, inputs.length)
  })
})

layer(JavaScriptExecutor.layer)("the executor", (test) => {
  test.effect("gives the outputs that Node gave", () =>
    Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const mayDiffer = new Set(
        corpusPrograms().flatMap((each) => (each.difference === null ? [] : [each.program])),
      )
      assert.isAtMost(mayDiffer.size, 12)
      const calls = rows
        .filter(({ snippet }) => !mayDiffer.has(snippet))
        .flatMap(({ inputs, outputs, snippet }) =>
          inputs.map((input, index) => ({ snippet, input, output: outputs[index] ?? "" })),
        )
      yield* Effect.forEach(
        calls,
        Effect.fnUntraced(function* ({ input, output, snippet }) {
          const outcome = yield* executor.run({
            program: snippet,
            entry: "f",
            arguments: Result.getOrThrow(parseArguments(input)),
            limits: Executor.defaultLimits,
            conditions: "reference",
          })
          assert(outcome._tag === "Returned", `${snippet}\nf(${input})`)
          assert.strictEqual(renderValue(outcome.value), output, `${snippet}\nf(${input})`)
          assert.strictEqual(Value.encode(outcome.value), Value.encode(Result.getOrThrow(parseValue(output))))
        }),
        { concurrency: 32 },
      )
    }),
  )
})
