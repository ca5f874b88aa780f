/** Arbitrary JavaScript values for property tests. */
import { Value } from "@azr/core"
import fc from "fast-check"

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      "`",
      "${",
      "\\",
      "\n",
      "\r",
      "\u2028",
      "\u00ad",
      "\u{1f600}",
      "\0",
      "\x7f",
      " ",
    ),
  }),
)

const propertyName = fc.oneof(
  text,
  fc.constantFrom(
    "a",
    "b1",
    "$_",
    "if",
    "é",
    "constructor",
    "__proto__",
    "toString",
    "",
    "-1",
    "01",
    "1.5",
    "Infinity",
  ),
  fc.nat(12).map(String),
  fc.constantFrom("2147483647", "2147483648", "4294967294", "4294967295", "9007199254740993"),
)

const scalars: fc.Arbitrary<Value.Value> = fc.oneof(
  fc.constantFrom(Value.none, Value.undefinedValue),
  fc.boolean().map(Value.bool),
  fc.double().map(Value.float),
  fc.integer().map(Value.float),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(Value.bigint),
  text.map(Value.string),
)

/** Members of a Set or keys of a Map: zero has no sign there, and no primitive stands twice. */
const distinct = (items: ReadonlyArray<Value.Value>): ReadonlyArray<Value.Value> => [
  ...new Map(
    items
      .map((item) => (item.kind === "float" && item.value === 0 ? Value.float(0) : item))
      .map((item) => [Value.encode(item), item]),
  ).values(),
]

/** Properties in the order that JavaScript gives them. */
const object = (names: ReadonlyArray<string>, items: ReadonlyArray<Value.Value>): Value.Value => {
  const properties: Record<string, Value.Value> = Object.create(null)
  for (const [index, name] of names.entries()) properties[name] = items[index] ?? Value.none
  return Value.dict(Object.entries(properties).map(([name, item]) => [Value.string(name), item]))
}

/** Every value a JavaScript program can return. */
export const anyJavaScript: fc.Arbitrary<Value.Value> = fc.letrec<{ value: Value.Value }>((tie) => {
  const several = fc.array(tie("value"), { maxLength: 4, depthIdentifier: "value" })
  return {
    value: fc.oneof(
      { maxDepth: 3, depthIdentifier: "value" },
      scalars,
      several.map(Value.list),
      several.map((items) => Value.jsset(distinct(items))),
      fc
        .tuple(several, fc.array(tie("value"), { minLength: 4, maxLength: 4 }))
        .map(([keys, items]) => Value.map(distinct(keys).map((key, i) => [key, items[i] ?? Value.none]))),
      fc
        .tuple(
          fc.array(propertyName, { maxLength: 4 }),
          fc.array(tie("value"), { minLength: 4, maxLength: 4 }),
        )
        .map(([names, items]) => object(names, items)),
    ),
  }
}).value
