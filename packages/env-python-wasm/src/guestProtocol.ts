/**
 * What the host and the Python guest say to each other: JSON text, see `guest/app.py`. Pure.
 *
 * The guest's word is data about an untrusted program. Whatever it answers, or fails to answer, decodes to an outcome:
 * a program that takes the interpreter apart can only harm its own result.
 */
import { Executor, Value } from "@azr/core"
import { Result, Schema } from "effect"

type Outcome = Executor.Outcome
type ProgramFacts = Executor.ProgramFacts

/** What came back from a call: a text, or why there is none. */
export interface Answer {
  readonly response: string | null
  readonly trap: "fuel" | "memory" | "stack" | "trap" | null
  readonly fuelUsed: number
}

/** The two images differ in their hash seed; the entropy moves the clock and random numbers. */
const conditions = {
  reference: { image: "a", entropy: 0 },
  perturbed: { image: "b", entropy: 0x9e3779b9 },
} as const

export interface GuestCall {
  readonly image: "a" | "b"
  readonly request: string
  readonly fuel: number
}

/** Fuel of calls that do not execute a program. */
const { fuel: readingFuel } = Executor.defaultLimits

export const runCall = (request: Executor.ExecutionRequest): GuestCall => ({
  image: conditions[request.conditions].image,
  fuel: request.limits.fuel,
  request: JSON.stringify({
    op: "run",
    program: request.program,
    entry: request.entry,
    args: request.arguments.map(Value.toJson),
    entropy: conditions[request.conditions].entropy,
    outputBytes: request.limits.outputBytes,
  }),
})

export const inspectCall = (program: string): GuestCall => ({
  image: conditions.reference.image,
  fuel: readingFuel,
  request: JSON.stringify({ op: "inspect", program }),
})

export const literalCall = (text: string): GuestCall => ({
  image: conditions.reference.image,
  fuel: readingFuel,
  request: JSON.stringify({ op: "literal", as: "arguments", text }),
})

// -------------------------------------------------------------------------------------------------- run

const RunResponse = Schema.fromJsonString(
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
const decodeRun = Schema.decodeUnknownResult(RunResponse)

const trapMessages = {
  fuel: "ran out of fuel",
  memory: "ran out of memory",
  stack: "ran out of stack",
  trap: "crashed the interpreter",
} as const

/** How CPython writes an object that has no text of its own: `<A object at 0x7f…>`. It is the same only in this image. */
const address = /<[^<>]{1,200} at 0x[0-9a-f]{4,16}>/

export const runOutcome = ({ fuelUsed: fuel, response, trap }: Answer): Outcome => {
  const failed = (
    kind: Executor.GuestFailure["kind"],
    name: string | null,
    message: string,
    stdout: string,
  ): Outcome => ({
    _tag: "Failed",
    failure: { kind, name, message },
    stdout,
    fuel,
  })
  if (trap !== null || response === null)
    return failed(trap ?? "trap", null, trapMessages[trap ?? "trap"], "")
  const decoded = decodeRun(response)
  if (Result.isFailure(decoded)) return failed("trap", null, "left the interpreter unable to answer", "")
  const answer = decoded.success
  if ("fail" in answer) {
    const { kind, message, name } = answer.fail
    return kind === "missingEntry"
      ? failed("exception", "NameError", message, answer.stdout)
      : failed(isFailureKind(kind) ? kind : "trap", name, message, answer.stdout)
  }
  // The response also holds what was printed, where an address does no harm; only a hit there needs a closer look.
  if (address.test(response) && address.test(JSON.stringify(answer.ok))) {
    return failed("unrepresentable", null, "the text of an object contains its address", answer.stdout)
  }
  const value = Value.fromJson(answer.ok)
  return Result.isSuccess(value)
    ? { _tag: "Returned", value: value.success, stdout: answer.stdout, fuel }
    : failed("unrepresentable", null, `${value.failure.at}: ${value.failure.message}`, answer.stdout)
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
      }),
    ]),
  }),
)
const decodeInspect = Schema.decodeUnknownResult(InspectResponse)

export const inspectedFacts = ({ response, trap }: Answer): ProgramFacts => {
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
})

// ---------------------------------------------------------------------------------------------- literal

const LiteralResponse = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({ ok: Schema.Array(Schema.Unknown) }),
    Schema.Struct({ fail: Schema.Struct({ kind: Schema.String, message: Schema.String }) }),
  ]),
)
const decodeLiteral = Schema.decodeUnknownResult(LiteralResponse)

/** The values of an argument list, or why it is none. */
export const literalValues = ({
  response,
  trap,
}: Answer): Result.Result<ReadonlyArray<Value.Value>, string> => {
  if (trap !== null || response === null) return Result.fail(`reading it ${trapMessages[trap ?? "trap"]}`)
  const decoded = decodeLiteral(response)
  if (Result.isFailure(decoded)) return Result.fail("it cannot be read")
  if ("fail" in decoded.success) return Result.fail(decoded.success.fail.message)
  const values: Array<Value.Value> = []
  for (const json of decoded.success.ok) {
    const value = Value.fromJson(json)
    if (Result.isFailure(value)) return Result.fail(`${value.failure.at}: ${value.failure.message}`)
    values.push(value.success)
  }
  return Result.succeed(values)
}
