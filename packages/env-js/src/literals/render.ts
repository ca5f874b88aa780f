/**
 * Values as JavaScript text that reads back as the same value: literals, and `new Map([…])` and `new Set([…])` for the
 * containers that have no literal.
 */
import { Value } from "@azr/core"

export const renderValue = (value: Value.Value): string => {
  switch (value.kind) {
    case "null":
    case "undefined":
      return value.kind
    case "bool":
      return String(value.value)
    case "float":
      return Object.is(value.value, -0) ? "-0" : String(value.value)
    case "bigint":
      return `${value.value}n`
    case "string":
      return quoted(value.value)
    case "list":
      return `[${renderArguments(value.items)}]`
    case "dict":
      return value.entries.length === 0 ? "{}" : `{ ${value.entries.map(property).join(", ")} }`
    case "map":
      return `new Map([${value.entries.map((entry) => `[${renderArguments(entry)}]`).join(", ")}])`
    case "jsset":
      return `new Set([${renderArguments(value.items)}])`
    case "int":
    case "bytes":
    case "complex":
    case "tuple":
    case "set":
    case "frozenset":
      throw new RangeError(`a value of kind ${value.kind} has no JavaScript form`)
  }
}

export const renderArguments = (values: ReadonlyArray<Value.Value>): string =>
  values.map(renderValue).join(", ")

const property = ([key, value]: readonly [Value.Value, Value.Value]): string => {
  if (key.kind !== "string") throw new RangeError(`a property is named by a string, not by a ${key.kind}`)
  return `${propertyName(key.value)}: ${renderValue(value)}`
}

const plainName = /^[A-Za-z_$][\w$]*$/
const arrayIndex = /^(0|[1-9]\d{0,8})$/

const propertyName = (name: string): string => {
  // Written without brackets, it would set the prototype.
  if (name === "__proto__") return '["__proto__"]'
  return plainName.test(name) || arrayIndex.test(name) ? name : quoted(name)
}

/** As `JSON.stringify` quotes, and what cannot be seen is escaped as well. */
const quoted = (content: string): string =>
  JSON.stringify(content).replaceAll(/\p{C}|(?! )\p{Z}/gu, codeEscape)

const codeEscape = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  const digits = code.toString(16)
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`
  return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\u{${digits}}`
}
