/** What a suite needs of a task kind: a question, a reading, a verdict, and answers that must be right or wrong. */
import { type Environment, type Executor, Value } from "@azr/core"
import { LanguageTask } from "@azr/core/language"
import { Effect, type Result, Schema } from "effect"

type PromptStyle = Environment.PromptStyle

export interface SuiteKind extends Pick<
  Environment.OpenTaskKind,
  "solvePrompt" | "parseAnswer" | "verify" | "goldResponse" | "measureResponse" | "reveals" | "family"
> {
  /** A response in the form asked for, as far as the kind can write one, that must not be found correct. */
  wrongResponse(task: unknown, style: PromptStyle): string
}

/** Types a kind whose tasks only its own suites make. */
export interface SuiteKindParts<Task, R> {
  readonly prompt: (task: Task) => string
  readonly parse: (text: string) => Result.Result<string, Environment.FormatError>
  readonly verify: (
    task: Task,
    answer: string,
  ) => Effect.Effect<Environment.Verdict, Executor.ExecutorError, R>
  readonly gold: (task: Task) => string
  readonly wrong: (task: Task) => string
  readonly measureResponse: (text: string) => Readonly<Record<string, number>>
}

/** A kind that no proposer writes tasks of: it knows one prompt style and has no programs to compare with a buffer's. */
export const suiteKind = <Task>(parts: SuiteKindParts<Task, never>): SuiteKind => ({
  solvePrompt: (task) => [{ role: "user", content: parts.prompt(task as Task) }],
  parseAnswer: (text) => parts.parse(text),
  verify: (task, answer) => parts.verify(task as Task, answer as string),
  goldResponse: (task) => parts.gold(task as Task),
  wrongResponse: (task) => parts.wrong(task as Task),
  measureResponse: parts.measureResponse,
  reveals: () => [],
  family: () => "",
})

const isLanguageTask = Schema.is(LanguageTask)

/** A kind of an environment. */
export const environmentSuiteKind = (kind: Environment.OpenTaskKind): SuiteKind => ({
  solvePrompt: (task, style) => kind.solvePrompt(task, style),
  parseAnswer: (text, style) => kind.parseAnswer(text, style),
  verify: (task, answer) => kind.verify(task, answer),
  goldResponse: (task, style) => kind.goldResponse(task, style),
  measureResponse: (text, style) => kind.measureResponse(text, style),
  reveals: (task) => kind.reveals(task),
  family: (task) => kind.family(task),
  // Of a task that is no program nobody but its kind can write a wrong answer; saying nothing is one.
  wrongResponse: (task, style) => (isLanguageTask(task) ? kind.goldResponse(mistaken(task), style) : ""),
})

/** More arguments than any program of a suite takes: even a constant function fails on them. */
const tooMany = Array.from({ length: 40 }, () => Value.none)

/** The task with another answer in it, so that its gold response is wrong for the task itself. */
const mistaken = (task: LanguageTask): LanguageTask => {
  switch (task._tag) {
    case "deduction":
      return {
        ...task,
        output: Value.equals(task.output, Value.int(0), "python") ? Value.int(1) : Value.int(0),
      }
    case "abduction":
      return { ...task, input: tooMany }
    case "induction":
      return { ...task, program: "" }
    case "error":
      return { ...task, exception: task.exception === "NoError" ? "ValueError" : "NoError" }
  }
}
