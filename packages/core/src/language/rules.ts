/** Rules for the programs of tasks that languages share; what differs between languages comes in as an argument. */
import type { ProgramFacts } from "../Executor.ts"

export interface Violation {
  /** A code that metrics count by: `entry`, `parameters`, `returns`, `topLevel`, `import`, `name`, `attribute`. */
  readonly reason: string
  readonly message: string
}

/** Null for a program that keeps the rule. */
export type Rule = (facts: ProgramFacts) => Violation | null

/** The violation of the first rule, in order, that the program breaks. */
export const firstViolation =
  (rules: ReadonlyArray<Rule>): Rule =>
  (facts) => {
    for (const rule of rules) {
      const violation = rule(facts)
      if (violation !== null) return violation
    }
    return null
  }

/** Exactly one top-level function of that name, which takes something and always returns. */
export const definesEntry =
  (entry: string): Rule =>
  ({ functions }) => {
    const entries = functions.filter(({ name }) => name === entry)
    const [found] = entries
    if (found === undefined || entries.length > 1) {
      return { reason: "entry", message: `expected one top-level function ${entry}, found ${entries.length}` }
    }
    if (found.parameters.length === 0) return { reason: "parameters", message: `${entry} takes no parameter` }
    if (!found.returns) return { reason: "returns", message: `${entry} can end without returning a value` }
    return null
  }

/** Only statements of these kinds stand at the top level, after at most one of kind `first` (a docstring or directive). */
export const onlyDefines =
  (statements: ReadonlySet<string>, first: string): Rule =>
  ({ topLevel }) => {
    const offender = topLevel.find(
      (statement, index) => !statements.has(statement) && !(statement === first && index === 0),
    )
    return offender === undefined
      ? null
      : {
          reason: "topLevel",
          message: `a top-level statement of kind ${offender}; only definitions stand there`,
        }
  }

/** `offenderOf` finds a name that the program may not use. */
export const namesAllowed =
  (offenderOf: (facts: ProgramFacts) => string | undefined): Rule =>
  (facts) => {
    const offender = offenderOf(facts)
    return offender === undefined ? null : { reason: "name", message: `${offender} may not be used` }
  }

export const attributesAllowed =
  (banned: (attribute: string) => boolean): Rule =>
  ({ attributes }) => {
    const offender = attributes.find(banned)
    return offender === undefined
      ? null
      : { reason: "attribute", message: `the attribute ${offender} may not be used` }
  }
