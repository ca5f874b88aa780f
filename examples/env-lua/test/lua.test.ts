/** What programs of the language give, and what they cannot reach. */
import { Environment, Executor, Value } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import lua from "../src/index.ts"

const withExecutor = Effect.provide(
  Layer.provide(lua.layer, Layer.succeed(Executor.ExecutorSettings, { host: "v8", workers: 1 })),
)

/** What `f(argument)` comes to: a value as it is written in Lua, or the kind of failure. */
const outcomeOf = Effect.fnUntraced(function* (body: string, argument = "nil") {
  const executor = yield* Executor.Executor
  const outcome = yield* executor.run({
    program: `function f(a)\n  ${body}\nend`,
    entry: "f",
    arguments: yield* executor.evaluateArguments(argument),
    limits: Executor.defaultLimits,
    conditions: "reference",
  })
  return outcome._tag === "Returned" ? lua.language.renderValue(outcome.value) : outcome.failure.kind
})

const outcomes: ReadonlyArray<readonly [body: string, argument: string, outcome: string]> = [
  ["return 7 // 2, 7 / 2", "nil", "3"],
  ["return {7 / 2, 6 / 2, 7 % -3, 2^2}", "nil", "{3.5, 3.0, -2, 4.0}"],
  ["return a + 1", "math.maxinteger", "math.mininteger"],
  ["return {-a, a, 1 // 0.0, -1 / 0}", "0.0", "{-0.0, 0.0, math.huge, -math.huge}"],
  ["a[#a + 1] = 'x' a.n = #a return a", "{1, 2}", '{[1] = 1, [2] = 2, [3] = "x", n = 3}'],
  ["a[2] = nil return a", "{1, 2, 3}", "{[1] = 1, [3] = 3}"],
  ["return a.x .. a['y z'] .. a[2.0]", '{x = 1, ["y z"] = 2.5, [2] = "!"}', '"12.5!"'],
  ["return ('%5.1f|%d|%q'):format(1.5, 3, a)", '"\\n"', '"  1.5|3|\\"\\\\\\n\\""'],
  ["return (a:gsub('(%w+)', '<%1>'))", '"ab cd"', '"<ab> <cd>"'],
  ["local ok, e = pcall(error, {1}) return {ok, e}", "nil", "{false, {1}}"],
  ["return load('return 1')", "nil", "exception"],
  ["return io.open('x')", "nil", "exception"],
  ["return os.execute and 1 or os.getenv and 2 or 3", "nil", "3"],
  ["return debug or package or require or js or fengari or 1", "nil", "1"],
  ["return ('').constructor", "nil", "nil"],
  ["return setmetatable({}, {})", "nil", "unrepresentable"],
  ["return tostring({})", "nil", "unrepresentable"],
  ["return '\\xff'", "nil", "unrepresentable"],
  ["local t = {} t.t = t return t", "nil", "unrepresentable"],
  ["return g(a)", "nil", "exception"],
]

describe("programs", () => {
  it.live("give what Lua says, and reach nothing but Lua", () =>
    Effect.gen(function* () {
      const found = yield* Effect.forEach(outcomes, ([body, argument]) =>
        Effect.map(outcomeOf(body, argument), (outcome) => [body, argument, outcome] as const),
      )
      assert.deepStrictEqual(found, outcomes)
    }).pipe(withExecutor),
  )

  it.live("of the build and of other calls have left nothing", () =>
    Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const run = (program: string) =>
        executor.run({
          program,
          entry: "f",
          arguments: [Value.none],
          limits: Executor.defaultLimits,
          conditions: "reference",
        })
      const missing = yield* run("local function f() return 1 end")
      assert.strictEqual(missing._tag === "Failed" ? missing.failure.name : "", "nil")
      yield* run(
        "string.rep = nil string.marked = 1 function f() getmetatable('').__index = nil return 1 end",
      )
      assert.strictEqual(yield* outcomeOf("return ('ab'):rep(2) .. tostring(string.marked)"), '"ababnil"')
    }).pipe(withExecutor),
  )
})

describe("tasks", () => {
  const reasonFor = Effect.fnUntraced(function* (program: string, input: string) {
    const kind = (yield* Environment.open(lua)).kinds.get("deduction") as Environment.OpenTaskKind
    const task = yield* Effect.result(kind.validate({ program, inputs: [input], message: "" }))
    return task._tag === "Success"
      ? "task"
      : task.failure._tag === "ProposalRejected"
        ? task.failure.reason
        : "fault"
  })

  it.live("keep the rules, and depend on nothing that Lua leaves open", () =>
    Effect.gen(function* () {
      const joined = "function f(a)\n  local s = ''\n  for k in pairs(a) do s = s .. k end\n  return s\nend"
      const counted = "function f(a)\n  local n = 0\n  for _ in pairs(a) do n = n + 1 end\n  return n\nend"
      const rows: ReadonlyArray<readonly [program: string, reason: string]> = [
        [joined, "nondeterministic"],
        [counted, "task"],
        ["function f(a) return math.random(9) end", "attribute"],
        ["function f(a) return math['random'](9) end", "attribute"],
        ["function f(a) return os.time() end", "name"],
        ["function f(a) return _G.os end", "name"],
        ["function f(a) if a then return 1 end end", "returns"],
        ["function f() return 1 end", "parameters"],
        ["local x = 1\nwhile x < 3 do x = x + 1 end\nfunction f(a) return x end", "topLevel"],
        ["function f(a) return a", "syntax"],
      ]
      for (const [program, reason] of rows) {
        assert.strictEqual(yield* reasonFor(program, "{x = 1, y = 2}"), reason, program)
      }
    }).pipe(Effect.scoped),
  )
})
