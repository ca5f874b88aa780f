/** Who a name belongs to, by eslint-scope. */
import type { ScopeManager, Variable } from "eslint-scope"

export type Scopes = ScopeManager

/** Names that no declaration of the program binds, sorted. */
export const globalNames = (scopes: Scopes): ReadonlyArray<string> =>
  [
    ...new Set(scopes.globalScope?.through.map(({ identifier }) => (identifier as { name: string }).name)),
  ].sort()

/** An occurrence of a variable: its place in the text and its name, which can be written. */
export interface Occurrence {
  readonly start: number
  name: string
}

export interface Binding {
  readonly name: string
  /** Two for a class: its name is bound around it and in it. */
  readonly variables: ReadonlyArray<Variable>
  /** In the order of the text; the declarations among them. */
  readonly occurrences: ReadonlyArray<Occurrence>
}

/** Every variable that the program declares, in the order of their first occurrences. */
export const bindings = (scopes: Scopes): ReadonlyArray<Binding> => {
  const groups = new Map<unknown, Array<Variable>>()
  for (const variable of scopes.scopes.flatMap((scope) => scope.variables)) {
    const [declaration] = variable.identifiers
    // `arguments` is in every function and declared in none.
    if (declaration === undefined) continue
    groups.set(declaration, [...(groups.get(declaration) ?? []), variable])
  }
  const found = [...groups.values()].map((variables): Binding => {
    const nodes = variables.flatMap(({ identifiers, references }) => [
      ...identifiers,
      ...references.map(({ identifier }) => identifier),
    ])
    const occurrences = [...new Set(nodes as unknown as ReadonlyArray<Occurrence>)]
    occurrences.sort((left, right) => left.start - right.start)
    return { name: variables[0]!.name, variables, occurrences }
  })
  return found.sort((left, right) => left.occurrences[0]!.start - right.occurrences[0]!.start)
}
