/** Prompts: the full style for general models, with a page that teaches a language which no model has read. */
import { type Language, type Surface, fullSurface } from "@azr/core/language"
import type { PolicyEngine } from "@azr/core"

const manual = ({ name }: Language): string =>
  `
${name} is a small functional language. A program is a list of definitions, each of a function by one expression:

total(xs) = if xs == [] then 0 else xs[0] + total(rest(xs))
f(xs, limit) = let t = total(xs) in if t > limit then [t, true] else [limit, false]

Values are whole numbers of any size, strings in double quotes, true, false, and lists such as [1, "a", []].
Expressions: if … then … else …, let x = … in …, or, and, not, ==, !=, <, <=, >, >=, +, -, *, / and % (whole, rounded down), xs[i]
from 0, and calls. + also joins strings and lists. There are no loops and no assignments: functions call themselves.
Built in: len(xs), rest(xs) without its first, text(x) as a string, fail("why").
A failing program raises TypeError, IndexError, NameError, DivisionError or Failure.
`.trim()

export const surface = (language: Language): Surface => {
  const { composite: _, ...full } = fullSurface(language)
  const taught = (prompt: PolicyEngine.Prompt): PolicyEngine.Prompt => [
    { role: "system", content: manual(language) },
    ...prompt,
  ]
  return {
    ...full,
    proposePrompt: (kind, references) => taught(full.proposePrompt(kind, references)),
    solvePrompt: (task) => taught(full.solvePrompt(task)),
  }
}
