/**
 * The tasks of the nano language: the bounds that keep them inside a nano policy's vocabulary, decided by running them.
 */
import { Environment, type RandomStreams, Value } from "@azr/core"
import { type Domain, type ProgramDraft, call } from "@azr/core/language"
import { Effect } from "effect"
import { python } from "../language.ts"
import { inductionPairs, longestInput, mostStatements, mostTokens, shownPairs } from "./bounds.ts"
import { drawInput, drawTask } from "./grammar.ts"
import { type Program, fromSource, shape, source, tokenCount } from "./program.ts"
import { splitOf } from "./split.ts"
import { fromValue, inBounds, renderNano } from "./values.ts"

const outside = (message: string) => new Environment.ProposalRejected({ reason: "domain", message })

/**
 * A program that returns, for each of several inputs, the value after each statement of the given one. No statement
 * of the language changes a list in place, so what was appended stays as it was.
 */
const probe = (program: Program): string =>
  [
    "def f(inputs):",
    "    return [values_of(a) for a in inputs]",
    "",
    "def values_of(a):",
    "    values = []",
    ...program.flatMap((statement) => [`    ${statement}`, "    values.append(a)"]),
    "    return values",
  ].join("\n")

/** Refuses a task in which some value after some statement leaves the bounds. */
const checkIntermediateValues = Effect.fnUntraced(function* (
  program: Program,
  inputs: ReadonlyArray<Value.Value>,
) {
  const outcome = yield* call(python, probe(program), [Value.list(inputs)], "reference")
  const traces = outcome._tag === "Returned" && outcome.value.kind === "list" ? outcome.value.items : []
  const values = traces.flatMap((trace) => (trace.kind === "list" ? trace.items : []))
  const complete = values.length === inputs.length * program.length
  const offender = values.find((value) => {
    const nano = fromValue(value)
    return nano === null || !inBounds(nano)
  })
  if (!complete || offender !== undefined) return yield* outside("a value after a statement is out of bounds")
})

/** The one argument of a nano program, if it is one: a list of one to seven integers within bounds. */
const inputOf = (values: ReadonlyArray<Value.Value>): Value.Value | null => {
  const [value, ...others] = values
  if (value === undefined || others.length > 0) return null
  const nano = fromValue(value)
  const fits = nano !== null && typeof nano !== "number" && nano.length >= 1 && nano.length <= longestInput
  return fits && inBounds(nano) ? value : null
}

const admit: Domain["admit"] = Effect.fn("nano.admit")(function* (text, calls) {
  const program = fromSource(text)
  if (program === null) return yield* outside("not a program of the nano language")
  if (program.length > mostStatements || tokenCount(program) > mostTokens) {
    return yield* outside(`longer than ${mostStatements} statements or ${mostTokens} tokens`)
  }
  const inputs: Array<Value.Value> = []
  for (const call of calls) {
    const input = inputOf(call.arguments)
    if (input === null) return yield* outside(`an input that is not a list of 1 to ${longestInput} integers`)
    inputs.push(input)
  }
  yield* checkIntermediateValues(program, inputs)
})

const split: Domain["split"] = (text, inputs) => {
  const program = fromSource(text)
  const input = inputs[0] === undefined ? null : fromValue(inputs[0])
  return program === null ? "train" : splitOf(program, input)
}

/** Programs of one statement from the grammar; induction gets inputs that differ. */
const seeds: Domain["seeds"] = (kind, count, random) =>
  Array.from({ length: count }, (): ProgramDraft => {
    // Five inputs, not one, so that a program that fails on many is rare among the seeds.
    const { inputs, program } = drawTask(1, "train", 5, random)
    const used = kind === "induction" ? freeInputs(program, random) : inputs.slice(0, 1)
    return { program: source(program), inputs: used.map(renderNano), message: "" }
  })

/** As many different inputs as an induction task has, none of them held out with this program. */
const freeInputs = (program: Program, random: RandomStreams.RandomStream) => {
  const different = new Map<string, ReadonlyArray<number>>()
  while (different.size < inductionPairs) {
    const input = drawInput(random)
    if (splitOf(program, input) === "train") different.set(renderNano(input), input)
  }
  return [...different.values()]
}

export const nanoDomain: Domain = {
  admit,
  region: (text, facts) => {
    const program = fromSource(text)
    return program === null ? facts.canonical : shape(program)
  },
  split,
  induction: { minPairs: inductionPairs, maxPairs: inductionPairs, shown: () => shownPairs },
  measureProgram: (text) => ({ statements: fromSource(text)?.length ?? 0 }),
  seeds,
}
