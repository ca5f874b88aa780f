/** The clauses of the environment contract, as data. */
import type { Environment } from "../../Environment.ts"
import { answerClauses } from "./answers.ts"
import { behaviourClauses } from "./behaviour.ts"
import { type EnvironmentClause, numbered } from "./clause.ts"
import { compositeClauses } from "./composites.ts"
import { declarationClauses } from "./declaration.ts"
import { factClauses } from "./language/facts.ts"
import { limitClauses } from "./language/limits.ts"
import { outcomeClauses } from "./language/outcomes.ts"
import { valueClauses } from "./language/values.ts"
import { suiteClauses } from "./suites.ts"
import { taskClauses } from "./tasks.ts"

/** What holds of every environment. */
export const generalClauses: ReadonlyArray<EnvironmentClause> = numbered("E", [
  ...declarationClauses,
  ...taskClauses,
  ...answerClauses,
  ...suiteClauses,
  ...behaviourClauses,
  ...compositeClauses,
])

/** What holds of an environment that is a language, besides. */
export const languageClauses: ReadonlyArray<EnvironmentClause> = numbered("L", [
  ...valueClauses,
  ...limitClauses,
  ...outcomeClauses,
  ...factClauses,
])

/** The clauses that an environment has to keep. Each is checked against a `Subject`, the environment opened. */
export const environmentClauses = <R>(environment: Environment<R>): ReadonlyArray<EnvironmentClause> =>
  "language" in environment ? [...generalClauses, ...languageClauses] : generalClauses
