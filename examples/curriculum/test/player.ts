/**
 * A policy for tests, in place of a model: it proposes tasks that add a number to an input, in any of the three environments, and
 * gets three of four answers right. What it does is a function of the prompt and the seed.
 */
import { fenced } from "@azr/core/language"
import { type Respond, scriptedPolicy } from "@azr/core/testing"

const response = (...blocks: ReadonlyArray<readonly [tag: string, content: string]>): string =>
  `<think>\nI add.\n</think>\n<answer>\n${blocks.map(([tag, content]) => fenced(tag, content)).join("\n")}\n</answer>`

const programs = {
  python: (n: number) => `def f(a):\n    return a + ${n}`,
  lua: (n: number) => `function f(a)\n  return a + ${n}\nend`,
} as const

/** The contents of the fenced blocks of a tag. */
const blocks = (prompt: string, tag: string): ReadonlyArray<string> =>
  [...prompt.matchAll(new RegExp(`\`\`\`${tag}\\n(.*?)\\n\`\`\``, "gs"))].map(([, content = ""]) => content)
const number = (text: string | undefined): number =>
  Number(/-?\d+$/.exec(text?.replace(/\D*$/, "") ?? "")?.[0])

const database = (n: number, x: number): ReadonlyArray<readonly [string, string]> => [
  ["schema", "CREATE TABLE t (x INTEGER)"],
  ["rows", `INSERT INTO t VALUES (${x})`],
  ["query", `SELECT x + ${n} FROM t`],
]

const proposal = (prompt: string, seed: number): string => {
  const [n, x] = [seed % 97, (seed >>> 8) % 89]
  if (seed % 10 === 0) return "I have no idea."
  if (prompt.includes("small database")) {
    const extra = [
      ["hidden", `INSERT INTO t VALUES (${x + 1})`],
      ["question", `What is x plus ${n}?`],
    ] as const
    return response(...database(n, x), ...(prompt.includes("`hidden`") ? extra : []))
  }
  const language = /Write (?:10 inputs|a) ?.*Lua|Below is a Lua/.test(prompt) ? "lua" : "python"
  return prompt.startsWith("Below is a")
    ? response(...Array.from({ length: 4 }, (_, i) => ["input", String(x + i)] as const), ["message", "Add."])
    : response([language, programs[language](n)], ["input", String(x)])
}

const answer = (prompt: string, seed: number): string => {
  const slip = seed % 4 === 0 ? 1 : 0
  const language = prompt.includes("```lua") || prompt.includes("Lua") ? "lua" : "python"
  const inputs = blocks(prompt, "input")
    .filter((text) => text !== "arguments")
    .map(number)
  const outputs = blocks(prompt, "output")
    .filter((text) => text !== "the value")
    .map(number)
  if (prompt.startsWith("Which rows")) {
    const [rows, query] = [blocks(prompt, "rows")[0], blocks(prompt, "query")[0]]
    return response(["result", `[[${number(rows) + number(query?.replace(" FROM t", "")) + slip}]]`])
  }
  if (prompt.startsWith("Write one SELECT")) {
    return response(["query", `SELECT x + ${number(blocks(prompt, "question")[0]) + slip} FROM t`])
  }
  if (prompt.startsWith("Write a")) {
    return response([language, programs[language]((outputs[0] ?? 0) - (inputs[0] ?? 0) + slip)])
  }
  const added = number(blocks(prompt, language)[0]?.replace(/\nend$/, ""))
  return prompt.startsWith("What does")
    ? response(["output", String((inputs[0] ?? 0) + added + slip)])
    : response(["input", String((outputs[0] ?? 0) - added + slip)])
}

const isSolving = (prompt: string): boolean =>
  /^(?:What does|For which|Which rows|Write one SELECT)|gives these outputs/.test(prompt)

export const respond: Respond = (prompt, seed) =>
  isSolving(prompt) ? answer(prompt, seed) : proposal(prompt, seed)

export const player = scriptedPolicy(respond)
