/**
 * A tokenizer of fixed pieces, defined by the vocabulary in a checkpoint.
 *
 * Text of tokens: their pieces in a row, a comma between two numbers, a space on either side of a marker. Tokens of
 * text: from left to right the longest piece that matches; where none does, a space, comma or newline is skipped.
 * `decode(encode(decode(tokens)))` equals `decode(tokens)` for the nano vocabulary.
 */
import type { Vocabulary } from "./ModelConfig.ts"

export type Encoding =
  | { readonly _tag: "tokens"; readonly tokens: ReadonlyArray<number> }
  /** No piece matches at character `position`. */
  | { readonly _tag: "unknown"; readonly position: number }

const SEPARATORS = new Set([" ", ",", "\n"])

export class PieceTokenizer {
  readonly #pieces: ReadonlyArray<string>
  readonly #numbers: ReadonlySet<number>
  readonly #markers: ReadonlySet<number>
  readonly #stops: ReadonlySet<number>
  /** Tokens by first character, longest piece first. */
  readonly #byFirst = new Map<string, Array<number>>()

  constructor(vocabulary: Vocabulary) {
    this.#pieces = vocabulary.pieces
    this.#numbers = new Set(vocabulary.numbers)
    this.#markers = new Set(vocabulary.markers)
    this.#stops = new Set(vocabulary.stops)
    for (const [token, piece] of vocabulary.pieces.entries()) {
      const first = piece.charAt(0)
      const group = this.#byFirst.get(first)
      if (group === undefined) this.#byFirst.set(first, [token])
      else group.push(token)
    }
    const length = (token: number) => this.#piece(token).length
    for (const group of this.#byFirst.values()) group.sort((a, b) => length(b) - length(a))
  }

  encode(text: string): Encoding {
    const tokens: Array<number> = []
    let position = 0
    while (position < text.length) {
      const token = this.#match(text, position)
      if (token !== undefined) {
        tokens.push(token)
        position += this.#piece(token).length
      } else if (SEPARATORS.has(text.charAt(position))) {
        position++
      } else {
        return { _tag: "unknown", position }
      }
    }
    return { _tag: "tokens", tokens }
  }

  /** The text of the tokens without stop tokens. */
  decode(tokens: ReadonlyArray<number>): string {
    let text = ""
    let previous: number | undefined
    for (const token of tokens) {
      if (this.#stops.has(token)) continue
      if (previous !== undefined) text += this.#between(previous, token)
      text += this.#piece(token)
      previous = token
    }
    return text
  }

  #between(left: number, right: number): string {
    if (this.#markers.has(left) || this.#markers.has(right)) return " "
    return this.#numbers.has(left) && this.#numbers.has(right) ? "," : ""
  }

  #match(text: string, position: number): number | undefined {
    const candidates = this.#byFirst.get(text.charAt(position)) ?? []
    return candidates.find((token) => text.startsWith(this.#piece(token), position))
  }

  #piece(token: number): string {
    const piece = this.#pieces[token]
    if (piece === undefined)
      throw new RangeError(`token ${token} is not in the vocabulary of ${this.#pieces.length}`)
    return piece
  }
}
