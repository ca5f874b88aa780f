/** The grammar of literals: texts that build data and compute nothing. The other way, values are written as such texts. */
import type { Value } from "@azr/core"
import { type GuestValue, SyntaxFault } from "@azr/wasm-host/guest"
import { type Node, parseExpressions } from "./syntax.ts"

const valueOf = ({ kind, parts, text }: Node): GuestValue => {
  const [first] = parts
  switch (kind) {
    case "Number":
      return BigInt(text)
    case "Unary":
      if (text === "-" && first?.kind === "Number") return -BigInt(first.text)
      break
    case "String":
      return text
    case "Boolean":
      return text === "true"
    case "List":
      return parts.map(valueOf)
  }
  throw new SyntaxFault("not a literal", null)
}

/** What stands between the parentheses of a call. Throws `SyntaxFault`. */
export const parseArguments = (text: string): ReadonlyArray<GuestValue> => parseExpressions(text).map(valueOf)

/** One value. Throws `SyntaxFault`. */
export const parseValue = (text: string): GuestValue => {
  const [value, ...others] = parseArguments(text)
  if (value === undefined || others.length > 0) throw new SyntaxFault("not one literal", null)
  return value
}

const writtenString = (text: string): string =>
  `"${text.replaceAll(/["\\]|[^\x20-\x7e\xa0-\u1fff]/gu, (character) =>
    character === '"' || character === "\\"
      ? `\\${character}`
      : character === "\n"
        ? "\\n"
        : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )}"`

/** The literal of a value; `parseValue` reads it back as it was. */
export const renderValue = (value: Value.Value): string => {
  switch (value.kind) {
    case "int":
    case "bool":
      return String(value.value)
    case "string":
      return writtenString(value.value)
    case "list":
      return `[${value.items.map(renderValue).join(", ")}]`
    default:
      throw new Error(`the language has no value of kind ${value.kind}`)
  }
}
