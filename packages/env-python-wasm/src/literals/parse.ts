/**
 * Python literals as values. Nothing is evaluated and nothing but this grammar is accepted:
 *
 *     value       number | -number | +number | real + imaginary | strings | None | True | False
 *                 | (…) | […] | {…} of values, keys hashable; comments and line ends inside brackets
 *     arguments   value, value, …        as between the parentheses of a call
 *
 * This is what `ast.literal_eval` accepts, less `...` and `set()`, plus blank lines around. Constructor expressions
 * are the executor's affair. Linear time (sets sort their members); brackets nest at most 64 deep.
 */
import { Value } from "@azr/core"
import { Result } from "effect"
import { NotLiteral, Reader, isNameCharacter } from "./Reader.ts"
import { readNumber, startsNumber } from "./number.ts"
import { readStrings, startsString } from "./string.ts"

export const parseValue = (text: string): Result.Result<Value.Value, string> =>
  reading(text, (parser) => parser.wholeValue())

export const parseArguments = (text: string): Result.Result<ReadonlyArray<Value.Value>, string> =>
  reading(text, (parser) => parser.wholeArguments())

/** Runs a parser over the whole text; every refusal is a result. */
const reading = <A>(text: string, read: (parser: Parser) => A): Result.Result<A, string> => {
  try {
    return Result.succeed(read(new Parser(new Reader(text))))
  } catch (error) {
    if (error instanceof NotLiteral) return Result.fail(error.message)
    throw error
  }
}

/** A value and how it was written: only an unsigned number takes a sign, and only numbers can be summed. */
interface Operand {
  readonly value: Value.Value
  readonly form: "number" | "signedNumber" | "other"
}

const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" }
const constants: Readonly<Record<string, Value.Value>> = {
  None: Value.none,
  True: Value.bool(true),
  False: Value.bool(false),
}

/** Recursive descent; no deeper than `Value.maxDepth`. Methods leave the reader behind what they read. */
class Parser {
  readonly #reader: Reader
  /** Open brackets. */
  #depth = 0
  /** Whether line ends and comments are skipped: inside brackets, and between arguments. */
  #lines = false

  constructor(reader: Reader) {
    this.#reader = reader
  }

  wholeValue(): Value.Value {
    const reader = this.#reader
    reader.skip(true)
    const first = this.#expression()
    reader.skip(false)
    // A comma outside brackets makes a tuple.
    const value = reader.accept(",") ? Value.tuple([first.value, ...this.#items("").values]) : first.value
    this.#expectEnd()
    return value
  }

  wholeArguments(): ReadonlyArray<Value.Value> {
    this.#lines = true
    const { values } = this.#items("")
    this.#expectEnd()
    return values
  }

  #expectEnd(): void {
    this.#reader.skip(true)
    if (!this.#reader.atEnd) this.#unexpected()
  }

  #unexpected(): never {
    return this.#reader.refuse(`unexpected ${this.#reader.quotation()}`)
  }

  /** An operand, or a complex number written as a sum. */
  #expression(): Operand {
    const reader = this.#reader
    const left = this.#operand()
    const end = reader.at
    reader.skip(this.#lines)
    const isSum = reader.accept("+")
    if (!isSum && !reader.accept("-")) {
      reader.at = end
      return left
    }
    reader.skip(this.#lines)
    const right = this.#operand()
    const isReal = left.form !== "other" && (left.value.kind === "int" || left.value.kind === "float")
    if (!isReal || right.form !== "number" || right.value.kind !== "complex") {
      return reader.refuse("arithmetic is not a literal, except complex numbers like `1+2j`")
    }
    const real = Number((left.value as Extract<Value.Value, { kind: "int" | "float" }>).value)
    if (left.value.kind === "int" && !Number.isFinite(real))
      return reader.refuse("an integer too large for a float")
    const imaginary = right.value.imaginary
    // Signs of zero as CPython 3.14 computes `real + 2j` and `real - 2j`.
    return {
      value: isSum ? Value.complex(real + 0, imaginary) : Value.complex(real, -imaginary),
      form: "other",
    }
  }

  #operand(): Operand {
    const reader = this.#reader
    if (reader.here === "-" || reader.here === "+") return this.#signed()
    if (startsNumber(reader)) return { value: readNumber(reader), form: "number" }
    if (startsString(reader)) return { value: readStrings(reader, this.#lines), form: "other" }
    const closer = closers[reader.here]
    if (closer !== undefined) return this.#bracketed(closer)
    return { value: this.#constant(), form: "other" }
  }

  #signed(): Operand {
    const reader = this.#reader
    const negative = reader.here === "-"
    reader.at++
    reader.skip(this.#lines)
    // Checked before reading on: a long row of signs must not become deep recursion.
    if (reader.here === "-" || reader.here === "+") return reader.refuse("a number has one sign")
    const { form, value } = this.#operand()
    if (form !== "number") return reader.refuse("a sign without a number")
    return { value: negative ? negated(value) : value, form: "signedNumber" }
  }

  #constant(): Value.Value {
    const reader = this.#reader
    const start = reader.at
    const name = reader.takeWhile(isNameCharacter)
    if (Object.hasOwn(constants, name)) return constants[name] as Value.Value
    reader.at = start
    return reader.refuse(`expected a literal, found ${reader.quotation()}`)
  }

  #bracketed(closer: string): Operand {
    const reader = this.#reader
    if (this.#depth === Value.maxDepth) return reader.refuse(`nested deeper than ${Value.maxDepth}`)
    reader.at++
    const outerLines = this.#lines
    this.#depth++
    this.#lines = true
    const operand = closer === "}" ? this.#braces() : this.#row(closer)
    this.#depth--
    this.#lines = outerLines
    return operand
  }

  /** Behind `(` or `[`. */
  #row(closer: string): Operand {
    const { only, values } = this.#items(closer)
    if (closer === "]") return { value: Value.list(values), form: "other" }
    return only ?? { value: Value.tuple(values), form: "other" }
  }

  /**
   * Values up to `closer`, which is stepped over; without a closer, up to where no value follows a comma. `only` is a
   * single value without a comma behind it: in parentheses that is the value itself.
   */
  #items(closer: string): { readonly values: ReadonlyArray<Value.Value>; readonly only: Operand | null } {
    const reader = this.#reader
    const values: Array<Value.Value> = []
    let only: Operand | null = null
    for (;;) {
      reader.skip(this.#lines)
      if (this.#closes(closer)) return { values, only: null }
      const item = this.#expression()
      only = values.length === 0 ? item : null
      values.push(item.value)
      reader.skip(this.#lines)
      if (reader.accept(",")) continue
      if (this.#closes(closer)) return { values, only }
      return this.#unexpected()
    }
  }

  /** Steps over the closer; without one, the end of the text or line closes. */
  #closes(closer: string): boolean {
    const reader = this.#reader
    return closer === "" ? reader.atEnd || reader.here === "\n" || reader.here === "#" : reader.accept(closer)
  }

  /** Behind `{`: a dictionary or a set, whichever the first item shows. */
  #braces(): Operand {
    const reader = this.#reader
    const entries: Array<readonly [Value.Value, Value.Value | null]> = []
    for (;;) {
      reader.skip(true)
      if (reader.accept("}")) break
      const key = this.#hashable()
      reader.skip(true)
      entries.push([key, this.#entryValue(entries[0])])
      reader.skip(true)
      if (reader.accept(",")) continue
      if (reader.accept("}")) break
      return this.#unexpected()
    }
    return {
      value: isSet(entries) ? Value.set(distinct(entries).map(([key]) => key)) : dictOf(entries),
      form: "other",
    }
  }

  #hashable(): Value.Value {
    const { value } = this.#expression()
    if (!isHashable(value)) return this.#reader.refuse(`a ${value.kind} is not hashable`)
    return value
  }

  /** The part behind a key's colon, or null for the member of a set; all items are of the first one's kind. */
  #entryValue(first: readonly [Value.Value, Value.Value | null] | undefined): Value.Value | null {
    const reader = this.#reader
    const isEntry = reader.here === ":"
    if (first !== undefined && isEntry !== (first[1] !== null)) return this.#unexpected()
    if (!reader.accept(":")) return null
    reader.skip(true)
    return this.#expression().value
  }
}

const negated = (value: Value.Value): Value.Value => {
  switch (value.kind) {
    case "int":
      return Value.int(-value.value)
    case "float":
      return Value.float(-value.value)
    case "complex":
      return Value.complex(-value.real, -value.imaginary)
    default:
      return value
  }
}

const isHashable = (value: Value.Value): boolean =>
  value.kind === "tuple" ? value.items.every(isHashable) : !["list", "dict", "set"].includes(value.kind)

type Entries = ReadonlyArray<readonly [Value.Value, Value.Value | null]>

const isSet = (entries: Entries): boolean => entries[0] !== undefined && entries[0][1] === null

/** Keys that Python finds equal are one: the first key with the last value. */
const distinct = (entries: Entries): Entries => {
  const byKey = new Map<string, readonly [Value.Value, Value.Value | null]>()
  for (const [key, value] of entries) {
    const form = Value.normalForm(key, "python")
    byKey.set(form, [byKey.get(form)?.[0] ?? key, value])
  }
  return [...byKey.values()]
}

const dictOf = (entries: Entries): Value.Value =>
  Value.dict(distinct(entries).map(([key, value]) => [key, value ?? Value.none]))
