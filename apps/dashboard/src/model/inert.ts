/**
 * Text that a model wrote, made safe to look at. React already writes it as text, never as markup; what is left are
 * characters that change how their neighbours look: escape sequences, bidirectional and invisible ones, halves of
 * surrogate pairs. Each becomes a mark that names its code point.
 */
export interface Piece {
  readonly text: string
  /** Whether `text` names a character that is not shown, e.g. `U+202E`. */
  readonly mark: boolean
}

// Controls but tab and line feed; format characters, among them all bidirectional ones; lone surrogates; line separators;
// fillers and selectors that take no room.
const unseen =
  /(?![\t\n])\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}|\u115f|\u1160|\u3164|\uffa0|[\u{e0100}-\u{e01ef}]/gu

const nameOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`

export const inert = (text: string): ReadonlyArray<Piece> => {
  const pieces: Array<Piece> = []
  let end = 0
  // A carriage return before a line feed is a line ending, not an attempt to write over the line.
  for (const { 0: character, index } of text.matchAll(unseen)) {
    if (character === "\r" && text[index + 1] === "\n") continue
    if (index > end) pieces.push({ text: text.slice(end, index), mark: false })
    pieces.push({ text: nameOf(character), mark: true })
    end = index + character.length
  }
  if (end < text.length) pieces.push({ text: text.slice(end), mark: false })
  return pieces
}

/** One line of it, no longer than `length`: for a cell of a list. */
export const inertLine = (text: string, length: number): string =>
  inert(text.slice(0, length))
    .map((piece) => (piece.mark ? `⟨${piece.text}⟩` : piece.text))
    .join("")
    .replaceAll(/\s+/gu, " ") + (text.length > length ? " …" : "")

/** The first `length` characters, never half of a pair. */
export const head = (text: string, length: number): string => {
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length)
}
