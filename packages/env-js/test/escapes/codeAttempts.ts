/** Making code from text, by any function that can be reached, and looking at stacks and frames. */
import { after, attempts, f, refusedCode, script } from "./attempt.ts"

export const codeAttempts = attempts("code from text", {
  eval: [f('return eval("a.length")'), refusedCode],
  "indirect eval": [f('return (0, eval)("1 + 1")'), refusedCode],
  "eval by another name": [f("const { eval: e } = globalThis\nreturn [e][0]`1`"), refusedCode],
  "eval with an escaped name": [f('return globalThis["ev\\u0061l"]("1")'), refusedCode],
  Function: [f('return new Function("return 1")()'), refusedCode],
  "Function called": [f('return Function("return this")()'), refusedCode],
  "constructor of an arrow": [f('return (() => 0).constructor("return 1")()'), refusedCode],
  "constructor of a constructor": [
    f('return [].constructor.constructor("return globalThis")()'),
    refusedCode,
  ],
  "constructor of a generator": [f('return (function* () {}).constructor("yield 1")().next()'), refusedCode],
  "constructor of an async function": [f('return (async () => 0).constructor("return 1")()'), refusedCode],
  "constructor of an async generator": [
    f('return (async function* () {}).constructor("yield 1")()'),
    refusedCode,
  ],
  "constructor of a method": [f('return ({ m() {} }).m.constructor("return 1")()'), refusedCode],
  "constructor of a class": [f('return (class {}).constructor("return 1")()'), refusedCode],
  "constructor of a bound function": [f('return f.bind(null).constructor("return 1")()'), refusedCode],
  "constructor of a getter": [
    f('return Object.getOwnPropertyDescriptor(Map.prototype, "size").get.constructor("return 1")()'),
    refusedCode,
  ],
  "constructor of an accessor of the engine": [
    f('return Object.getOwnPropertyDescriptor(Object.prototype, "__proto__").set.constructor("return 1")()'),
    refusedCode,
  ],
  "Reflect.construct": [f('return Reflect.construct(Function, ["return 1"])()'), refusedCode],
  "Reflect.construct with another target": [
    f('return Reflect.construct(Function, ["return 1"], class {})()'),
    refusedCode,
  ],
  "a subclass of Function": [
    f('class Make extends Function {}\nreturn new Make("return 1")()'),
    [refusedCode, "!TypeError"],
  ],
  "super of a function's class": [
    f(
      'class Make extends (() => 0).constructor { constructor() { super("return 1") } }\nreturn new Make()()',
    ),
    [refusedCode, "!TypeError"],
  ],
  "by the prototypes of functions": [
    script`
      const kinds = [function () {}, function* () {}, async function () {}, async function* () {}]
      const f = (a) => kinds.map((kind) => {
        try {
          Object.getPrototypeOf(kind).constructor("1")
          return "ran"
        } catch (error) {
          return error.name
        }
      }).join()
    `,
    '"EvalError,EvalError,EvalError,EvalError"',
  ],
  "every constructor that can be reached": [
    script`
      const seen = new Set()
      const visit = (value) => {
        if (Object(value) !== value || seen.has(value)) return
        seen.add(value)
        for (const key of Reflect.ownKeys(value)) {
          const { get, set, value: part } = Object.getOwnPropertyDescriptor(value, key)
          for (const next of [get, set, part]) visit(next)
        }
        visit(Object.getPrototypeOf(value))
      }
      const makesCode = (value) => [() => value("return 42"), () => new value("return 42")].some((make) => {
        try {
          return make()() === 42
        } catch {
          return false
        }
      })
      function f(a) {
        const generators = [(function* () {})(), (async function* () {})(), async () => 0]
        const iterators = [a.values(), new Map().entries(), "".matchAll(/x/g), a.values().map(() => 1)]
        for (const start of [globalThis, ...generators, ...iterators]) visit(start)
        const functions = [...seen].filter((value) => typeof value === "function")
        return [functions.filter(makesCode).map((value) => value.name), functions.length > 300]
      }
    `,
    "[[], true]",
  ],
  "a string as a handler": [f('return setTimeout("a = 1", 0)'), "!ReferenceError"],
  "code in a pattern's replacement": [f('return "x".replace(/x/, "${eval(1)}$<a>")'), '"${eval(1)}$<a>"'],
})

export const frameAttempts = attempts("stacks and frames", {
  "Error.prepareStackTrace": [
    f("Error.prepareStackTrace = (error, frames) => frames\nreturn typeof new Error().stack"),
    '"undefined"',
  ],
  "Error.captureStackTrace": [
    after(
      "const it = {}\nError.captureStackTrace?.(it)",
      "[typeof it.stack, typeof Error.captureStackTrace]",
    ),
    '["undefined", "undefined"]',
  ],
  "the stack of an error": [
    f("try { null.x } catch (error) { return [typeof error.stack, Object.keys(error)] }"),
    '["undefined", []]',
  ],
  "the stack limit": [f("Error.stackTraceLimit = 1e9\nreturn new Error('m').stack"), "undefined"],
  "arguments.callee": [f("return arguments.callee"), "!TypeError"],
  "caller of a function": [f("return f.caller"), "!TypeError"],
  "arguments of a function": [f("return f.arguments"), "!TypeError"],
  "the error of an exhausted stack": [
    script`
      const dive = () => dive()
      function f(a) {
        try {
          dive()
        } catch (error) {
          return error.constructor.constructor("return 1")()
        }
      }
    `,
    refusedCode,
  ],
  "source of the guest": [
    script`
      const textOf = (value) => {
        try {
          return String(value)
        } catch {
          return ""
        }
      }
      function f(a) {
        const texts = Object.getOwnPropertyNames(globalThis).map((name) => textOf(globalThis[name]))
        return texts.filter((text) => /evaluate|stringifyJson/.test(text))
      }
    `,
    "[]",
  ],
})
