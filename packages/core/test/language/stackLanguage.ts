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
import { type Value, bool, encode, equals, float, int, list, string } from "../../src/Value.ts"

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

type Operation = (stack: Array<Value>, request: ExecutionRequest, print: (text: string) => void) => Value

const operations: Readonly<Record<string, Operation>> = {
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
  hoard: () => {
    throw failure("memory", null, "out of memory")
  },
  recurse: () => {
    throw failure("stack", null, "out of stack")
  },
  object: () => {
    throw failure("unrepresentable", null, "an object")
  },
  flood: () => string("x".repeat(70_000)),
  say: (stack, _, print) => {
    print("said\n")
    return stack.pop() as Value
  },
  /** Which items of a list equal which. */
  same: (stack) => {
    const top = stack.pop()
    const items = top?.kind === "list" ? top.items : []
    return list(items.map((a) => list(items.map((b) => bool(equals(a, b, "python"))))))
  },
}

const isNumber = (word: string): boolean => /^-?\d+$/u.test(word)
const unknownWord = (program: string): string | undefined =>
  words(program).find((word) => !isNumber(word) && !Object.hasOwn(operations, word))

/** One unit of fuel a word, and one for the call. */
const run = (request: ExecutionRequest): Outcome => {
  const { limits, program } = request
  const stack = [...request.arguments]
  let fuel = 0
  let stdout = ""
  const spend = () => {
    if (fuel === limits.fuel) throw failure("fuel", null, "out of fuel")
    fuel += 1
  }
  try {
    const unknown = unknownWord(program)
    if (unknown !== undefined) throw failure("syntax", "SyntaxError", `what is ${unknown}?`)
    if (request.entry !== stackLanguage.entry) throw failure("exception", "NameError", request.entry)
    spend()
    for (const word of words(program)) {
      spend()
      const operation = operations[word] ?? (() => int(BigInt(word)))
      stack.push(operation(stack, request, (text) => (stdout += text)))
    }
    const value = stack.pop() as Value
    if (encode(value).length > limits.outputBytes) throw failure("output", null, "too long")
    return { _tag: "Returned", value, stdout, fuel }
  } catch (error) {
    const failed = error as GuestFailure
    // A loop without end takes all there is.
    return { _tag: "Failed", failure: failed, stdout, fuel: failed.kind === "fuel" ? limits.fuel : fuel }
  }
}

export interface StackExecutorOptions {
  /** Where true, the executor does not answer. */
  readonly unanswered: (operation: "run" | "inspect" | "evaluateArguments" | "evaluateValue") => boolean
  /** Told of every program that is run. */
  readonly onRun: (request: ExecutionRequest) => void
}

export const stackExecutor = ({ onRun, unanswered }: StackExecutorOptions): Layer.Layer<Executor> => {
  const answering = <A, E>(
    operation: "run" | "inspect" | "evaluateArguments" | "evaluateValue",
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
        const unknown = unknownWord(program)
        return Effect.succeed({
          syntaxError: unknown === undefined ? null : `what is ${unknown}?`,
          functions: [],
          topLevel: [],
          imports: [],
          calls: [],
          names: words(program).toSorted(),
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
    evaluateValue: (text) =>
      answering("evaluateValue", () => {
        const [, number] = /^boxed\((-?\d+)\)$/u.exec(text) ?? []
        return number === undefined
          ? Effect.fail(new LiteralRefused({ message: `${text} is no value` }))
          : Effect.succeed(int(BigInt(number)))
      }),
  })
}

/** The parts between commas that stand in no brackets. */
const parts = (text: string): ReadonlyArray<string> => {
  const found = [""]
  let depth = 0
  for (const character of text) {
    if (character === "[") depth += 1
    if (character === "]") depth -= 1
    if (character === "," && depth === 0) found.push("")
    else found.push(`${found.pop()}${character}`)
  }
  return found
}

const parseAll = (text: string): Result.Result<ReadonlyArray<Value>, string> =>
  Result.all(parts(text).map(parseValue))

const parseValue = (text: string): Result.Result<Value, string> => {
  const inner = text.trim()
  if (/^-?\d+$/u.test(inner)) return Result.succeed(int(BigInt(inner)))
  if (/^-?\d+\.\d+$/u.test(inner)) return Result.succeed(float(Number(inner)))
  const [, items] = /^\[(.*)\]$/su.exec(inner) ?? []
  return items === undefined ? Result.fail(`${inner} is no value`) : Result.map(parseAll(items), list)
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
  modules: [],
  equality: "python",
  parseValue,
  parseArguments: parseAll,
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
