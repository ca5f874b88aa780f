/**
 * What the host and the guest of a language say to each other, as JSON text. Pure.
 *
 *     {"op": "run", "program", "entry", "args": [Value], "entropy", "outputBytes"}
 *         -> {"ok": Value, "stdout"} or {"fail": {"kind", "name", "message"}, "stdout"}
 *     {"op": "inspect", "program"}
 *         -> {"ok": {"syntax": null, …facts}} or {"ok": {"syntax": {"message", "line"}}}
 *     {"op": "literal", "text", "as": "arguments" | "value"}
 *         -> {"ok": [Value] or Value} or {"fail": {"kind", "message"}}
 *
 * `Value` is core's encoding of canonical values; kinds of failure are core's, and `missingEntry`. The guest's word is
 * data about an untrusted program. Whatever it answers, or fails to answer, decodes to an outcome: a program that takes
 * the interpreter apart can only harm its own result.
 */
import { Executor, Value } from "@azr/core"
import { Result, Schema } from "effect"
import type { Call, CallResult } from "../Call.ts"
import { entropy, readAnswer, trapMessages } from "../guestAnswer.ts"

type Outcome = Executor.Outcome
type ProgramFacts = Executor.ProgramFacts

/** What differs from one language's guest to the next. */
export interface Dialect {
  /** Which image runs a program under which conditions; one image may serve both. */
  readonly images: Readonly<Record<Executor.Conditions, string>>
  /** The exception that calling a function which was never defined raises. */
  readonly missingName: string
  /** Kinds of value that the language has. A guest that answers with another has been taken apart by its program. */
  readonly kinds: ReadonlySet<Value.Value["kind"]>
  /** Matches the text of a result that tells something of the guest's memory, which makes it no result; null for none. */
  readonly address: RegExp | null
}

/** Fuel of calls that do not execute a program. */
const { fuel: readingFuel } = Executor.defaultLimits

export const runCall = (request: Executor.ExecutionRequest, { images }: Dialect): Call => ({
  image: images[request.conditions],
  fuel: request.limits.fuel,
  request: JSON.stringify({
    op: "run",
    program: request.program,
    entry: request.entry,
    args: request.arguments.map(Value.toJson),
    entropy: entropy[request.conditions],
    outputBytes: request.limits.outputBytes,
  }),
})

export const inspectCall = (program: string, { images }: Dialect): Call => ({
  image: images.reference,
  fuel: readingFuel,
  request: JSON.stringify({ op: "inspect", program }),
})

export const literalCall = (text: string, as: "arguments" | "value", { images }: Dialect): Call => ({
  image: images.reference,
  fuel: readingFuel,
  request: JSON.stringify({ op: "literal", as, text }),
})

// -------------------------------------------------------------------------------------------------- run

interface RunResponse {
  readonly ok?: unknown
  readonly fail?: { readonly kind: string; readonly name: string | null; readonly message: string }
  readonly stdout: string
}

const isRecord = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === "object" && json !== null

/** By hand, since every program's answer comes through here: a Schema takes a hundredth of what the whole program does. */
const decodeRun = (response: string): RunResponse | null => {
  let json: unknown
  try {
    json = JSON.parse(response)
  } catch {
    return null
  }
  if (!isRecord(json) || typeof json["stdout"] !== "string") return null
  const { fail, ok, stdout } = json
  if (ok !== undefined) return { ok, stdout }
  if (!isRecord(fail)) return null
  const { kind, message, name } = fail
  if (typeof kind !== "string" || typeof message !== "string") return null
  return name === null || typeof name === "string" ? { fail: { kind, name, message }, stdout } : null
}

/** An honest guest reports at most so much: characters of what a program printed, of a failure's name, of its message. */
const longest = { stdout: 4096, name: 200, message: 400 }
/** What stands around a result in a response: what was printed, each character an escape, and a little JSON. */
const slack = 8 * longest.stdout

/** `outputBytes` is the limit of the request. The guest enforces it, but a guest can be taken apart. */
export const runOutcome = (
  { fuelUsed: fuel, response, trap }: CallResult,
  outputBytes: number,
  { address, kinds, missingName }: Dialect,
): Outcome => {
  const failed = (
    kind: Executor.GuestFailure["kind"],
    name: string | null,
    message: string,
    stdout: string,
  ): Outcome => ({
    _tag: "Failed",
    failure: {
      kind,
      name: name?.slice(0, longest.name) ?? null,
      message: message.slice(0, longest.message),
    },
    stdout: stdout.slice(0, longest.stdout),
    fuel,
  })
  if (trap !== null || response === null)
    return failed(trap ?? "trap", null, trapMessages[trap ?? "trap"], "")
  // Before anything is made of it: an honest response is hardly longer than its result.
  if (response.length > outputBytes + slack) return failed("output", null, "a response too long", "")
  const answer = decodeRun(response)
  if (answer === null) return failed("trap", null, "left the interpreter unable to answer", "")
  if (answer.fail !== undefined) {
    const { kind, message, name } = answer.fail
    return kind === "missingEntry"
      ? failed("exception", missingName, message, answer.stdout)
      : failed(isFailureKind(kind) ? kind : "trap", name, message, answer.stdout)
  }
  // First of all a value, which does not nest deeper than any function here can follow.
  const value = readValue(answer.ok, kinds)
  if (Result.isFailure(value)) return failed("unrepresentable", null, value.failure, answer.stdout)
  if (3 * response.length > outputBytes && Buffer.byteLength(Value.encode(value.success)) > outputBytes) {
    return failed("output", null, `longer than ${outputBytes} bytes`, answer.stdout)
  }
  // The response also holds what was printed, where an address does no harm; only a hit there needs a closer look.
  if (address?.test(response) && address.test(Value.encode(value.success))) {
    return failed("unrepresentable", null, "the text of an object contains its address", answer.stdout)
  }
  return {
    _tag: "Returned",
    value: value.success,
    stdout: answer.stdout.slice(0, longest.stdout),
    fuel,
  }
}

/** A value of the language, or why the JSON is none. */
const readValue = (json: unknown, kinds: Dialect["kinds"]): Result.Result<Value.Value, string> => {
  const value = Value.fromJson(json)
  if (Result.isFailure(value)) return Result.fail(`${value.failure.at}: ${value.failure.message}`)
  const foreign = foreignKind(value.success, kinds)
  return foreign === null ? Result.succeed(value.success) : Result.fail(`a value of kind ${foreign}`)
}

const foreignKind = (value: Value.Value, kinds: Dialect["kinds"]): string | null => {
  if (!kinds.has(value.kind)) return value.kind
  const parts = "items" in value ? value.items : "entries" in value ? value.entries.flat() : []
  for (const part of parts) {
    const foreign = foreignKind(part, kinds)
    if (foreign !== null) return foreign
  }
  return null
}

const isFailureKind = Schema.is(Executor.GuestFailureKind)

// ---------------------------------------------------------------------------------------------- inspect

const Strings = Schema.Array(Schema.String)
const InspectResponse = Schema.fromJsonString(
  Schema.Struct({
    ok: Schema.Union([
      Schema.Struct({ syntax: Schema.Struct({ message: Schema.String, line: Schema.NullOr(Schema.Int) }) }),
      Schema.Struct({
        syntax: Schema.Null,
        functions: Schema.Array(
          Schema.Struct({
            name: Schema.String,
            params: Strings,
            varargs: Schema.Boolean,
            returns: Schema.Boolean,
          }),
        ),
        topLevel: Strings,
        imports: Strings,
        calls: Strings,
        names: Strings,
        attributes: Strings,
        canonical: Schema.String,
        operations: Strings,
        complexity: Executor.Complexity,
        tree: Schema.String,
      }),
    ]),
  }),
)
const decodeInspect = Schema.decodeUnknownResult(InspectResponse)

export const inspectedFacts = ({ response, trap }: CallResult): ProgramFacts => {
  if (trap !== null || response === null) return unreadable(`reading it ${trapMessages[trap ?? "trap"]}`)
  const decoded = decodeInspect(response)
  if (Result.isFailure(decoded)) return unreadable("it cannot be read")
  const { ok } = decoded.success
  if (ok.syntax !== null) {
    return unreadable(
      ok.syntax.line === null ? ok.syntax.message : `${ok.syntax.message} (line ${ok.syntax.line})`,
    )
  }
  const { syntax: syntaxError, functions, ...facts } = ok
  return {
    ...facts,
    syntaxError,
    functions: functions.map(({ name, params, returns, varargs }) => ({
      name,
      // `*args` and `**options` take arguments without naming them.
      parameters: varargs ? [...params, "*"] : params,
      returns,
    })),
  }
}

const unreadable = (syntaxError: string): ProgramFacts => ({
  syntaxError,
  functions: [],
  topLevel: [],
  imports: [],
  calls: [],
  names: [],
  attributes: [],
  canonical: "",
  operations: [],
  complexity: { cognitive: 0, operators: 0, operands: 0, distinctOperators: 0, distinctOperands: 0 },
  tree: "",
})

// ---------------------------------------------------------------------------------------------- literal

/** What the guest read, as JSON, or why it read nothing. */
const literalJson = (answer: CallResult): Result.Result<unknown, string> =>
  Result.mapError(readAnswer(answer), ({ message }) =>
    answer.response === null ? `reading it ${message}` : message,
  )

/** The values of an argument list, or why it is none. */
export const literalArguments = (
  answer: CallResult,
  { kinds }: Dialect,
): Result.Result<ReadonlyArray<Value.Value>, string> =>
  Result.flatMap(literalJson(answer), (json) => {
    if (!Array.isArray(json)) return Result.fail("it cannot be read")
    const values: Array<Value.Value> = []
    for (const part of json) {
      const value = readValue(part, kinds)
      if (Result.isFailure(value)) return Result.fail(value.failure)
      values.push(value.success)
    }
    return Result.succeed(values)
  })

/** One value, or why it is none. */
export const literalValue = (answer: CallResult, { kinds }: Dialect): Result.Result<Value.Value, string> =>
  Result.flatMap(literalJson(answer), (json) => readValue(json, kinds))
