/** What guests in TypeScript have in common: values both ways, failures by their kinds, a world that the request decides. */
import { Value } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import fc from "fast-check"
import {
  type GuestLanguage,
  type GuestValue,
  Raised,
  SyntaxFault,
  World,
  fromJson,
  serve,
  toJson,
} from "../../src/guest/index.ts"

const values: fc.Arbitrary<GuestValue> = fc.letrec<{ value: GuestValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.bigInt(),
    fc.double(),
    fc.string({ unit: "binary" }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(fc.string({ unit: "binary" }), fc.bigInt()), tie("value")), { maxLength: 3 })
      .map((entries) => new Map<GuestValue, GuestValue>(entries)),
  ),
})).value

const json = (value: GuestValue) => toJson(value, 1_000_000)

describe("values of a guest", () => {
  it("are core's, and come back as they were", () => {
    fc.assert(
      fc.property(values, (value) => {
        const written = json(value)
        assert.deepStrictEqual(fromJson(written), value)
        // The text is the canonical one: what core reads it writes again.
        assert.strictEqual(Value.encode(Result.getOrThrow(Value.fromJson(written))), JSON.stringify(written))
      }),
    )
  })

  it("are refused, never cut, where they are longer than the limit", () => {
    fc.assert(
      fc.property(values, (value) => {
        const { length } = JSON.stringify(json(value))
        assert.deepStrictEqual(toJson(value, length), json(value))
      }),
    )
    for (const value of ["ab", [1n, 2n], 12345n, 10n ** 100_000n, new Map([["a", null]])]) {
      assert.throws(() => toJson(value, 3), /^longer than 3 bytes$/u)
    }
  })

  it("have no form where they nest too deep, are half a character, or are no data", () => {
    let deep: GuestValue = 1n
    for (let depth = 0; depth < 64; depth++) deep = [deep]
    assert.strictEqual(Result.isSuccess(Value.fromJson(json(deep))), true)
    assert.throws(() => json([deep]), /nested deeper than 64/u)
    assert.throws(() => json("\ud800"), /lone surrogates/u)
    assert.throws(() => json((() => 1n) as never), /a function has no canonical form/u)
  })
})

/** A language whose program is the name of what it does. */
const run: GuestLanguage<string>["run"] = (program, entry, [value = null], world) => {
  if (entry !== "f") return undefined
  switch (program) {
    case "raises":
      throw new Raised("KeyError", "no key")
    case "hoards":
      throw Object.assign(new Error("out of memory"), { name: "InternalError" })
    case "hoardsMore":
      throw null
    case "recurses":
      return run(program, entry, [value], world)
    case "fails":
      throw new TypeError("undefined is not a function")
    case "prints":
      world.print("x".repeat(5000))
      return value
    case "looks":
      return [BigInt(world.now()), BigInt(world.now()), world.random()]
    default:
      return value
  }
}

const facts = {
  functions: [],
  topLevel: [],
  imports: [],
  attributes: [],
  canonical: "",
  complexity: { cognitive: 0, operators: 0, operands: 0, distinctOperators: 0, distinctOperands: 0 },
  tree: "{}",
}

interface Answer {
  readonly ok?: unknown
  readonly fail?: { readonly kind: string; readonly name?: string | null; readonly message: string }
  readonly stdout?: string
}

const ask = (request: object): Answer =>
  JSON.parse(
    serve<string>({
      parse: (text) => {
        if (text === "malformed") throw new SyntaxFault("expected a word", 3)
        return text
      },
      run,
      facts: () => ({ ...facts, calls: ["g", "a"], names: ["z", "b"], operations: ["+", "*"] }),
      readArguments: (text) => text.split(",").map(BigInt),
      readValue: (text) => {
        if (text === "") throw new SyntaxFault("expected a value", null)
        return text
      },
      warmUp: ["raises", "identity"],
    })(JSON.stringify(request)),
  ) as Answer

const call = (program: string, over: object = {}) =>
  ask({ op: "run", program, entry: "f", args: [7], entropy: 0, outputBytes: 100, ...over })

describe("serve", () => {
  it("runs, and tells each failure by its kind", () => {
    assert.deepStrictEqual(call("identity"), { ok: 7, stdout: "" })
    const kinds = ["raises", "hoards", "hoardsMore", "recurses", "fails", "malformed"].map((program) => {
      const { fail } = call(program)
      return [fail?.kind, fail?.name]
    })
    assert.deepStrictEqual(kinds, [
      ["exception", "KeyError"],
      ["memory", null],
      ["memory", null],
      ["stack", null],
      ["trap", "TypeError"],
      ["syntax", null],
    ])
    assert.deepInclude(call("identity", { entry: "g" }).fail, { kind: "missingEntry" })
    assert.deepInclude(call("identity", { args: ["x".repeat(200)] }).fail, { kind: "output" })
  })

  it("keeps what is printed apart, and cuts it", () => {
    const { ok, stdout } = call("prints")
    assert.deepStrictEqual([ok, stdout?.length], [7, 4096])
  })

  it("lets a program see the clock and the chance of its request, and nothing else", () => {
    assert.deepStrictEqual(call("looks"), call("looks"))
    const [first, second] = call("looks").ok as ReadonlyArray<number>
    assert.strictEqual((second ?? 0) - (first ?? 0), 1)
    assert.notDeepEqual(call("looks", { entropy: 0x9e3779b9 }).ok, call("looks").ok)
    const draws = Array.from(
      { length: 1000 },
      (
        (world) => () =>
          world.random()
      )(new World(1)),
    )
    assert.isTrue(draws.every((draw) => draw >= 0 && draw < 1))
    assert.closeTo(draws.reduce((sum, draw) => sum + draw, 0) / draws.length, 0.5, 0.05)
  })

  it("says facts in order, and where a text is no program", () => {
    assert.deepInclude(ask({ op: "inspect", program: "identity" }).ok, {
      syntax: null,
      calls: ["a", "g"],
      names: ["b", "z"],
      operations: ["*", "+"],
    })
    assert.deepStrictEqual(ask({ op: "inspect", program: "malformed" }).ok, {
      syntax: { message: "expected a word", line: 3 },
    })
  })

  it("reads literals, or says why not", () => {
    assert.deepStrictEqual(ask({ op: "literal", as: "arguments", text: "1,-2" }), { ok: [1, -2] })
    assert.deepStrictEqual(ask({ op: "literal", as: "value", text: "" }), {
      fail: { kind: "syntax", message: "expected a value" },
    })
  })

  it("is sealed only when every program of the warm-up runs", () => {
    assert.deepStrictEqual(ask({ op: "seal" }), { ok: {} })
    assert.deepStrictEqual(ask({ op: "recurse" }), { ok: "RangeError" })
  })
})
