/** Values: written, read, passed through programs and compared. */
import { Effect, Result } from "effect"
import { type Value, encode, equals } from "../../../Value.ts"
import type { ClauseBroken } from "../../ClauseBroken.ts"
import { line, show } from "../calls.ts"
import { type UnnumberedClause, broken, ensure, ensureThat } from "../clause.ts"
import { noise } from "../texts.ts"
import { evaluateLine, outcomeText, runLine, valueLine } from "./GuardedExecutor.ts"
import { type LanguageSubject, anyValue, languageClause, request } from "./languageClause.ts"

const encodeAll = (values: ReadonlyArray<Value>): string => `(${values.map(encode).join(", ")})`

/** Reads an argument list as an environment does: literals at once, constructor expressions by the executor. */
const ensureReadsBack = Effect.fnUntraced(function* (
  { executor, language }: LanguageSubject,
  values: ReadonlyArray<Value>,
) {
  const text = language.renderArguments(values)
  const literals = language.parseArguments(text)
  const read: Result.Result<ReadonlyArray<Value>, unknown> = Result.isSuccess(literals)
    ? literals
    : yield* executor.evaluateArguments(text)
  if (Result.isFailure(read)) {
    return yield* broken(
      `${encodeAll(values)} is written ${show(text)}, which is refused`,
      evaluateLine(text),
    )
  }
  yield* ensure(
    encodeAll(read.success) === encodeAll(values),
    `${encodeAll(values)} is written ${show(text)} and read as ${encodeAll(read.success)}`,
    line("parseArguments", text),
  )
})

/** What no order of numbers can compare: it may differ from itself. */
const hasNaN = (value: Value): boolean => {
  switch (value.kind) {
    case "float":
      return Number.isNaN(value.value)
    case "complex":
      return Number.isNaN(value.real) || Number.isNaN(value.imaginary)
    default:
      if ("items" in value) return value.items.some(hasNaN)
      return "entries" in value && value.entries.some(([key, item]) => hasNaN(key) || hasNaN(item))
  }
}

/** Equality by the language itself: row i, column j says whether value i equals value j. */
const ownEqualities = Effect.fnUntraced(function* (tested: LanguageSubject, program: string) {
  const asked = request(tested, program, [{ kind: "list", items: tested.examples.values }])
  const outcome = yield* tested.executor.run(asked)
  const table = outcome._tag === "Returned" && outcome.value.kind === "list" ? outcome.value.items : []
  const rows = table.map((row) => (row.kind === "list" ? row.items : []))
  const size = tested.examples.values.length
  const whole = rows.length === size && rows.every((row) => row.length === size)
  yield* ensure(whole, `it ${outcomeText(outcome)}, which is no table of ${size} × ${size}`, runLine(asked))
  return rows.map((row) => row.map((cell) => cell.kind === "bool" && cell.value))
})

const ensureLaws = Effect.fnUntraced(function* (
  values: ReadonlyArray<Value>,
  same: (a: Value, b: Value) => boolean,
): Effect.fn.Return<void, ClauseBroken> {
  for (const a of values) {
    yield* ensure(same(a, a), `${encode(a)} does not equal itself`)
    for (const b of values) {
      const pair = `${encode(a)} and ${encode(b)}`
      yield* ensure(same(a, b) === same(b, a), `${pair}: equal one way only`)
      yield* ensure(!equals(a, b, "strict") || same(a, b), `${pair}: the same value, but not equal`)
    }
  }
})

export const valueClauses: ReadonlyArray<UnnumberedClause> = [
  languageClause(
    "a value is written so that it is read back as it was",
    "Gold answers are written values; a policy that copies one must be right.",
    function* (tested) {
      const { examples, language } = tested
      yield* ensure(examples.values.length >= 2, "examples.values has fewer than two values")
      for (const value of examples.values) {
        yield* ensureReadsBack(tested, [value])
        const text = language.renderValue(value)
        const read = language.parseValue(text)
        // A constructor expression is no literal; the argument list above has shown that it is read.
        yield* ensure(
          Result.isFailure(read) || encode(read.success) === encode(value),
          `${encode(value)} is written ${show(text)} and read as another value`,
          line("parseValue", text),
        )
      }
    },
  ),

  languageClause(
    "argument lists are written so that they are read back as they were",
    "An input is an argument list; its commas must not be a value's.",
    function* (tested) {
      const { values } = tested.examples
      const [first, second] = [anyValue(tested), values.at(-1) as Value]
      for (const list of [[first, second], [second, first, second], values])
        yield* ensureReadsBack(tested, list)
    },
  ),

  languageClause(
    "what is no literal is refused, and no text crashes the reader",
    "Inputs and answers are data: a text that computes must never get to run as one.",
    function* (tested) {
      const { examples, executor, language, subject } = tested
      const { endless, floods, hoards, identity, malformed, prints, recurses, throws } = examples
      const call = `${language.entry}(${language.renderArguments([anyValue(tested)])})`
      const programs = [
        identity,
        endless,
        hoards,
        recurses,
        floods,
        malformed,
        throws.program,
        prints.program,
      ]
      for (const text of [call, ...programs.filter((program) => program.trim() !== "")]) {
        const literals = language.parseArguments(text)
        yield* ensure(Result.isFailure(literals), "it is read as a literal", line("parseArguments", text))
        const evaluated = yield* executor.evaluateArguments(text)
        yield* ensure(Result.isFailure(evaluated), "it is evaluated", evaluateLine(text))
        const valued = yield* executor.evaluateValue(text)
        yield* ensure(Result.isFailure(valued), "it is evaluated", valueLine(text))
      }
      for (const text of noise(subject.random("literals"), subject.options.texts)) {
        // What they throw breaks the clause; noise in quotes is a string.
        language.parseValue(text)
        language.parseArguments(text)
        yield* executor.evaluateArguments(text)
        yield* executor.evaluateValue(text)
      }
    },
  ),

  languageClause(
    "the identity returns every value as it was, under both conditions",
    "Values cross from host to guest and back in every call; none may change on the way.",
    function* (tested) {
      for (const value of tested.examples.values) {
        for (const conditions of ["reference", "perturbed"] as const) {
          const asked = request(tested, tested.examples.identity, [value], conditions)
          const outcome = yield* tested.executor.run(asked)
          yield* ensureThat(outcome._tag === "Returned" && encode(outcome.value) === encode(value), () => [
            `it ${outcomeText(outcome)}`,
            runLine(asked),
          ])
        }
      }
    },
  ),

  languageClause(
    "equality is reflexive and symmetric, and is the language's own",
    "Verdicts compare values in the host; they must say what == says in the language.",
    function* (tested) {
      const { examples, language } = tested
      const { values } = examples
      const same = (a: Value, b: Value) => equals(a, b, language.equality)
      yield* ensureLaws(values, same)
      if (examples.equalities === null) return
      const own = yield* ownEqualities(tested, examples.equalities)
      for (const [i, a] of values.entries()) {
        for (const [j, b] of values.entries()) {
          if (hasNaN(a) || hasNaN(b)) continue
          yield* ensure(
            same(a, b) === own[i]?.[j],
            `${encode(a)} and ${encode(b)}: the language says ${own[i]?.[j]}, ${language.equality} equality ${same(a, b)}`,
          )
        }
      }
    },
  ),
]
