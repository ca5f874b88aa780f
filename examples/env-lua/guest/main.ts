/** The guest of the Lua executor: the operations of `@azr/wasm-host`'s language protocol. A request and a response are JSON. */
import { inspect } from "./facts.ts"
import { type Json, NotLiteral, readArguments } from "./literals.ts"
import { Failure, execute, forget, takePrinted } from "./machine.ts"

interface Request {
  readonly op: string
  readonly program: string
  readonly entry: string
  readonly args: ReadonlyArray<Json>
  readonly entropy: number
  readonly outputBytes: number
  readonly text: string
  readonly as: "arguments" | "value"
}

const runProgram = ({ args, entropy, entry, outputBytes, program }: Request): string => {
  try {
    const value = execute(program, entry, args, entropy, outputBytes)
    return `{"ok":${value},"stdout":${JSON.stringify(takePrinted())}}`
  } catch (error) {
    // What is no failure of the program's is the engine's: without memory it throws anything, null too.
    const { className, kind, message } =
      error instanceof Failure ? error : new Failure("memory", null, "not enough memory")
    const fail = { kind, name: className, message: message.slice(0, 200).toWellFormed() }
    return JSON.stringify({ fail, stdout: takePrinted() })
  }
}

const readLiteral = ({ as, text }: Request): string => {
  try {
    const values = readArguments(text)
    if (as === "arguments") return JSON.stringify({ ok: values })
    if (values.length !== 1) throw new NotLiteral(`expected one value, found ${values.length}`)
    return JSON.stringify({ ok: values[0] })
  } catch (error) {
    if (!(error instanceof NotLiteral)) throw error
    return JSON.stringify({ fail: { kind: "refused", message: error.message } })
  }
}

/** One of each, so that what happens only once has happened before the snapshot. The build asks for it, last. */
const seal = (): string => {
  const program = "function f(a) local t = {} for i, x in ipairs(a) do t[i] = x .. '!' end return t end"
  const warmUp = {
    entry: "f",
    entropy: 0,
    outputBytes: 1000,
    text: '{1, "a"}, -1.5',
    as: "arguments",
    program,
  } as const
  const answered = ["run", "inspect", "literal"].map((op) =>
    run(JSON.stringify({ ...warmUp, op, args: [[1, 2]] })),
  )
  operations.delete("seal")
  forget("f")
  const { runGc } = Reflect.get(globalThis, "__cqjs") as { readonly runGc: () => void }
  runGc()
  const failed = answered.find((answer) => !answer.startsWith('{"ok"'))
  return failed ?? JSON.stringify({ ok: { answered: answered.length } })
}

const operations = new Map<string, (request: Request) => string>([
  ["run", runProgram],
  ["inspect", ({ program }) => JSON.stringify({ ok: inspect(program) })],
  ["literal", readLiteral],
  ["seal", seal],
])

/** What the component exports. */
export const run = (request: string): string => {
  const read = JSON.parse(request) as Request
  const operation = operations.get(read.op)
  return operation === undefined
    ? JSON.stringify({ fail: { kind: "request", message: "no such operation" } })
    : operation(read)
}
