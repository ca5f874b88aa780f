/** What the clauses of the conformance suite are made of. No test framework in here: a clause is an effect that may fail. */
import { Effect, Schema } from "effect"
import type { ExecutorError } from "../../Executor.ts"
import { ClauseBroken } from "../ClauseBroken.ts"
import { thrown } from "./calls.ts"
import { Subject } from "./Subject.ts"

/** The clause says nothing about this environment, e.g. because it has no suites. */
export class ClauseSkipped extends Schema.TaggedError<ClauseSkipped>()("ClauseSkipped", {
  message: Schema.String,
}) {}

/** What checking a clause can come to, other than that it holds. */
export type ClauseError = ClauseBroken | ClauseSkipped | ExecutorError

export interface EnvironmentClause {
  /** `E3` holds of every environment, `L3` of environments that are languages. */
  readonly id: string
  readonly title: string
  /** What goes wrong without it, in one line. */
  readonly why: string
  /** Fails where the environment breaks the clause. */
  readonly check: Effect.Effect<void, ClauseError, Subject>
}

export type UnnumberedClause = Omit<EnvironmentClause, "id">
type Body<Tested, E> = (tested: Tested) => Generator<Effect.Effect<unknown, E | ClauseError>, void, never>

/** A clause about any environment. What the body throws, the environment threw. */
export const clause = (
  title: string,
  why: string,
  body: Body<Subject["Service"], never>,
): UnnumberedClause => ({
  title,
  why,
  check: Effect.gen(function* () {
    const subject = yield* Subject
    yield* Effect.gen(() => body(subject))
  }).pipe(Effect.catchDefect((defect) => Effect.fail(new ClauseBroken({ message: thrown(defect) })))),
})

/** Numbers clauses in their order. */
export const numbered = (
  letter: string,
  clauses: ReadonlyArray<UnnumberedClause>,
): ReadonlyArray<EnvironmentClause> =>
  clauses.map((each, index) => ({ id: `${letter}${index + 1}`, ...each }))

export const broken = (message: string, reproduce?: string): Effect.Effect<never, ClauseBroken> =>
  Effect.fail(new ClauseBroken(reproduce === undefined ? { message } : { message, reproduce }))

export const ensure = (
  condition: boolean,
  message: string,
  reproduce?: string,
): Effect.Effect<void, ClauseBroken> => (condition ? Effect.void : broken(message, reproduce))

/** The same, where message and line are worth making only if they are needed. */
export const ensureThat = (
  condition: boolean,
  explain: () => readonly [message: string, reproduce: string],
): Effect.Effect<void, ClauseBroken> => (condition ? Effect.void : Effect.suspend(() => broken(...explain())))

export const skip = (message: string): Effect.Effect<never, ClauseSkipped> =>
  Effect.fail(new ClauseSkipped({ message }))
