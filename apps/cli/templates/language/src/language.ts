/** The language as `languageEnvironment` needs to know it. */
import { Value } from "@azr/core"
import { type Language, definesEntry, firstViolation, namesAllowed, onlyDefines } from "@azr/core/language"
import { type GuestValue, SyntaxFault, toJson } from "@azr/wasm-host/guest"
import { Result } from "effect"
import { examples } from "./examples.ts"
import { parseArguments, parseValue, renderValue } from "./literals.ts"

const longestLiteral = 1 << 20

const fromGuest = (value: GuestValue): Result.Result<Value.Value, string> =>
  Result.mapError(Value.fromJson(toJson(value, longestLiteral)), ({ message }) => message)

/** What a reader of literals finds, or why it refuses. */
const read = <A>(reader: () => Result.Result<A, string>): Result.Result<A, string> => {
  try {
    return reader()
  } catch (error) {
    if (error instanceof SyntaxFault) return Result.fail(error.message)
    return Result.fail(error instanceof Error ? error.message : String(error))
  }
}

/** Functions of the language. Every other name has to be defined by the program; those that a task may not use are left out. */
const functions = new Set(["len", "rest", "text", "fail"])

export const language: Language = {
  // The tag of fenced blocks in prompts, and what people call it.
  id: "my-language",
  name: "My Language",
  entry: "f",
  modules: [],
  // Values are equal when they are the same: `1 == true` is false here. Python's and JavaScript's ways are there, too.
  equality: "strict",
  parseValue: (text) => read(() => fromGuest(parseValue(text))),
  parseArguments: (text) => read(() => Result.all(parseArguments(text).map(fromGuest))),
  renderValue,
  renderArguments: (values) => values.map(renderValue).join(", "),
  // Rules for the programs of tasks, by what the guest's facts say. They keep tasks honest; the wall is the sandbox.
  checkProgram: firstViolation([
    namesAllowed(({ names }) => names.find((name) => !functions.has(name))),
    onlyDefines(new Set(["Definition"]), "Definition"),
    definesEntry("f"),
  ]),
  examples,
}
