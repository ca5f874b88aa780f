/**
 * Corpus files: recorded programs with inputs and outputs, as the Absolute Zero seed files and CRUXEval publish them.
 * Each (program, input, output) is run in the environment's sandbox and compared with what was recorded.
 */
import { Value } from "@azr/core"
import {
  type LanguageEnvironment,
  admitProgram,
  call,
  describeFailure,
  observe,
  readArguments,
  readOutput,
} from "@azr/core/language"
import { Effect, Schema } from "effect"

const Text = Schema.String
/** A row in any of the published forms. */
export const CorpusRow = Schema.Struct({
  snippet: Schema.optionalKey(Text),
  code: Schema.optionalKey(Text),
  input: Schema.optionalKey(Text),
  output: Schema.optionalKey(Text),
  inputs: Schema.optionalKey(Schema.Array(Text)),
  outputs: Schema.optionalKey(Schema.Array(Text)),
})
export type CorpusRow = typeof CorpusRow.Type

export interface Pair {
  readonly program: string
  readonly input: string
  readonly output: string
}

/** The pairs of a row; empty where it lacks a program or has more inputs than outputs. */
export const pairsOf = (row: CorpusRow): ReadonlyArray<Pair> => {
  const program = row.snippet ?? row.code
  const inputs = row.inputs ?? (row.input === undefined ? [] : [row.input])
  const outputs = row.outputs ?? (row.output === undefined ? [] : [row.output])
  if (program === undefined || inputs.length !== outputs.length) return []
  return inputs.map((input, index) => ({ program, input, output: outputs[index] ?? "" }))
}

export interface PairReport {
  /**
   * `match`: the recorded output came out. `differs`: another value did. `input`, `output`: the recorded text is no
   * value. Else the kind of guest failure.
   */
  readonly status: string
  readonly detail: string
  /** Why the pair would be refused as a task; null where it is a valid one. */
  readonly refused: string | null
}

/** Runs one pair and says what became of it. */
export const reportPair = Effect.fn("reportPair")(function* (environment: LanguageEnvironment, pair: Pair) {
  const { language } = environment
  const values = yield* Effect.result(readArguments(language, pair.input))
  if (values._tag === "Failure") {
    if (values.failure._tag !== "LiteralRefused") return yield* values.failure
    return { status: "input", detail: values.failure.message, refused: "input" } satisfies PairReport
  }
  const refused = yield* admitProgram(language, pair.program).pipe(
    Effect.andThen(observe(language, pair.program, values.success)),
    Effect.as(null),
    Effect.catchTag("ProposalRejected", (error) => Effect.succeed(error.reason)),
  )
  const outcome = yield* call(language, pair.program, values.success, "reference")
  if (outcome._tag === "Failed") {
    return {
      status: outcome.failure.kind,
      detail: describeFailure(outcome.failure),
      refused,
    } satisfies PairReport
  }
  const rendered = language.renderValue(outcome.value)
  const recorded = yield* Effect.result(readOutput(language, pair.output))
  if (recorded._tag === "Failure") {
    if (recorded.failure._tag !== "LiteralRefused") return yield* recorded.failure
    return {
      status: "output",
      detail: `recorded ${shorten(pair.output)}: ${recorded.failure.message}; it gives ${shorten(rendered)}`,
      refused,
    } satisfies PairReport
  }
  return Value.equals(outcome.value, recorded.success, language.equality)
    ? ({ status: "match", detail: "", refused } satisfies PairReport)
    : ({
        status: "differs",
        detail: `it gives ${shorten(rendered)}, recorded is ${shorten(pair.output)}`,
        refused,
      } satisfies PairReport)
})

const shorten = (text: string): string => (text.length <= 100 ? text : `${text.slice(0, 97)}…`)
