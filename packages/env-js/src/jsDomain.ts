/** All of JavaScript as a domain. */
import { wholeLanguage } from "@azr/core/language"

export const jsDomain = wholeLanguage({
  program: "function f(a) {\n  return a;\n}",
  inputs: [
    '"Hello world"',
    "1",
    "{ a: 1, b: 2 }",
    "[1.1, 1.2, 1.3]",
    "[[1, 0, 0], [0, 0, 0], [0, 0, 0]]",
    "null",
    "true",
    "-7",
    '["a", "b", ""]',
    "new Set([1, 2, 3])",
  ],
})
