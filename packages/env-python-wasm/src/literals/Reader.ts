/** A position in Python source text, and the characters that mean nothing there. */

/** The text is not a literal. Thrown inside this folder only; `parse.ts` turns it into a result. */
export class NotLiteral extends Error {}

const longestQuote = 40

export class Reader {
  readonly text: string
  at = 0

  constructor(text: string) {
    // As CPython reads source: every kind of line end is a line feed.
    this.text = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n")
    if (text.includes("\0")) this.refuse("a null character is not allowed")
    if (!text.isWellFormed()) this.refuse("a lone surrogate is not allowed")
  }

  refuse(message: string): never {
    throw new NotLiteral(`${message} (character ${this.at + 1})`)
  }

  /** The character here, or the empty string at the end. */
  get here(): string {
    return this.text.charAt(this.at)
  }

  get atEnd(): boolean {
    return this.at >= this.text.length
  }

  looksAt(expected: string): boolean {
    return this.text.startsWith(expected, this.at)
  }

  /** Steps over `expected` if it is here. */
  accept(expected: string): boolean {
    if (!this.looksAt(expected)) return false
    this.at += expected.length
    return true
  }

  /** The characters from here on that fit. */
  takeWhile(fits: (code: number) => boolean): string {
    const start = this.at
    while (!this.atEnd && fits(this.text.charCodeAt(this.at))) this.at++
    return this.text.slice(start, this.at)
  }

  /** Spaces and joined lines; with `lines`, as inside brackets, line ends and comments too. */
  skip(lines: boolean): void {
    for (;;) {
      const character = this.here
      if (character === " " || character === "\t" || character === "\f") this.at++
      else if (this.looksAt("\\\n") && this.at + 2 < this.text.length) this.at += 2
      else if (lines && character === "\n") this.at++
      else if (lines && character === "#") this.takeWhile((code) => code !== 10)
      else return
    }
  }

  /** A short quotation of what stands here, for messages. */
  quotation(): string {
    if (this.atEnd) return "the end of the text"
    const line = this.text.slice(this.at, this.at + longestQuote + 1).split("\n")[0] ?? ""
    return line === ""
      ? "a line end"
      : `\`${line.length > longestQuote ? `${line.slice(0, longestQuote).toWellFormed()}…` : line}\``
  }
}

export const isDecimal = (code: number): boolean => code >= 48 && code <= 57

const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122)

/** May continue a name. Every character outside ASCII counts: none of them is part of a literal outside strings. */
export const isNameCharacter = (code: number): boolean =>
  isLetter(code) || isDecimal(code) || code === 95 || code > 127
