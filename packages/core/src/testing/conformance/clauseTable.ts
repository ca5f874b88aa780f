/** The clauses as a table for people: docs/ENVIRONMENTS.md holds it, `pnpm document:clauses` writes it there. */
import type { EnvironmentClause } from "./clause.ts"
import { generalClauses, languageClauses } from "./environmentClauses.ts"

const [begin, end] = ["<!-- clauses: begin -->", "<!-- clauses: end -->"]

const table = (clauses: ReadonlyArray<EnvironmentClause>): string =>
  [
    "| | clause | why |",
    "|---|---|---|",
    ...clauses.map(({ id, title, why }) => `| ${id} | ${title} | ${why} |`),
  ].join("\n")

/** A document with the tables of today between its marks. */
export const withClauseTables = (document: string): string => {
  const [before, rest] = document.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`the document has no ${begin} … ${end}`)
  const tables = `### Every environment\n\n${table(generalClauses)}\n\n### Languages\n\n${table(languageClauses)}`
  return `${before}${begin}\n\n${tables}\n\n${end}${after}`
}
