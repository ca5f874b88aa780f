import { Value } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import fc from "fast-check"
import { parseArguments, parseValue } from "../../src/literals/parse.ts"
import { renderArguments, renderValue } from "../../src/literals/render.ts"
import { anyJavaScript } from "./values.ts"

/** The canonical text of what a literal means, or `refused`. */
const meaning = (text: string): string =>
  Result.match(parseValue(text), { onSuccess: Value.encode, onFailure: () => "refused" })

const means = (cases: ReadonlyArray<readonly [text: string, canonical: string]>) => {
  for (const [text, canonical] of cases) assert.strictEqual(meaning(text), canonical, JSON.stringify(text))
}

const isRefused = (texts: ReadonlyArray<string>, message = "") => {
  for (const text of texts) {
    const result = parseValue(text)
    assert(Result.isFailure(result), JSON.stringify(text.slice(0, 100)))
    assert.include(result.failure, message, JSON.stringify(text.slice(0, 100)))
    assert.isBelow(result.failure.length, 200, "a message is short")
  }
}

const number = (text: string) => `{"float":"${text}"}`

describe("numbers", () => {
  it("in four bases, with separators, fractions, exponents and signs", () => {
    means([
      ["0", number("0")],
      ["1_000", number("1000")],
      ["-7", number("-7")],
      ["+ 7", number("7")],
      ["-(7)", number("-7")],
      ["0xFf", number("255")],
      ["0O17", number("15")],
      ["0b1_01", number("5")],
      ["1.", number("1")],
      [".5", number("0.5")],
      ["1e5", number("100000")],
      ["9.5E-1", number("0.95")],
      ["1_0.0_1e1_0", number("100100000000")],
      ["9007199254740993", number("9007199254740992")],
      ["-0", number("-0")],
      ["-0.0", number("-0")],
      ["1e999", number("inf")],
      ["NaN", number("nan")],
      ["-Infinity", number("-inf")],
      ["-NaN", number("nan")],
      [`1${"0".repeat(400)}`, number("inf")],
    ])
  })

  it("integers of any size", () => {
    means([
      ["0n", '{"bigint":"0"}'],
      ["-0n", '{"bigint":"0"}'],
      ["-12n", '{"bigint":"-12"}'],
      ["0xFFn", '{"bigint":"255"}'],
      ["9_007_199_254_740_993n", '{"bigint":"9007199254740993"}'],
      [`1${"0".repeat(5000)}n`, `{"bigint":"1${"0".repeat(5000)}"}`],
    ])
  })

  it("refuses what only looks like a number", () => {
    isRefused([
      "007",
      "08",
      "1__0",
      "1_",
      "0x",
      "0xg",
      "0b2",
      "1e",
      "1e+",
      "1.2.3",
      "1..",
      ".",
      "1a",
      "01n",
      "1.5n",
      "1e3n",
    ])
    isRefused(["+1n", "--1", "-+1", "-(-1)", "-true", "-'1'", "-[]", "- -0", "+null", "-".repeat(1_000_000)])
    isRefused([
      "1+1",
      "1-1",
      "2**3",
      "7 % 2",
      "1n+1n",
      "~1",
      "!0",
      "void 0",
      "typeof 1",
      "1 ? 2 : 3",
      "(1, 2)",
    ])
    isRefused(["1+".repeat(100_000), "1?".repeat(100_000), "++1", "1++"])
  })
})

describe("strings", () => {
  it("in every kind of quotes", () => {
    means([
      [`'a"b'`, `"a\\"b"`],
      [`"it's"`, `"it's"`],
      ["`a\n'b' \"c\"`", `"a\\n'b' \\"c\\""`],
      ["`a\r\nb`", `"a\\nb"`],
      ["`$ {} \\${x} $`", `"$ {} \${x} $"`],
      [`""`, `""`],
      ["``", `""`],
      ["'😀é'", `"😀é"`],
      ["'a\\\nb'", `"ab"`],
      ["'\u2028'", `"\u2028"`],
    ])
  })

  it("escapes", () => {
    means([
      [`'\\\\ \\' \\" \\\` \\b\\f\\n\\r\\t\\v\\0'`, String.raw`"\\ ' \" ${"`"} \b\f\n\r\t\u000b\u0000"`],
      [`'\\x41\\u00e9\\u{1F600}\\u{000041}'`, `"Aé😀A"`],
      [`'\\ud83d\\ude00'`, `"😀"`],
      [`'\\q\\ é\\-'`, `"q é-"`],
    ])
  })

  it("refuses what is no string, and says why", () => {
    isRefused(["'a", "'a\nb'", "`a", "'\\", "'\\x4'", "'\\u12'", "'\\u{}'", "'\\u{110000}'"])
    isRefused(["'\\01'", "'\\8'", "`\\1`", "`\\x4`"])
    isRefused(["`${1}`", "`a${x}b`"], "substitutions")
    isRefused(["'\\ud83d'", "'\\ude00\\ud83d'", "'\ud83d'", "`\ud83d`", "{'\ud83d': 1}"], "surrogate")
    isRefused(["'a' 'b'", "'a' + 'b'", "String.raw`a`", "a`b`", "`a``b`", "'a'[0]", "'a'.length"])
  })
})

describe("containers", () => {
  it("commas, comments and line ends", () => {
    means([
      ["[1,\n 2, // two\n]", `[${number("1")},${number("2")}]`],
      ["\n  {'a':\n 1} /* end */\n", `{"dict":[["a",${number("1")}]]}`],
      ["[(1)]", `[${number("1")}]`],
      ["{}", '{"dict":[]}'],
      ["[[], {}, null, undefined]", '[[],{"dict":[]},null,{"undefined":true}]'],
      ["\u00a0\ufefftrue\u2029", "true"],
    ])
    isRefused([
      "[,]",
      "[1,,2]",
      "[1 2]",
      "[1",
      "1]",
      "[1}",
      "{1}",
      "{,}",
      "{a:1,,b:2}",
      "{:1}",
      "{a:}",
      ",",
      "1,",
      "1,2",
    ])
    isRefused(["[1]\n[2]", "[1];", "()", "(1,)", "[...[1]]", "{...{}}", "[1 for x of y]"])
  })

  it("properties stand in the order of JavaScript, the last of equal ones counts", () => {
    means([
      ["{b: 1, a: 2}", `{"dict":[["b",${number("1")}],["a",${number("2")}]]}`],
      ["{b: 1, 10: 1, 9: 1}", `{"dict":[["9",${number("1")}],["10",${number("1")}],["b",${number("1")}]]}`],
      ["{a: 1, b: 1, a: 2}", `{"dict":[["a",${number("2")}],["b",${number("1")}]]}`],
      ["{1: 1, '1': 2, 0x1: 3, 1n: 4, 1.0: 5}", `{"dict":[["1",${number("5")}]]}`],
      ["{1e3: true, .5: true, 1e21: true}", '{"dict":[["1000",true],["0.5",true],["1e+21",true]]}'],
      [
        "{if: true, new: true, null: true, é: true}",
        '{"dict":[["if",true],["new",true],["null",true],["é",true]]}',
      ],
      ["{\\u0061: true}", '{"dict":[["a",true]]}'],
      [
        "{constructor: 1, toString: 2}",
        `{"dict":[["constructor",${number("1")}],["toString",${number("2")}]]}`,
      ],
      ['{["__proto__"]: true, ["a b"]: true}', '{"dict":[["__proto__",true],["a b",true]]}'],
    ])
    isRefused(["{__proto__: 1}", "{'__proto__': 1}", '{"\\x5f_proto__": null}'], "__proto__")
    isRefused([
      "{a}",
      "{a() {}}",
      "{get a() { return 1 }}",
      "{async a() {}}",
      "{*a() {}}",
      "{[a]: 1}",
      "{[1]: 1}",
    ])
    isRefused(["{`a`: 1}", "{-1: 1}", "{#a: 1}", "{a = 1}", "{a: 1; b: 2}", "{true ? 1 : 2: 1}"])
  })

  it("Map and Set", () => {
    means([
      ["new Map()", '{"map":[]}'],
      ["new Map([])", '{"map":[]}'],
      ["new Map([['a', 1],],)", `{"map":[["a",${number("1")}]]}`],
      ["new Map([[1, 'a'], [2, 'b'], [1, 'c']])", `{"map":[[${number("1")},"c"],[${number("2")},"b"]]}`],
      ["new Map([[-0, 'a']])", `{"map":[[${number("0")},"a"]]}`],
      ["new Map([[NaN, 1], [NaN, null]])", `{"map":[[${number("nan")},null]]}`],
      ["new Map([[[], 1], [[], null]])", `{"map":[[[],${number("1")}],[[],null]]}`],
      [
        "new Map([[{a: new Set([1n])}, undefined]])",
        '{"map":[[{"dict":[["a",{"jsset":[{"bigint":"1"}]}]]},{"undefined":true}]]}',
      ],
      ["new Set()", '{"jsset":[]}'],
      ["new Set(['b', 'a', 'b'])", '{"jsset":["b","a"]}'],
      ["new Set([0, -0, 0n, '0', false])", `{"jsset":[${number("0")},{"bigint":"0"},"0",false]}`],
      ["new Set([[], []])", '{"jsset":[[],[]]}'],
    ])
    isRefused([
      "new Map",
      "new Set",
      "Map([])",
      "new Map([1])",
      "new Map([[1]])",
      "new Map([[1, 2, 3]])",
      "new Map({})",
    ])
    isRefused([
      "new Map([[1, 2]]), 1",
      "new Map([], [])",
      "new Set('ab')",
      "new Set([1]).size",
      "new Set(new Set())",
    ])
    isRefused([
      "new Map(new Map())",
      "new (Map)()",
      "new globalThis.Map()",
      "new M\\u0061p()",
      "new new Map()",
    ])
    isRefused(
      ["new Date(0)", "new Proxy({}, {})", "new Array(3)", "new Function('')", "new class {}()"],
      "Map or a Set",
    )
  })

  it("nests 64 deep and no deeper, whatever the bracket", () => {
    const nests: ReadonlyArray<readonly [opening: string, closing: string]> = [
      ["[", "]"],
      ["(", ")"],
      ["{a:", "}"],
      ["new Set([", "])"],
      ["new Map([[0,", "]])"],
      ["new Map([[", ",0]])"],
    ]
    for (const [opening, closing] of nests) {
      const nested = (depth: number) => `${opening.repeat(depth)}1${closing.repeat(depth)}`
      const deepest = Result.getOrThrow(parseValue(nested(64)))
      assert.isTrue(
        Result.isSuccess(Value.fromJson(Value.toJson(deepest))),
        "the border refuses what the parser accepts",
      )
      isRefused([nested(65), nested(10_000), opening.repeat(50_000)], "nested deeper")
    }
    isRefused([
      "new ".repeat(250_000),
      "{a(){".repeat(100_000),
      "()=>".repeat(200_000),
      `\`\${`.repeat(200_000),
    ])
    isRefused(
      [`/${"(".repeat(500_000)}`, `/${"(".repeat(50_000)}${")".repeat(50_000)}/`],
      "regular expression",
    )
    isRefused([" ".repeat((1 << 20) + 1)], "longer than")
  })
})

describe("what is not a literal", () => {
  it("is refused with what was found", () => {
    isRefused(["", " \n ", "// nothing", "/* nothing */"], "the end of the text")
    isRefused(["eval(goldOutput)"], "found `eval(goldOutput)`")
    isRefused([
      "require('fs')",
      "import('fs')",
      "process.exit()",
      "globalThis",
      "this",
      "[].constructor.constructor('return 1')()",
      "0) || (1",
      "[9])\n(true",
      "() => 1",
      "function () {}",
      "class {}",
      "/a/",
      "Symbol()",
      "Object.create(null)",
      "nul\\u006c",
      "tr\\u0075e",
      "N\\u0061N",
      "truе", // the last letter is Cyrillic
      "None",
      "True",
      "undefined.x",
      "[1][0]",
      "<!-- 1",
      "1 <!-- 2",
      "1\n--> 2",
      "#!/bin/node\n1",
      "@a",
      "1 /* unterminated",
    ])
    isRefused(["a".repeat(1_000_000)], `\`${"a".repeat(40)}…\``)
    isRefused(["f(\n1)"], "found `f(`")
  })
})

describe("arguments", () => {
  const argumentsOf = (text: string) =>
    Result.match(parseArguments(text), {
      onSuccess: (all) => all.map(Value.encode),
      onFailure: () => "refused",
    })

  it("stand as between the parentheses of a call", () => {
    assert.deepStrictEqual(argumentsOf(""), [])
    assert.deepStrictEqual(argumentsOf(" // none\n"), [])
    assert.deepStrictEqual(argumentsOf("true"), ["true"])
    assert.deepStrictEqual(argumentsOf("true,\n[null], 'a' // end\n,"), ["true", "[null]", '"a"'])
    assert.deepStrictEqual(argumentsOf("(true), {a: 1}"), ["true", `{"dict":[["a",${number("1")}]]}`])
  })

  it("nothing else does", () => {
    for (const text of [
      ",",
      "1,,2",
      "1 2",
      "a=1",
      "...[1]",
      "1) + (2",
      "0) || (1",
      "[9])\n(true",
      "x",
      "1;",
      "(1, 2)",
    ]) {
      assert.strictEqual(argumentsOf(text), "refused", text)
    }
  })
})

describe("rendering", () => {
  const renders = (cases: ReadonlyArray<readonly [Value.Value, string]>) => {
    for (const [value, text] of cases) assert.strictEqual(renderValue(value), text)
  }
  const one = Value.float(1)

  it("writes what a programmer would", () => {
    renders([
      [Value.none, "null"],
      [Value.undefinedValue, "undefined"],
      [Value.list([Value.bool(true), Value.float(-3), Value.float(1.5)]), "[true, -3, 1.5]"],
      [Value.float(-0), "-0"],
      [Value.float(Number.NaN), "NaN"],
      [Value.float(-Infinity), "-Infinity"],
      [Value.float(1e21), "1e+21"],
      [Value.bigint(-5n), "-5n"],
      [Value.dict([]), "{}"],
      [Value.dict([[Value.string("a"), one]]), "{ a: 1 }"],
      [
        Value.dict(["7", "a b", "é", "if", "", "01", "__proto__"].map((name) => [Value.string(name), one])),
        '{ 7: 1, "a b": 1, "é": 1, if: 1, "": 1, "01": 1, ["__proto__"]: 1 }',
      ],
      [Value.map([[one, Value.list([])]]), "new Map([[1, []]])"],
      [Value.map([]), "new Map([])"],
      [Value.jsset([one, Value.string("1")]), 'new Set([1, "1"])'],
      [Value.string(`it's "so" \\ \`\${x}\``), '"it\'s \\"so\\" \\\\ `${x}`"'],
      [
        Value.string("\u0000\n\t\r\u007f\u00a0é😀\u200b\u2028\u{e0001}"),
        '"\\u0000\\n\\t\\r\\x7f\\xa0é😀\\u200b\\u2028\\u{e0001}"',
      ],
    ])
  })

  it("has no form for values of other languages", () => {
    for (const value of [
      Value.int(1),
      Value.tuple([]),
      Value.set([]),
      Value.bytes("00"),
      Value.complex(0, 1),
    ]) {
      assert.throws(() => renderValue(value), "no JavaScript form")
    }
    assert.throws(() => renderValue(Value.dict([[one, one]])), "named by a string")
  })
})

describe("properties", () => {
  it("a rendered value reads back as the same value, in strict equality", () => {
    fc.assert(
      fc.property(anyJavaScript, (value) => {
        const text = renderValue(value)
        assert.strictEqual(meaning(text), Value.encode(value), text)
        assert.strictEqual(meaning(` (\n${text}// c\n)`), Value.encode(value), text)
      }),
      { numRuns: 1000 },
    )
  })

  it("rendered arguments read back in order", () => {
    fc.assert(
      fc.property(fc.array(anyJavaScript, { maxLength: 4 }), (values) => {
        const read = Result.getOrThrow(parseArguments(renderArguments(values)))
        assert.deepStrictEqual(read.map(Value.encode), values.map(Value.encode))
      }),
    )
  })

  it("any text is read or refused, never thrown at", () => {
    const soup = fc.string({
      unit: fc.constantFrom(..."01_.exnN+-'\"`\\u${}[](),: /*\n\r\u2028é😀\ud83d\0", "new ", "Map(", "Set("),
    })
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), soup), (text) => {
        const result = parseValue(text)
        if (Result.isFailure(result)) return
        assert.strictEqual(meaning(renderValue(result.success)), Value.encode(result.success))
      }),
      { numRuns: 5000 },
    )
  })
})
