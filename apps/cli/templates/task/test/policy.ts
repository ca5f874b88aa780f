/** A policy without a model, for a rehearsal: it computes what it is asked, and errs by the seed. */
import { parseExpression, resultOf } from "../src/expression.ts"
import { written } from "../src/prompts.ts"

export default (prompt: string, seed: number): string => {
  if (prompt.startsWith("Write "))
    return written("Hm.", `${seed % 20} * ${(seed >>> 5) % 20} - ${(seed >>> 10) % 20}`)
  if (prompt.startsWith("In the expression")) return written("Hm.", String(1 + (seed % 2)))
  const [, expression = "", result] = /^(.*) = (-?\d+|\?)$/mu.exec(prompt) ?? []
  if (seed % 3 === 0) return written("No idea.", "0")
  if (result === "?") {
    const parsed = parseExpression(expression)
    return written("One by one.", String(parsed === null ? 0 : resultOf(parsed)))
  }
  // The hidden number, by trying.
  for (let number = 0; number <= 999; number++) {
    const parsed = parseExpression(expression.replace("?", String(number)))
    if (parsed !== null && resultOf(parsed) === Number(result)) return written("By trying.", String(number))
  }
  return written("There is none.", "0")
}
