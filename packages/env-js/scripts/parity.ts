/**
 * Whether the executor computes what Node's own engine computes, over the programs of `corpus/`.
 *
 *     pnpm parity             compares, prints a table; exit code 1 where something differs without a reason
 *     pnpm parity --record    writes data/parity.jsonl: the programs with Node's outputs, as `azr corpus` reads them
 */
import { writeFile } from "node:fs/promises"
import { Value } from "@azr/core"
import { call } from "@azr/core/language"
import { Console, Effect, Result } from "effect"
import { JavaScriptExecutor } from "../src/index.ts"
import { javascript } from "../src/language.ts"
import { parseArguments } from "../src/literals/parse.ts"
import { renderValue } from "../src/literals/render.ts"
import { type CorpusProgram, corpusPrograms } from "./corpus.ts"
import { type NodeAnswer, runInNode } from "./node-engine/nodeEngine.ts"

interface Call extends CorpusProgram {
  readonly input: string
  readonly values: ReadonlyArray<Value.Value>
}

const calls: ReadonlyArray<Call> = corpusPrograms().flatMap((program) =>
  program.inputs.map((input) => ({
    ...program,
    input,
    values: Result.getOrThrowWith(
      parseArguments(input),
      (message) => new Error(`${program.title}: ${message}`),
    ),
  })),
)

/** A value as text, or how the program ended instead. */
const nodeText = (answer: NodeAnswer): string =>
  "error" in answer ? answer.error : renderValue(Result.getOrThrow(Value.fromJson(answer.value)))

const nodeTexts = Effect.promise(async () =>
  (
    await runInNode(
      calls.map(({ program, values }) => ({
        program,
        arguments: values.map((value) => Value.toJson(value)),
      })),
    )
  ).map(nodeText),
)

const executorText = Effect.fnUntraced(function* ({ program, values }: Call) {
  const outcome = yield* call(javascript, program, values, "reference")
  return outcome._tag === "Returned"
    ? renderValue(outcome.value)
    : `${outcome.failure.name ?? outcome.failure.kind}: ${outcome.failure.message}`
})

const record = Effect.gen(function* () {
  const outputs = yield* nodeTexts
  const rows = corpusPrograms().map(({ inputs, program, title }) => ({
    snippet: program,
    inputs,
    outputs: outputs.filter((_, index) => calls[index]?.title === title),
  }))
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("")
  yield* Effect.promise(() => writeFile(new URL("../data/parity.jsonl", import.meta.url), text))
  yield* Console.log(`${rows.length} programs, ${outputs.length} outputs of Node ${process.versions.node}`)
})

const compare = Effect.gen(function* () {
  const expected = yield* nodeTexts
  const actual = yield* Effect.forEach(calls, executorText, { concurrency: 32 })
  const differing = calls.flatMap((call, index) =>
    expected[index] === actual[index]
      ? []
      : [{ ...call, node: expected[index] ?? "", executor: actual[index] ?? "" }],
  )
  for (const { difference, executor, input, node, title } of differing) {
    yield* Console.log(`${difference === null ? "✗" : "≠"} ${title}: f(${input})`)
    yield* Console.log(`    Node      ${node}\n    executor  ${executor}`)
    if (difference !== null) yield* Console.log(`    ${difference}`)
  }
  const unexplained = differing.filter(({ difference }) => difference === null)
  const explained = new Set(
    differing.filter(({ difference }) => difference !== null).map(({ title }) => title),
  )
  yield* Console.log(
    [
      `programs               ${corpusPrograms().length}`,
      `calls                  ${calls.length}`,
      `same value             ${calls.length - differing.length}`,
      `different, explained   ${differing.length - unexplained.length} (${explained.size} programs)`,
      `different, unexplained ${unexplained.length}`,
    ].join("\n"),
  )
  if (unexplained.length > 0) process.exitCode = 1
}).pipe(Effect.provide(JavaScriptExecutor.layer))

await Effect.runPromise(process.argv.includes("--record") ? record : compare)
