/** Whom native Python agrees with, of the sandbox and a recording. */
import { type Executor, Value } from "@azr/core"
import { type Language, readOutput } from "@azr/core/language"
import { Effect, Result } from "effect"
import { shorten } from "../shorten.ts"
import type { NativePython } from "./nativePython.ts"

export interface NativeReport {
  /**
   * With whom its value agrees: `both`, the `sandbox` alone (then the recording is wrong), the `recording` alone (then
   * the sandbox is), `neither`. Else: it `fails`; its result is `noValue`, as an object is; the rules `refused` it.
   */
  readonly verdict: "both" | "sandbox" | "recording" | "neither" | "fails" | "noValue" | "refused"
  readonly detail: string
}

/** Runs a program that the rules allow. */
export const compareNative = Effect.fn("compareNative")(function* (
  native: NativePython,
  language: Language,
  pair: { readonly program: string; readonly input: string },
  outcome: Executor.Outcome,
  recorded: Result.Result<Value.Value, string>,
) {
  const answer = yield* native.run(pair.program, pair.input)
  if ("failure" in answer) return { verdict: "fails", detail: answer.failure } satisfies NativeReport
  const detail = shorten(answer.value)
  const read = yield* Effect.result(readOutput(language, answer.value))
  if (Result.isFailure(read)) {
    if (read.failure._tag !== "LiteralRefused") return yield* read.failure
    return { verdict: "noValue", detail } satisfies NativeReport
  }
  const agrees = (value: Value.Value) => Value.equals(value, read.success, language.equality)
  const withSandbox = outcome._tag === "Returned" && agrees(outcome.value)
  const withRecording = Result.isSuccess(recorded) && agrees(recorded.success)
  return {
    verdict:
      withSandbox && withRecording
        ? "both"
        : withSandbox
          ? "sandbox"
          : withRecording
            ? "recording"
            : "neither",
    detail,
  } satisfies NativeReport
})
