/**
 * The guest of the JavaScript executor: a JSON request in, a JSON response out.
 *
 *     {"op": "run", "program", "entry", "args": [Value JSON], "entropy": int, "outputBytes": int}
 *         -> {"ok": Value JSON, "stdout"} or {"fail": {"kind", "name", "message"}, "stdout"}     program.ts
 *     {"op": "inspect", "program"}
 *         -> {"ok": facts of the syntax tree}   facts.ts
 *     {"op": "literal", "text", "as": "arguments" | "value", "outputBytes"?}
 *         -> {"ok": [Value JSON] or Value JSON} or {"fail": {"kind", "message"}}   literals.ts
 *
 * A request that is none of these is the host's mistake: {"fail": {"kind": "request", "message"}}. Everything
 * at module level runs at build time, before the snapshot; so does the operation `seal`, its last step.
 */
import { inspect } from "./facts.ts"
import { stringifyJson } from "./intrinsics.ts"
import { literal } from "./literals.ts"
import { run as runProgram } from "./program.ts"
import { close } from "./sandbox.ts"

type Operation = (request: never) => string

const operations = new Map<string, Operation>([
  ["run", runProgram],
  ["inspect", inspect],
  ["literal", literal],
])

// One request of each kind, so that what the engine does only once is done before the snapshot.
const WARM_UP = [
  { op: "run", program: "function f(a) { return a.slice().sort((x, y) => x - y) }", args: [[2, 1]] },
  { op: "run", program: "const f = (a) => new Map(Object.entries({ a })).get('b').c", args: [1] },
  { op: "run", program: "function f(a {", args: [] },
  {
    op: "inspect",
    program: "class A { b = 1 }\nexport function f(a, [b] = []) { for (const x of a) return x + b }",
  },
  { op: "literal", text: "[1, 'a'], new Map([[{ a: -1 }, 2n]])", as: "arguments" },
]

/** Closes what is open, fills the caches, and leaves no garbage behind. */
const seal = (): string => {
  const { runGc } = Reflect.get(globalThis, "__cqjs") as { readonly runGc: () => void }
  close()
  const globals = Object.getOwnPropertyNames(globalThis).sort()
  operations.delete("seal")
  for (const request of WARM_UP) {
    const response = answer(JSON.stringify({ entry: "f", entropy: 0, outputBytes: 1000, ...request }))
    const { fail } = JSON.parse(response)
    if (fail?.kind === "request" || fail?.kind === "internal") return response
  }
  runGc()
  return JSON.stringify({ ok: { globals } })
}

operations.set("seal", seal)

const answer = (request: string): string => {
  let operation: Operation | undefined
  let fields
  try {
    fields = JSON.parse(request)
    operation = operations.get(fields.op)
  } catch (error) {
    return refuse("request", error)
  }
  if (operation === undefined) return refuse("request", new TypeError("no such operation"))
  try {
    return operation(fields as never)
  } catch (error) {
    const malformed = error instanceof TypeError || error instanceof SyntaxError
    return refuse(malformed ? "request" : "internal", error)
  }
}

const refuse = (kind: "request" | "internal", error: unknown): string =>
  stringifyJson({ fail: { kind, message: String(error).slice(0, 200) } })

/** What the component exports. */
export const run = answer
