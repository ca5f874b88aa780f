/**
 * Evaluates a script, calls its entry function and reports what came of it.
 *
 * Runs with and after the program: see `intrinsics.ts` for what that forbids.
 */
import { encode } from "./encode.ts"
import {
  apply,
  evaluate,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  internalErrorPrototype,
  match,
  rangeErrorPrototype,
  slice,
  stackOf,
  stringifyJson,
  syntaxErrorPrototype,
  toWellFormed,
} from "./intrinsics.ts"
import { takePrinted } from "./sandbox.ts"

const MAX_MESSAGE = 200

/**
 * Freed when memory runs out, so that there is room to say so. Being part of the image, it costs a request
 * nothing.
 */
const reserve: { room: ArrayBuffer | null } = { room: new ArrayBuffer(1 << 18) }

/** `{"ok": Value JSON, "stdout"}` or `{"fail": {"kind", "name", "message"}, "stdout"}` as text. */
export const execute = (
  script: string,
  entry: string,
  parameters: ReadonlyArray<unknown>,
  outputBytes: number,
): string => {
  try {
    const outcome = outcomeOf(script, entry, parameters, outputBytes)
    return "{" + outcome + ',"stdout":' + quote(takePrinted()) + "}"
  } catch {
    // Not even reporting was possible.
    return "{" + OUT_OF_MEMORY + ',"stdout":""}'
  }
}

const outcomeOf = (
  script: string,
  name: string,
  parameters: ReadonlyArray<unknown>,
  outputBytes: number,
): string => {
  try {
    const entry: unknown = evaluate(script)
    if (typeof entry !== "function") {
      return failure("missingEntry", null, "the program defines no function " + name)
    }
    const result = encode(apply(entry, undefined, parameters), outputBytes)
    return result.kind === "encoded" ? '"ok":' + result.text : failure(result.kind, null, result.text)
  } catch (error) {
    reserve.room = null
    return describe(error)
  }
}

// --------------------------------------------------------------------------------------------- failures

type FailureKind = "syntax" | "exception" | "memory" | "stack" | "output" | "unrepresentable" | "missingEntry"

export const failure = (kind: FailureKind, name: string | null, message: string): string =>
  '"fail":{"kind":"' + kind + '","name":' + (name === null ? "null" : quote(clip(name))) +
  ',"message":' + quote(clip(message)) + "}" // prettier-ignore

const OUT_OF_MEMORY = '"fail":{"kind":"memory","name":"InternalError","message":"out of memory"}'

const quote = (text: string): string => stringifyJson(toWellFormed(text))
const clip = (text: string): string => slice(text, 0, MAX_MESSAGE)

/** What was thrown. It is looked at without running any code that it brings along. */
const describe = (thrown: unknown): string => {
  // What QuickJS throws when there is no memory for an error object either.
  if (thrown === null) return OUT_OF_MEMORY
  if (typeof thrown !== "object" && typeof thrown !== "function") {
    return failure("exception", null, typeof thrown === "symbol" ? "a symbol" : "" + thrown)
  }
  const name = textProperty(thrown, "name")
  const message = textProperty(thrown, "message") ?? ""
  const kind = kindOf(getPrototypeOf(thrown), message, recordedStack(thrown))
  return failure(kind, name, message)
}

const MEMORY_MESSAGE = /^out of memory|^string too long/
const OUT_OF_STACK = "Maximum call stack size exceeded"
/**
 * The engine compiled the script and got no further: only then the guest's call comes right after the text.
 */
const NOT_COMPILED = /^    at <input>:\d+:\d+\n    at eval \(native\)/
const PROGRAM_LINE = /<input>:(\d+)/

const kindOf = (prototype: object | null, message: string, stack: string): FailureKind => {
  if (prototype === internalErrorPrototype && match(MEMORY_MESSAGE, message) !== null) return "memory"
  if (prototype === rangeErrorPrototype && message === OUT_OF_STACK) return "stack"
  if (prototype === syntaxErrorPrototype && match(NOT_COMPILED, stack) !== null) return "syntax"
  return "exception"
}

/** The innermost line of the evaluated text on the way to where an error was made. */
export const lineOf = (thrown: object): number | null => {
  const found = match(PROGRAM_LINE, recordedStack(thrown))
  return found === null ? null : +found[1]!
}

const recordedStack = (thrown: object): string => {
  try {
    const stack = stackOf(thrown)
    return typeof stack === "string" ? stack : ""
  } catch {
    return ""
  }
}

/** A string that the object or what it inherits from has as plain data under `name`. */
const textProperty = (thrown: object, name: string): string | null => {
  for (let owner: object | null = thrown; owner !== null; owner = getPrototypeOf(owner)) {
    const descriptor = getOwnPropertyDescriptor(owner, name)
    if (descriptor === undefined) continue
    return hasOwn(descriptor, "value") && typeof descriptor.value === "string" ? descriptor.value : null
  }
  return null
}
