/**
 * Whether a proposed program and its inputs make a task: rules, run, determinism, domain. Nothing but running gives
 * gold outputs.
 */
import { Effect, Result } from "effect"
import { ProposalRejected } from "../Environment.ts"
import {
  type Conditions,
  Executor,
  type GuestFailure,
  type Outcome,
  type ProgramFacts,
  defaultLimits,
} from "../Executor.ts"
import { type Value, equals } from "../Value.ts"
import type { Language } from "./Language.ts"

export interface Call {
  readonly arguments: ReadonlyArray<Value>
  readonly output: Value
}

/** The program's facts, if the language's rules allow it. */
export const admitProgram = Effect.fnUntraced(function* (language: Language, program: string) {
  const executor = yield* Executor
  const facts: ProgramFacts = yield* executor.inspect(program)
  if (facts.syntaxError !== null) {
    return yield* new ProposalRejected({ reason: "syntax", message: facts.syntaxError })
  }
  const violation = language.checkProgram(facts)
  if (violation !== null) return yield* new ProposalRejected(violation)
  return facts
})

/** An argument list as values: literals here, constructor expressions evaluated alone by the executor. */
export const readArguments = Effect.fnUntraced(function* (language: Language, text: string) {
  const literals = language.parseArguments(text)
  if (Result.isSuccess(literals)) return literals.success
  const executor = yield* Executor
  return yield* executor.evaluateArguments(text)
})

/** Runs the program's entry function once, in a clean state. */
export const call = Effect.fnUntraced(function* (
  language: Language,
  program: string,
  values: ReadonlyArray<Value>,
  conditions: Conditions,
) {
  const executor = yield* Executor
  return yield* executor.run({
    program,
    entry: language.entry,
    arguments: values,
    limits: defaultLimits,
    conditions,
  })
})

/**
 * The output of the program on one input, if it has one and two runs agree on it. The second run has other entropy,
 * another clock and another hash seed; values are compared strictly.
 */
export const observe = Effect.fnUntraced(function* (
  language: Language,
  program: string,
  values: ReadonlyArray<Value>,
) {
  const first = yield* call(language, program, values, "reference")
  if (first._tag === "Failed") return yield* failed(first.failure)
  const second = yield* call(language, program, values, "perturbed")
  if (second._tag === "Failed" || !equals(first.value, second.value, "strict")) {
    return yield* new ProposalRejected({
      reason: "nondeterministic",
      message: `two runs differ: ${describe(language, first)} and ${describe(language, second)}`,
    })
  }
  return first.value
})

/** A program that fails is not a deduction, abduction or induction task; the reason says how it failed. */
const failed = (failure: GuestFailure) =>
  new ProposalRejected({ reason: failure.kind, message: describeFailure(failure) })

export const describeFailure = (failure: GuestFailure): string =>
  [failure.name ?? "", failure.message].filter((part) => part !== "").join(": ") || failure.kind

const describe = (language: Language, outcome: Outcome): string =>
  outcome._tag === "Returned" ? language.renderValue(outcome.value) : describeFailure(outcome.failure)
