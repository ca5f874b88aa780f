/** A program that a model wrote, coloured when the grammar has been loaded. It is as inert as any other hostile text. */
import { useEffect, useState } from "react"
import { Hostile, Pieces } from "./Hostile.tsx"
import { type Token, highlight } from "./highlight.ts"

type Lines = ReadonlyArray<ReadonlyArray<Token>>

export const Code = ({
  program,
  language,
}: {
  readonly program: string
  readonly language: "python" | "javascript"
}) => {
  const [colored, setColored] = useState<{ readonly program: string; readonly lines: Lines } | null>(null)
  useEffect(() => {
    let current = true
    highlight(program, language).then(
      (lines) => current && setColored(lines === null ? null : { program, lines }),
      () => undefined,
    )
    return () => {
      current = false
    }
  }, [program, language])
  if (colored?.program !== program) return <Hostile text={program} />
  const { lines } = colored
  return (
    <pre className="hostile">
      {lines.map((line, row) => (
        // oxlint-disable react/no-array-index-key -- tokens of one program do not move
        <span key={row}>
          {line.map(({ color, text }, index) => (
            <span key={index} style={color === undefined ? {} : { color }}>
              <Pieces text={text} />
            </span>
          ))}
          {row < lines.length - 1 ? "\n" : ""}
        </span>
        // oxlint-enable react/no-array-index-key
      ))}
    </pre>
  )
}
