/** Lua literals as values, read off the tree of a parser. Nothing is evaluated. */
import { type GuestValue, SyntaxFault } from "@azr/wasm-host/guest"
import luaparse from "luaparse"

type Entry = readonly [key: GuestValue, value: GuestValue]

const options = { luaVersion: "5.3", comments: false, encodingMode: "pseudo-latin1" } as const
const refuse = (message: string): SyntaxFault => new SyntaxFault(message, null)

/** The values of an argument list, `1, "a", {x = 2}`. */
export const readArguments = (text: string): ReadonlyArray<GuestValue> => {
  try {
    const [only, ...others] = luaparse.parse(`return ${latin1(text)}`, options).body
    if (only?.type === "ReturnStatement" && others.length === 0) return only.arguments.map(read)
  } catch (error) {
    throw error instanceof SyntaxFault ? error : refuse("it does not read as Lua data")
  }
  throw refuse("it is no list of values")
}

export const readValue = (text: string): GuestValue => {
  const [value, ...others] = readArguments(text)
  if (value === undefined || others.length > 0) throw refuse("expected one value")
  return value
}

/** UTF-8, a character a byte: how Lua sees a text. */
const latin1 = (text: string): string =>
  encodeURIComponent(text).replace(/%(..)/g, (_, byte: string) => String.fromCharCode(parseInt(byte, 16)))
const utf8 = (bytes: string): string =>
  decodeURIComponent(bytes.replace(/[^]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`))

const isInteger = (value: number): boolean => (value | 0) === value
const constants: Readonly<Record<string, GuestValue>> = {
  huge: Infinity,
  pi: Math.PI,
  maxinteger: 2n ** 31n - 1n,
  mininteger: -(2n ** 31n),
}

const number = (raw: string, value: number): GuestValue => {
  if (/^0x[\da-f]+$/i.test(raw)) return BigInt.asIntN(32, BigInt(raw))
  return /^\d+$/.test(raw) && isInteger(value) ? BigInt(value) : value
}

const read = (node: luaparse.Node): GuestValue => {
  switch (node.type) {
    case "NilLiteral":
    case "BooleanLiteral":
      return node.value
    case "NumericLiteral":
      return number(node.raw, node.value)
    case "StringLiteral":
      return utf8(node.value)
    case "TableConstructorExpression":
      return table(entriesOf(node))
    case "UnaryExpression": {
      const value = node.operator === "-" ? read(node.argument) : null
      if (typeof value === "bigint" || typeof value === "number") return -value
      break
    }
    case "MemberExpression": {
      const { base, identifier } = node
      const isConstant =
        base.type === "Identifier" && base.name === "math" && Object.hasOwn(constants, identifier.name)
      if (isConstant) return constants[identifier.name] as GuestValue
      break
    }
    case "BinaryExpression":
      if (node.operator === "/" && read(node.left) === 0n && read(node.right) === 0n) return Number.NaN
  }
  throw refuse(`${node.type} is no literal`)
}

const entriesOf = ({ fields }: luaparse.TableConstructorExpression): Array<Entry> => {
  let position = 0n
  const keyOf = (field: (typeof fields)[number]): GuestValue => {
    if (field.type === "TableValue") return (position += 1n)
    const key = field.type === "TableKeyString" ? field.key.name : read(field.key)
    return typeof key === "number" && isInteger(key) ? BigInt(key) : key
  }
  const entries = fields.map((field): Entry => [keyOf(field), read(field.value)])
  const isKey = ([key]: Entry): boolean => key !== null && typeof key !== "object" && !Number.isNaN(key)
  if (!entries.every(isKey)) throw refuse("a key that is neither number, text nor boolean")
  if (new Set(entries.map(([key]) => key)).size < entries.length)
    throw refuse("a table with the same key twice")
  return entries.filter(([, value]) => value !== null)
}

/** A table: a list where its keys are 1 … n, else entries in the order of their keys, since Lua leaves that open. */
export const table = (entries: ReadonlyArray<Entry>): GuestValue => {
  const size = entries.length
  const isList = entries.every(([key]) => typeof key === "bigint" && key >= 1n && key <= size)
  const sorted = entries.toSorted(([a], [b]) => rank(a) - rank(b) || ((a as string) < (b as string) ? -1 : 1))
  return isList ? sorted.map(([, value]) => value) : new Map(sorted)
}

const rank = (key: GuestValue): number => ["bigint", "number", "string", "boolean"].indexOf(typeof key)
