import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Guest, literal, number } from "./guest.ts"

layer(Guest.layer(1))("operation literal", (test) => {
  test.effect("builds values from literals and constructors", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [text: string, built: unknown]> = [
        ["", []],
        ["1, 'a',", [number(1), "a"]],
        ["-1 * 10 ** 9, ~5, 3/4, -0, 7 % 4, 0x10, 1_000", ["-1000000000", "-6", "0.75", "-0", "3", "16", "1000"].map(number)],
        ["NaN, -Infinity, Infinity, 1e999, -1e-999", ["nan", "-inf", "inf", "inf", "-0"].map(number)],
        ["undefined, null, true, false", [{ undefined: true }, null, true, false]],
        ["10n, (-2n) ** 3n, BigInt('-12'), BigInt(5), 2n ** 64n - 1n", ["10", "-8", "-12", "5", "18446744073709551615"].map((bigint) => ({ bigint }))],
        ["`a\nb`, \"c\", 'd\\u{1f600}'", ["a\nb", "c", "d😀"]],
        ["[1, // comment\n [2], ] /* end */", [[number(1), [number(2)]]]],
        [
          "{ a: 1, 'b-c': [], 3: null, ['d']: {}, a: 2, [1 + 1]: 0 }",
          [
            {
              dict: [
                ["2", number(0)],
                ["3", null],
                ["a", number(2)],
                ["b-c", []],
                ["d", { dict: [] }],
              ],
            },
          ],
        ],
        ["{ ['__proto__']: 1 }", [{ dict: [["__proto__", number(1)]] }]],
        ["new Map(), new Map([[1, 'a'], ['b', [2]]])", [{ map: [] }, { map: [[number(1), "a"], ["b", [number(2)]]] }]],
        ["new Map(Object.entries({ a: 1 })), Object.fromEntries([['a', 1]])", [{ map: [["a", number(1)]] }, { dict: [["a", number(1)]] }]],
        ["new Set([1, 1, 'a']), new Set('aab'), new Set()", [{ jsset: [number(1), "a"] }, { jsset: ["a", "b"] }, { jsset: [] }]],
        ["Number.MAX_SAFE_INTEGER, Number.EPSILON, Math.PI", ["9007199254740991", "2.220446049250313e-16", "3.141592653589793"].map(number)],
        ["(1), ((['a']))", [number(1), ["a"]]],
      ] // prettier-ignore
      for (const [text, built] of cases) assert.deepEqual(yield* literal(text, "arguments"), built, text)
      assert.deepEqual(yield* literal(" {'a':\n 1}\n", "value"), { dict: [["a", number(1)]] })
      assert.deepEqual(yield* literal("'a' // b", "value"), "a")
    }),
  )

  test.effect("1, 14: refuses everything else, executing nothing", () =>
    Effect.gen(function* () {
      const refused: ReadonlyArray<readonly [text: string, reason: RegExp]> = [
        ["1) || (2", /^syntax: not an argument list/],
        ["[9])\n(true", /^syntax: not an argument list/],
        ["1)\n//", /^syntax/],
        ["1); _(2", /^syntax: not an argument list/],
        ["1), _(2", /^syntax: not an argument list/],
        ["1)?.(2", /^syntax: not an argument list/],
        ["1 /*", /^syntax/],
        ["`", /^syntax/],
        ["1, , 2", /^syntax/],
        ["...[1]", /^refused: SpreadElement/],
        ["a", /^refused: a is no constant/],
        ["a = 1", /^refused: AssignmentExpression/],
        ["[1, , 2]", /^refused: an array with holes/],
        ["{ a }", /^refused: an object/],
        ["{ ...{} }", /^refused: an object/],
        ["{ get a() { return 1 } }", /^refused: an object/],
        ["{ a() {} }", /^refused: an object/],
        ["{ __proto__: {} }", /^refused: __proto__/],
        ["{ '__proto__': {} }", /^refused: __proto__/],
        ["{ [a]: 1 }", /^refused: a is no constant/],
        ["() => 1", /^refused: ArrowFunctionExpression/],
        ["function () {}", /^refused: FunctionExpression/],
        ["class {}", /^refused: ClassExpression/],
        ["/a/", /^refused: Literal/],
        ["`a${1}`", /^refused: a template with substitutions/],
        ["String.raw`a`", /^refused: TaggedTemplateExpression/],
        ["eval('1')", /^refused: call of eval/],
        ["globalThis", /^refused: globalThis is no constant/],
        ["Math.random()", /^refused: call of Math.random/],
        ["Date.now()", /^refused: call of Date.now/],
        ["new Date(0)", /^refused: call of new Date/],
        ["new Array(3)", /^refused: call of new Array/],
        ["Map([])", /^refused: call of Map/],
        ["new BigInt(1)", /^refused: call of new BigInt/],
        ["new (Map)([])", /^refused: call of new/],
        ["Object?.entries({})", /^refused/],
        ["Object.entries?.({})", /^refused/],
        ["new Map([1])", /^refused: entries are an array of pairs/],
        ["new Set(1)", /^refused: a collection/],
        ["new Set([1], 2)", /^refused: new Set takes at most 1/],
        ["[1].map", /^refused/],
        ["'a'.length", /^refused/],
        ["Math.constructor", /^refused: Math.constructor is no constant/],
        ["toString", /^refused: toString is no constant/],
        ["'a' + 'b'", /^refused: arithmetic/],
        ["1 + 1n", /^refused: arithmetic/],
        ["!1", /^refused: ! on a number/],
        ["+1n", /^refused/],
        ["typeof 1", /^refused: typeof/],
        ["1 < 2", /^refused: operator </],
        ["1 && 2", /^refused: LogicalExpression/],
        ["1 ? 2 : 3", /^refused: ConditionalExpression/],
        ["(1, 2)", /^refused: SequenceExpression/],
        ["10n ** 10n ** 7n", /^refused: power too large/],
        ["2n ** -1n", /^refused/],
        ["1n / 0n", /^refused/],
        ["BigInt('0x10')", /^refused: BigInt/],
        ["BigInt(1.5)", /^refused: BigInt/],
        ["import('a')", /^refused: ImportExpression/],
        ["await 1", /^refused: AwaitExpression/],
        ["this", /^refused: ThisExpression/],
        ["'\\ud800'", /^unrepresentable/],
        [`'${"x".repeat(70_000)}'`, /^output/],
        ["[".repeat(100) + "]".repeat(100), /^unrepresentable: nested deeper/],
        ["[".repeat(5000), /^syntax/],
        ["-".repeat(20_000) + "1", /^syntax/],
      ]
      for (const [text, reason] of refused) {
        assert.match(String(yield* literal(text, "arguments")), reason, text.slice(0, 60))
      }
      for (const text of ["", "1, 2", "1; 2", "1) + (2", "1) (2", "'a'\n'b'", "(1"]) {
        assert.match(String(yield* literal(text, "value")), /^syntax/, text)
      }
    }),
  )
})
