/** Writes docs/METRICS.md. `pnpm document:metrics`. */
import { writeFileSync } from "node:fs"
import { metricsDocument } from "./metricsDocument.ts"

writeFileSync(new URL("../../../docs/METRICS.md", import.meta.url), metricsDocument())
