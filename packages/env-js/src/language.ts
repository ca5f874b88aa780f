/** JavaScript, as `languageEnvironment` needs to know it. */
import type { Language } from "@azr/core/language"
import { examples } from "./examples.ts"
import { parseArguments, parseValue } from "./literals/parse.ts"
import { renderArguments, renderValue } from "./literals/render.ts"
import { checkProgram, entry } from "./rules.ts"

export const javascript: Language = {
  id: "javascript",
  name: "JavaScript",
  entry,
  modules: [],
  equality: "javascript",
  parseValue,
  parseArguments,
  renderValue,
  renderArguments,
  checkProgram,
  definition: {
    line: /^(?:function f\(|const f = )/u,
    beside: /^(?:\/\/.*|\}[;)]*)$/u,
    mention: String.raw`(?<![\w$])f(?![\w$])`,
  },
  examples,
}
