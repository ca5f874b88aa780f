/**
 * JavaScript source text as tokens, one ahead. The lexical grammar is acorn's: numbers in every base, escapes,
 * comments, spaces of every kind. Module rules hold, so legacy octals and HTML-like comments are refused.
 */
import { type TokenType, tokTypes, tokenizer } from "acorn"

/** `value` is a number's, a string's or a name's content, as far as the type of token has one. */
export interface Token {
  readonly type: TokenType
  readonly value: unknown
  readonly start: number
  readonly end: number
}

/** The text is not a literal. Thrown inside this folder only; `parse.ts` turns it into a result. */
export class NotLiteral extends Error {}

/** As long as a request to an executor may be. */
const longestText = 1 << 20

const longestQuote = 40

export class Tokens {
  readonly #text: string
  readonly #tokenizer: ReturnType<typeof tokenizer>
  #here: Token

  constructor(text: string) {
    if (text.length > longestText) throw new NotLiteral(`longer than ${longestText} characters`)
    this.#text = text
    this.#tokenizer = tokenizer(text, { ecmaVersion: 2023, sourceType: "module", allowHashBang: false })
    this.#here = this.#read()
  }

  /** The token that was not stepped over yet. */
  get here(): Token {
    return this.#here
  }

  /** The characters that the token was written with. */
  get source(): string {
    return this.#text.slice(this.#here.start, this.#here.end)
  }

  /** Steps over the token here and returns it. */
  next(): Token {
    const token = this.#here
    this.#here = this.#read()
    return token
  }

  /** Steps over a token of this type if one is here. */
  accept(type: TokenType): boolean {
    if (this.#here.type !== type) return false
    this.next()
    return true
  }

  expect(type: TokenType): Token {
    return this.#here.type === type ? this.next() : this.refuse(`unexpected ${this.quotation()}`)
  }

  refuse(message: string): never {
    throw new NotLiteral(`${message} (character ${this.#here.start + 1})`)
  }

  /** A short quotation of what stands here, for messages. */
  quotation(): string {
    if (this.#here.type === tokTypes.eof) return "the end of the text"
    const rest = this.#text.slice(this.#here.start, this.#here.start + longestQuote + 1)
    const line = (rest.split(/[\n\r\u2028\u2029]/, 1)[0] ?? "").toWellFormed()
    return `\`${line.length > longestQuote ? `${line.slice(0, longestQuote).toWellFormed()}…` : line}\``
  }

  #read(): Token {
    try {
      // Acorn's declarations leave `value` out.
      return this.#tokenizer.getToken() as unknown as Token
    } catch (error) {
      // Acorn validates the pattern of a regular expression by recursion, which can run out of stack.
      if (error instanceof SyntaxError || error instanceof RangeError)
        throw new NotLiteral(lexicalMessage(error))
      throw error
    }
  }
}

/** Acorn writes `Unterminated string constant (1:4)`, and knows the position as a number too. */
const lexicalMessage = ({ message, pos }: Error & { readonly pos?: number }): string => {
  if (pos === undefined || message.includes("regular expression"))
    return "a regular expression is not a literal"
  const text = message.replace(/ \(\d+:\d+\)$/, "").replace(/^[A-Z]/, (letter) => letter.toLowerCase())
  return `${text} (character ${pos + 1})`
}
