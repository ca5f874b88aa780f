/** The conformance suite for vitest. */
import { Cause, Exit, ManagedRuntime } from "effect"
import { afterAll, describe, it } from "vitest"
import type { Environment } from "../Environment.ts"
import type { EnvironmentClause } from "./conformance/clause.ts"
import { environmentClauses } from "./conformance/environmentClauses.ts"
import { type ConformanceOptions, Subject } from "./conformance/Subject.ts"

export interface EnvironmentSuiteOptions extends Partial<ConformanceOptions> {
  /** Clauses to check; all that concern the environment where absent. */
  readonly clauses?: ReadonlyArray<EnvironmentClause>
  /** Skip everything, with the reason, where the executor is not available here; else that is a failure. */
  readonly optional?: boolean
  /** Longest time a clause may take, in milliseconds; vitest's own setting where absent. */
  readonly timeout?: number
}

/**
 * Registers one test a clause of the environment contract; any environment must pass them all. Its layer is built once.
 * A clause that says nothing about the environment is skipped, with the reason.
 *
 *     environmentSuite("puzzles", puzzles, { proposals: [{ kind: "sum", style: "full", text: "3 + 4" }] })
 */
export const environmentSuite = <R>(
  name: string,
  environment: Environment<R>,
  options: EnvironmentSuiteOptions = {},
): void => {
  const { clauses = environmentClauses(environment), optional = false, timeout, ...conformance } = options
  const skips = optional ? ["ClauseSkipped", "ExecutorUnavailable"] : ["ClauseSkipped"]
  describe(name, () => {
    const runtime = ManagedRuntime.make(Subject.layer(environment, conformance))
    afterAll(() => runtime.dispose())
    for (const { check, id, title } of clauses) {
      it(
        `${id}. ${title}`,
        async (test) => {
          const exit = await runtime.runPromiseExit(check)
          if (Exit.isSuccess(exit)) return
          const error = exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error
          if (error === undefined || !skips.includes(error._tag)) throw Cause.squash(exit.cause)
          test.skip(error.message)
        },
        timeout,
      )
    }
  })
}
