/** The clauses of the `PolicyEngine` contract, as data. */
import { type PolicyClause, type PolicySuiteOptions, defaultOptions } from "./clauses/clause.ts"
import { learningClauses } from "./clauses/learning.ts"
import { refusalClauses } from "./clauses/refusals.ts"
import { regularizationClauses } from "./clauses/regularization.ts"
import { samplingClauses } from "./clauses/sampling.ts"
import { savingClauses } from "./clauses/saving.ts"

export { ClauseBroken } from "./ClauseBroken.ts"
export { type PolicyClause, type PolicySuiteOptions } from "./clauses/clause.ts"

/** What a user of the suite has to say: the prompts; the rest has defaults for small models. */
export type PolicySuiteSettings = Pick<PolicySuiteOptions, "prompts"> & Partial<PolicySuiteOptions>

export const policyClauses = (settings: PolicySuiteSettings): ReadonlyArray<PolicyClause> => {
  const options = { ...defaultOptions, ...settings }
  return [
    ...samplingClauses(options),
    ...learningClauses(options),
    ...regularizationClauses(options),
    ...refusalClauses(options),
    ...savingClauses(options),
  ].map(({ check, title }, index) => ({ check, title: `${index + 1}. ${title}` }))
}
