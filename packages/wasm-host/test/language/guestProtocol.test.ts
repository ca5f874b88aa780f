import { Executor, Value } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import fc from "fast-check"
import type { CallResult, Trap } from "../../src/index.ts"
import {
  type Dialect,
  inspectCall,
  inspectedFacts,
  literalArguments,
  literalCall,
  literalValue,
  runCall,
  runOutcome as decodeOutcome,
} from "../../src/language/guestProtocol.ts"

const dialect: Dialect = {
  images: { reference: "a", perturbed: "b" },
  missingName: "NameError",
  kinds: new Set(["null", "bool", "int", "float", "string", "list", "tuple", "set", "dict"]),
  address: /<[^<>]{1,200} at 0x[0-9a-f]{4,16}>/,
}

const runOutcome = (answer: CallResult, of: Dialect) => decodeOutcome(answer, 65_536, of)

const said = (response: string): CallResult => ({ response, trap: null, fuelUsed: 12 })
const trapped = (trap: Trap): CallResult => ({ response: null, trap, fuelUsed: 12 })

const failureOf = (answer: CallResult) => {
  const outcome = runOutcome(answer, dialect)
  assert(outcome._tag === "Failed", JSON.stringify(answer))
  return outcome
}

/** What a guest could say that is no answer. */
const nonsense = [
  "",
  "null",
  "{",
  "[]",
  '"ok"',
  "{}",
  '{"ok":1}',
  '{"fail":{}}',
  '{"fail":{"kind":1}}',
  "[".repeat(90_000),
]

describe("requests", () => {
  const request: Executor.ExecutionRequest = {
    program: "def f(a): return a",
    entry: "f",
    arguments: [Value.tuple([Value.float(1.5), Value.int(2n ** 60n)])],
    limits: { fuel: 1000, outputBytes: 64 },
    conditions: "reference",
  }

  it("are a function of what was asked", () => {
    const call = runCall(request, dialect)
    assert.strictEqual(call.image, "a")
    assert.strictEqual(call.fuel, 1000)
    assert.deepStrictEqual(JSON.parse(call.request), {
      op: "run",
      program: "def f(a): return a",
      entry: "f",
      args: [{ tuple: [{ float: "1.5" }, { int: "1152921504606846976" }] }],
      entropy: 0,
      outputBytes: 64,
    })
    assert.deepStrictEqual(runCall({ ...request }, dialect), call)
  })

  it("under perturbed conditions differ in image and entropy, and in nothing else", () => {
    const reference = runCall(request, dialect)
    const perturbed = runCall({ ...request, conditions: "perturbed" }, dialect)
    assert.strictEqual(perturbed.image, "b")
    const [one, other] = [reference, perturbed].map(({ request: text }) => JSON.parse(text))
    assert.notStrictEqual(one.entropy, other.entropy)
    assert.deepStrictEqual({ ...one, entropy: 0 }, { ...other, entropy: 0 })
  })

  it("for reading do not execute", () => {
    assert.deepStrictEqual(JSON.parse(inspectCall("x", dialect).request), { op: "inspect", program: "x" })
    assert.deepStrictEqual(JSON.parse(literalCall("1", "arguments", dialect).request), {
      op: "literal",
      as: "arguments",
      text: "1",
    })
  })
})

describe("outcomes", () => {
  it("carry the value, the output and the fuel", () => {
    assert.deepStrictEqual(runOutcome(said('{"ok":{"tuple":[1]},"stdout":"hello"}'), dialect), {
      _tag: "Returned",
      value: Value.tuple([Value.int(1)]),
      stdout: "hello",
      fuel: 12,
    })
  })

  it("carry the guest's own failures", () => {
    const outcome = runOutcome(
      said('{"fail":{"kind":"exception","name":"KeyError","message":"1","line":3},"stdout":"x"}'),
      dialect,
    )
    assert.deepStrictEqual(outcome, {
      _tag: "Failed",
      failure: { kind: "exception", name: "KeyError", message: "1" },
      stdout: "x",
      fuel: 12,
    })
    for (const kind of ["syntax", "memory", "stack", "output", "unrepresentable"] as const) {
      const { failure } = failureOf(said(`{"fail":{"kind":"${kind}","name":null,"message":""},"stdout":""}`))
      assert.strictEqual(failure.kind, kind)
    }
  })

  it("call a missing entry function what the language calls a missing name", () => {
    const { failure } = failureOf(
      said('{"fail":{"kind":"missingEntry","name":null,"message":"no f"},"stdout":""}'),
    )
    assert.deepStrictEqual(failure, { kind: "exception", name: "NameError", message: "no f" })
  })

  it("are refused when they show an address, which printing one does no harm", () => {
    const { failure } = failureOf(said('{"ok":"<A object at 0x7f00>","stdout":""}'))
    assert.strictEqual(failure.kind, "unrepresentable")
    const printed = said('{"ok":1,"stdout":"<A object at 0x7f00>"}')
    assert.strictEqual(runOutcome(printed, dialect)._tag, "Returned")
    const anything = said('{"ok":"<A object at 0x7f00>","stdout":""}')
    assert.strictEqual(runOutcome(anything, { ...dialect, address: null })._tag, "Returned")
  })

  it("are refused when they hold a kind of value that the language has not, however deep", () => {
    for (const value of [
      '{"bigint":"9"}',
      '[{"dict":[["a",{"bigint":"9"}]]}]',
      '{"dict":[[{"undefined":true},1]]}',
    ]) {
      const { failure } = failureOf(said(`{"ok":${value},"stdout":""}`))
      assert.strictEqual(failure.kind, "unrepresentable")
      assert.include(failure.message, "a value of kind")
      assert.isTrue(Result.isFailure(literalArguments(said(`{"ok":[${value}]}`), dialect)))
    }
  })

  it("are refused when they are longer than the request allows, whatever the guest let through", () => {
    const long = (length: number) =>
      said(JSON.stringify({ ok: "x".repeat(length), stdout: "y".repeat(4096) }))
    const kind = (answer: CallResult, outputBytes: number) => {
      const outcome = decodeOutcome(answer, outputBytes, dialect)
      return outcome._tag === "Returned" ? "value" : outcome.failure.kind
    }
    assert.strictEqual(kind(long(98), 100), "value")
    assert.strictEqual(kind(long(99), 100), "output")
    assert.strictEqual(kind(long(8_000_000), 65_536), "output")
    // Bytes, not characters.
    assert.strictEqual(kind(said(JSON.stringify({ ok: "é".repeat(60), stdout: "" })), 100), "output")
  })

  it("nest as deep as they like without harm to the host", () => {
    const nested = (open: string, close: string, depth: number) =>
      said(`{"ok":${open.repeat(depth)}1${close.repeat(depth)},"stdout":"<A object at 0x7f00>"}`)
    for (const [open, close] of [
      ["[", "]"],
      ['{"dict":[[1,', "]]}"],
      ['{"tuple":[', "]}"],
    ] as const) {
      for (const depth of [70, 1000, 12_000]) {
        const { failure } = failureOf(nested(open, close, depth))
        assert.include(["unrepresentable", "output", "trap"], failure.kind)
      }
    }
  })

  it("carry no more of a failure than an honest guest tells", () => {
    const long = "x".repeat(10_000)
    const { failure, stdout } = failureOf(
      said(JSON.stringify({ fail: { kind: "exception", name: long, message: long }, stdout: long })),
    )
    assert.deepStrictEqual([failure.name?.length, failure.message.length, stdout.length], [200, 400, 4096])
  })

  it("carry traps", () => {
    for (const trap of ["fuel", "memory", "stack", "trap"] as const) {
      assert.strictEqual(failureOf(trapped(trap)).failure.kind, trap)
      assert.strictEqual(failureOf(trapped(trap)).fuel, 12)
    }
  })

  it("are failures of the program, whatever it made the guest say", () => {
    for (const response of [...nonsense, '{"fail":{"kind":"internal","message":"KeyError"}}']) {
      assert.strictEqual(failureOf(said(response)).failure.kind, "trap", response.slice(0, 40))
    }
    const unknown = failureOf(said('{"fail":{"kind":"correct","name":null,"message":""},"stdout":""}'))
    assert.strictEqual(unknown.failure.kind, "trap")
    for (const value of [
      '{"float":"abc"}',
      '{"list":[]}',
      "1.5",
      '{"int":"0x1"}',
      '"\\ud800"',
      "[".repeat(70) + "]".repeat(70),
    ]) {
      assert.strictEqual(
        failureOf(said(`{"ok":${value},"stdout":""}`)).failure.kind,
        "unrepresentable",
        value,
      )
    }
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (response) => void runOutcome(said(response), dialect)),
    )
  })
})

describe("facts", () => {
  const good = {
    syntax: null,
    functions: [{ name: "f", params: ["a"], defaults: 0, varargs: true, returns: true }],
    topLevel: ["FunctionDef"],
    imports: [],
    calls: ["sorted"],
    names: ["a"],
    attributes: [],
    statements: 2,
    canonical: "def f(v0): …",
    operations: ["sorted()"],
    complexity: { cognitive: 1, operators: 4, operands: 3, distinctOperators: 2, distinctOperands: 1 },
    tree: "{Module}",
  }

  it("count *args as a parameter", () => {
    const facts = inspectedFacts(said(JSON.stringify({ ok: good })))
    assert.deepStrictEqual(facts.functions, [{ name: "f", parameters: ["a", "*"], returns: true }])
    assert.isNull(facts.syntaxError)
    assert.deepStrictEqual(facts.calls, ["sorted"])
  })

  it("tell where the syntax is wrong", () => {
    const wrong = (line: number | null) =>
      said(JSON.stringify({ ok: { syntax: { message: "invalid syntax", line } } }))
    assert.strictEqual(inspectedFacts(wrong(3)).syntaxError, "invalid syntax (line 3)")
    assert.strictEqual(inspectedFacts(wrong(null)).syntaxError, "invalid syntax")
  })

  it("that cannot be had are a syntax error too", () => {
    for (const response of nonsense) assert.isNotNull(inspectedFacts(said(response)).syntaxError)
    assert.include(inspectedFacts(trapped("memory")).syntaxError, "memory")
  })
})

describe("literals", () => {
  it("are one value where one is asked for", () => {
    assert.strictEqual(JSON.parse(literalCall("1", "value", dialect).request).as, "value")
    assert.deepStrictEqual(
      Result.getOrThrow(literalValue(said('{"ok":[1]}'), dialect)),
      Value.list([Value.int(1)]),
    )
    assert.isTrue(Result.isFailure(literalArguments(said('{"ok":1}'), dialect)))
    for (const answer of [said('{"ok":{"x":1}}'), said("null"), trapped("memory")]) {
      assert.isTrue(Result.isFailure(literalValue(answer, dialect)))
    }
  })

  it("are values, or why not", () => {
    assert.deepStrictEqual(Result.getOrThrow(literalArguments(said('{"ok":[1,{"set":[]}]}'), dialect)), [
      Value.int(1),
      Value.set([]),
    ])
    const refused = literalArguments(said('{"fail":{"kind":"refused","message":"call of eval"}}'), dialect)
    assert(Result.isFailure(refused))
    assert.strictEqual(refused.failure, "call of eval")
    for (const answer of [...nonsense.map(said), said('{"ok":[{"x":1}]}'), trapped("fuel")]) {
      assert.isTrue(Result.isFailure(literalArguments(answer, dialect)), answer.response?.slice(0, 40))
    }
  })
})

describe("the form of an answer", () => {
  const form = Schema.fromJsonString(
    Schema.Union([
      Schema.Struct({ ok: Schema.Unknown, stdout: Schema.String }),
      Schema.Struct({
        fail: Schema.Struct({
          kind: Schema.String,
          name: Schema.NullOr(Schema.String),
          message: Schema.String,
        }),
        stdout: Schema.String,
      }),
    ]),
  )
  const isAnswer = (text: string) => Result.isSuccess(Schema.decodeResult(form)(text))

  it("is what a Schema would take", () => {
    const leaf = fc.constantFrom(null, true, 1, "", "trap", [], {}, [1])
    const fail = fc.oneof(
      leaf,
      fc.record({ kind: leaf, name: leaf, message: leaf, more: leaf }, { requiredKeys: [] }),
      fc.record({
        kind: fc.constant("exception"),
        name: fc.constantFrom(null, "E"),
        message: fc.constant("m"),
      }),
    )
    const answer = fc.oneof(
      leaf,
      fc.record(
        { ok: leaf, fail, stdout: fc.oneof(leaf, fc.constant("printed")), more: leaf },
        { requiredKeys: [] },
      ),
    )
    let taken = 0
    fc.assert(
      fc.property(answer, (json) => {
        const text = JSON.stringify(json)
        const outcome = runOutcome(said(text), dialect)
        const unable =
          outcome._tag === "Failed" && outcome.failure.message === "left the interpreter unable to answer"
        assert.strictEqual(unable, !isAnswer(text), text)
        if (!unable) taken++
      }),
      { numRuns: 2000, seed: 5 },
    )
    assert.isAbove(taken, 200)
  })
})
