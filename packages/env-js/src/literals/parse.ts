/**
 * JavaScript literals as values. Nothing is evaluated and nothing but this grammar is accepted:
 *
 *     value       null | undefined | true | false | string | `template` | number | -number | +number
 *                 | (value) | [value, …] | { key: value, … } | new Map([[value, value], …]) | new Set([value, …])
 *     number      decimal and other numbers, bigints, NaN, Infinity
 *     key         name | string | number | bigint | [string]
 *     arguments   value, value, …        as between the parentheses of a call
 *
 * A value is the one that the program would see: numbers are doubles, properties stand in JavaScript's order, and equal
 * keys of objects, maps and sets are one. Linear time; brackets nest at most 64 deep.
 */
import { Value } from "@azr/core"
import { tokTypes as types } from "acorn"
import { Result } from "effect"
import { NotLiteral, Tokens } from "./Tokens.ts"

export const parseValue = (text: string): Result.Result<Value.Value, string> =>
  reading(text, (parser) => parser.wholeValue())

export const parseArguments = (text: string): Result.Result<ReadonlyArray<Value.Value>, string> =>
  reading(text, (parser) => parser.wholeArguments())

/** Runs a parser over the whole text; every refusal is a result. */
const reading = <A>(text: string, read: (parser: Parser) => A): Result.Result<A, string> => {
  try {
    return Result.succeed(read(new Parser(new Tokens(text))))
  } catch (error) {
    if (error instanceof NotLiteral) return Result.fail(error.message)
    throw error
  }
}

/** A value, and whether it is a number that a sign may stand in front of. */
interface Operand {
  readonly value: Value.Value
  readonly takesSign: boolean
}

const plain = (value: Value.Value): Operand => ({ value, takesSign: false })
const numeric = (value: Value.Value): Operand => ({ value, takesSign: true })

type Entry = readonly [Value.Value, Value.Value]

const named: Readonly<Record<string, Operand>> = {
  null: plain(Value.none),
  undefined: plain(Value.undefinedValue),
  true: plain(Value.bool(true)),
  false: plain(Value.bool(false)),
  NaN: numeric(Value.float(Number.NaN)),
  Infinity: numeric(Value.float(Infinity)),
}

/** Recursive descent; no deeper than `Value.maxDepth`. Methods leave the tokens behind what they read. */
class Parser {
  readonly #tokens: Tokens
  /** Containers and parentheses around what is read. */
  #depth = 0

  constructor(tokens: Tokens) {
    this.#tokens = tokens
  }

  wholeValue(): Value.Value {
    const value = this.#value()
    this.#tokens.expect(types.eof)
    return value
  }

  wholeArguments(): ReadonlyArray<Value.Value> {
    const values: Array<Value.Value> = []
    while (this.#tokens.here.type !== types.eof) {
      values.push(this.#value())
      if (!this.#tokens.accept(types.comma)) break
    }
    this.#tokens.expect(types.eof)
    return values
  }

  readonly #value = (): Value.Value => this.#operand().value

  #operand(): Operand {
    const tokens = this.#tokens
    switch (tokens.here.type) {
      case types.num:
        return numeric(numberOf(tokens.next().value as number | bigint))
      case types.string:
        return plain(Value.string(this.#text()))
      case types.backQuote:
        return plain(Value.string(this.#template()))
      case types.plusMin:
        return plain(this.#signed())
      case types.parenL:
        return this.#nested(() => this.#parenthesised())
      case types.bracketL:
        return plain(Value.list(this.#nested(() => this.#row(this.#value))))
      case types.braceL:
        return plain(this.#nested(() => this.#object()))
      default:
        return tokens.here.type.keyword === "new"
          ? plain(this.#nested(() => this.#collection()))
          : this.#named()
    }
  }

  /** By the characters it was written with: `nul\u006c` is no `null`. */
  #named(): Operand {
    const { source } = this.#tokens
    const operand = Object.hasOwn(named, source) ? named[source] : undefined
    if (operand === undefined) {
      return this.#tokens.refuse(`expected a literal, found ${this.#tokens.quotation()}`)
    }
    this.#tokens.next()
    return operand
  }

  #signed(): Value.Value {
    const sign = this.#tokens.next().value as string
    // Checked before reading on: a long row of signs must not become deep recursion.
    if (this.#tokens.here.type === types.plusMin) return this.#tokens.refuse("a number has one sign")
    const { takesSign, value } = this.#operand()
    if (value.kind === "float" && takesSign) return Value.float(sign === "-" ? -value.value : value.value)
    // JavaScript has no `+1n`.
    if (value.kind === "bigint" && takesSign && sign === "-") return Value.bigint(-value.value)
    return this.#tokens.refuse("a sign without a number")
  }

  #parenthesised(): Operand {
    this.#tokens.next()
    const operand = this.#operand()
    this.#tokens.expect(types.parenR)
    return operand
  }

  /** A string token's content. */
  #text(): string {
    const { type, value } = this.#tokens.here
    if (type !== types.string) return this.#tokens.refuse(`unexpected ${this.#tokens.quotation()}`)
    return this.#wellFormed(value as string)
  }

  #template(): string {
    this.#tokens.next()
    const { type, value } = this.#tokens.here
    if (type !== types.template) return this.#tokens.refuse("an escape that a template cannot have")
    const content = this.#wellFormed(value as string)
    if (this.#tokens.here.type === types.dollarBraceL) {
      return this.#tokens.refuse("a template with substitutions is not a literal")
    }
    this.#tokens.expect(types.backQuote)
    return content
  }

  /** Steps over the token, whose content this is. */
  #wellFormed(content: string): string {
    if (!content.isWellFormed()) return this.#tokens.refuse("a lone surrogate is not allowed")
    this.#tokens.next()
    return content
  }

  #nested<A>(read: () => A): A {
    if (this.#depth === Value.maxDepth) return this.#tokens.refuse(`nested deeper than ${Value.maxDepth}`)
    this.#depth++
    const result = read()
    this.#depth--
    return result
  }

  /** Items in brackets; a comma may follow the last. Holes and spreads are no items. */
  #row<A>(item: () => A): ReadonlyArray<A> {
    this.#tokens.expect(types.bracketL)
    const items: Array<A> = []
    while (!this.#tokens.accept(types.bracketR)) {
      items.push(item())
      if (this.#tokens.accept(types.comma)) continue
      this.#tokens.expect(types.bracketR)
      break
    }
    return items
  }

  #object(): Value.Value {
    this.#tokens.expect(types.braceL)
    // An object without prototype keeps the order that JavaScript gives properties, and takes any name.
    const properties: Record<string, Value.Value> = Object.create(null)
    while (!this.#tokens.accept(types.braceR)) {
      const key = this.#key()
      this.#tokens.expect(types.colon)
      properties[key] = this.#value()
      if (this.#tokens.accept(types.comma)) continue
      this.#tokens.expect(types.braceR)
      break
    }
    return Value.dict(Object.entries(properties).map(([key, value]) => [Value.string(key), value]))
  }

  #key(): string {
    const tokens = this.#tokens
    const { type } = tokens.here
    if (tokens.accept(types.bracketL)) {
      const key = this.#text()
      tokens.expect(types.bracketR)
      return key
    }
    const key = type === types.string ? this.#text() : this.#bareKey()
    // Written so, it would set the prototype instead of a property.
    return key === "__proto__" ? tokens.refuse('`__proto__` as a key is written `["__proto__"]`') : key
  }

  #bareKey(): string {
    const { type, value } = this.#tokens.here
    if (type !== types.num && type !== types.name && type.keyword === undefined) {
      return this.#tokens.refuse(`unexpected ${this.#tokens.quotation()}`)
    }
    return this.#wellFormed(String(value))
  }

  /** `new Map([…])` or `new Set([…])`; without items also `new Map()`. */
  #collection(): Value.Value {
    const tokens = this.#tokens
    tokens.next()
    const { source } = tokens
    if (source !== "Map" && source !== "Set") {
      return tokens.refuse(`only a Map or a Set can be constructed, not ${tokens.quotation()}`)
    }
    tokens.next()
    tokens.expect(types.parenL)
    const value = source === "Map" ? Value.map(this.#mapEntries()) : Value.jsset(this.#setItems())
    tokens.accept(types.comma)
    tokens.expect(types.parenR)
    return value
  }

  #mapEntries(): ReadonlyArray<Entry> {
    if (this.#tokens.here.type === types.parenR) return []
    return distinct(this.#row(() => this.#pair()))
  }

  #setItems(): ReadonlyArray<Value.Value> {
    if (this.#tokens.here.type === types.parenR) return []
    return distinct(this.#row(this.#value).map((item): Entry => [item, item])).map(([key]) => key)
  }

  #pair(): Entry {
    const [key, value, ...others] = this.#row(this.#value)
    return key === undefined || value === undefined || others.length > 0
      ? this.#tokens.refuse("an entry of a Map is a pair, `[key, value]`")
      : [key, value]
  }
}

const numberOf = (content: number | bigint): Value.Value =>
  typeof content === "bigint" ? Value.bigint(content) : Value.float(content)

/** Keys that SameValueZero finds equal are one: the first key with the last value. Containers equal only themselves. */
const distinct = (entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> => {
  const byKey = new Map<unknown, Entry>()
  for (const [given, value] of entries) {
    const key = given.kind === "float" && given.value === 0 ? Value.float(0) : given
    const identity = "items" in key || "entries" in key ? key : Value.encode(key)
    byKey.set(identity, [byKey.get(identity)?.[0] ?? key, value])
  }
  return [...byKey.values()]
}
