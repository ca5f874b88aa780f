/** An executor whose calls never throw: what they would throw breaks the clause that asked. */
import { Effect, Result, Schema } from "effect"
import {
  ExecutionRequest,
  type Executor,
  type ExecutorError,
  type LiteralRefused,
  type Outcome,
  type ProgramFacts,
} from "../../../Executor.ts"
import { type Value, encode } from "../../../Value.ts"
import type { ClauseBroken } from "../../ClauseBroken.ts"
import { guardEffect, line, show } from "../calls.ts"

type Run<A> = Effect.Effect<A, ClauseBroken | ExecutorError>

export interface GuardedExecutor {
  readonly run: (request: ExecutionRequest) => Run<Outcome>
  readonly inspect: (program: string) => Run<ProgramFacts>
  readonly evaluateArguments: (text: string) => Run<Result.Result<ReadonlyArray<Value>, LiteralRefused>>
  readonly evaluateValue: (text: string) => Run<Result.Result<Value, LiteralRefused>>
}

export const guardedExecutor = (executor: Executor["Service"]): GuardedExecutor => ({
  run: (request) =>
    guardEffect(
      () => runLine(request),
      () => executor.run(request),
    ),
  inspect: (program) =>
    guardEffect(
      () => inspectLine(program),
      () => executor.inspect(program),
    ),
  evaluateArguments: (text) =>
    guardEffect(
      () => evaluateLine(text),
      () =>
        executor.evaluateArguments(text).pipe(
          Effect.map((values) => Result.succeed(values)),
          Effect.catchTag("LiteralRefused", (refusal) => Effect.succeed(Result.fail(refusal))),
        ),
    ),
  evaluateValue: (text) =>
    guardEffect(
      () => valueLine(text),
      () =>
        executor.evaluateValue(text).pipe(
          Effect.map((value) => Result.succeed(value)),
          Effect.catchTag("LiteralRefused", (refusal) => Effect.succeed(Result.fail(refusal))),
        ),
    ),
})

/** Calls as lines for people. */
export const runLine = (request: ExecutionRequest): string =>
  line("executor.run", Schema.encodeSync(ExecutionRequest)(request))
export const inspectLine = (program: string): string => line("executor.inspect", program)
export const evaluateLine = (text: string): string => line("executor.evaluateArguments", text)
export const valueLine = (text: string): string => line("executor.evaluateValue", text)

/** All of an outcome as one line: equal texts are equal outcomes, fuel and output included. */
export const outcomeText = (outcome: Outcome): string => {
  const rest = `${outcome.fuel} fuel, printed ${show(outcome.stdout)}`
  if (outcome._tag === "Returned") return `returned ${encode(outcome.value)}, ${rest}`
  const { kind, message, name } = outcome.failure
  return `failed by ${kind}, ${name}: ${show(message)}, ${rest}`
}
