/**
 * What a program finds: the language, with nothing of a host, of the engine, of time or of the garbage
 * collector.
 *
 * Gone are text as code (`eval`, every function constructor), `Proxy` (whether an object is one cannot be
 * told, and its traps would run while a result is read), what shows when memory is collected (`WeakRef`,
 * `FinalizationRegistry`), shared memory, the engine's own extensions, and where an error was made. The clock
 * counts its readings and random numbers come from a generator; both start where the request's `entropy`
 * says. What is printed is collected. There is no event loop: what a program leaves to promises never runs.
 *
 * Covers: honest ECMAScript without a host, the same results in every instance. Does not cover: a program
 * that finds a fault in QuickJS. There is nothing outside to reach, the host restores the whole instance
 * before the next request, and the host judges every answer.
 */
import { apply, construct, defineProperty, slice, stringifyJson } from "./intrinsics.ts"

const MAX_STDOUT = 4096
const EPOCH = 1_700_000_000_000
/** Coprime, so that different entropies start the clock at different times. */
const STARTS = 1_000_003
const START_STEP = 1_000_007

const GONE = [
  "Proxy",
  "WeakRef",
  "FinalizationRegistry",
  "SharedArrayBuffer",
  "Atomics",
  "InternalError",
  "DOMException",
  "queueMicrotask",
  "performance",
  "navigator",
  "btoa",
  "atob",
  "gc",
  "print",
  "std",
  "os",
  "bjson",
  "Worker",
  "WebAssembly",
  "__cqjs",
  "wit",
]

/** Takes away and replaces what a program must not find. Once, before the snapshot. */
export const close = (): void => {
  for (const name of GONE) {
    if (!Reflect.deleteProperty(globalThis, name)) throw new Error(`the global ${name} cannot be removed`)
  }
  for (const name of ["captureStackTrace", "stackTraceLimit", "prepareStackTrace"]) {
    Reflect.deleteProperty(Error, name)
  }
  Reflect.deleteProperty(Error.prototype, "stack")
  replaceFunctionConstructors()
  replaceDate()
  hide(Math, "random", random)
  hide(globalThis, "console", console)
}

const hide = (owner: object, name: string, value: unknown): void => {
  if (!defineProperty(owner, name, { value, writable: true, enumerable: false, configurable: true })) {
    throw new Error(`the property ${name} cannot be replaced`)
  }
}

// ------------------------------------------------------------------------------------------ text as code

const replaceFunctionConstructors = (): void => {
  const refusal = "text cannot become code here"
  const refusing = (name: string, prototype: object | null): unknown => {
    const refuse = function (): never {
      throw new EvalError(refusal)
    }
    hide(refuse, "name", name)
    defineProperty(refuse, "prototype", { value: prototype, writable: false, enumerable: false })
    return refuse
  }
  hide(globalThis, "eval", refusing("eval", null))
  const kinds = [function () {}, function* () {}, async function () {}, async function* () {}] as const
  for (const kind of kinds) {
    const prototype: object = Reflect.getPrototypeOf(kind)!
    const { name } = (prototype as Function).constructor
    hide(prototype, "constructor", refusing(name, prototype))
  }
  hide(globalThis, "Function", Function.prototype.constructor)
}

// --------------------------------------------------------------------------------- clock and random numbers

let now = EPOCH
const tick = (): number => now++

const replaceDate = (): void => {
  const RealDate = Date
  const { parse, prototype, UTC } = RealDate
  const { toString } = prototype
  const ClockDate = function (...values: ReadonlyArray<unknown>): unknown {
    if (new.target === undefined) return apply(toString, new RealDate(tick()), [])
    return construct(RealDate, values.length === 0 ? [tick()] : values, new.target)
  }
  defineProperty(ClockDate, "name", { value: "Date" })
  defineProperty(ClockDate, "length", { value: 7 })
  defineProperty(ClockDate, "prototype", { value: prototype, writable: false })
  hide(ClockDate, "now", { now: () => tick() }.now)
  hide(ClockDate, "parse", parse)
  hide(ClockDate, "UTC", UTC)
  hide(prototype, "constructor", ClockDate)
  hide(globalThis, "Date", ClockDate)
}

/** State of a Weyl sequence whose terms are mixed by multiplication (splitmix32). */
let state = 0

const draw = (): number => {
  state = (state + 0x9e3779b9) | 0
  let mixed = state ^ (state >>> 16)
  mixed = imul(mixed, 0x21f0aaad)
  mixed = imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

const { imul } = Math
const { random } = {
  random: (): number => ((draw() >>> 5) * 0x4000000 + (draw() >>> 6)) / 2 ** 53,
}

// ---------------------------------------------------------------------------------------------- printing

let printed = ""

const print = (...values: ReadonlyArray<unknown>): void => {
  if (printed.length >= MAX_STDOUT) return
  let line = ""
  for (let index = 0; index < values.length; index++) line += (index > 0 ? " " : "") + display(values[index])
  printed = slice(printed + line + "\n", 0, MAX_STDOUT)
}

/**
 * Strings as they are, objects as JSON where they have it; whatever code that runs is the program's own, and
 * its time.
 */
const display = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return value
    case "function":
      return "[function]"
    case "symbol":
      return "[symbol]"
    case "object":
      return stringifyJson(value) ?? "[object]"
    default:
      return "" + value
  }
}

const ignore = (): void => {}

const console = {
  log: print,
  info: print,
  debug: print,
  warn: ignore,
  error: ignore,
}

export const takePrinted = (): string => printed

// ------------------------------------------------------------------------------------------------ begin

/** Before each program: the clock, the random numbers and the printed text start afresh. */
export const begin = (entropy: number): void => {
  now = EPOCH + (entropy % STARTS) * START_STEP
  state = entropy | 0
  printed = ""
}
