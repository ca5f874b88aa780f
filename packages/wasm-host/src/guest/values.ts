/**
 * Values of a guest as the host knows them (core's `Value`, as JSON):
 *
 * | in the guest | kind | JSON |
 * |---|---|---|
 * | `null`, boolean, string | the same | the same |
 * | bigint | `int` | `12`, beyond ±(2^53−1) `{"int": "…"}` |
 * | number | `float` | `{"float": "1.5"}`, also `nan`, `inf`, `-inf`, `-0` |
 * | array | `list` | `[…]` |
 * | Map | `dict` | `{"dict": [[key, value], …]}`, in order |
 */
import { NoResult } from "./failures.ts"

export type GuestValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | ReadonlyArray<GuestValue>
  | ReadonlyMap<GuestValue, GuestValue>

const maxDepth = 64

const floatText = (value: number): string =>
  Number.isNaN(value)
    ? "nan"
    : value === Infinity
      ? "inf"
      : value === -Infinity
        ? "-inf"
        : Object.is(value, -0)
          ? "-0"
          : String(value)

/** A decimal digit is more than 3 bits: a longer integer is refused before it is written, which takes quadratic time. */
const isLonger = (value: bigint, characters: number): boolean =>
  BigInt.asIntN(4 * characters + 64, value) !== value

/** The JSON of a value; throws `NoResult` for what is none, and for what is longer than so many characters. */
export const toJson = (value: GuestValue, characters: number): unknown => {
  let left = characters
  const take = (count: number) => {
    left -= count
    if (left < 0) throw new NoResult("output", `longer than ${characters} bytes`)
  }
  const write = (part: GuestValue, depth: number): unknown => {
    if (depth > maxDepth) throw new NoResult("unrepresentable", `nested deeper than ${maxDepth}`)
    switch (typeof part) {
      case "boolean":
        take(4)
        return part
      case "string":
        take(part.length + 2)
        if (!part.isWellFormed()) throw new NoResult("unrepresentable", "a string with lone surrogates")
        return part
      case "bigint": {
        if (isLonger(part, left)) take(left + 1)
        const text = String(part)
        take(text.length)
        const small = Number(part)
        return Number.isSafeInteger(small) ? small : { int: text }
      }
      case "number":
        take(11)
        return { float: floatText(part) }
      case "object":
        break
      default:
        throw new NoResult("unrepresentable", `a ${typeof part} has no canonical form`)
    }
    take(2)
    if (part === null) return null
    if (Array.isArray(part)) {
      take(Math.max(0, part.length - 1))
      return part.map((item) => write(item as GuestValue, depth + 1))
    }
    if (part instanceof Map) {
      return {
        dict: [...part].map(([key, item]: readonly [GuestValue, GuestValue]) => {
          take(3)
          return [write(key, depth + 1), write(item, depth + 1)]
        }),
      }
    }
    throw new NoResult("unrepresentable", "an object has no canonical form")
  }
  return write(value, 0)
}

/** Reads the JSON of a value that the guest's language has. */
export const fromJson = (json: unknown): GuestValue => {
  if (json === null || typeof json === "boolean" || typeof json === "string") return json
  if (typeof json === "number") return BigInt(json)
  if (Array.isArray(json)) return json.map(fromJson)
  const [[tag, content] = ["", null]] = Object.entries(json as object)
  switch (tag) {
    case "int":
      return BigInt(content as string)
    case "float":
      return content === "nan" ? Number.NaN : Number((content as string).replace("inf", "Infinity"))
    case "dict":
      return new Map(
        (content as ReadonlyArray<readonly [unknown, unknown]>).map(
          ([key, item]) => [fromJson(key), fromJson(item)] as const,
        ),
      )
    default:
      throw new TypeError(`no value of this guest: ${tag}`)
  }
}
