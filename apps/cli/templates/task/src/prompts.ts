/** Prompts, and where a response has what was asked for: in the last `<answer>` behind the thought. */
import type { PolicyEngine } from "@azr/core"

const form =
  "Think first, between <think> and </think>. Then write your answer between <answer> and </answer>, and nothing else there."

const ask = (...paragraphs: ReadonlyArray<string>): PolicyEngine.Prompt => [
  { role: "user", content: paragraphs.filter((paragraph) => paragraph !== "").join("\n\n") },
]

const wanted =
  "A good task takes several steps of careful reasoning, and a capable solver gets it right about half of the time."

export const proposePrompt = (
  kind: string,
  references: ReadonlyArray<string>,
  largest: number,
): PolicyEngine.Prompt =>
  kind === "result"
    ? ask(
        `Write an arithmetic expression that somebody else has to compute without a calculator: two to five whole numbers from 0 to ${largest} with +, - and * between them, such as 3 + 4 * 5.`,
        wanted,
        references.length === 0 ? "" : `Yours must differ from these:\n${references.join("\n")}`,
        form,
      )
    : ask(
        `In the expression ${references[0]} one number will be hidden, and somebody else has to find it from the result.`,
        "Which one is it? Answer with its position: 1 for the first number.",
        wanted,
        form,
      )

export const solvePrompt = (question: string): PolicyEngine.Prompt =>
  ask(
    `Which whole number belongs in place of the ?\n\n${question}`,
    "Work it out by reasoning; nothing can be run.",
    form,
  )

/** The inside of the last answer behind the thought, trimmed; null where there is none. */
export const answerOf = (text: string): string | null => {
  const rest = text.slice(text.lastIndexOf("</think>") + 1)
  const end = rest.lastIndexOf("</answer>")
  const start = rest.lastIndexOf("<answer>", end)
  return start < 0 || end < start ? null : rest.slice(start + "<answer>".length, end).trim()
}

/** A response in the form asked for. */
export const written = (thought: string, answer: string): string =>
  `<think>\n${thought}\n</think>\n<answer>\n${answer}\n</answer>`
