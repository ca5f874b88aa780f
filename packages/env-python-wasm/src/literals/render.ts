/**
 * Values as Python text: what `repr` writes, where that reads back as the same value. Where it does not, a constructor
 * expression: `float('nan')`, `complex(-0.0, 1.0)`, `set()`, `frozenset({1})`.
 */
import { Value } from "@azr/core"

export const renderValue = (value: Value.Value): string => {
  switch (value.kind) {
    case "null":
      return "None"
    case "bool":
      return value.value ? "True" : "False"
    case "int":
      return value.value.toString()
    case "float":
      return Number.isFinite(value.value) ? floatText(value.value) : constructedFloat(value.value)
    case "complex":
      return complexText(value.real, value.imaginary)
    case "string":
      return quoted(value.value, "", escapeText)
    case "bytes":
      return quoted(latin1OfHex(value.hex), "b", escapeByte)
    case "list":
      return `[${renderArguments(value.items)}]`
    case "tuple":
      return value.items.length === 1
        ? `(${renderArguments(value.items)},)`
        : `(${renderArguments(value.items)})`
    case "dict":
      return `{${value.entries.map(([key, item]) => `${renderValue(key)}: ${renderValue(item)}`).join(", ")}}`
    case "set":
      return value.items.length === 0 ? "set()" : `{${renderArguments(value.items)}}`
    case "frozenset":
      return value.items.length === 0 ? "frozenset()" : `frozenset({${renderArguments(value.items)}})`
    case "undefined":
    case "bigint":
    case "map":
    case "jsset":
      throw new RangeError(`a value of kind ${value.kind} has no Python form`)
  }
}

export const renderArguments = (values: ReadonlyArray<Value.Value>): string =>
  values.map(renderValue).join(", ")

const constructedFloat = (value: number): string =>
  Number.isNaN(value) ? "float('nan')" : value > 0 ? "float('inf')" : "float('-inf')"

/** `repr` of a finite float: the shortest digits that read back, with an exponent below 1e-4 and from 1e16 on. */
const floatText = (value: number): string => {
  const text = shortestText(value)
  return text.includes(".") || text.includes("e") ? text : `${text}.0`
}

/** The same without a final `.0`, as `repr` writes the parts of a complex number. */
const shortestText = (value: number): string => {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0"
  const [mantissa = "", exponentText = ""] = Math.abs(value).toExponential().split("e")
  const digits = mantissa.replace(".", "")
  const exponent = Number(exponentText)
  const sign = value < 0 ? "-" : ""
  if (exponent < -4 || exponent >= 16) {
    return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0")
  const fraction = digits.slice(exponent + 1)
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}`
}

const complexText = (real: number, imaginary: number): string => {
  const isReadBack =
    Number.isFinite(real) &&
    Number.isFinite(imaginary) &&
    // `-0` is an integer zero, and `-2j` has a negative real zero.
    !Object.is(real, -0) &&
    !(Object.is(real, 0) && (imaginary < 0 || Object.is(imaginary, -0)))
  if (!isReadBack) return `complex(${renderArguments([Value.float(real), Value.float(imaginary)])})`
  if (real === 0) return `${shortestText(imaginary)}j`
  const sign = imaginary < 0 || Object.is(imaginary, -0) ? "" : "+"
  return `(${shortestText(real)}${sign}${shortestText(imaginary)}j)`
}

/** Single quotes, unless only double ones save escapes. */
const quoted = (content: string, prefix: string, escape: (character: string) => string): string => {
  const quote = content.includes("'") && !content.includes('"') ? '"' : "'"
  const body = Array.from(content, (character) => (character === quote ? `\\${quote}` : escape(character)))
  return `${prefix}${quote}${body.join("")}${quote}`
}

const named: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }

/** Other, separator and unassigned characters, as `str.isprintable` has them; the space is printable. */
const unprintable = /[\p{C}\p{Z}]/u

const escapeText = (character: string): string => {
  if (character === " ") return character
  return (
    named[character] ?? (unprintable.test(character) ? codeEscape(character.codePointAt(0) ?? 0) : character)
  )
}

const codeEscape = (code: number): string => {
  const digits = code.toString(16)
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`
  return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`
}

const escapeByte = (character: string): string => {
  const code = character.charCodeAt(0)
  return named[character] ?? (code < 0x20 || code > 0x7e ? codeEscape(code) : character)
}

const latin1OfHex = (hex: string): string =>
  Array.from({ length: hex.length / 2 }, (_, index) =>
    String.fromCharCode(Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16)),
  ).join("")
