/**
 * Canonical values: JavaScript values to "Value JSON". `decode.ts` reads it back.
 *
 *     null, boolean, string        as in JSON; lone surrogates are unrepresentable
 *     number                       {"float": "<text>"}, with nan, inf, -inf and -0
 *     undefined, bigint            {"undefined": true}, {"bigint": "<decimal>"}
 *     Array                        [...]
 *     plain object                 {"dict": [[key, value], ...]} in property order
 *     Map, Set                     {"map": [[key, value], ...]}, {"jsset": [...]} in insertion order
 *
 * No code of the program runs while its value is read: an object counts by its own prototype and its own data
 * properties, and whatever could answer for itself (accessors, subclasses, symbols as keys) has no form.
 * There are no proxies (`sandbox.ts`). A plain object inherits from `Object.prototype` or from nothing, as
 * the objects of `Object.groupBy` and of named groups do. Holes, extra properties of arrays, maps and sets,
 * and properties that do not enumerate have no form either. Cycles run into the depth limit, repeated parts
 * into the length limit.
 */
import {
  arrayPrototype,
  codeUnitAt,
  eachOfMap,
  eachOfSet,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isArray,
  isWellFormed,
  mapPrototype,
  mapSize,
  match,
  objectPrototype,
  ownKeys,
  setPrototype,
  setSize,
  stringifyJson,
  toBigInt,
} from "./intrinsics.ts"

const MAX_DEPTH = 64
/**
 * A decimal digit is more than 3 bits: a longer integer is refused before the conversion, which is quadratic.
 */
const BITS_PER_DIGIT = 4

/** The encoding of a value, or why there is none. */
export interface Encoding {
  readonly kind: "encoded" | "unrepresentable" | "output"
  readonly text: string
}

let written = ""
let limit = 0
let left = 0
let reason: Encoding = { kind: "encoded", text: "" }

/** What is thrown with a `reason`. */
const refused = {}

/** Value JSON of `value`, at most `bytes` bytes of UTF-8. */
export const encode = (value: unknown, bytes: number): Encoding => {
  written = ""
  limit = left = bytes
  try {
    write(value, 0)
    return { kind: "encoded", text: written }
  } catch (error) {
    if (error === refused) return reason
    throw error
  }
}

const refuse = (kind: Encoding["kind"], text: string): never => {
  reason = { kind, text }
  throw refused
}

const unrepresentable = (what: string): never => refuse("unrepresentable", what + " has no canonical form")
const tooLong = (): never => refuse("output", "longer than " + limit + " bytes")

const put = (piece: string): void => {
  left -= piece.length
  if (left < 0) tooLong()
  written += piece
}

const write = (value: unknown, depth: number): void => {
  switch (typeof value) {
    case "string":
      return writeText(value)
    case "number":
      return put('{"float":"' + numberText(value) + '"}')
    case "boolean":
      return put(value ? "true" : "false")
    case "undefined":
      return put('{"undefined":true}')
    case "bigint":
      return writeBigInt(value)
    case "object":
      return value === null ? put("null") : writeObject(value, depth)
    default:
      return unrepresentable("a " + typeof value)
  }
}

const numberText = (value: number): string => {
  if (value !== value) return "nan"
  if (value === Infinity) return "inf"
  if (value === -Infinity) return "-inf"
  return value === 0 && 1 / value < 0 ? "-0" : "" + value
}

const beyondAscii = /[^\0-\x7f]/

const writeText = (value: string): void => {
  if (value.length > left) tooLong()
  if (!isWellFormed(value)) return unrepresentable("a string with lone surrogates")
  put(stringifyJson(value))
  if (match(beyondAscii, value) === null) return
  for (let index = 0; index < value.length; index++) {
    const unit = codeUnitAt(value, index)
    // The two halves of a pair make four bytes of UTF-8.
    if (unit > 0x7f) left -= unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  if (left < 0) tooLong()
}

const writeBigInt = (value: bigint): void => {
  const bound = 1n << toBigInt(BITS_PER_DIGIT * left)
  if (value >= bound || value <= -bound) tooLong()
  put('{"bigint":"' + value + '"}')
}

const writeObject = (value: object, depth: number): void => {
  if (depth >= MAX_DEPTH) return refuse("unrepresentable", "nested deeper than " + MAX_DEPTH)
  const prototype = getPrototypeOf(value)
  if (isArray(value)) {
    if (prototype !== arrayPrototype) return unrepresentable("an array of another class")
    return writeArray(value, depth + 1)
  }
  switch (prototype) {
    case objectPrototype:
    case null:
      return writeProperties(value, depth + 1)
    case mapPrototype:
      return writeMap(value, depth + 1)
    case setPrototype:
      return writeSet(value, depth + 1)
    default:
      return unrepresentable("an object that is no plain object, array, Map or Set")
  }
}

/** The value of an own data property. */
const property = (owner: object, key: string | number): unknown => {
  const descriptor = getOwnPropertyDescriptor(owner, key)
  if (descriptor === undefined) return unrepresentable("an array with holes")
  if (!hasOwn(descriptor, "value")) return unrepresentable("an object with accessors")
  if (!descriptor.enumerable) return unrepresentable("an object with properties that do not enumerate")
  return descriptor.value
}

const writeArray = (values: ReadonlyArray<unknown>, depth: number): void => {
  const { length } = values
  // Each element is at least a byte long.
  if (length > left) tooLong()
  if (ownKeys(values).length !== length + 1) {
    return unrepresentable("an array with holes or properties of its own")
  }
  put("[")
  for (let index = 0; index < length; index++) {
    if (index > 0) put(",")
    write(property(values, index), depth)
  }
  put("]")
}

const writeProperties = (value: object, depth: number): void => {
  const keys = ownKeys(value)
  put('{"dict":[')
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index]
    if (typeof key !== "string") return unrepresentable("an object with symbols as keys")
    put(index > 0 ? ",[" : "[")
    writeText(key)
    put(",")
    write(property(value, key), depth)
    put("]")
  }
  put("]}")
}

const writeMap = (value: object, depth: number): void => {
  requireGenuine(value, mapSize)
  let separator = "["
  put('{"map":[')
  eachOfMap(value, (item, key) => {
    put(separator)
    separator = ",["
    write(key, depth)
    put(",")
    write(item, depth)
    put("]")
  })
  put("]}")
}

const writeSet = (value: object, depth: number): void => {
  requireGenuine(value, setSize)
  let separator = ""
  put('{"jsset":[')
  eachOfSet(value, (item) => {
    put(separator)
    separator = ","
    write(item, depth)
  })
  put("]}")
}

/** That it is a collection and does not only inherit from one, and has no properties beside its content. */
const requireGenuine = (value: object, size: (collection: unknown) => unknown): void => {
  try {
    size(value)
  } catch {
    return unrepresentable("an object that is no plain object, array, Map or Set")
  }
  if (ownKeys(value).length > 0) return unrepresentable("a collection with properties of its own")
}
