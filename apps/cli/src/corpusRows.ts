/**
 * Corpus files: recorded programs with inputs and outputs (`datasetRows.ts`). Each (program, input, output) is run in the
 * environment's sandbox and compared with what was recorded.
 */
import { type Environment, type Executor, Value } from "@azr/core"
import {
  type Language,
  type LanguageEnvironment,
  admitProgram,
  call,
  describeFailure,
  observe,
  readArguments,
  readOutput,
} from "@azr/core/language"
import { Effect, Result } from "effect"
import type { Pair } from "./datasetRows.ts"
import { type NativeReport, compareNative } from "./native/compareNative.ts"
import type { NativePython } from "./native/nativePython.ts"
import { shorten } from "./shorten.ts"

export interface PairReport {
  /**
   * `match`: the recorded output came out. `differs`: another value did. `input`, `output`: the recorded text is no
   * value. Else the kind of guest failure.
   */
  readonly status: string
  readonly detail: string
  /** Why the pair would be refused as a task; null where it is a valid one. */
  readonly refused: string | null
  /** What native Python makes of it; null where it was not asked. */
  readonly native: NativeReport | null
}

/** Runs one pair and says what became of it; in native Python, too, where that is given and the rules allow it. */
export const reportPair = Effect.fn("reportPair")(function* (
  environment: LanguageEnvironment,
  pair: Pair,
  native: NativePython | null,
) {
  const { language } = environment
  const values = yield* read(readArguments(language, pair.input))
  if (Result.isFailure(values)) {
    return { status: "input", detail: values.failure, refused: "input", native: null } satisfies PairReport
  }
  const admitted = yield* reasonOf(admitProgram(language, pair.program))
  const refused = admitted ?? (yield* reasonOf(observe(language, pair.program, values.success)))
  const outcome = yield* call(language, pair.program, values.success, "reference")
  const recorded = yield* read(readOutput(language, pair.output))
  return {
    ...compareRecorded(language, outcome, pair.output, recorded),
    refused,
    native:
      native === null
        ? null
        : admitted === null
          ? yield* compareNative(native, language, pair, outcome, recorded)
          : { verdict: "refused", detail: "" },
  } satisfies PairReport
})

/** A value, or why the text is none. */
const read = <A, R>(reading: Effect.Effect<A, Executor.ExecutorError | Executor.LiteralRefused, R>) =>
  reading.pipe(
    Effect.map((value): Result.Result<A, string> => Result.succeed(value)),
    Effect.catchTag("LiteralRefused", ({ message }) => Effect.succeed(Result.fail(message))),
  )

/** Why a proposal was rejected; null where it was not. */
const reasonOf = <A, R>(
  judging: Effect.Effect<A, Environment.ProposalRejected | Executor.ExecutorError, R>,
) =>
  judging.pipe(
    Effect.as(null),
    Effect.catchTag("ProposalRejected", ({ reason }) => Effect.succeed(reason)),
  )

/** A value that came out beside the recorded text: `match`, `differs`, or `output` where the text is no value. */
export const compareOutput = Effect.fnUntraced(function* (
  language: Language,
  value: Value.Value,
  text: string,
) {
  const recorded = yield* read(readOutput(language, text))
  return compareRecorded(language, { _tag: "Returned", value, stdout: "", fuel: 0 }, text, recorded)
})

const compareRecorded = (
  language: Language,
  outcome: Executor.Outcome,
  text: string,
  recorded: Result.Result<Value.Value, string>,
): Pick<PairReport, "status" | "detail"> => {
  if (outcome._tag === "Failed") {
    return { status: outcome.failure.kind, detail: describeFailure(outcome.failure) }
  }
  const rendered = shorten(language.renderValue(outcome.value))
  if (Result.isFailure(recorded)) {
    return {
      status: "output",
      detail: `recorded ${shorten(text)}: ${recorded.failure}; it gives ${rendered}`,
    }
  }
  return Value.equals(outcome.value, recorded.success, language.equality)
    ? { status: "match", detail: "" }
    : { status: "differs", detail: `it gives ${rendered}, recorded is ${shorten(text)}` }
}
