/**
 * What the host and the guest of a language say to each other, as JSON text. Pure.
 *
 *     {"op": "run", "program", "entry", "args": [Value], "entropy", "outputBytes"}
 *         -> {"ok": Value, "stdout"} or {"fail": {"kind", "name", "message", "line"}, "stdout"}
 *     {"op": "inspect", "program"}
 *         -> {"ok": {"syntax": null, …facts}} or {"ok": {"syntax": {"message", "line"}}}
 *     {"op": "literal", "text", "as": "arguments"}
 *         -> {"ok": [Value]} or {"fail": {"kind", "message"}}
 *
 * `Value` is core's encoding of canonical values; kinds of failure are core's, and `missingEntry`. The guest's word is
 * data about an untrusted program. Whatever it answers, or fails to answer, decodes to an outcome: a program that takes
 * the interpreter apart can only harm its own result.
 */
import { Executor, Value } from "@azr/core"
import { Result, Schema } from "effect"
import type { CallResult, Trap } from "../coreModule.ts"
import type { Call } from "../worker.ts"

type Outcome = Executor.Outcome
type ProgramFacts = Executor.ProgramFacts

/** What differs from one language's guest to the next. */
export interface Dialect {
  /** Which image runs a program under which conditions; one image may serve both. */
  readonly images: Readonly<Record<Executor.Conditions, string>>
  /** The exception that calling a function which was never defined raises. */
  readonly missingName: string
  /** Matches the text of a result that tells something of the guest's memory, which makes it no result; null for none. */
  readonly address: RegExp | null
}

/** Moves the clock and the random numbers a program sees. */
const entropy: Readonly<Record<Executor.Conditions, number>> = { reference: 0, perturbed: 0x9e3779b9 }

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

export const literalCall = (text: string, { images }: Dialect): Call => ({
  image: images.reference,
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
} as const satisfies Record<Trap, string>

export const runOutcome = (
  { fuelUsed: fuel, response, trap }: CallResult,
  { address, missingName }: Dialect,
): Outcome => {
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
      ? failed("exception", missingName, message, answer.stdout)
      : failed(isFailureKind(kind) ? kind : "trap", name, message, answer.stdout)
  }
  // The response also holds what was printed, where an address does no harm; only a hit there needs a closer look.
  if (address?.test(response) && address.test(JSON.stringify(answer.ok))) {
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
        complexity: Schema.optionalKey(Executor.Complexity),
        tree: Schema.optionalKey(Schema.String),
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
    ...unreadable(""), // TEMPORARY until both guests answer complexity and tree
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
}: CallResult): Result.Result<ReadonlyArray<Value.Value>, string> => {
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
