/** Lua literals as the JSON of canonical values, read off the tree of a parser. Nothing is evaluated. */
import luaparse from "luaparse"

export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [tag: string]: Json }
type Node = luaparse.Node

/** Of a text that is no literal. */
export class NotLiteral extends Error {}

const options = { luaVersion: "5.3", comments: false, encodingMode: "pseudo-latin1" } as const

/** The values of an argument list, `1, "a", {x = 2}`. */
export const readArguments = (text: string): ReadonlyArray<Json> => {
  try {
    const [only, ...others] = luaparse.parse(`return ${latin1(text)}`, options).body
    if (only?.type === "ReturnStatement" && others.length === 0) return only.arguments.map(read)
  } catch (error) {
    throw new NotLiteral(error instanceof NotLiteral ? error.message : "it does not read as Lua data")
  }
  throw new NotLiteral("it is no list of values")
}

/** UTF-8, a character a byte: how Lua sees a text. */
const latin1 = (text: string): string =>
  encodeURIComponent(text).replace(/%(..)/g, (_, byte: string) => String.fromCharCode(parseInt(byte, 16)))
const utf8 = (bytes: string): string =>
  decodeURIComponent(bytes.replace(/[^]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`))

const fits = (value: number): boolean => Number.isInteger(value) && Math.abs(value + 0.5) < 2 ** 31
const constants: Readonly<Record<string, number>> = { huge: Infinity, pi: Math.PI }
const integers: Readonly<Record<string, number>> = { maxinteger: 2 ** 31 - 1, mininteger: -(2 ** 31) }

/** A float as canonical JSON. */
export const float = (value: number): Json => ({
  float: Object.is(value, -0) ? "-0" : String(value).replace("NaN", "nan").replace("Infinity", "inf"),
})

const number = (raw: string, value: number): Json => {
  if (/^0x[\da-f]+$/i.test(raw)) return Number(BigInt.asIntN(32, BigInt(raw)))
  return /^\d+$/.test(raw) && fits(value) ? value : float(value)
}

const read = (node: Node): Json => {
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
      const negated = node.operator === "-" ? read(node.argument) : null
      if (typeof negated === "number") return 0 - negated
      if (negated !== null && typeof negated === "object" && "float" in negated)
        return float(-Number(String(negated["float"]).replace("inf", "Infinity")))
      break
    }
    case "MemberExpression": {
      const name = node.base.type === "Identifier" && node.base.name === "math" ? node.identifier.name : ""
      if (Object.hasOwn(integers, name)) return integers[name] as number
      if (Object.hasOwn(constants, name)) return float(constants[name] as number)
      break
    }
    case "BinaryExpression":
      if (node.operator === "/" && read(node.left) === 0 && read(node.right) === 0) return float(NaN)
  }
  throw new NotLiteral(`${node.type} is no literal`)
}

const entriesOf = ({ fields }: luaparse.TableConstructorExpression): Array<readonly [Json, Json]> => {
  let position = 0
  const keyOf = (field: (typeof fields)[number]): Json => {
    if (field.type === "TableValue") return (position += 1)
    const key = field.type === "TableKeyString" ? field.key.name : read(field.key)
    const given = typeof key === "object" && key !== null && "float" in key ? Number(key["float"]) : 0.5
    return fits(given) ? given : key
  }
  const entries = fields.map((field) => [keyOf(field), read(field.value)] as const)
  const keys = new Set(entries.map(([key]) => JSON.stringify(key)))
  if (keys.size < entries.length) throw new NotLiteral("a table with the same key twice")
  const absurd = entries.some(
    ([key]) => key === null || Array.isArray(key) || (typeof key === "object" && "dict" in key),
  )
  if (absurd || keys.has('{"float":"nan"}'))
    throw new NotLiteral("a key that is neither number, text nor boolean")
  return entries.filter(([, value]) => value !== null)
}

const rank = (key: Json): number => ["number", "object", "string", "boolean"].indexOf(typeof key)

/** A table: a list where its keys are 1 … n, else a dict in the order of its keys, since Lua leaves that open. */
export const table = (entries: Array<readonly [Json, Json]>): Json => {
  const size = entries.length
  const isList = entries.every(([key]) => typeof key === "number" && key >= 1 && key <= size)
  const sorted = entries.sort(([a], [b]) =>
    rank(a) !== rank(b) ? rank(a) - rank(b) : typeof a === "number" ? a - (b as number) : order(a, b),
  )
  return isList ? sorted.map(([, value]) => value) : { dict: sorted.map((entry) => [...entry]) }
}

const order = (a: Json, b: Json): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
