/** A policy without a model, for a rehearsal: it knows a few programs and errs by the seed. */

const known = [
  { program: "f(a) = a", input: '"Hello world"', output: '"Hello world"' },
  { program: "f(xs) = len(xs) * 2", input: "[1, 2, 3]", output: "6" },
  { program: "f(n) = if n < 2 then [n] else [n] + f(n - 1)", input: "3", output: "[3, 2, 1]" },
  { program: "f(a, b) = text(a) + text(b)", input: "[1], true", output: '"[1]true"' },
] as const

const fence = (tag: string, content: string): string => `\`\`\`${tag}\n${content}\n\`\`\``

const response = (...blocks: ReadonlyArray<string>): string =>
  `<think>\nHm.\n</think>\n<answer>\n${blocks.join("\n")}\n</answer>`

export default (prompt: string, seed: number): string => {
  const proposes = /^Write a |^Below is a /mu.test(prompt) && !/gives these outputs/u.test(prompt)
  if (proposes && /^Below is a /mu.test(prompt)) {
    return response(
      ...["1", '"a"', "[]", "[[2]]"].map((input) => fence("input", input)),
      fence("message", "Look closely."),
    )
  }
  const chosen = known[(seed >>> 3) % known.length] ?? known[0]
  if (proposes) return response(fence("my-language", chosen.program), fence("input", chosen.input))
  // What the last paragraph but the form asks for says which kind it is.
  if (/gives these outputs/u.test(prompt)) return response(fence("my-language", chosen.program))
  const asked = known.find(({ program }) => prompt.includes(fence("my-language", program))) ?? chosen
  if (/Which exception/u.test(prompt))
    return response(fence("output", seed % 3 === 0 ? "TypeError" : "NoError"))
  if (/For which input/u.test(prompt)) return response(fence("input", seed % 3 === 0 ? "0" : asked.input))
  return response(fence("output", seed % 3 === 0 ? "0" : asked.output))
}
