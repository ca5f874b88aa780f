/**
 * The environment contract as clauses that any program can check: `azr env test` does. For tests with vitest,
 * `@azr/core/testing` has `environmentSuite`.
 */
export { ClauseBroken } from "../ClauseBroken.ts"
export { type ClauseError, ClauseSkipped, type EnvironmentClause } from "./clause.ts"
export { environmentClauses, generalClauses, languageClauses } from "./environmentClauses.ts"
export { type ConformanceOptions, Subject, defaultConformanceOptions } from "./Subject.ts"
