import { Value } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import fc from "fast-check"
import { parseArguments, parseValue } from "../../src/literals/parse.ts"
import { renderArguments, renderValue } from "../../src/literals/render.ts"
import { anyPython, isLiteral } from "./values.ts"

/** The canonical text of what a literal means, or `refused`. */
const meaning = (text: string): string =>
  Result.match(parseValue(text), { onSuccess: Value.encode, onFailure: () => "refused" })

const means = (cases: ReadonlyArray<readonly [text: string, canonical: string]>) => {
  for (const [text, canonical] of cases) assert.strictEqual(meaning(text), canonical, JSON.stringify(text))
}

const isRefused = (texts: ReadonlyArray<string>, message = "") => {
  for (const text of texts) {
    const result = parseValue(text)
    assert(Result.isFailure(result), JSON.stringify(text))
    assert.include(result.failure, message, JSON.stringify(text))
  }
}

describe("numbers", () => {
  it("integers in four bases, with underscores and signs", () => {
    means([
      ["0", "0"],
      ["00_0", "0"],
      ["1_000", "1000"],
      ["-7", "-7"],
      ["+ 7", "7"],
      ["-(7)", "-7"],
      ["0xFf", "255"],
      ["0x_f", "15"],
      ["0O17", "15"],
      ["0b1_01", "5"],
      ["9007199254740993", '{"int":"9007199254740993"}'],
      [`1${"0".repeat(5000)}`, `{"int":"1${"0".repeat(5000)}"}`],
    ])
  })

  it("floats and complex numbers", () => {
    means([
      ["1.", '{"float":"1"}'],
      [".5", '{"float":"0.5"}'],
      ["1e5", '{"float":"100000"}'],
      ["09.5E-1", '{"float":"0.95"}'],
      ["1_0.0_1e1_0", '{"float":"100100000000"}'],
      ["-0.0", '{"float":"-0"}'],
      ["1e999", '{"float":"inf"}'],
      ["2j", '{"complex":["0","2"]}'],
      ["-2j", '{"complex":["-0","-2"]}'],
      ["1+2j", '{"complex":["1","2"]}'],
      ["(-1.5 - 09J)", '{"complex":["-1.5","-9"]}'],
      ["(1)+(2j)", '{"complex":["1","2"]}'],
    ])
  })

  it("refuses what only looks like a number", () => {
    isRefused([
      "007",
      "1__0",
      "1_",
      "_1",
      "0x",
      "0xg",
      "0b2",
      "1e",
      "1e+",
      "1.2.3",
      "1..",
      ".",
      "1a",
      "0_x1",
      "١",
    ])
    isRefused(["1".repeat(65_537)], "too many digits")
  })

  it("refuses arithmetic", () => {
    isRefused([
      "1+1",
      "1j+1",
      "1j+1j",
      "1+-2j",
      "1+2j+3j",
      "True+1j",
      "'a'*2",
      "2**3",
      "1-1",
      "not 1",
      "~1",
      "1 if 1 else 2",
    ])
    isRefused(["--1", "-+1", "-(-1)", "-True", "-'a'", "- (1+2j)", "-".repeat(1_000_000)])
    isRefused([`${"9".repeat(400)}+1j`], "too large")
  })
})

describe("strings", () => {
  it("quotes, prefixes, concatenation", () => {
    means([
      [`'a"b'`, `"a\\"b"`],
      [`"it's"`, `"it's"`],
      [`'''a\n'b' ''c'''`, `"a\\n'b' ''c"`],
      [`""`, `""`],
      [`''''''`, `""`],
      [`'a' "b" '''c'''`, `"abc"`],
      [`['a'\n'b']`, `["ab"]`],
      [`u'x' U"y" r'z'`, `"xyz"`],
      [`r'\\n\\''`, `"\\\\n\\\\'"`],
      [`b'a\\x00' rb"\\x" BR'y'`, `{"bytes":"61005c7879"}`],
      ["'😀é'", `"😀é"`],
      ["'a\\\nb'", `"ab"`],
      ["r'a\\\nb'", `"a\\\\\\nb"`],
      ["'''a\r\nb\rc'''", `"a\\nb\\nc"`],
    ])
  })

  it("escapes", () => {
    means([
      [`'\\\\ \\' \\" \\a\\b\\f\\n\\r\\t\\v'`, String.raw`"\\ ' \" \u0007\b\f\n\r\t\u000b"`],
      [`'\\0\\101\\1012\\777'`, `"\\u0000AA2ǿ"`],
      [`'\\x41\\u00e9\\U0001F600'`, `"Aé😀"`],
      [`'\\q\\8\\ é'`, `"\\\\q\\\\8\\\\ é"`],
      [`b'\\777\\u0041\\N{x}'`, `{"bytes":"ff5c75303034315c4e7b787d"}`],
    ])
  })

  it("refuses what is no string, and says why", () => {
    isRefused(["'a", "'a\nb'", "'''a''", "'\\", "r'\\'", "''''a'", "'\\x4'", "'\\u12'", "b'\\xg0'"])
    isRefused(["f'{1}'", "F''", "rf''", "Rb'' f''", "t'x'"], "placeholders")
    isRefused(["'\\N{DASH}'"], "\\N{…}")
    isRefused(["'\\ud83d'", "'\\ud83d\\ude00'", "'\ud83d'"], "surrogate")
    isRefused(["'\\U00110000'"], "Unicode")
    isRefused(["b'é'", "rb'\\é'"], "ASCII")
    isRefused(["b'a' 'b'", "'a' b'b'"], "joined")
    isRefused(["'a\0'"], "null")
    isRefused(["bu'a'", "rr'a'", "x'a'", "'a'\n'b'"])
  })
})

describe("containers", () => {
  it("commas, comments and line ends", () => {
    means([
      ["[1,\n 2, # two\n]", "[1,2]"],
      ["\n  {'a':\n 1}\n", '{"dict":[["a",1]]}'],
      ["# first\n[1] # last", "[1]"],
      ["1, 2", '{"tuple":[1,2]}'],
      ["1,", '{"tuple":[1]}'],
      ["(1)", "1"],
      ["(1,)", '{"tuple":[1]}'],
      ["()", '{"tuple":[]}'],
      ["{}", '{"dict":[]}'],
      ["{1, 2,}", '{"set":[1,2]}'],
      ["[(), {}, []]", '[{"tuple":[]},{"dict":[]},[]]'],
      ["1\\\n+2j", '{"complex":["1","2"]}'],
    ])
    isRefused([
      "[,]",
      "(,)",
      "{,}",
      "[1 2]",
      "[1",
      "1]",
      "[1}",
      "{1:2,3}",
      "{1,2:3}",
      "{:1}",
      "{1:}",
      ",",
      "[1]\n[2]",
    ])
    isRefused(["[*a]", "{**a}", "[x for x in y]", "{1: 2 for x in y}", "(yield)", "1 # c\n+2j"])
  })

  it("keys that Python finds equal are one key with the last value", () => {
    means([
      ["{1: 'a', True: 'b', 1.0: 'c'}", '{"dict":[[1,"c"]]}'],
      ["{0, False, 0.0, -0.0}", '{"set":[0]}'],
      ["{(1, 'a'): 1, (True, 'a'): 2}", '{"dict":[[{"tuple":[1,"a"]},2]]}'],
      ["{'1', 1, b'1'}", '{"set":["1",1,{"bytes":"31"}]}'],
      ["{'__proto__': 1, 'toString': 2}", '{"dict":[["__proto__",1],["toString",2]]}'],
    ])
  })

  it("refuses unhashable members and keys", () => {
    isRefused(["{[1]}", "{{}}", "{{1}}", "{(1, [2])}", "{[]: 1}", "{(1, {}): 1}"], "not hashable")
  })

  it("nests 64 deep and no deeper, whatever the bracket", () => {
    for (const [opening, closing] of ["[]", "()", "{}"].map(
      (pair) => [pair.charAt(0), pair.charAt(1)] as const,
    )) {
      const nested = (depth: number) =>
        `${opening.repeat(depth)}${opening === "[" ? "" : "1"}${closing.repeat(depth)}`
      if (opening !== "{") assert.notStrictEqual(meaning(nested(64)), "refused")
      isRefused([nested(65)], opening === "{" ? "" : "nested deeper")
    }
    const parsed = Result.getOrThrow(parseValue(`${"[".repeat(64)}1${"]".repeat(64)}`))
    assert.isTrue(
      Result.isSuccess(Value.fromJson(Value.toJson(parsed))),
      "the border refuses what the parser accepts",
    )
    isRefused(["(".repeat(1_000_000), "[".repeat(1_000_000), "{1:".repeat(1_000_000), `[${"(".repeat(1000)}`])
  })
})

describe("what is not a literal", () => {
  it("is refused with what was found", () => {
    isRefused(["", " \n ", "# nothing"], "the end of the text")
    isRefused(["eval(gold_output)"], "found `eval(gold_output)`")
    isRefused([
      "__import__('os').popen('id').read()",
      "__import__('random').random()",
      "type('E',(),{'__eq__':lambda s,o:True})()",
      "0) if False else (True",
      "[9])\n(True",
      "...",
      "set()",
      "frozenset({1})",
      "float('nan')",
      "dict(a=1)",
      "lambda: 1",
      "constructor",
      "None()",
      "True.real",
      "[1][0]",
      "Nonе", // the last letter is Cyrillic
      "true",
      "null",
    ])
    isRefused(["a".repeat(1_000_000)], `\`${"a".repeat(40)}…\``)
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
    assert.deepStrictEqual(argumentsOf(" # none\n"), [])
    assert.deepStrictEqual(argumentsOf("1"), ["1"])
    assert.deepStrictEqual(argumentsOf("1,\n[2, 3], 'a' # end\n,"), ["1", "[2,3]", '"a"'])
    assert.deepStrictEqual(argumentsOf("(1, 2)"), ['{"tuple":[1,2]}'])
    assert.deepStrictEqual(argumentsOf("'a'\n'b'"), ['"ab"'])
  })

  it("nothing else does", () => {
    for (const text of [
      ",",
      "1,,2",
      "1 2",
      "a=1",
      "*[1]",
      "**{}",
      "1) + (2",
      "0) if False else (True",
      "[9])\n(True",
      "x",
    ]) {
      assert.strictEqual(argumentsOf(text), "refused", text)
    }
  })
})

describe("rendering", () => {
  const renders = (cases: ReadonlyArray<readonly [Value.Value, string]>) => {
    for (const [value, text] of cases) assert.strictEqual(renderValue(value), text)
  }

  it("writes what repr writes", () => {
    renders([
      [Value.none, "None"],
      [Value.list([Value.bool(true), Value.int(-3)]), "[True, -3]"],
      [Value.tuple([Value.int(1)]), "(1,)"],
      [Value.tuple([]), "()"],
      [Value.dict([[Value.string("a"), Value.list([])]]), "{'a': []}"],
      [Value.set([Value.int(2), Value.int(1)]), "{1, 2}"],
      [Value.string("it's"), `"it's"`],
      [Value.string(`it's "so"`), `'it\\'s "so"'`],
      [
        Value.string("\u0000\n\t\r\\\u007f\u00a0é😀\u200b\u{e0001}"),
        `'\\x00\\n\\t\\r\\\\\\x7f\\xa0é😀\\u200b\\U000e0001'`,
      ],
      [Value.bytes("00279fc3610a"), `b"\\x00'\\x9f\\xc3a\\n"`],
      [Value.complex(1, -2), "(1-2j)"],
      [Value.complex(0, 0.5), "0.5j"],
      [Value.complex(1.5, -0), "(1.5-0j)"],
    ])
    const floats = {
      1: "1.0",
      1e16: "1e+16",
      123456789012345680: "1.2345678901234568e+17",
      0.0001: "0.0001",
      0.00001: "1e-05",
    }
    renders(Object.entries(floats).map(([number, text]) => [Value.float(Number(number)), text]))
    renders([
      [Value.float(-0), "-0.0"],
      [Value.float(9999999999999998), "9999999999999998.0"],
      [Value.float(5e-324), "5e-324"],
      [Value.float(1.5e300), "1.5e+300"],
      [Value.float(123.456), "123.456"],
      [Value.float(0.00012), "0.00012"],
    ])
  })

  it("writes a constructor where repr does not read back", () => {
    renders([
      [Value.float(Number.NaN), "float('nan')"],
      [Value.float(-Infinity), "float('-inf')"],
      [Value.complex(-0, 1), "complex(-0.0, 1.0)"],
      [Value.complex(0, -2), "complex(0.0, -2.0)"],
      [Value.complex(Infinity, Number.NaN), "complex(float('inf'), float('nan'))"],
      [Value.set([]), "set()"],
      [Value.frozenset([]), "frozenset()"],
      [Value.frozenset([Value.int(1)]), "frozenset({1})"],
    ])
  })

  it("has no form for values of other languages", () => {
    assert.throws(() => renderValue(Value.undefinedValue), "no Python form")
  })
})

describe("properties", () => {
  it("a rendered literal reads back as the same value, in strict equality", () => {
    fc.assert(
      fc.property(anyPython.filter(isLiteral), (value) => {
        const text = renderValue(value)
        assert.strictEqual(meaning(text), Value.encode(value), text)
        assert.strictEqual(meaning(` (\n${text}# c\n)`), Value.encode(value), text)
      }),
      { numRuns: 1000 },
    )
  })

  it("rendered arguments read back in order", () => {
    fc.assert(
      fc.property(fc.array(anyPython.filter(isLiteral), { maxLength: 4 }), (values) => {
        const read = Result.getOrThrow(parseArguments(renderArguments(values)))
        assert.deepStrictEqual(read.map(Value.encode), values.map(Value.encode))
      }),
    )
  })

  it("any text is read or refused, never thrown at", () => {
    const soup = fc.string({
      unit: fc.constantFrom(..."01_.ejJx+-'\"\\nrbuN{}[](),:# \n\t\f\rTé😀\ud83d\0".split("")),
    })
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), soup), (text) => {
        const result = parseValue(text)
        if (Result.isFailure(result) || !isLiteral(result.success)) return
        assert.strictEqual(meaning(renderValue(result.success)), Value.encode(result.success))
      }),
      { numRuns: 5000 },
    )
  })
})
