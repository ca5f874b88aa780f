/** Arbitrary canonical values for property tests. */
import * as fc from "fast-check"
import {
  type Value,
  bigint,
  bool,
  bytes,
  complex,
  dict,
  float,
  frozenset,
  int,
  jsset,
  list,
  map,
  none,
  set,
  string,
  tuple,
  undefinedValue,
} from "../src/Value.ts"

type Construct = (items: ReadonlyArray<Value>) => Value

/** What a value is made of: leaves, and which containers hold what. */
interface Grammar {
  readonly leaves: fc.Arbitrary<Value>
  /** Containers of any values. */
  readonly sequences: ReadonlyArray<Construct>
  /** Containers of values that may be keys. */
  readonly keyed: ReadonlyArray<Construct>
  readonly mappings: ReadonlyArray<(entries: ReadonlyArray<readonly [Value, Value]>) => Value>
  /** Containers that may be keys themselves, when all they hold may. */
  readonly keys: ReadonlyArray<Construct>
}

const valuesOf = (grammar: Grammar, maxDepth: number, maxLength: number): fc.Arbitrary<Value> => {
  const bounds = { maxLength, depthIdentifier: "value" }
  const made = (constructors: ReadonlyArray<Construct>, item: fc.Arbitrary<Value>) =>
    constructors.map((construct) => fc.array(item, bounds).map(construct))
  return fc.letrec<{ value: Value; key: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth, depthIdentifier: "value" },
      grammar.leaves,
      ...made(grammar.sequences, tie("value")),
      ...made(grammar.keyed, tie("key")),
      ...grammar.mappings.map((construct) =>
        fc.array(fc.tuple(tie("key"), tie("value")), bounds).map(construct),
      ),
    ),
    key: fc.oneof({ maxDepth, depthIdentifier: "value" }, grammar.leaves, ...made(grammar.keys, tie("key"))),
  })).value
}

const anyFloat = fc.double()
const anyInt = fc.oneof(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), fc.maxSafeInteger().map(BigInt))

/** Every kind, every float, every well-formed string, integers far beyond 2^53. */
export const anyValue: fc.Arbitrary<Value> = valuesOf(
  {
    leaves: fc.oneof(
      fc.constantFrom(none, undefinedValue),
      fc.boolean().map(bool),
      anyInt.map(int),
      anyInt.map(bigint),
      anyFloat.map(float),
      fc.string({ unit: "binary" }).map(string),
      fc.uint8Array({ maxLength: 6 }).map((octets) => bytes(Buffer.from(octets).toString("hex"))),
      fc.tuple(anyFloat, anyFloat).map(([real, imaginary]) => complex(real, imaginary)),
    ),
    sequences: [list, tuple, set, frozenset, jsset],
    keyed: [],
    mappings: [dict, map],
    keys: [list, tuple, set, frozenset, jsset],
  },
  4,
  4,
)

/** Python values of a small alphabet, so that two of them are often equal, or nearly. No `nan`. */
export const pythonValue: fc.Arbitrary<Value> = valuesOf(
  {
    leaves: fc.oneof(
      fc.constantFrom(
        none,
        bool(false),
        bool(true),
        string(""),
        string("1"),
        string("é\n"),
        bytes(""),
        bytes("31"),
      ),
      fc.constantFrom(-1n, 0n, 1n, 2n, 2n ** 53n, 2n ** 53n + 1n, 10n ** 22n, 10n ** 400n).map(int),
      fc.constantFrom(0, -0, 1, -1, 1.5, 2, 2 ** 53, 1e22, 5e-324, Infinity, -Infinity).map(float),
      fc
        .tuple(fc.constantFrom(0, -0, 1, 1.5, 1e22), fc.constantFrom(0, -0, 1, Infinity))
        .map(([real, imaginary]) => complex(real, imaginary)),
    ),
    sequences: [list, tuple],
    keyed: [set, frozenset],
    mappings: [dict],
    keys: [tuple, frozenset],
  },
  2,
  2,
)

/** JavaScript values of a small alphabet. */
export const javascriptValue: fc.Arbitrary<Value> = valuesOf(
  {
    leaves: fc.oneof(
      fc.constantFrom(none, undefinedValue, bool(false), bool(true), string(""), string("1")),
      fc.constantFrom(0, -0, 1, 1.5, Number.NaN, Infinity).map(float),
      fc.constantFrom(0n, 1n).map(bigint),
    ),
    sequences: [list, jsset],
    keyed: [],
    mappings: [
      map,
      (entries) => dict(entries.map(([key, item], index) => [string(`${index}${key.kind}`), item] as const)),
    ],
    keys: [list],
  },
  2,
  2,
)

/** The value in another dress: entries in another order, numbers of another type, sets as frozensets and back. */
export const rewritten = (value: Value): Value => {
  switch (value.kind) {
    case "set":
      return frozenset(value.items.map(rewrittenKey))
    case "frozenset":
      return set(value.items.map(rewrittenKey))
    case "list":
    case "tuple":
      return { kind: value.kind, items: value.items.map(rewritten) }
    case "dict":
      return dict(
        value.entries.map(([key, item]) => [rewrittenKey(key), rewritten(item)] as const).toReversed(),
      )
    default:
      return rewrittenKey(value)
  }
}

/** The same for what has to stay hashable. */
const rewrittenKey = (value: Value): Value => {
  switch (value.kind) {
    case "bool":
      return int(value.value ? 1 : 0)
    case "int":
      return Number.isSafeInteger(Number(value.value)) ? float(Number(value.value)) : value
    case "float":
      return complex(value.value, -0)
    case "tuple":
      return tuple(value.items.map(rewrittenKey))
    case "frozenset":
      return frozenset(value.items.map(rewrittenKey))
    default:
      return value
  }
}
