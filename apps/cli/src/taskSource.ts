/** Tasks as source text, in the language of their environment. */
import { Value } from "@azr/core"
import type { TaskSource } from "@azr/core/dashboard"
import { LanguageTask } from "@azr/core/language"
import { Result, Schema } from "effect"
import { type AnyEnvironment, isLanguage } from "./environments.ts"

const decodeTask = Schema.decodeUnknownResult(LanguageTask)

/** How values are written where the language is not known. */
const canonical = {
  renderArguments: (values: ReadonlyArray<Value.Value>) => values.map(Value.encode).join(", "),
  renderValue: Value.encode,
}

/** Of an encoded task; null for one that is no program. Values are canonical where the environment is not among these. */
export const taskSource = (
  environments: ReadonlyArray<AnyEnvironment>,
  environmentId: string,
  encoded: unknown,
): TaskSource | null => {
  const environment = environments.find(({ id }) => id === environmentId)
  const language = environment !== undefined && isLanguage(environment) ? environment.language : undefined
  const decoded = decodeTask(encoded)
  if (Result.isFailure(decoded) || (environment !== undefined && language === undefined)) return null
  const { renderArguments, renderValue } = language ?? canonical
  const task = decoded.success
  const cases = task._tag === "induction" ? task.pairs : [task]
  return {
    notation: language === undefined ? "canonical" : "language",
    program: task.program,
    inputs: cases.map(({ input }) => renderArguments(input)),
    outputs: cases.map((each) => ("output" in each ? renderValue(each.output) : each.exception)),
    message: task._tag === "induction" ? task.message : "",
  }
}
