/** Tasks in words, in a shell and in a URL. */
import type { TaskSource } from "@azr/core/dashboard"

/** In single quotes for a shell, whatever the text is. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** A line that puts the case to `azr verify`: JSON in which no character of the text stays unseen. */
export const verifyLine = (
  environment: string,
  kind: string,
  { inputs, message, program }: Omit<TaskSource, "notation" | "outputs">,
  answer: string | undefined,
): string => {
  const given = kind === "induction" ? { inputs, message } : { input: inputs[0] ?? "" }
  const json = JSON.stringify({ kind, program, ...given, ...(answer === undefined ? {} : { answer }) })
  // oxlint-disable-next-line no-control-regex -- everything else is escaped, so that a terminal shows what it runs
  const ascii = json.replaceAll(/[^\u0020-\u007e]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`)
      .join(""),
  )
  return `printf '%s\\n' ${shellQuote(ascii)} | azr verify --env ${shellQuote(environment)}`
}

/** What a one-function program does, without the lines that all of them have. */
export const shortTitle = (title: string): string =>
  title
    .replace(/^def \w+\([^)]*\): ?;? ?/u, "")
    .replace(/^function \w+\([^)]*\) \{ (.*) \}$/u, "$1")
    .replace(/^function \w+\([^)]*\); (.*); end$/u, "$1")
    .replace(/; return \w+;?$/u, "") || title

/** A rollout in a URL. No dot: `1.10` is the number 1.1 to whoever reads the URL. */
export const rolloutName = ({ index, step }: { readonly step: number; readonly index: number }): string =>
  `${step}-${index}`

/** What stands in the answer block of a response: what `azr verify` calls the answer. */
export const answerOf = (response: string): string => {
  const mark = response.lastIndexOf("<ans>")
  if (mark >= 0) return response.slice(mark + "<ans>".length).trim()
  const block = /<answer>([\s\S]*?)<\/answer>/u.exec(response)?.[1]?.trim() ?? response.trim()
  // A fence around all of it is none of the answer.
  return /^(`{3,})[^`\n]*\n([\s\S]*)\n\1$/u.exec(block)?.[2] ?? block
}
