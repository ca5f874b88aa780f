/**
 * The verdict on an answer, computed in the host on canonical values. A failure that the answer's own program or
 * input causes is a wrong answer; a fault of the infrastructure is an error of the effect and never a verdict.
 */
import { Effect, Result } from "effect"
import type { Verdict } from "../Environment.ts"
import { Executor, type ExecutorError } from "../Executor.ts"
import { type Value, equals } from "../Value.ts"
import type { Language } from "./Language.ts"
import type { InductionTask, LanguageTask, ShownTask } from "./Task.ts"
import { admitProgram, call, describeFailure, readArguments } from "./validate.ts"

const correct: Verdict = { verdict: "correct", reason: "" }
const wrong = (reason: string): Verdict => ({ verdict: "wrong", reason })
const badFormat = (reason: string): Verdict => ({ verdict: "badFormat", reason })

/** Source text of the answer that is right: a value, an argument list, a program or the name of an exception. */
export const goldText = ({ renderArguments, renderValue }: Language, task: ShownTask): string => {
  switch (task._tag) {
    case "deduction":
      return renderValue(task.output)
    case "abduction":
      return renderArguments(task.input)
    case "induction":
      return task.program
    case "error":
      return task.exception
  }
}

/** Judges the payload of an answer block. `strict` compares kinds too; otherwise the language's own `==` decides. */
export const verifyAnswer = (
  language: Language,
  task: LanguageTask,
  answer: string,
  strict: boolean,
): Effect.Effect<Verdict, ExecutorError, Executor> => {
  const same = equality(language, strict)
  switch (task._tag) {
    case "deduction":
      return verifyDeduction(language, task.output, answer, same)
    case "abduction":
      return verifyAbduction(language, task.program, task.output, answer, same)
    case "induction":
      return verifyInduction(language, task.pairs.slice(task.shown), answer, same)
    case "error":
      return Effect.succeed(
        answer.trim().toLowerCase() === task.exception.toLowerCase()
          ? correct
          : wrong(`it gives ${task.exception}`),
      )
  }
}

type Same = (a: Value, b: Value) => boolean

const equality =
  (language: Language, strict: boolean): Same =>
  (a, b) =>
    equals(a, b, strict ? "strict" : language.equality)

/** Share of the hidden pairs that an admitted program reproduces, in [0, 1]; a pair on which it fails is not one of them. */
export const reproduced = Effect.fnUntraced(function* (
  language: Language,
  task: InductionTask,
  program: string,
  strict: boolean,
) {
  const same = equality(language, strict)
  const hidden = task.pairs.slice(task.shown)
  const kept = yield* Effect.filter(hidden, ({ input, output }) =>
    Effect.map(
      call(language, program, input, "reference"),
      (outcome) => outcome._tag === "Returned" && same(outcome.value, output),
    ),
  )
  return kept.length / hidden.length
})

/** The answer equals the gold output. */
const verifyDeduction = Effect.fnUntraced(function* (
  language: Language,
  output: Value,
  answer: string,
  same: Same,
) {
  const literal = language.parseValue(answer)
  const value = Result.isSuccess(literal) ? literal.success : yield* constructed(answer)
  if (value === null) return badFormat(Result.isFailure(literal) ? literal.failure : "not a value")
  return same(value, output) ? correct : wrong(`the output is ${language.renderValue(output)}`)
})

/** A value written as a constructor expression, or null. */
const constructed = Effect.fnUntraced(function* (text: string) {
  const executor = yield* Executor
  return yield* executor
    .evaluateValue(text)
    .pipe(Effect.catchTag("LiteralRefused", () => Effect.succeed<Value | null>(null)))
})

/** Any input that the program maps to the gold output counts. */
const verifyAbduction = Effect.fnUntraced(function* (
  language: Language,
  program: string,
  output: Value,
  answer: string,
  same: Same,
) {
  const values = yield* readArguments(language, answer).pipe(
    Effect.catchTag("LiteralRefused", Effect.succeed),
  )
  if ("_tag" in values) return badFormat(values.message)
  const outcome = yield* call(language, program, values, "reference")
  if (outcome._tag === "Failed") return wrong(`on this input: ${describeFailure(outcome.failure)}`)
  return same(outcome.value, output)
    ? correct
    : wrong(`this input gives ${language.renderValue(outcome.value)}`)
})

/** The program reproduces every hidden pair; each pair runs in a clean state, and none may fail. */
const verifyInduction = Effect.fnUntraced(function* (
  language: Language,
  hidden: ReadonlyArray<{ readonly input: ReadonlyArray<Value>; readonly output: Value }>,
  program: string,
  same: Same,
) {
  const rejection = yield* admitProgram(language, program).pipe(
    Effect.as(null),
    Effect.catchTag("ProposalRejected", Effect.succeed),
  )
  if (rejection !== null) return badFormat(`${rejection.reason}: ${rejection.message}`)
  for (const pair of hidden) {
    const outcome = yield* call(language, program, pair.input, "reference")
    if (outcome._tag === "Failed") {
      return wrong(`on ${language.renderArguments(pair.input)}: ${describeFailure(outcome.failure)}`)
    }
    if (!same(outcome.value, pair.output)) {
      return wrong(
        `on ${language.renderArguments(pair.input)} it gives ${language.renderValue(outcome.value)}, ` +
          `not ${language.renderValue(pair.output)}`,
      )
    }
  }
  return correct
})
