/**
 * The grammar of the language: text to a tree. Host and guest share it, so that a literal is the same on both sides.
 *
 *     program     = { name "(" [ name { "," name } ] ")" "=" expression }
 *     expression  = "if" … "then" … "else" … | "let" name "=" … "in" … | operators, calls, xs[i], literals
 *
 * A tree that any language can be written as: what a node is, the text that tells it from others of its kind, its parts.
 */
import { SyntaxFault } from "@azr/wasm-host/guest"

export interface Node {
  readonly kind: string
  /** A name, an operator, a constant; empty where the kind says it all. */
  readonly text: string
  readonly parts: ReadonlyArray<Node>
}

interface Token {
  readonly kind: "number" | "string" | "name" | "symbol" | "end"
  readonly text: string
  readonly line: number
}

const keywords = new Set(["if", "then", "else", "let", "in", "and", "or", "not", "true", "false"])
const symbols = ["==", "!=", "<=", ">=", ..."+-*/%<>=(),[]"]
const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" }
const deepest = 200

const tokensOf = (text: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  let line = 1
  let at = 0
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0] ?? null
    at += found?.length ?? 0
    return found
  }
  /** The inside of a string. `\x3c` must be read, whatever else is: prompts write `<` so. */
  const string = (): string => {
    let content = ""
    for (;;) {
      const character = text[at++]
      if (character === undefined || character === "\n")
        throw new SyntaxFault("a string that does not end", line)
      if (character === '"') return content
      if (character !== "\\") {
        content += character
        continue
      }
      const code = take(/x[0-9a-fA-F]{2}|u\{[0-9a-fA-F]{1,6}\}/y)
      const point = code === null ? Number.NaN : Number.parseInt(code.replaceAll(/[xu{}]/g, ""), 16)
      const plain =
        code === null
          ? escapes[text[at++] ?? ""]
          : point <= 0x10ffff
            ? String.fromCodePoint(point)
            : undefined
      if (plain === undefined) throw new SyntaxFault("an unknown escape in a string", line)
      content += plain
    }
  }
  while (at < text.length) {
    const blank = take(/[ \t\r\n]+|#[^\n]*/y)
    if (blank !== null) {
      line += blank.split("\n").length - 1
      continue
    }
    const number = take(/\d+/y)
    const name = number === null ? take(/[A-Za-z_]\w*/y) : null
    if (number !== null) tokens.push({ kind: "number", text: number, line })
    else if (name !== null) tokens.push({ kind: keywords.has(name) ? "symbol" : "name", text: name, line })
    else if (text[at] === '"') {
      at += 1
      tokens.push({ kind: "string", text: string(), line })
    } else {
      const symbol = symbols.find((each) => text.startsWith(each, at))
      if (symbol === undefined) throw new SyntaxFault(`unexpected ${JSON.stringify(text[at])}`, line)
      at += symbol.length
      tokens.push({ kind: "symbol", text: symbol, line })
    }
  }
  return [...tokens, { kind: "end", text: "the end", line }]
}

const node = (kind: string, text: string, ...parts: ReadonlyArray<Node>): Node => ({ kind, text, parts })

/** Operators from loose to tight. */
const levels: ReadonlyArray<ReadonlyArray<string>> = [
  ["or"],
  ["and"],
  ["==", "!=", "<", "<=", ">", ">="],
  ["+", "-"],
  ["*", "/", "%"],
]

class Parser {
  readonly #tokens: ReadonlyArray<Token>
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#tokens = tokensOf(text)
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token
  }

  #is(symbol: string): boolean {
    return this.#next.kind === "symbol" && this.#next.text === symbol
  }

  #accept(symbol: string): boolean {
    const found = this.#is(symbol)
    if (found) this.#at += 1
    return found
  }

  #unexpected(wanted: string): SyntaxFault {
    return new SyntaxFault(`expected ${wanted}, found ${this.#next.text.slice(0, 40)}`, this.#next.line)
  }

  #expect(symbol: string): void {
    if (!this.#accept(symbol)) throw this.#unexpected(symbol)
  }

  #name(): string {
    if (this.#next.kind !== "name") throw this.#unexpected("a name")
    const { text } = this.#next
    this.#at += 1
    return text
  }

  end(): void {
    if (this.#next.kind !== "end") throw this.#unexpected("the end")
  }

  /** Items up to a closing symbol. */
  #listUntil<A>(close: string, item: () => A): ReadonlyArray<A> {
    const items: Array<A> = []
    while (!this.#accept(close)) {
      if (items.length > 0) this.#expect(",")
      items.push(item())
    }
    return items
  }

  program(): Node {
    const definitions: Array<Node> = []
    while (this.#next.kind !== "end") {
      const { line } = this.#next
      const name = this.#name()
      if (definitions.some(({ text }) => text === name))
        throw new SyntaxFault(`${name} is defined twice`, line)
      this.#expect("(")
      const parameters = this.#listUntil(")", () => node("Parameter", this.#name()))
      this.#expect("=")
      definitions.push(node("Definition", name, ...parameters, this.expression()))
    }
    if (definitions.length === 0) throw new SyntaxFault("no definition", 1)
    return node("Program", "", ...definitions)
  }

  expression(): Node {
    this.#depth += 1
    if (this.#depth > deepest) throw new SyntaxFault("nested too deep", this.#next.line)
    const found = this.#accept("if")
      ? this.#condition()
      : this.#accept("let")
        ? this.#binding()
        : this.#operators(0)
    this.#depth -= 1
    return found
  }

  /** Expressions between commas, up to the end. */
  expressions(): ReadonlyArray<Node> {
    const items: Array<Node> = []
    while (this.#next.kind !== "end") {
      if (items.length > 0) this.#expect(",")
      items.push(this.expression())
    }
    return items
  }

  #condition(): Node {
    const test = this.expression()
    this.#expect("then")
    const then = this.expression()
    this.#expect("else")
    return node("If", "", test, then, this.expression())
  }

  #binding(): Node {
    const name = this.#name()
    this.#expect("=")
    const value = this.expression()
    this.#expect("in")
    return node("Let", name, value, this.expression())
  }

  #operators(level: number): Node {
    const operators = levels[level]
    if (operators === undefined) return this.#unary()
    let left = this.#operators(level + 1)
    while (this.#next.kind === "symbol" && operators.includes(this.#next.text)) {
      const { text } = this.#next
      this.#at += 1
      left = node("Operator", text, left, this.#operators(level + 1))
    }
    return left
  }

  #unary(): Node {
    const operator = ["-", "not"].find((each) => this.#accept(each))
    if (operator === undefined) return this.#postfix()
    this.#depth += 1
    if (this.#depth > deepest) throw new SyntaxFault("nested too deep", this.#next.line)
    const operand = this.#unary()
    this.#depth -= 1
    return node("Unary", operator, operand)
  }

  #postfix(): Node {
    let found = this.#primary()
    while (this.#accept("[")) {
      found = node("Index", "", found, this.expression())
      this.#expect("]")
    }
    return found
  }

  #primary(): Node {
    const { kind, text } = this.#next
    if (kind === "number" || kind === "string") {
      this.#at += 1
      return node(kind === "number" ? "Number" : "String", text)
    }
    if (kind === "name") {
      this.#at += 1
      return this.#accept("(")
        ? node("Call", text, ...this.#listUntil(")", () => this.expression()))
        : node("Name", text)
    }
    for (const word of ["true", "false"]) if (this.#accept(word)) return node("Boolean", word)
    if (this.#accept("[")) return node("List", "", ...this.#listUntil("]", () => this.expression()))
    if (!this.#accept("(")) throw this.#unexpected("an expression")
    const inner = this.expression()
    this.#expect(")")
    return inner
  }
}

export const parseProgram = (text: string): Node => new Parser(text).program()

/** Expressions between commas: an argument list that is yet to be looked at. */
export const parseExpressions = (text: string): ReadonlyArray<Node> => {
  const parser = new Parser(text)
  const found = parser.expressions()
  parser.end()
  return found
}
