/**
 * The executor contract: what runs untrusted programs of one language. Implementations live behind
 * `@azr/wasm-host`; a remote executor or a third language joins by providing this service.
 *
 * Every call starts from the same clean state, and its outcome is a function of the request alone: the same value,
 * failure kind and fuel on any worker, any host, any machine.
 */
import { Context, type Effect, Schema } from "effect"
import { type Value, ValueFromJson } from "./Value.ts"

/** Hard limits of one call. What exceeds them is a guest failure, never a fault of the infrastructure. */
export const ExecutionLimits = Schema.Struct({
  /** Units of work, counted inside the module (about one per executed operation). The only time limit a verdict knows. */
  fuel: Schema.Int,
  /** Largest canonical text of a result, in bytes. Longer results are refused, never cut. */
  outputBytes: Schema.Int,
})
export type ExecutionLimits = typeof ExecutionLimits.Type

export const defaultLimits: ExecutionLimits = { fuel: 2_000_000_000, outputBytes: 65_536 }

/**
 * What a program could observe beyond its input. `reference` is what gold outputs are computed under; `perturbed`
 * has other entropy, another clock and another hash seed. A deterministic program cannot tell them apart.
 */
export type Conditions = "reference" | "perturbed"

export const ExecutionRequest = Schema.Struct({
  program: Schema.String,
  /** Name of the function to call. */
  entry: Schema.String,
  arguments: Schema.Array(ValueFromJson),
  limits: ExecutionLimits,
  conditions: Schema.Literals(["reference", "perturbed"]),
})
export type ExecutionRequest = typeof ExecutionRequest.Type

export const GuestFailureKind = Schema.Literals([
  "syntax",
  "exception",
  "fuel",
  "memory",
  "stack",
  "output",
  "unrepresentable",
  "trap",
])
export type GuestFailureKind = typeof GuestFailureKind.Type

/** A failure that the program caused. `name` is the exception's class where there is one. */
export const GuestFailure = Schema.Struct({
  kind: GuestFailureKind,
  name: Schema.NullOr(Schema.String),
  message: Schema.String,
})
export type GuestFailure = typeof GuestFailure.Type

/** How a call ended. `fuel` is what it used; `stdout` the first 4,096 characters it printed. */
export const Outcome = Schema.TaggedUnion({
  Returned: { value: ValueFromJson, stdout: Schema.String, fuel: Schema.Finite },
  Failed: { failure: GuestFailure, stdout: Schema.String, fuel: Schema.Finite },
})
export type Outcome = typeof Outcome.Type

/** One function a program defines at its top level. */
export const FunctionFacts = Schema.Struct({
  name: Schema.String,
  parameters: Schema.Array(Schema.String),
  /** Whether every path through the body ends by returning a value or raising. */
  returns: Schema.Boolean,
})

/** Measures of how complex a program is, summed over all of it. Non-negative integers. */
export const Complexity = Schema.Struct({
  /** Cognitive complexity (G. A. Campbell, SonarSource 2018): breaks of the linear flow, weighted by their nesting. */
  cognitive: Schema.Int,
  /** Halstead's counts (Elements of Software Science, 1977): N1, N2, n1 and n2 there. */
  operators: Schema.Int,
  operands: Schema.Int,
  distinctOperators: Schema.Int,
  distinctOperands: Schema.Int,
})
export type Complexity = typeof Complexity.Type

/** What can be said of a program without running it. */
export const ProgramFacts = Schema.Struct({
  syntaxError: Schema.NullOr(Schema.String),
  functions: Schema.Array(FunctionFacts),
  /** Kinds of the top-level statements, in order, in the language's own terms. */
  topLevel: Schema.Array(Schema.String),
  /** Modules imported anywhere, dotted. */
  imports: Schema.Array(Schema.String),
  /** Callees as written, dotted, sorted. */
  calls: Schema.Array(Schema.String),
  /** Every name read that the program does not bind where it reads it: its globals and the language's own, sorted. */
  names: Schema.Array(Schema.String),
  /** Every attribute name read, sorted. */
  attributes: Schema.Array(Schema.String),
  /** The program without comments, formatting and chosen names: equal for duplicates. */
  canonical: Schema.String,
  /** Operations used, sorted: the region of the program for coverage. */
  operations: Schema.Array(Schema.String),
  complexity: Complexity,
  /** The syntax tree of `canonical` in bracket notation, `{Module{Return{Name v0}}}`; empty with a syntax error. */
  tree: Schema.String,
})
export type ProgramFacts = typeof ProgramFacts.Type

/** A text that is neither a literal nor an allowed constructor expression. */
export class LiteralRefused extends Schema.TaggedError<LiteralRefused>()("LiteralRefused", {
  message: Schema.String,
}) {}

/** The executor cannot work at all. `hint` says what to do. */
export class ExecutorUnavailable extends Schema.TaggedError<ExecutorUnavailable>()("ExecutorUnavailable", {
  executor: Schema.String,
  reason: Schema.String,
  hint: Schema.String,
}) {
  override get message(): string {
    return `${this.executor}: ${this.reason}`
  }
}

/** The host gave no answer within the wall-clock safety net, twice. A fault of the infrastructure, never a verdict. */
export class HostTimeout extends Schema.TaggedError<HostTimeout>()("HostTimeout", {
  executor: Schema.String,
  milliseconds: Schema.Finite,
}) {
  override get message(): string {
    return `${this.executor}: no answer after ${this.milliseconds} ms, twice`
  }
}

/** The host died under a request, twice. A fault of the infrastructure, never a verdict. */
export class HostLost extends Schema.TaggedError<HostLost>()("HostLost", {
  executor: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `${this.executor}: ${this.reason}, twice on the same request`
  }
}

/** One request failed for no fault of the program. The rollout it belongs to is masked, neither right nor wrong. */
export type ExecutorFault = HostTimeout | HostLost

/** For `Effect.catchTag`. */
export const faults = ["HostTimeout", "HostLost"] as const satisfies ReadonlyArray<ExecutorFault["_tag"]>

/** What a call can fail with. `ExecutorUnavailable` ends a run: no request can be answered. */
export type ExecutorError = ExecutorUnavailable | ExecutorFault

/** How the executors of a process are run. Read by an environment's layer; results never depend on it. */
export const ExecutorSettings = Context.Reference("@azr/core/ExecutorSettings", {
  defaultValue: (): ExecutorSettings => ({ host: "auto", workers: null }),
})
export interface ExecutorSettings {
  /** `auto` is the fastest that works here. A host asked for by name is used or refused, never replaced. */
  readonly host: ExecutorHostName | "auto"
  /** Worker threads; null is one a core. */
  readonly workers: number | null
}
/** `v8` needs nothing but Node; `wasmtime` a native addon that is built by one command. */
export const executorHostNames = ["v8", "wasmtime"] as const
export type ExecutorHostName = (typeof executorHostNames)[number]

/** Runs programs of one language. Safe to call concurrently; results do not depend on how. */
export class Executor extends Context.Service<
  Executor,
  {
    readonly run: (request: ExecutionRequest) => Effect.Effect<Outcome, ExecutorError>
    readonly inspect: (program: string) => Effect.Effect<ProgramFacts, ExecutorError>
    /**
     * Evaluates an argument list of literals and allowed constructor expressions (`dict(a=1)`, `float('inf')`) alone
     * in its own clean instance.
     */
    readonly evaluateArguments: (
      text: string,
    ) => Effect.Effect<ReadonlyArray<Value>, ExecutorError | LiteralRefused>
    /**
     * Evaluates one value written as a literal or as a constructor expression that is mere notation (`set()`,
     * `Counter({'a': 2})`): an answer that leaves arithmetic, counting or sorting to the executor is refused.
     */
    readonly evaluateValue: (text: string) => Effect.Effect<Value, ExecutorError | LiteralRefused>
  }
>()("@azr/core/Executor") {}
