/** Arbitrary Python values for property tests. */
import { Value } from "@azr/core"
import fc from "fast-check"

const integers = fc.oneof(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), fc.integer().map(BigInt))
const hex = fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString("hex"))
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom("'", '"', "\\", "\n", "\t", "\u00ad", "\u{1f600}", "\u2028", "\x7f", " ", "#"),
  }),
)

const scalars: fc.Arbitrary<Value.Value> = fc.oneof(
  fc.constant(Value.none),
  fc.boolean().map(Value.bool),
  integers.map(Value.int),
  fc.double().map(Value.float),
  text.map(Value.string),
  hex.map(Value.bytes),
  fc.tuple(fc.double(), fc.double()).map(([real, imaginary]) => Value.complex(real, imaginary)),
)

/** Members of a set or keys of a dict: hashable, and no two that Python finds equal. */
const distinct = (items: ReadonlyArray<Value.Value>): ReadonlyArray<Value.Value> => [
  ...new Map(items.map((item) => [Value.normalForm(item, "python"), item])).values(),
]

/** Every value a Python program can return. */
export const anyPython: fc.Arbitrary<Value.Value> = fc.letrec<{ value: Value.Value; key: Value.Value }>(
  (tie) => {
    const several = (item: fc.Arbitrary<Value.Value>) =>
      fc.array(item, { maxLength: 4, depthIdentifier: "value" })
    return {
      key: fc.oneof(
        { maxDepth: 3, depthIdentifier: "value" },
        scalars,
        several(tie("key")).map(Value.tuple),
        several(tie("key")).map((items) => Value.frozenset(distinct(items))),
      ),
      value: fc.oneof(
        { maxDepth: 3, depthIdentifier: "value" },
        scalars,
        several(tie("value")).map(Value.list),
        several(tie("value")).map(Value.tuple),
        several(tie("key")).map((items) => Value.set(distinct(items))),
        several(tie("key")).map((items) => Value.frozenset(distinct(items))),
        fc
          .tuple(several(tie("key")), fc.array(tie("value"), { minLength: 4, maxLength: 4 }))
          .map(([keys, items]) => Value.dict(distinct(keys).map((key, i) => [key, items[i] ?? Value.none]))),
      ),
    }
  },
).value

/** Whether a literal can write it; the other values need a constructor. */
export const isLiteral = (value: Value.Value): boolean => {
  switch (value.kind) {
    case "float":
      return Number.isFinite(value.value)
    case "complex":
      return (
        Number.isFinite(value.real) &&
        Number.isFinite(value.imaginary) &&
        !Object.is(value.real, -0) &&
        !(value.real === 0 && (value.imaginary < 0 || Object.is(value.imaginary, -0)))
      )
    case "set":
      return value.items.length > 0 && value.items.every(isLiteral)
    case "frozenset":
      return false
    case "list":
    case "tuple":
      return value.items.every(isLiteral)
    case "dict":
      return value.entries.every(([key, item]) => isLiteral(key) && isLiteral(item))
    default:
      return true
  }
}
