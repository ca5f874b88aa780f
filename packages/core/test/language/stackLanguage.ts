/**
 * A real, very small language to test language environments with: a program is a row of words over a stack that begins
 * with its one argument, e.g. `dup *` squares. The last value on the stack is the output. `#` begins a comment.
 */
import { Effect, Layer, Result } from "effect"
import {
  Executor,
  type ExecutionRequest,
  type ExecutorError,
  type GuestFailure,
  HostTimeout,
  LiteralRefused,
  type Outcome,
} from "../../src/Executor.ts"
import type { Domain, Language } from "../../src/language/Language.ts"
import { type Value, float, int, list } from "../../src/Value.ts"

const words = (program: string): ReadonlyArray<string> =>
  program
    .split("\n")
    .flatMap((line) => line.replace(/#.*/u, "").split(/\s+/u))
    .filter((word) => word !== "")

const numberOf = (value: Value | undefined): bigint => {
  if (value?.kind !== "int") throw failure("exception", "TypeError", "not a number")
  return value.value
}

const failure = (kind: GuestFailure["kind"], name: string | null, message: string): GuestFailure => ({
  kind,
  name,
  message,
})

const operations: Readonly<Record<string, (stack: Array<Value>, request: ExecutionRequest) => Value>> = {
  dup: (stack) => {
    const top = stack.pop() as Value
    stack.push(top)
    return top
  },
  "+": (stack) => int(numberOf(stack.pop()) + numberOf(stack.pop())),
  "*": (stack) => int(numberOf(stack.pop()) * numberOf(stack.pop())),
  /** Ten divided by the top. */
  reciprocal: (stack) => {
    const divisor = numberOf(stack.pop())
    if (divisor === 0n) throw failure("exception", "ZeroDivisionError", "division by zero")
    return int(10n / divisor)
  },
  float: (stack) => float(Number(numberOf(stack.pop()))),
  list: (stack) => list([stack.pop() as Value]),
  /** Differs between two conditions, as a clock would. */
  clock: (_, { conditions }) => int(conditions === "reference" ? 1 : 2),
  spin: () => {
    throw failure("fuel", null, "out of fuel")
  },
  object: () => {
    throw failure("unrepresentable", null, "an object")
  },
}

const run = (request: ExecutionRequest): Outcome => {
  const stack = [...request.arguments]
  try {
    for (const word of words(request.program)) {
      stack.push(
        /^-?\d+$/u.test(word)
          ? int(BigInt(word))
          : (operations[word] as (typeof operations)[string])(stack, request),
      )
    }
    return { _tag: "Returned", value: stack.pop() as Value, stdout: "", fuel: words(request.program).length }
  } catch (error) {
    return { _tag: "Failed", failure: error as GuestFailure, stdout: "", fuel: 0 }
  }
}

export interface StackExecutorOptions {
  /** Where true, the executor does not answer. */
  readonly unanswered: (operation: "run" | "inspect" | "evaluateArguments") => boolean
  /** Told of every program that is run. */
  readonly onRun: (request: ExecutionRequest) => void
}

export const stackExecutor = ({ onRun, unanswered }: StackExecutorOptions): Layer.Layer<Executor> => {
  const answering = <A, E>(
    operation: "run" | "inspect" | "evaluateArguments",
    answer: () => Effect.Effect<A, E>,
  ): Effect.Effect<A, E | ExecutorError> =>
    Effect.suspend((): Effect.Effect<A, E | ExecutorError> =>
      unanswered(operation) ? Effect.fail(new HostTimeout({ executor: "stack", milliseconds: 5 })) : answer(),
    )
  return Layer.succeed(Executor, {
    run: (request) =>
      answering("run", () =>
        Effect.sync(() => {
          onRun(request)
          return run(request)
        }),
      ),
    inspect: (program) =>
      answering("inspect", () => {
        const unknown = words(program).find(
          (word) => !/^-?\d+$/u.test(word) && operations[word] === undefined,
        )
        return Effect.succeed({
          syntaxError: unknown === undefined ? null : `what is ${unknown}?`,
          functions: [],
          topLevel: [],
          imports: [],
          calls: [],
          names: [...words(program)],
          attributes: [],
          canonical: words(program).join(" "),
          operations: [...new Set(words(program))].toSorted(),
          complexity: {
            cognitive: 0,
            operators: words(program).length,
            operands: 0,
            distinctOperators: new Set(words(program)).size,
            distinctOperands: 0,
          },
          tree: `{program${words(program)
            .map((word) => `{${word}}`)
            .join("")}}`,
        })
      }),
    evaluateArguments: (text) =>
      answering("evaluateArguments", () => {
        const [, number] = /^twice\((-?\d+)\)$/u.exec(text) ?? []
        return number === undefined
          ? Effect.fail(new LiteralRefused({ message: `${text} is no argument` }))
          : Effect.succeed([int(2n * BigInt(number))])
      }),
  })
}

const parseValue = (text: string): Result.Result<Value, string> => {
  const inner = text.trim()
  if (/^-?\d+$/u.test(inner)) return Result.succeed(int(BigInt(inner)))
  if (/^-?\d+\.\d+$/u.test(inner)) return Result.succeed(float(Number(inner)))
  const [, item] = /^\[(.*)\]$/u.exec(inner) ?? []
  return item === undefined
    ? Result.fail(`${inner} is no value`)
    : Result.map(parseValue(item), (value) => list([value]))
}

const renderValue = (value: Value): string => {
  switch (value.kind) {
    case "int":
      return String(value.value)
    case "float":
      return Number.isInteger(value.value) ? `${value.value}.0` : String(value.value)
    case "list":
      return `[${value.items.map(renderValue).join()}]`
    default:
      throw new Error(`the stack language has no ${value.kind}`)
  }
}

export const stackLanguage: Language = {
  id: "stack",
  name: "Stack",
  entry: "f",
  equality: "python",
  parseValue,
  parseArguments: (text) => Result.map(parseValue(text), (value) => [value]),
  renderValue,
  renderArguments: (values) => values.map(renderValue).join(", "),
  checkProgram: ({ names }) =>
    names.length > 6 ? { reason: "long", message: `${names.length} words, at most 6` } : null,
}

export const stackDomain: Domain = {
  admit: () => Effect.void,
  region: (_, { operations: used }) => used.join(" "),
  split: () => "train",
  induction: { minPairs: 2, maxPairs: 4, shown: (pairs) => Math.floor(pairs / 2) },
  measureProgram: (program) => ({ words: words(program).length }),
  seeds: () => [],
}
