/** What clauses about languages are made of: the executor, the language's example programs, and requests of them. */
import { Effect, Option } from "effect"
import {
  type Conditions,
  type ExecutionRequest,
  type GuestFailureKind,
  type Outcome,
  defaultLimits,
} from "../../../Executor.ts"
import type { Language } from "../../../language/Language.ts"
import type { LanguageExamples } from "../../../language/LanguageExamples.ts"
import type { Value } from "../../../Value.ts"
import { type ClauseError, type UnnumberedClause, clause, ensureThat, skip } from "../clause.ts"
import type { Opened, Subject } from "../Subject.ts"
import { type GuardedExecutor, guardedExecutor, outcomeText, runLine } from "./GuardedExecutor.ts"

export interface LanguageSubject {
  readonly subject: Subject["Service"]
  readonly language: Language
  readonly examples: LanguageExamples
  readonly executor: GuardedExecutor
}

/** A clause about an environment that is a language and gives examples of it. */
export const languageClause = (
  title: string,
  why: string,
  body: (tested: LanguageSubject) => Generator<Effect.Effect<unknown, ClauseError>, void, never>,
): UnnumberedClause =>
  clause(title, why, function* (subject) {
    if (subject.language === null) return yield* skip("the environment gives no examples of a language")
    const { examples, language } = subject.language
    const executor = yield* executorOf(subject.opened)
    yield* Effect.gen(() => body({ subject, language, examples, executor }))
  })

export const executorOf = ({ executor }: Opened) =>
  Option.match(executor, {
    onNone: () => skip("the environment's layer has no Executor"),
    onSome: (service) => Effect.succeed(guardedExecutor(service)),
  })

/** A call of a program's entry under the default limits. */
export const request = (
  { language }: LanguageSubject,
  program: string,
  values: ReadonlyArray<Value>,
  conditions: Conditions = "reference",
): ExecutionRequest => ({
  program,
  entry: language.entry,
  arguments: values,
  limits: defaultLimits,
  conditions,
})

/**
 * The same call with more fuel to spare. An executor may remember outcomes; this is another request, and its outcome
 * must be the same.
 */
export const anew = (given: ExecutionRequest, more = 1): ExecutionRequest =>
  withFuel(given, given.limits.fuel + more)

export const withFuel = (given: ExecutionRequest, fuel: number): ExecutionRequest => ({
  ...given,
  limits: { ...given.limits, fuel },
})

/** The value that programs are called with where it does not matter. */
export const anyValue = ({ examples }: LanguageSubject): Value => examples.values[0] as Value

/** Calls that tell whether a state is clean: results, a failure, something printed. */
export const probes = (tested: LanguageSubject): ReadonlyArray<ExecutionRequest> => {
  const { examples } = tested
  return [
    ...examples.values.slice(0, 3).map((value) => request(tested, examples.identity, [value])),
    request(tested, examples.throws.program, [anyValue(tested)]),
    request(tested, examples.prints.program, [anyValue(tested)]),
  ]
}

/** Enough for an endless loop to show that it is one. */
const endlessFuel = 20_000_000

/** Calls that fail, each in its own way. */
export const failures = (
  tested: LanguageSubject,
): ReadonlyArray<{ readonly kind: GuestFailureKind; readonly asked: ExecutionRequest }> => {
  const { examples } = tested
  const of = (program: string) => request(tested, program, [anyValue(tested)])
  return [
    { kind: "fuel", asked: withFuel(of(examples.endless), endlessFuel) },
    { kind: "memory", asked: of(examples.hoards) },
    { kind: "stack", asked: of(examples.recurses) },
    { kind: "output", asked: of(examples.floods) },
    { kind: "syntax", asked: of(examples.malformed) },
    { kind: "exception", asked: of(examples.throws.program) },
  ]
}

export const failureKind = (outcome: Outcome): GuestFailureKind | null =>
  outcome._tag === "Failed" ? outcome.failure.kind : null

/** That two outcomes of one request are the same in everything. */
export const ensureSame = (asked: ExecutionRequest, first: Outcome, second: Outcome, how: string) =>
  ensureThat(outcomeText(first) === outcomeText(second), () => [
    `it ${outcomeText(first)}; ${how} it ${outcomeText(second)}`,
    runLine(asked),
  ])
