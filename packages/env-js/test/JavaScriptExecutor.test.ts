import { Executor, Value } from "@azr/core"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { JavaScriptExecutor } from "../src/index.ts"

const request = (program: string, ...values: ReadonlyArray<Value.Value>): Executor.ExecutionRequest => ({
  program,
  entry: "f",
  arguments: values,
  limits: Executor.defaultLimits,
  conditions: "reference",
})

const one = Value.float(1)

layer(JavaScriptExecutor.layer)("outcomes", (test) => {
  const run = Effect.fnUntraced(function* (given: Executor.ExecutionRequest) {
    return yield* (yield* Executor.Executor).run(given)
  })

  test.effect("are canonical values of every kind", () =>
    Effect.gen(function* () {
      const values = [
        Value.none,
        Value.undefinedValue,
        Value.bool(true),
        one,
        Value.float(-0),
        Value.float(Number.NaN),
        Value.float(-Infinity),
        Value.float(5e-324),
        Value.float(1.7976931348623157e308),
        Value.float(0.1 + 0.2),
        Value.bigint(-(2n ** 100n)),
        Value.string("é😀\n\u2028\0"),
        Value.list([Value.list([]), Value.undefinedValue]),
        Value.dict([
          [Value.string("2"), one],
          [Value.string("b"), Value.none],
          [Value.string("__proto__"), Value.list([one])],
        ]),
        Value.map([
          [Value.list([one]), Value.jsset([])],
          [Value.float(Number.NaN), one],
        ]),
        Value.jsset([Value.string("a"), Value.dict([])]),
      ]
      for (const value of values) {
        const outcome = yield* run(request("function f(a) { return a }", value))
        assert(outcome._tag === "Returned")
        assert.strictEqual(Value.encode(outcome.value), Value.encode(value))
      }
    }),
  )

  test.effect("name the way a program failed", () =>
    Effect.gen(function* () {
      const failures = {
        "function f(a) { return a.x.y }": ["exception", "TypeError"],
        "class Mine extends Error { name = 'Mine' }\nfunction f(a) { throw new Mine() }": [
          "exception",
          "Mine",
        ],
        "function f(a) { throw 'text' }": ["exception", null],
        "function g(a) { return a }": ["exception", "ReferenceError"],
        "function f(a": ["syntax", "SyntaxError"],
        "function f(a) { return f(a) }": ["stack", "RangeError"],
        "function f(a) { for (;;); }": ["fuel", null],
        "function f(a) { return 'x'.repeat(70000) }": ["output", null],
        "function f(a) { return Symbol() }": ["unrepresentable", null],
        "function f(a) { return '\\ud800' }": ["unrepresentable", null],
        "function f(a) { const x = []; for (;;) x.push({}) }": ["memory", "InternalError"],
      }
      for (const [program, [kind, name]] of Object.entries(failures)) {
        const outcome = yield* run(request(program, one))
        assert(outcome._tag === "Failed", program)
        assert.strictEqual(outcome.failure.kind, kind as string, program)
        assert.strictEqual(outcome.failure.name, name as string | null, program)
      }
    }),
  )

  test.effect("hold what was printed, apart from the result", () =>
    Effect.gen(function* () {
      const outcome = yield* run(
        request("function f(a) { console.log('{\"ok\":2}'.repeat(1000)); return a }", one),
      )
      assert(outcome._tag === "Returned")
      assert.deepStrictEqual(outcome.value, one)
      assert.lengthOf(outcome.stdout, 4096)
    }),
  )

  test.effect("under perturbed conditions are the same for a deterministic program only", () =>
    Effect.gen(function* () {
      const both = Effect.fnUntraced(function* (program: string) {
        const outcomes = yield* Effect.forEach(["reference", "perturbed"] as const, (conditions) =>
          run({ ...request(program, one), conditions }),
        )
        return outcomes.map((outcome) =>
          outcome._tag === "Returned" ? Value.encode(outcome.value) : outcome.failure.kind,
        )
      })
      const [sum, sumAgain] = yield* both("function f(a) { return [...new Set('banana')].sort().join() }")
      assert.strictEqual(sum, sumAgain)
      for (const program of [
        "function f(a) { return Math.random() }",
        "function f(a) { return Date.now() }",
        "function f(a) { return new Date().toISOString() }",
      ]) {
        const [first, second] = yield* both(program)
        assert.notStrictEqual(first, second, program)
      }
    }),
  )

  test.effect("keep requests beyond a mebibyte from the guest", () =>
    Effect.gen(function* () {
      const outcome = yield* run(request(`function f(a) { return a } // ${"x".repeat(1 << 20)}`, one))
      assert(outcome._tag === "Failed")
      assert.deepStrictEqual([outcome.failure.kind, outcome.fuel], ["memory", 0])
      const facts = yield* (yield* Executor.Executor).inspect("/".repeat(1 << 20))
      assert.include(facts.syntaxError, "memory")
    }),
  )
})
