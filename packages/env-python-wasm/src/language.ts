/** Python, as `languageEnvironment` needs to know it. */
import type { Language } from "@azr/core/language"
import { examples } from "./examples.ts"
import { parseArguments, parseValue } from "./literals/parse.ts"
import { renderArguments, renderValue } from "./literals/render.ts"
import { checkProgram, entry, modules } from "./rules.ts"

export const python: Language = {
  id: "python",
  name: "Python",
  entry,
  modules,
  equality: "python",
  parseValue,
  parseArguments,
  renderValue,
  renderArguments,
  checkProgram,
  definition: {
    line: /^def f\(/u,
    beside: /^(?:#.*|(?:import|from) [\w., ]+)$/u,
    // Before a quote it is the prefix of a string.
    mention: String.raw`\bf\b(?!["'])`,
  },
  examples,
}
