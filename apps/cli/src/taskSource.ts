/** Tasks as source text, in the language of their environment. */
import type { TaskSource } from "@azr/core/dashboard"
import { LanguageTask } from "@azr/core/language"
import { Result, Schema } from "effect"
import { type AnyEnvironment, isLanguage } from "./environments.ts"

const decodeTask = Schema.decodeUnknownResult(LanguageTask)

/** Of an encoded task; null for one that is no program, and for one of an environment that is not among these. */
export const taskSource = (
  environments: ReadonlyArray<AnyEnvironment>,
  environmentId: string,
  encoded: unknown,
): TaskSource | null => {
  const environment = environments.find(({ id }) => id === environmentId)
  const language = environment !== undefined && isLanguage(environment) ? environment.language : undefined
  const decoded = decodeTask(encoded)
  if (language === undefined || Result.isFailure(decoded)) return null
  const task = decoded.success
  const pairs =
    task._tag === "induction"
      ? task.pairs
      : [{ input: task.input, output: task._tag === "error" ? null : task.output }]
  return {
    program: task.program,
    inputs: pairs.map(({ input }) => language.renderArguments(input)),
    outputs: pairs.map(({ output }) =>
      output === null ? (task._tag === "error" ? task.exception : "") : language.renderValue(output),
    ),
    message: task._tag === "induction" ? task.message : "",
  }
}
