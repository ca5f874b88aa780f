/**
 * The canonical value: the only form in which a program's input or output crosses a border.
 *
 * One text encoding (JSON, see `encode`), one parser (`parse`), and equality by normal form. Verdicts compare
 * canonical values in the host; a guest only ever sends the text (docs/INVARIANTS.md, rules 2 and 3).
 *
 * | kind | Python | JavaScript | JSON |
 * |---|---|---|---|
 * | `null` | `None` | `null` | `null` |
 * | `bool` | `bool` | `boolean` | `true`, `false` |
 * | `int` | `int` | | `12`, beyond ±(2^53−1) `{"int":"…"}` |
 * | `float` | `float` | `number` | `{"float":"1.5"}`, also `nan`, `inf`, `-inf`, `-0` |
 * | `string` | `str` | `string` | `"…"` |
 * | `bytes` | `bytes` | | `{"bytes":"00ff"}` |
 * | `complex` | `complex` | | `{"complex":["1","-2.5"]}` |
 * | `list` | `list` | `Array` | `[…]` |
 * | `tuple` | `tuple` | | `{"tuple":[…]}` |
 * | `dict` | `dict` | plain object | `{"dict":[[k,v],…]}`, in order |
 * | `set`, `frozenset` | `set`, `frozenset` | | `{"set":[…]}`, sorted |
 * | `undefined`, `bigint` | | `undefined`, `bigint` | `{"undefined":true}`, `{"bigint":"…"}` |
 * | `map`, `jsset` | | `Map`, `Set` | `{"map":[[k,v],…]}`, `{"jsset":[…]}`, in order |
 */
import { Effect, Result, Schema, SchemaGetter, SchemaIssue } from "effect"

export type Value =
  | { readonly kind: "null" }
  | { readonly kind: "undefined" }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "int" | "bigint"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "bytes"; readonly hex: string }
  | { readonly kind: "complex"; readonly real: number; readonly imaginary: number }
  | { readonly kind: SequenceKind; readonly items: ReadonlyArray<Value> }
  | { readonly kind: MappingKind; readonly entries: ReadonlyArray<readonly [Value, Value]> }

type SequenceKind = "list" | "tuple" | "set" | "frozenset" | "jsset"
type MappingKind = "dict" | "map"

/** Values nest at most this deep; guests refuse deeper ones as unrepresentable. */
export const maxDepth = 64

export const none: Value = { kind: "null" }
export const undefinedValue: Value = { kind: "undefined" }
export const bool = (value: boolean): Value => ({ kind: "bool", value })
export const int = (value: number | bigint): Value => ({ kind: "int", value: BigInt(value) })
export const bigint = (value: bigint): Value => ({ kind: "bigint", value })
export const float = (value: number): Value => ({ kind: "float", value })
export const string = (value: string): Value => ({ kind: "string", value })
export const bytes = (hex: string): Value => ({ kind: "bytes", hex })
export const complex = (real: number, imaginary: number): Value => ({ kind: "complex", real, imaginary })
export const list = (items: ReadonlyArray<Value>): Value => ({ kind: "list", items })
export const tuple = (items: ReadonlyArray<Value>): Value => ({ kind: "tuple", items })
export const set = (items: ReadonlyArray<Value>): Value => unordered("set", items)
export const frozenset = (items: ReadonlyArray<Value>): Value => unordered("frozenset", items)
export const jsset = (items: ReadonlyArray<Value>): Value => ({ kind: "jsset", items })
export const dict = (entries: ReadonlyArray<readonly [Value, Value]>): Value => ({ kind: "dict", entries })
export const map = (entries: ReadonlyArray<readonly [Value, Value]>): Value => ({ kind: "map", entries })

/** Sets have no order of their own: theirs is the order of their members' encodings. */
const unordered = (kind: "set" | "frozenset", items: ReadonlyArray<Value>): Value => ({
  kind,
  items: items
    .map((item) => ({ item, key: encode(item) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ item }) => item),
})

// ---------------------------------------------------------------------------------------------- encoding

export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** A text that is not the encoding of a value. `at` is the path inside it, e.g. `$.dict[0][1]`. */
export class ValueError extends Schema.TaggedError<ValueError>()("ValueError", {
  at: Schema.String,
  message: Schema.String,
}) {}

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

/** The canonical JSON of a value. Equal values under `strict` equality have the same JSON. */
export const toJson = (value: Value): Json => {
  switch (value.kind) {
    case "null":
      return null
    case "undefined":
      return { undefined: true }
    case "bool":
    case "string":
      return value.value
    case "int": {
      const small = Number(value.value)
      return Number.isSafeInteger(small) ? small : { int: String(value.value) }
    }
    case "bigint":
      return { bigint: String(value.value) }
    case "float":
      return { float: floatText(value.value) }
    case "bytes":
      return { bytes: value.hex }
    case "complex":
      return { complex: [floatText(value.real), floatText(value.imaginary)] }
    case "list":
      return value.items.map(toJson)
    case "tuple":
    case "set":
    case "frozenset":
    case "jsset":
      return { [value.kind]: value.items.map(toJson) }
    case "dict":
    case "map":
      return { [value.kind]: value.entries.map(([key, item]) => [toJson(key), toJson(item)]) }
  }
}

/** Canonical text. `parse(encode(v))` is `v`, and `encode(a) === encode(b)` exactly when `a` and `b` are strictly equal. */
export const encode = (value: Value): string => JSON.stringify(toJson(value))

const integerPattern = /^-?(0|[1-9][0-9]*)$/
const floatPattern = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i
const hexPattern = /^[0-9a-f]*$/

/** Reads the JSON of a value. Total: any JSON gives a value or a `ValueError` that says where it is wrong. */
export const fromJson = (json: unknown): Result.Result<Value, ValueError> => {
  try {
    return Result.succeed(read(json, "$", 0))
  } catch (error) {
    if (error instanceof ValueError) return Result.fail(error)
    throw error
  }
}

/** Reads `encode`'s text, or any JSON text of the same form. */
export const parse = (text: string): Result.Result<Value, ValueError> => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // Syntax errors, and the RangeError of a text that nests too deep for the JSON parser.
    return Result.fail(new ValueError({ at: "$", message: "not JSON" }))
  }
  return fromJson(json)
}

// Throws ValueError, to stay readable; `fromJson` turns that into a Result at the only border.
const read = (json: unknown, at: string, depth: number): Value => {
  const refuse = (message: string): never => {
    throw new ValueError({ at, message })
  }
  if (depth > maxDepth) return refuse(`nested deeper than ${maxDepth}`)
  if (json === null) return none
  switch (typeof json) {
    case "boolean":
      return bool(json)
    case "number":
      return Number.isSafeInteger(json)
        ? int(json)
        : refuse("a JSON number must be an integer within ±(2^53−1)")
    case "string":
      return json.isWellFormed() ? string(json) : refuse("a string with lone surrogates")
    case "object":
      break
    default:
      return refuse(`not JSON: ${typeof json}`)
  }
  const readAll = (items: unknown, where: string): ReadonlyArray<Value> =>
    Array.isArray(items)
      ? items.map((item, index) => read(item, `${where}[${index}]`, depth + 1))
      : refuse(`${where} must be an array`)
  if (Array.isArray(json)) return list(readAll(json, at))

  const keys = Object.keys(json)
  const tag = keys[0]
  if (keys.length !== 1 || tag === undefined) return refuse("an object must have exactly one key, its tag")
  const content: unknown = (json as Record<string, unknown>)[tag]
  const inside = `${at}.${tag}`
  const text = (pattern: RegExp): string =>
    typeof content === "string" && pattern.test(content) ? content : refuse(`${inside} is malformed`)
  const double = (part: unknown): number => {
    if (part === "nan") return Number.NaN
    if (part === "inf") return Infinity
    if (part === "-inf") return -Infinity
    return typeof part === "string" && floatPattern.test(part)
      ? Number(part)
      : refuse(`${inside} is malformed`)
  }
  switch (tag) {
    case "undefined":
      return content === true ? undefinedValue : refuse(`${inside} must be true`)
    case "int":
      return int(BigInt(text(integerPattern)))
    case "bigint":
      return bigint(BigInt(text(integerPattern)))
    case "float":
      return float(double(content))
    case "bytes": {
      // The pattern is not of pairs: a group that repeats millions of times overflows the stack of the regular expression.
      const hex = text(hexPattern)
      return hex.length % 2 === 0 ? bytes(hex) : refuse(`${inside} is malformed`)
    }
    case "complex":
      return Array.isArray(content) && content.length === 2
        ? complex(double(content[0]), double(content[1]))
        : refuse(`${inside} must be two numbers`)
    case "tuple":
      return tuple(readAll(content, inside))
    case "set":
      return set(readAll(content, inside))
    case "frozenset":
      return frozenset(readAll(content, inside))
    case "jsset":
      return jsset(readAll(content, inside))
    case "dict":
    case "map": {
      const entries = Array.isArray(content) ? content : refuse(`${inside} must be an array of pairs`)
      return {
        kind: tag,
        entries: entries.map((pair: unknown, index: number) =>
          Array.isArray(pair) && pair.length === 2
            ? ([
                read(pair[0], `${inside}[${index}][0]`, depth + 1),
                read(pair[1], `${inside}[${index}][1]`, depth + 1),
              ] as const)
            : refuse(`${inside}[${index}] must be a pair`),
        ),
      }
    }
    default:
      return refuse(`unknown tag ${JSON.stringify(tag)}`)
  }
}

// ---------------------------------------------------------------------------------------------- equality

/**
 * How two values are compared. `strict`: same kinds, same order, same sign of zero. `python`: what `==` of Python
 * says, and what CRUXEval's assertions use: numbers by value across `bool`, `int`, `float` and `complex`, `dict`
 * and `set` without order, `frozenset` as `set`; only `nan` counts as equal to itself. `javascript`: deep
 * `SameValueZero` (`-0` is `0`, `NaN` is `NaN`), plain objects, `Map` and `Set` without order. `numeric`: `int` and
 * `float` by value as in `python`, and no number is a `bool`, for Lua and others like it.
 */
export type Equality = "strict" | "python" | "javascript" | "numeric"
export const Equality = Schema.Literals(["strict", "python", "javascript", "numeric"])

export const equals = (a: Value, b: Value, equality: Equality): boolean =>
  normalForm(a, equality) === normalForm(b, equality)

/** Two values have the same normal form exactly when they are equal under `equality`. */
export const normalForm = (value: Value, equality: Equality): string =>
  equality === "strict" ? encode(value) : loose(value, scalars[equality])

type Scalar = Exclude<Value, { readonly items: unknown } | { readonly entries: unknown }>

const loose = (value: Value, scalar: (value: Scalar) => string): string => {
  const each = (items: ReadonlyArray<Value>) => items.map((item) => loose(item, scalar))
  switch (value.kind) {
    case "list":
    case "tuple":
      return `${value.kind}[${each(value.items).join()}]`
    case "set":
    case "frozenset":
    case "jsset":
      return `set[${each(value.items).toSorted().join()}]`
    case "dict":
    case "map":
      return `${value.kind}[${value.entries
        .map(([key, item]) => `${loose(key, scalar)}:${loose(item, scalar)}`)
        .toSorted()
        .join()}]`
    default:
      return scalar(value)
  }
}

const pythonNumber = (value: number): string =>
  Number.isInteger(value) ? BigInt(value).toString() : `f${floatText(value)}`

const pythonScalar = (value: Scalar): string => {
  switch (value.kind) {
    case "bool":
      return value.value ? "1" : "0"
    case "int":
      return value.value.toString()
    case "float":
      return pythonNumber(value.value)
    case "complex":
      return value.imaginary === 0
        ? pythonNumber(value.real)
        : `${pythonNumber(value.real)}+${pythonNumber(value.imaginary)}j`
    default:
      return encode(value)
  }
}

const javascriptScalar = (value: Scalar): string =>
  value.kind === "float" && value.value === 0 ? encode(float(0)) : encode(value)

const numericScalar = (value: Scalar): string =>
  value.kind === "int" || value.kind === "float" ? pythonScalar(value) : encode(value)

const scalars: Readonly<Record<Exclude<Equality, "strict">, (value: Scalar) => string>> = {
  python: pythonScalar,
  javascript: javascriptScalar,
  numeric: numericScalar,
}

/** 64 bits of FNV-1a over UTF-16 code units, as two 32-bit lanes; 16 hexadecimal digits. Not cryptographic. */
export const hashText = (text: string): string => {
  let low = 0x811c9dc5
  let high = 0x01000193
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit ^ (low >>> 13), 0x85ebca6b)
  }
  return (low >>> 0).toString(16).padStart(8, "0") + (high >>> 0).toString(16).padStart(8, "0")
}

// ------------------------------------------------------------------------------------------------ schema

const isValue = (input: unknown): input is Value =>
  typeof input === "object" && input !== null && "kind" in input

/** Codec between the JSON of a value and the value itself, for events, checkpoints and suites. */
export const ValueFromJson: Schema.Codec<Value, unknown> = Schema.Unknown.pipe(
  Schema.decodeTo(Schema.declare(isValue), {
    decode: SchemaGetter.transformEffect((json: unknown, options) =>
      Result.match(fromJson(json), {
        onSuccess: (value) => Effect.succeed(value),
        onFailure: (error) =>
          Effect.fail(
            new SchemaIssue.InvalidValue({ message: `${error.at}: ${error.message}` }, json, options),
          ),
      }),
    ),
    encode: SchemaGetter.transform((value: Value): unknown => toJson(value)),
  }),
)
