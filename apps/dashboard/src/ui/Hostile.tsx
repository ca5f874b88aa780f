/** Text that a model wrote: shown as text, marks for what would not be seen, a part of it where it is long. */
import { memo, useState } from "react"
import { count } from "../model/format.ts"
import { head, inert } from "../model/inert.ts"

const firstLength = 4000
const moreLength = 40_000

export const Pieces = memo(({ text }: { readonly text: string }) =>
  inert(text).map((piece, index) =>
    piece.mark ? (
      // oxlint-disable-next-line react/no-array-index-key -- pieces of one text do not move
      <span key={index} className="mark" title="a character that would not be seen">
        {piece.text}
      </span>
    ) : (
      piece.text
    ),
  ),
)

export const Hostile = ({ text, empty = "nothing" }: { readonly text: string; readonly empty?: string }) => {
  const [length, setLength] = useState(firstLength)
  if (text === "") return <p className="text-sm text-soft">{empty}</p>
  return (
    <>
      <pre className="hostile">
        <Pieces text={head(text, length)} />
      </pre>
      {text.length > length ? (
        <button type="button" className="button mt-2" onClick={() => setLength(length + moreLength)}>
          {count(length)} of {count(text.length)} characters; show more
        </button>
      ) : null}
    </>
  )
}
