/**
 * The prompt style of nano policies: tasks and responses as a few tokens of the nano vocabulary.
 *
 *     propose deduction   PD <program> P             → <program> I <list>
 *     propose abduction   PA <program> P             → <program> I <list>
 *     propose induction   PI <program> I             → <list> I <list> I <list> I <list>
 *     solve deduction     D <program> I <list> O     → [<think> value;value;… ]<ans> value
 *     solve abduction     A <program> O <value> I    → [<undo> value;value;… ]<ans> <list>
 *     solve induction     S I <list> O <value> … P   → <program>
 *
 * A thought is read past, never judged: of deduction the value after each statement, of abduction the value before each,
 * the last one first. `Thoughts` says whether the solver may choose to think. There is room for one reference: the first. There is no kind `error`.
 */
import { Environment, type PolicyEngine, type Value } from "@azr/core"
import type { LanguageKind, LanguageTask, Surface } from "@azr/core/language"
import { Result } from "effect"
import { compact, fromSource, fromTokens, source } from "./program.ts"
import { fromValue, nanoFromText, nanoFromTokens, renderNano } from "./values.ts"
import { isMarker, splitAt, tokenize } from "./vocabulary.ts"

const { FormatError } = Environment
type Format<A> = Result.Result<A, Environment.FormatError>
type Tokens = ReadonlyArray<string>

const refuse = (message: string): Result.Result<never, Environment.FormatError> =>
  Result.fail(new FormatError({ message }))

const ask = (content: string): PolicyEngine.Prompt => [{ role: "user", content }]

/** Tasks that reach a surface were admitted by the nano domain; another one is a mistake of the caller. */
const foreign = (what: string): never => {
  throw new RangeError(`the compact style cannot write ${what}`)
}

const compactSource = (text: string): string => {
  const program = fromSource(text)
  return program === null ? foreign("a program that is not one of the nano language") : compact(program)
}

const compactValue = (value: Value.Value): string => {
  const nano = fromValue(value)
  return nano === null ? foreign(`a value of kind ${value.kind}`) : renderNano(nano)
}

/** The one argument of a nano program. */
const compactInput = (input: ReadonlyArray<Value.Value>): string => {
  const [value, ...others] = input
  return value === undefined || others.length > 0 ? foreign(`${input.length} arguments`) : compactValue(value)
}

const readTokens = (text: string): Format<Tokens> => {
  const tokens = tokenize(text)
  return tokens === null ? refuse("text outside the nano vocabulary") : Result.succeed(tokens)
}

/** A list of integers as source text. */
const readInput = (tokens: Tokens): Format<string> => {
  const value = nanoFromTokens(tokens)
  return value === null || typeof value === "number"
    ? refuse("an input must be one list of integers")
    : Result.succeed(renderNano(value))
}

const readProgram = (tokens: Tokens): Format<string> => {
  const program = fromTokens(tokens)
  return program === null
    ? refuse("a program must be statements joined by ;")
    : Result.succeed(source(program))
}

/** What stands after the only `<ans>`. */
const readAnswer = (tokens: Tokens): Format<Tokens> => {
  const [, answer, ...others] = splitAt(tokens, "<ans>")
  return answer === undefined || others.length > 0
    ? refuse("expected exactly one <ans>")
    : Result.succeed(answer)
}

const readOutput = (tokens: Tokens): Format<string> => {
  const value = nanoFromTokens(tokens)
  return value === null
    ? refuse("an output must be an integer or a list of integers")
    : Result.succeed(renderNano(value))
}

const proposePrompt = (kind: LanguageKind, references: ReadonlyArray<LanguageTask>): PolicyEngine.Prompt => {
  const reference = references[0] === undefined ? "" : ` ${compactSource(references[0].program)}`
  switch (kind) {
    case "deduction":
      return ask(`PD${reference} P`)
    case "abduction":
      return ask(`PA${reference} P`)
    case "induction":
      return ask(`PI${reference} I`)
    case "error":
      return foreign("tasks of the kind error")
  }
}

const parseProposal: Surface["parseProposal"] = (kind, text, references) =>
  Result.gen(function* () {
    const parts = splitAt(yield* readTokens(text), "I")
    if (kind === "induction") {
      const [given, ...others] = references
      if (given === undefined || others.length > 0) return foreign("inputs for other than one program")
      const inputs: Array<string> = []
      for (const part of parts) inputs.push(yield* readInput(part))
      return { program: given.program, inputs, message: "" }
    }
    const [program, input, ...others] = parts
    if (program === undefined || input === undefined || others.length > 0) {
      return yield* refuse("expected a program, I, and one input")
    }
    return { program: yield* readProgram(program), inputs: [yield* readInput(input)], message: "" }
  })

const solvePrompt = (task: LanguageTask): PolicyEngine.Prompt => {
  switch (task._tag) {
    case "deduction":
      return ask(`D ${compactSource(task.program)} I ${compactInput(task.input)} O`)
    case "abduction":
      return ask(`A ${compactSource(task.program)} O ${compactValue(task.output)} I`)
    case "induction": {
      const pairs = task.pairs.slice(0, task.shown)
      const shown = pairs.map(({ input, output }) => `I ${compactInput(input)} O ${compactValue(output)}`)
      return ask(["S", ...shown, "P"].join(" "))
    }
    case "error":
      return foreign("tasks of the kind error")
  }
}

const parseAnswer: Surface["parseAnswer"] = (kind, text) =>
  Result.flatMap(readTokens(text), (tokens) => {
    switch (kind) {
      case "deduction":
        return Result.flatMap(readAnswer(tokens), readOutput)
      case "abduction":
        return Result.flatMap(readAnswer(tokens), readInput)
      case "induction":
        return tokens.some(isMarker) ? refuse("a marker inside a program") : readProgram(tokens)
      case "error":
        return refuse("the kind error does not exist here")
    }
  })

const answer = (kind: LanguageKind, payload: string): string => {
  if (kind === "induction") return compactSource(payload)
  const value = nanoFromText(payload)
  if (value === null) return foreign(`the value ${payload}`)
  return `<ans> ${renderNano(value)}`
}

/** Whether a solver of deduction and abduction chooses to think, has to, or cannot: the end of its prompt says so. */
export type Thoughts = "free" | "forced" | "forbidden"

/** Markers that open a thought, by kind. */
const thought: Partial<Readonly<Record<LanguageKind, string>>> = { deduction: "<think>", abduction: "<undo>" }

/** The first token of an answer if the prompt has already written it, else nothing. */
const openingOf = (thoughts: Thoughts, kind: LanguageKind): string => {
  const marker = thought[kind]
  if (marker === undefined || thoughts === "free") return ""
  return thoughts === "forced" ? marker : "<ans>"
}

/** A surface with the first token of every answer that could be a thought already written, except for `free`. */
export const compactSurface = (thoughts: Thoughts): Surface => {
  const after = (begun: string, text: string): string => (begun === "" ? text : `${begun} ${text}`)
  return {
    style: "compact",
    proposePrompt,
    parseProposal,
    solvePrompt: (task) =>
      solvePrompt(task).map(({ content, role }) => ({
        role,
        content: `${content} ${openingOf(thoughts, task._tag)}`.trimEnd(),
      })),
    parseAnswer: (kind, text) => parseAnswer(kind, after(openingOf(thoughts, kind), text)),
    // `thinks` is 1 for a response that thinks before it answers.
    measureResponse: (text) => {
      const thinks = thoughts === "forced" ? text.includes("<ans>") : /^\s*<(think|undo)>/.test(text)
      return { thinks: thinks ? 1 : 0 }
    },
    answer: (kind, payload) => {
      const written = answer(kind, payload)
      // A forced thought may be empty.
      return openingOf(thoughts, kind) === "<ans>" ? written.slice("<ans>".length).trimStart() : written
    },
  }
}
