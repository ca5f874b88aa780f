/** Values of the nano language: an integer, or a list of at most ten, all within −9 … 60. */
import { Value } from "@azr/core"
import { longestList } from "./bounds.ts"
import { isInteger, largestInteger, smallestInteger, tokenize } from "./vocabulary.ts"

export type NanoValue = number | ReadonlyArray<number>

const integerInBounds = (value: number): boolean => value >= smallestInteger && value <= largestInteger

export const inBounds = (value: NanoValue): boolean =>
  typeof value === "number"
    ? integerInBounds(value)
    : value.length <= longestList && value.every(integerInBounds)

/** Compact text of a value, e.g. `7` or `[1,-2]`. */
export const renderNano = (value: NanoValue): string =>
  typeof value === "number" ? String(value) : `[${value.join()}]`

/** Reads tokens as one value: an integer or a bracketed list of integers, of any length. */
export const nanoFromTokens = (tokens: ReadonlyArray<string>): NanoValue | null => {
  const first = tokens[0]
  if (first === undefined) return null
  if (tokens.length === 1) return isInteger(first) ? Number(first) : null
  const inside = tokens.slice(1, -1)
  return first === "[" && tokens.at(-1) === "]" && inside.every(isInteger) ? inside.map(Number) : null
}

export const nanoFromText = (text: string): NanoValue | null => {
  const tokens = tokenize(text)
  return tokens === null ? null : nanoFromTokens(tokens)
}

export const toValue = (value: NanoValue): Value.Value =>
  typeof value === "number" ? Value.int(value) : Value.list(value.map(Value.int))

/** A canonical value as a nano value, if it is an integer or a list of integers (bounds are not asked). */
export const fromValue = (value: Value.Value): NanoValue | null => {
  if (value.kind === "int") return Number(value.value)
  if (value.kind !== "list") return null
  const items: Array<number> = []
  for (const item of value.items) {
    if (item.kind !== "int") return null
    items.push(Number(item.value))
  }
  return items
}
