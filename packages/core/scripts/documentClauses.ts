/** Writes the table of the conformance clauses into docs/ENVIRONMENTS.md. `pnpm document:clauses`. */
import { readFileSync, writeFileSync } from "node:fs"
import { withClauseTables } from "../src/testing/conformance/clauseTable.ts"

const file = new URL("../../../docs/ENVIRONMENTS.md", import.meta.url)
writeFileSync(file, withClauseTables(readFileSync(file, "utf8")))
