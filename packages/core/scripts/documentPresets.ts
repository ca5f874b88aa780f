/** Writes the table of what the presets differ in into docs/ALGORITHM.md. `pnpm document:presets`. */
import { readFileSync, writeFileSync } from "node:fs"
import { withPresetTable } from "./presetTable.ts"

const file = new URL("../../../docs/ALGORITHM.md", import.meta.url)
writeFileSync(file, withPresetTable(readFileSync(file, "utf8")))
