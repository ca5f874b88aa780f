/**
 * Rows of published data sets, one reader for all: the Absolute Zero seed files, CRUXEval, LiveCodeBench (code execution),
 * HumanEval and reasoning-gym. Which one a row is from, its fields say. Pure; nothing is run here.
 */
import { Result, Schema } from "effect"

const Text = Schema.String
const Texts = Schema.Array(Text)
const Id = Schema.Union([Text, Schema.Finite])
const optional = Schema.optionalKey

const RawRow = Schema.Struct({
  id: optional(Id),
  task_id: optional(Id),
  // Absolute Zero: `snippet`; CRUXEval and LiveCodeBench: `code`.
  snippet: optional(Text),
  code: optional(Text),
  input: optional(Text),
  output: optional(Text),
  inputs: optional(Texts),
  outputs: optional(Texts),
  message: optional(Text),
  // What `azr export` and `azr seed` write besides.
  environment: optional(Text),
  kind: optional(Text),
  // LiveCodeBench: `input` is a call of this function.
  function_name: optional(Text),
  // HumanEval.
  prompt: optional(Text),
  canonical_solution: optional(Text),
  test: optional(Text),
  entry_point: optional(Text),
  // reasoning-gym.
  question: optional(Text),
  answer: optional(Schema.Unknown),
  metadata: optional(Schema.Unknown),
})
type RawRow = typeof RawRow.Type

export interface Pair {
  readonly program: string
  readonly input: string
  readonly output: string
}

/** A program with recorded inputs and outputs. */
export interface ProgramRow {
  readonly _tag: "program"
  readonly id: string
  readonly program: string
  readonly pairs: ReadonlyArray<Pair>
  readonly message: string
  /** The environment and the kind of task that it is for, where it says so. */
  readonly environment: string | null
  readonly kind: string | null
}

/** The beginning of a program that is to be completed, and tests that define `check(candidate)`. */
export interface CompletionRow {
  readonly _tag: "completion"
  readonly id: string
  readonly prompt: string
  readonly solution: string
  readonly tests: string
  readonly entry: string
}

/** A question with one answer, compared as text. */
export interface QuestionRow {
  readonly _tag: "question"
  readonly id: string
  readonly question: string
  readonly answer: string
  /** The procedural data set that made it; null where the row names none. */
  readonly dataset: string | null
}

export interface MalformedRow {
  readonly _tag: "malformed"
  readonly id: string
  readonly message: string
}

export type DatasetRow = ProgramRow | CompletionRow | QuestionRow | MalformedRow

const decodeRow = Schema.decodeUnknownResult(RawRow)

export const readRow = (value: unknown): DatasetRow =>
  Result.match(decodeRow(value), {
    onFailure: ({ message }) => malformed("", message),
    onSuccess: rowOf,
  })

/** A row of a file of JSON lines. */
export const readLine = (line: string): DatasetRow => {
  try {
    return readRow(JSON.parse(line))
  } catch {
    return malformed("", "not JSON")
  }
}

const malformed = (id: string, message: string): MalformedRow => ({ _tag: "malformed", id, message })

const rowOf = (row: RawRow): DatasetRow => {
  const id = String(row.id ?? row.task_id ?? "")
  if (row.prompt !== undefined && row.test !== undefined && row.entry_point !== undefined) {
    return {
      _tag: "completion",
      id,
      prompt: row.prompt,
      solution: row.canonical_solution ?? "",
      tests: row.test,
      entry: row.entry_point,
    }
  }
  if (row.question !== undefined) {
    return typeof row.answer === "string"
      ? { _tag: "question", id, question: row.question, answer: row.answer, dataset: datasetOf(row.metadata) }
      : malformed(id, "a question without an answer as text")
  }
  return programRow(id, row)
}

const decodeMetadata = Schema.decodeUnknownResult(Schema.Struct({ source_dataset: Text }))

/** A table holds metadata as JSON text. */
const datasetOf = (metadata: unknown): string | null => {
  const given =
    typeof metadata === "string"
      ? Result.getOrElse(
          Result.try((): unknown => JSON.parse(metadata)),
          () => null,
        )
      : metadata
  return Result.match(decodeMetadata(given), {
    onFailure: () => null,
    onSuccess: ({ source_dataset }) => source_dataset,
  })
}

const programRow = (id: string, row: RawRow): DatasetRow => {
  const program = row.snippet ?? row.code
  const inputs = row.inputs ?? (row.input === undefined ? [] : [row.input])
  const outputs = row.outputs ?? (row.output === undefined ? [] : [row.output])
  if (program === undefined || inputs.length === 0 || inputs.length !== outputs.length) {
    return malformed(id, "no program, or inputs and outputs do not pair up")
  }
  const pairs: Array<Pair> = []
  for (const [index, input] of inputs.entries()) {
    const output = outputs[index] ?? ""
    const pair =
      row.function_name === undefined
        ? { program, input, output }
        : callAsPair(program, row.function_name, input, output)
    if (pair === null) return malformed(id, `the input is no call of ${row.function_name} by keywords`)
    pairs.push(pair)
  }
  return {
    _tag: "program",
    id,
    program: pairs[0]?.program ?? program,
    pairs,
    message: row.message ?? "",
    environment: row.environment ?? null,
    kind: row.kind ?? null,
  }
}

/** `name(key = value, …)` as the argument of an `f` that passes a dictionary on to `name`. */
const callAsPair = (program: string, name: string, call: string, output: string): Pair | null => {
  const text = call.trim()
  const inside = text.startsWith(`${name}(`) && text.endsWith(")") ? text.slice(name.length + 1, -1) : null
  if (inside === null || !/^\s*[A-Za-z_]\w*\s*=(?!=)/u.test(inside)) return null
  return {
    program: `${program.trimEnd()}\n\ndef f(arguments):\n    return ${name}(**arguments)`,
    input: `dict(${inside})`,
    output,
  }
}

/** Pairs by the tasks of a kind that they make: one of all for induction, one of each for every other kind. */
export const pairsOfTask = ({ pairs }: ProgramRow, kind: string): ReadonlyArray<ReadonlyArray<Pair>> =>
  kind === "induction" ? [pairs] : pairs.map((pair) => [pair])

/** The pairs of a line; empty where it is no row of a program, or its inputs and outputs do not pair up. */
export const pairsOf = (line: string): ReadonlyArray<Pair> => {
  const row = readLine(line)
  return row._tag === "program" ? row.pairs : []
}
