import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Executor, MachineMeter, Value } from "@azr/core"
import { ExecutorHost } from "@azr/wasm-host"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import { PythonExecutor } from "../src/index.ts"

const request = (program: string, ...values: ReadonlyArray<Value.Value>): Executor.ExecutionRequest => ({
  program,
  entry: "f",
  arguments: values,
  limits: Executor.defaultLimits,
  conditions: "reference",
})

const one = Value.int(1)

layer(PythonExecutor.layer)("outcomes", (test) => {
  const run = Effect.fnUntraced(function* (given: Executor.ExecutionRequest) {
    return yield* (yield* Executor.Executor).run(given)
  })

  test.effect("are canonical values of every kind", () =>
    Effect.gen(function* () {
      const program = "def f(a): return a"
      const values = [
        Value.none,
        Value.bool(true),
        Value.int(2n ** 100n),
        Value.float(-0),
        Value.float(Number.NaN),
        Value.complex(1, -0),
        Value.string("é😀\n"),
        Value.bytes("00ff"),
        Value.tuple([Value.list([]), Value.dict([[one, one]])]),
        Value.set([one, Value.string("a")]),
        Value.frozenset([]),
      ]
      for (const value of values) {
        const outcome = yield* run(request(program, value))
        assert(outcome._tag === "Returned")
        assert.strictEqual(Value.encode(outcome.value), Value.encode(value))
      }
    }),
  )

  test.effect("name the way a program failed", () =>
    Effect.gen(function* () {
      const failures = {
        "def f(a): return 1/0": ["exception", "ZeroDivisionError"],
        "def f(a): raise SystemExit(3)": ["exception", "SystemExit"],
        "def g(a): return a": ["exception", "NameError"],
        "def f(a": ["syntax", "SyntaxError"],
        "def f(a): return f(a)": ["stack", "RecursionError"],
        "def f(a):\n    while True: pass": ["fuel", null],
        "def f(a): return bytearray(10**9)": ["memory", "MemoryError"],
        "def f(a): return 'x' * 70_000": ["output", null],
        "def f(a): return object()": ["unrepresentable", null],
        "def f(a): return '\\ud800'": ["unrepresentable", null],
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
      const outcome = yield* run(request("def f(a):\n    print('{\"ok\":2}' * 1000)\n    return a", one))
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
      const [sum, sumAgain] = yield* both("def f(a): return sum({i * i for i in range(100)})")
      assert.strictEqual(sum, sumAgain)
      for (const program of [
        "def f(a): return hash('a')",
        "def f(a): return list({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'})",
        "import random\ndef f(a): return random.random()",
        "import time\ndef f(a): return time.time()",
      ]) {
        const [first, second] = yield* both(program)
        assert.notStrictEqual(first, second, program)
      }
    }),
  )

  test.effect("keep requests beyond a mebibyte from the guest", () =>
    Effect.gen(function* () {
      const outcome = yield* run(request(`def f(a): return a # ${"x".repeat(1 << 20)}`, one))
      assert(outcome._tag === "Failed")
      assert.deepStrictEqual([outcome.failure.kind, outcome.fuel], ["memory", 0])
      const facts = yield* (yield* Executor.Executor).inspect("#".repeat(1 << 20))
      assert.include(facts.syntaxError, "memory")
    }),
  )
})

describe("memory of outcomes", () => {
  /** The real host, with a look at the calls that reach it; `fail` refuses the first so many of them. */
  const watched = (seen: Array<string>, fail: number) =>
    Layer.effect(
      ExecutorHost,
      Effect.map(ExecutorHost, (host) =>
        ExecutorHost.of({
          open: (component, options) =>
            Effect.map(host.open({ ...component, warmUp: [] }, options), (pool) => ({
              ...pool,
              run: (call) =>
                Effect.suspend(() => {
                  seen.push(call.request)
                  return seen.length <= fail
                    ? Effect.fail(new Executor.HostTimeout({ executor: "python", milliseconds: 1 }))
                    : pool.run(call)
                }),
            })),
        }),
      ),
    ).pipe(Layer.provide(ExecutorHost.v8), (host) => Layer.provide(PythonExecutor.layerNoDeps, host))

  it.effect("asks the host once for the same request, at the same time or later", () => {
    const seen: Array<string> = []
    return Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const given = request("def f(a): return a + 1", one)
      const outcomes = yield* Effect.forEach([1, 2, 3, 4], () => executor.run({ ...given }), {
        concurrency: "unbounded",
      })
      for (const outcome of [...outcomes, yield* executor.run(given)])
        assert.deepStrictEqual(outcome, outcomes[0])
      assert.lengthOf(seen, 1)
      yield* executor.run({ ...given, limits: { ...given.limits, fuel: 1_999_999_999 } })
      yield* executor.run({ ...given, conditions: "perturbed" })
      yield* executor.run(request("def f(a): return a + 1", Value.int(2)))
      assert.lengthOf(seen, 4)
      yield* executor.inspect("def f(a): return a")
      yield* executor.inspect("def f(a): return a")
      yield* Effect.flip(executor.evaluateArguments("f(1)"))
      yield* Effect.flip(executor.evaluateArguments("f(1)"))
      assert.lengthOf(seen, 6)
    }).pipe(Effect.provide(watched(seen, 0)))
  })

  it.effect("tells a meter which calls a worker answered and which its memory", () => {
    const meter = new MachineMeter.MachineMeter(() => 0)
    return Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const given = request("def f(a): return a + 1", one)
      yield* Effect.forEach([1, 2, 3], () => executor.run({ ...given }), { concurrency: "unbounded" })
      yield* executor.inspect("def f(a): return a")
      const { calls, remembered, workers } = meter.take().executors["python"] ?? {}
      assert.deepStrictEqual([calls, remembered], [2, 2])
      assert.isAbove(workers ?? 0, 0)
    }).pipe(Effect.provide(watched([], 0)), Effect.provideService(MachineMeter.MachineMeter.Current, meter))
  })

  it.effect("keeps nothing of what was computed around the call", () => {
    setFlagsFromString("--expose-gc")
    const collectGarbage = runInNewContext("gc") as () => void
    return Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const step = Effect.gen(function* () {
        yield* executor.run(request("def f(a): return a + 1", one))
        return { rollouts: [] }
      }).pipe(Effect.withSpan("step"))
      const around = yield* Effect.map(step, (computed) => new WeakRef(computed))
      yield* Effect.promise(() => new Promise(setImmediate))
      collectGarbage()
      assert.isUndefined(around.deref())
    }).pipe(Effect.provide(watched([], 0)))
  })

  it.effect("forgets faults of the infrastructure", () => {
    const seen: Array<string> = []
    return Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const given = request("def f(a): return a + 1", one)
      const fault = yield* Effect.exit(executor.run(given))
      assert.deepStrictEqual(
        fault,
        Exit.fail(new Executor.HostTimeout({ executor: "python", milliseconds: 1 })),
      )
      const outcome = yield* executor.run(given)
      assert(outcome._tag === "Returned")
      assert.deepStrictEqual(outcome.value, Value.int(2))
      assert.lengthOf(seen, 2)
    }).pipe(Effect.provide(watched(seen, 1)))
  })
})
