/** Shiki with two grammars, loaded when a program is first shown. Colours are custom properties, so both themes share them. */
import type { HighlighterCore } from "@shikijs/core"

let loaded: Promise<HighlighterCore> | null = null

const load = async (): Promise<HighlighterCore> => {
  const [core, engine, python, javascript] = await Promise.all([
    import("@shikijs/core"),
    import("@shikijs/engine-javascript"),
    import("@shikijs/langs/python"),
    import("@shikijs/langs/javascript"),
  ])
  return core.createHighlighterCore({
    engine: engine.createJavaScriptRegexEngine({ forgiving: true }),
    langs: [python.default, javascript.default],
    themes: [core.createCssVariablesTheme({ name: "azr", variablePrefix: "--code-", fontStyle: false })],
  })
}

export interface Token {
  readonly text: string
  readonly color: string | undefined
}

/** Longest program that is coloured: a grammar takes time, and a hostile program could be made to take much. */
const longest = 20_000

const highlightable = (program: string): boolean =>
  program.length <= longest && program.split("\n").every((line) => line.length <= 1000)

export const highlight = async (
  program: string,
  language: "python" | "javascript",
): Promise<ReadonlyArray<ReadonlyArray<Token>> | null> => {
  if (!highlightable(program)) return null
  const highlighter = await (loaded ??= load())
  return highlighter
    .codeToTokensBase(program, {
      lang: language,
      theme: "azr",
      tokenizeMaxLineLength: 1000,
      tokenizeTimeLimit: 100,
    })
    .map((line) => line.map(({ color, content }) => ({ text: content, color })))
}
