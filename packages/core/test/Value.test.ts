import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as fc from "fast-check"
import {
  type Equality,
  type Value,
  ValueFromJson,
  bigint,
  bool,
  bytes,
  complex,
  dict,
  encode,
  equals,
  float,
  frozenset,
  fromJson,
  hashText,
  int,
  jsset,
  list,
  map,
  maxDepth,
  none,
  normalForm,
  parse,
  set,
  string,
  toJson,
  tuple,
  undefinedValue,
} from "../src/Value.ts"
import { anyValue, javascriptValue, pythonValue, rewritten } from "./values.ts"

const parsed = (text: string): Value => Result.getOrThrow(parse(text))
const refusal = (text: string): string => {
  const result = parse(text)
  if (Result.isSuccess(result)) throw new Error(`parsed as ${encode(result.success)}`)
  return `${result.failure.at}: ${result.failure.message}`
}

/** Equality of structure, written without `encode`: kinds and doubles by identity, sets as multisets. */
const sameStructure = (a: Value, b: Value): boolean => {
  if ("items" in a && "items" in b) {
    if (a.kind !== b.kind || a.items.length !== b.items.length) return false
    if (a.kind !== "set" && a.kind !== "frozenset") {
      return a.items.every((item, index) => sameStructure(item, b.items[index] as Value))
    }
    const rest = [...b.items]
    return a.items.every((item) => {
      const found = rest.findIndex((other) => sameStructure(item, other))
      if (found >= 0) rest.splice(found, 1)
      return found >= 0
    })
  }
  if ("entries" in a && "entries" in b) {
    return (
      a.kind === b.kind &&
      a.entries.length === b.entries.length &&
      a.entries.every(([key, item], index) => {
        const [otherKey, other] = b.entries[index] as readonly [Value, Value]
        return sameStructure(key, otherKey) && sameStructure(item, other)
      })
    )
  }
  if (a.kind === "complex" && b.kind === "complex") {
    return Object.is(a.real, b.real) && Object.is(a.imaginary, b.imaginary)
  }
  if (a.kind === "bytes" && b.kind === "bytes") return a.hex === b.hex
  if ("value" in a && "value" in b) return a.kind === b.kind && Object.is(a.value, b.value)
  return a.kind === b.kind
}

describe("encoding", () => {
  it("parse(encode(v)) is v, for every kind", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        assert.deepStrictEqual(parsed(encode(value)), value)
      }),
      { numRuns: 2000 },
    )
  })

  it("encode(parse(text)) is a fixed point: the text is canonical", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        assert.strictEqual(encode(parsed(encode(value))), encode(value))
      }),
    )
  })

  it.each<readonly [string, Value, string]>([
    ["None", none, "null"],
    ["True", bool(true), "true"],
    ["int", int(12), "12"],
    ["2^53 - 1", int(2n ** 53n - 1n), "9007199254740991"],
    ["2^53", int(2n ** 53n), '{"int":"9007199254740992"}'],
    ["-(2^53 - 1)", int(-(2n ** 53n) + 1n), "-9007199254740991"],
    ["float", float(1.5), '{"float":"1.5"}'],
    ["whole float", float(2), '{"float":"2"}'],
    ["large float", float(1e22), '{"float":"1e+22"}'],
    ["-0.0", float(-0), '{"float":"-0"}'],
    ["nan", float(Number.NaN), '{"float":"nan"}'],
    ["-inf", float(-Infinity), '{"float":"-inf"}'],
    ["str", string('a"\n'), '"a\\"\\n"'],
    ["bytes", bytes("00ff"), '{"bytes":"00ff"}'],
    ["complex", complex(1, -2.5), '{"complex":["1","-2.5"]}'],
    ["list", list([int(1), list([])]), "[1,[]]"],
    ["tuple", tuple([int(1)]), '{"tuple":[1]}'],
    [
      "dict, in order",
      dict([
        [string("b"), int(1)],
        [string("a"), int(2)],
      ]),
      '{"dict":[["b",1],["a",2]]}',
    ],
    ["set, sorted", set([string("b"), string("a")]), '{"set":["a","b"]}'],
    ["frozenset, sorted", frozenset([int(3), int(1)]), '{"frozenset":[1,3]}'],
    ["undefined", undefinedValue, '{"undefined":true}'],
    ["bigint", bigint(7n), '{"bigint":"7"}'],
    ["Map", map([[int(1), none]]), '{"map":[[1,null]]}'],
    ["Set, in order", jsset([string("b"), string("a")]), '{"jsset":["b","a"]}'],
  ])("%s", (_, value, text) => {
    assert.strictEqual(encode(value), text)
    assert.deepStrictEqual(parsed(text), value)
  })

  it.each([
    ['{"float":"1.0"}', '{"float":"1"}'],
    ['{"float":"-0.0"}', '{"float":"-0"}'],
    ['{"float":"1e-07"}', '{"float":"1e-7"}'],
    ['{"float":"1E5"}', '{"float":"100000"}'],
    ['{"float":"+.5"}', '{"float":"0.5"}'],
    ['{"float":"1e999"}', '{"float":"inf"}'],
    ['{"int":"5"}', "5"],
    ["-0", "0"],
    ['{"set":[2,1]}', '{"set":[1,2]}'],
    [" [ 1 , 2 ] ", "[1,2]"],
  ])("reads %s as %s", (text, canonical) => {
    assert.strictEqual(encode(parsed(text)), canonical)
  })
})

const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels)

describe("refusals", () => {
  it.each([
    ["", "$: not JSON"],
    ["{", "$: not JSON"],
    ["1.5", "$: a JSON number must be an integer within ±(2^53−1)"],
    ["9007199254740992", "$: a JSON number must be an integer within ±(2^53−1)"],
    ["1e400", "$: a JSON number must be an integer within ±(2^53−1)"],
    ['"\\ud800"', "$: a string with lone surrogates"],
    ["{}", "$: an object must have exactly one key, its tag"],
    ['{"int":"1","float":"1"}', "$: an object must have exactly one key, its tag"],
    ['{"nope":1}', '$: unknown tag "nope"'],
    ['{"__proto__":1}', '$: unknown tag "__proto__"'],
    ['{"constructor":[]}', '$: unknown tag "constructor"'],
    ['{"int":1}', "$: $.int is malformed"],
    ['{"int":"01"}', "$: $.int is malformed"],
    ['{"int":"1e5"}', "$: $.int is malformed"],
    ['{"int":"0x10"}', "$: $.int is malformed"],
    ['{"int":" 1"}', "$: $.int is malformed"],
    ['{"bigint":"1n"}', "$: $.bigint is malformed"],
    ['{"float":""}', "$: $.float is malformed"],
    ['{"float":"Infinity"}', "$: $.float is malformed"],
    ['{"float":"0x1"}', "$: $.float is malformed"],
    ['{"float":1}', "$: $.float is malformed"],
    ['{"bytes":"0"}', "$: $.bytes is malformed"],
    ['{"bytes":"FF"}', "$: $.bytes is malformed"],
    ['{"complex":["1"]}', "$: $.complex must be two numbers"],
    ['{"complex":["1",2]}', "$: $.complex is malformed"],
    ['{"tuple":{}}', "$: $.tuple must be an array"],
    ['{"undefined":false}', "$: $.undefined must be true"],
    ['{"dict":{}}', "$: $.dict must be an array of pairs"],
    ['{"dict":[[1]]}', "$: $.dict[0] must be a pair"],
    ['[1,{"dict":[[1,2],[3,{"float":"x"}]]}]', "$[1].dict[1][1]: $[1].dict[1][1].float is malformed"],
    [
      '{"tuple":[1,{"set":["a",{"map":[[[0,1.5],1]]}]}]}',
      "$.tuple[1].set[1].map[0][0][1]: a JSON number must be an integer within ±(2^53−1)",
    ],
  ])("%s", (text, message) => {
    assert.strictEqual(refusal(text), message)
  })

  it(`takes ${maxDepth + 1} levels and refuses one more, at its path`, () => {
    assert.strictEqual(encode(parsed(nested(maxDepth + 1))), nested(maxDepth + 1))
    assert.strictEqual(
      refusal(nested(maxDepth + 2)),
      `$${"[0]".repeat(maxDepth + 1)}: nested deeper than ${maxDepth}`,
    )
  })

  it.each(['{"tuple":[', '{"dict":[[0,'])(
    "refuses 200,000 levels of %s without running out of stack",
    (open) => {
      const close = { '{"tuple":[': "]}", '{"dict":[[0,': "]]}" }[open] as string
      assert.match(
        refusal(open.repeat(200_000) + "0" + close.repeat(200_000)),
        /nested deeper than 64|not JSON/u,
      )
    },
  )

  it("refuses a million levels of [ without running out of stack", () => {
    assert.match(refusal(nested(1_000_000)), /nested deeper than 64|not JSON/u)
  })

  it("reads an integer of 100,000 digits", () => {
    const digits = "7".repeat(100_000)
    assert.deepStrictEqual(parsed(`{"int":"${digits}"}`), int(BigInt(digits)))
  })

  it("reads eight million bytes, and refuses half a one more", () => {
    const hex = "00".repeat(8_000_000)
    assert.isTrue(equals(parsed(`{"bytes":"${hex}"}`), bytes(hex), "strict"))
    assert.strictEqual(refusal(`{"bytes":"${hex}0"}`), "$: $.bytes is malformed")
  })

  it("is total: any JSON, and anything else, is a value or a ValueError", () => {
    const tags = fc.constantFrom(
      "int",
      "float",
      "bytes",
      "complex",
      "tuple",
      "set",
      "dict",
      "map",
      "jsset",
      "undefined",
    )
    const almost = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        fc.tuple(tags, tie("json")).map(([tag, content]) => ({ [tag]: content })),
        fc.array(tie("json"), { maxLength: 3 }),
      ),
    })).json
    fc.assert(
      fc.property(fc.oneof(almost, fc.anything()), (json) => {
        const result = fromJson(json)
        if (Result.isFailure(result)) assert.match(result.failure.at, /^\$/u)
        else assert.deepStrictEqual(parsed(encode(result.success)), result.success)
      }),
      { numRuns: 3000 },
    )
  })
})

describe("equality", () => {
  it("strict: same text exactly when the same structure", () => {
    fc.assert(
      fc.property(pythonValue, pythonValue, (a, b) => {
        assert.strictEqual(encode(a) === encode(b), sameStructure(a, b))
        assert.strictEqual(equals(a, b, "strict"), sameStructure(a, b))
      }),
      { numRuns: 3000 },
    )
  })

  it.each<readonly [Equality, fc.Arbitrary<Value>]>([
    ["strict", anyValue],
    ["python", anyValue],
    ["javascript", anyValue],
    ["numeric", anyValue],
  ])("%s: reflexive, nan included, also through text", (equality, values) => {
    fc.assert(
      fc.property(values, (value) => {
        assert.isTrue(equals(value, value, equality))
        assert.isTrue(equals(value, parsed(encode(value)), equality))
      }),
    )
  })

  it.each<readonly [Equality, fc.Arbitrary<Value>]>([
    ["strict", pythonValue],
    ["python", pythonValue],
    ["javascript", javascriptValue],
    ["numeric", pythonValue],
  ])("%s: symmetric, transitive, one normal form a class", (equality, values) => {
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const same = equals(a, b, equality)
        assert.strictEqual(equals(b, a, equality), same)
        assert.strictEqual(normalForm(a, equality) === normalForm(b, equality), same)
        if (same && equals(b, c, equality)) assert.isTrue(equals(a, c, equality))
      }),
      { numRuns: 2000 },
    )
  })

  it("python: values that differ only in order or in the type of numbers are equal", () => {
    fc.assert(
      fc.property(pythonValue, (value) => {
        assert.isTrue(equals(value, rewritten(value), "python"))
      }),
      { numRuns: 1000 },
    )
  })

  it.each<readonly [string, Value, Value, { readonly python: boolean; readonly strict: boolean }]>([
    ["True and 1", bool(true), int(1), { python: true, strict: false }],
    ["1 and 1.0", int(1), float(1), { python: true, strict: false }],
    ["-0.0 and 0.0", float(-0), float(0), { python: true, strict: false }],
    ["nan and nan", float(Number.NaN), float(Number.NaN), { python: true, strict: true }],
    ["(1,) and [1]", tuple([int(1)]), list([int(1)]), { python: false, strict: false }],
    ["'1+1' and '2'", string("1+1"), string("2"), { python: false, strict: false }],
    ["2**53 + 1 and its double", int(2n ** 53n + 1n), float(2 ** 53), { python: false, strict: false }],
    ["10**22 and 1e22", int(10n ** 22n), float(1e22), { python: true, strict: false }],
    ["1.5 and 2", float(1.5), int(2), { python: false, strict: false }],
    ["1.5 and 1.5+0j", float(1.5), complex(1.5, 0), { python: true, strict: false }],
    ["inf and a large int", float(Infinity), int(10n ** 400n), { python: false, strict: false }],
    ["'1' and 1", string("1"), int(1), { python: false, strict: false }],
    ["'a' and b'a'", string("a"), bytes("61"), { python: false, strict: false }],
    ["1 and 1+0j", int(1), complex(1, -0), { python: true, strict: false }],
    ["None and False", none, bool(false), { python: false, strict: false }],
    ["{1} and frozenset({True})", set([int(1)]), frozenset([bool(true)]), { python: true, strict: false }],
    [
      "{1: 2, 'a': 0} and {'a': False, True: 2.0}",
      dict([
        [int(1), int(2)],
        [string("a"), int(0)],
      ]),
      dict([
        [string("a"), bool(false)],
        [bool(true), float(2)],
      ]),
      { python: true, strict: false },
    ],
    [
      "{1: 2} and {1: 3}",
      dict([[int(1), int(2)]]),
      dict([[int(1), int(3)]]),
      { python: false, strict: false },
    ],
    ["[] and ()", list([]), tuple([]), { python: false, strict: false }],
    ["{} and set()", dict([]), set([]), { python: false, strict: false }],
  ])("python: %s", (_, a, b, expected) => {
    assert.deepStrictEqual({ python: equals(a, b, "python"), strict: equals(a, b, "strict") }, expected)
  })

  it.each<readonly [string, Value, Value, boolean]>([
    ["0 and -0", float(0), float(-0), true],
    ["NaN and NaN", float(Number.NaN), float(Number.NaN), true],
    ["1 and 1n", float(1), bigint(1n), false],
    ["null and undefined", none, undefinedValue, false],
    ["true and 1", bool(true), float(1), false],
    ["[undefined] and [null]", list([undefinedValue]), list([none]), false],
    [
      "objects in another order",
      dict([
        [string("a"), float(1)],
        [string("b"), float(-0)],
      ]),
      dict([
        [string("b"), float(0)],
        [string("a"), float(1)],
      ]),
      true,
    ],
    [
      "Maps in another order",
      map([
        [float(1), none],
        [float(2), none],
      ]),
      map([
        [float(2), none],
        [float(1), none],
      ]),
      true,
    ],
    ["Sets in another order", jsset([float(-0), string("a")]), jsset([string("a"), float(0)]), true],
    ["an object and a Map", dict([[string("a"), none]]), map([[string("a"), none]]), false],
    ["[1, 2] and [2, 1]", list([float(1), float(2)]), list([float(2), float(1)]), false],
  ])("javascript: %s", (_, a, b, expected) => {
    assert.strictEqual(equals(a, b, "javascript"), expected)
  })

  it("javascript: agrees with a deep comparison by SameValueZero", () => {
    fc.assert(
      fc.property(javascriptValue, javascriptValue, (a, b) => {
        assert.strictEqual(equals(a, b, "javascript"), sameJavascript(a, b))
      }),
      { numRuns: 3000 },
    )
  })

  it.each<readonly [string, Value, Value, boolean]>([
    ["1 and 1.0", int(1), float(1), true],
    ["0 and -0.0", int(0), float(-0), true],
    ["nan and nan", float(Number.NaN), float(Number.NaN), true],
    ["true and 1", bool(true), int(1), false],
    ["false and 0.0", bool(false), float(0), false],
    ["nil and false", none, bool(false), false],
    ['1 and "1"', int(1), string("1"), false],
    ["{1, 2} and {1.0, 2}", list([int(1), int(2)]), list([float(1), int(2)]), true],
    ["{a = true} and {a = 1}", dict([[string("a"), bool(true)]]), dict([[string("a"), int(1)]]), false],
  ])("numeric: %s", (_, a, b, expected) => {
    assert.strictEqual(equals(a, b, "numeric"), expected)
  })

  it("no structure imitates another: neighbours of separators differ", () => {
    const different: ReadonlyArray<Value> = [
      list([string("1,2")]),
      list([string("1"), string("2")]),
      list([int(1), int(2)]),
      list([list([int(1)]), int(2)]),
      list([list([int(1), int(2)])]),
      dict([[string("1:2"), int(3)]]),
      dict([[string("1"), string("2:3")]]),
      string("list[1]"),
      list([int(1)]),
      string('{"bytes":"00"}'),
      bytes("00"),
    ]
    for (const equality of ["strict", "python", "javascript", "numeric"] as const) {
      assert.strictEqual(
        new Set(different.map((value) => normalForm(value, equality))).size,
        different.length,
      )
    }
  })

  it("hashText: 16 hexadecimal digits, and no collision among 100,000 integers", () => {
    const hashes = new Set(Array.from({ length: 100_000 }, (_, n) => hashText(String(n))))
    assert.strictEqual(hashes.size, 100_000)
    for (const digits of [...hashes].slice(0, 100)) assert.match(digits, /^[0-9a-f]{16}$/u)
  })
})

/** Whether the lists have the same members, in any order. */
const matching = <A>(
  left: ReadonlyArray<A>,
  right: ReadonlyArray<A>,
  same: (x: A, y: A) => boolean,
): boolean => {
  const rest = [...right]
  return (
    left.length === right.length &&
    left.every((item) => {
      const found = rest.findIndex((other) => same(item, other))
      if (found >= 0) rest.splice(found, 1)
      return found >= 0
    })
  )
}

const sameJavascript = (a: Value, b: Value): boolean => {
  if (a.kind !== b.kind) return false
  if ("items" in a && "items" in b) {
    return a.kind === "jsset"
      ? matching(a.items, b.items, sameJavascript)
      : a.items.length === b.items.length &&
          a.items.every((item, i) => sameJavascript(item, b.items[i] as Value))
  }
  if ("entries" in a && "entries" in b) {
    return matching(a.entries, b.entries, (x, y) => sameJavascript(x[0], y[0]) && sameJavascript(x[1], y[1]))
  }
  if (!("value" in a && "value" in b)) return true
  return [a.value].includes(b.value)
}

describe("ValueFromJson", () => {
  const Call = Schema.Struct({ input: Schema.Array(ValueFromJson) })

  it("decodes and encodes inside other schemas", () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 3 }), (input) => {
        const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(Call)({ input })))
        assert.deepStrictEqual(json, {
          input: input.map((value) => JSON.parse(JSON.stringify(toJson(value)))),
        })
        assert.deepStrictEqual(Schema.decodeUnknownSync(Call)(json), { input })
      }),
    )
  })

  it("names the path in the value when it fails", () => {
    const result = Schema.decodeResult(Call)({ input: [1, [{ float: "x" }]] })
    if (Result.isSuccess(result)) return assert.fail("decoded")
    assert.include(result.failure.message, "$[0]: $[0].float is malformed")
    assert.include(result.failure.message, '["input"][1]')
  })
})
