/**
 * The held-out suites of the nano language, as committed in `data/nano-dev.jsonl` and `data/nano-test.jsonl`:
 *
 *     "deduction-3"                                      a suite's id begins its rows
 *     ["a=a[1:];a=len(a);a=a+2",[3,1,4],4]               program, input, output
 *     ["a=a[1:]",[[[3,1],[1]],[[4,1,5],[1,5]],…]]        induction: program, input/output pairs
 *
 * Gold outputs were computed by the executor when the files were made (`pnpm make:suites`).
 */
import { readFile } from "node:fs/promises"
import type { Environment } from "@azr/core"
import type { LanguageTask } from "@azr/core/language"
import { Effect, Schema } from "effect"
import { shownPairs } from "./bounds.ts"
import { type Program, canonical, fromCompact, shape, source } from "./program.ts"
import { toValue } from "./values.ts"

/** What each file holds; suites of a kind and depth have the same id in both. */
export const suitePlan: ReadonlyArray<{
  readonly id: string
  readonly kind: "deduction" | "abduction" | "induction"
  readonly statements: number
  readonly tasks: { readonly dev: number; readonly test: number }
}> = [
  ...[1, 2, 3, 4, 5, 6].map((statements) => ({
    id: `deduction-${statements}`,
    kind: "deduction" as const,
    statements,
    tasks: { dev: 200, test: 1000 },
  })),
  ...[2, 3, 4].map((statements) => ({
    id: `abduction-${statements}`,
    kind: "abduction" as const,
    statements,
    tasks: { dev: 200, test: 1000 },
  })),
  { id: "induction-2", kind: "induction", statements: 2, tasks: { dev: 200, test: 1000 } },
]

export const suiteFile = (split: "dev" | "test"): URL =>
  new URL(`../../data/nano-${split}.jsonl`, import.meta.url)

const Integers = Schema.Array(Schema.Int)
const Output = Schema.Union([Schema.Int, Integers])
const Row = Schema.Union([
  Schema.String,
  Schema.Tuple([Schema.String, Integers, Output]),
  Schema.Tuple([Schema.String, Schema.Array(Schema.Tuple([Integers, Output]))]),
])
type Row = typeof Row.Type
const decodeRow = Schema.decodeUnknownEffect(Schema.fromJsonString(Row))

/** One suite file. A file that cannot be read is a defect: it is part of the package. */
const readSuites = Effect.fnUntraced(function* (split: "dev" | "test") {
  const text = yield* Effect.tryPromise(() => readFile(suiteFile(split), "utf8"))
  const suites = new Map<string, Array<LanguageTask>>()
  let id = ""
  for (const line of text.split("\n")) {
    if (line === "") continue
    const row = yield* decodeRow(line)
    if (typeof row === "string") {
      id = row
      suites.set(id, [])
    } else {
      suites.get(id)?.push(taskOf(kindOf(id), row))
    }
  }
  return [...suites].map(([id, tasks]): Environment.Suite => ({ id, kind: kindOf(id), split, tasks }))
}, Effect.orDie)

const kindOf = (id: string): string => id.split("-")[0] ?? id

const taskOf = (kind: string, row: Exclude<Row, string>): LanguageTask => {
  const program = fromCompact(row[0])
  if (program === null) throw new Error(`not a nano program: ${row[0]}`)
  if (row.length === 2) {
    const pairs = row[1].map(([input, output]) => ({ input: [toValue(input)], output: toValue(output) }))
    return { _tag: "induction", ...programFields(program), pairs, shown: shownPairs, message: "" }
  }
  const fields = { ...programFields(program), input: [toValue(row[1])], output: toValue(row[2]) }
  return kind === "abduction" ? { _tag: "abduction", ...fields } : { _tag: "deduction", ...fields }
}

const programFields = (program: Program) => ({
  program: source(program),
  canonical: canonical(program),
  region: shape(program),
  measures: { statements: program.length },
})

export const nanoSuites: Effect.Effect<ReadonlyArray<Environment.Suite>> = Effect.map(
  Effect.forEach(["dev", "test"] as const, readSuites),
  (files) => files.flat(),
)
