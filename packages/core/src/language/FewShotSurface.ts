/**
 * The prompts of `fullSurface` behind worked examples, which are earlier turns of the conversation: each a whole prompt and a response
 * in its form (few-shot prompting, Brown et al. 2020). For models that keep to no form that is only described. Responses are read, and
 * judged, as those to full prompts; who proposes an example proposes a task that is new to the run, once.
 */
import type { Prompt } from "../PolicyEngine.ts"
import { answerText, answered, fenced, fullSurface } from "./FullSurface.ts"
import type { Language } from "./Language.ts"
import type { LanguageKind, Surface } from "./Surface.ts"
import type { LanguageTask, ShownTask } from "./Task.ts"
import { goldText } from "./verify.ts"

/** A task with what its proposer and its solver thought. */
export interface WorkedExample {
  readonly task: ShownTask
  readonly proposing: string
  readonly solving: string
}

/** Kinds without an example are asked as in the full style. */
export const fewShotSurface = (language: Language, examples: ReadonlyArray<WorkedExample>): Surface => {
  const { composite, ...full } = fullSurface(language)
  const turnsOf = (kind: LanguageKind, turns: (example: WorkedExample) => Prompt): Prompt =>
    examples.filter(({ task }) => task._tag === kind).flatMap(turns)
  const proposed = (kind: LanguageKind): Prompt =>
    turnsOf(kind, ({ proposing, task }) => [
      ...full.proposePrompt(kind, kind === "induction" ? [asTask(task)] : []),
      assistant(answered(proposalBlocks(language, task), proposing)),
    ])
  const solved = (kind: LanguageKind): Prompt =>
    turnsOf(kind, ({ solving, task }) => [
      ...full.solvePrompt(asTask(task)),
      assistant(answered(answerText(language, kind, goldText(language, task)), solving)),
    ])
  return {
    ...full,
    style: "fewShot",
    proposePrompt: (kind, references) => [...proposed(kind), ...full.proposePrompt(kind, references)],
    ...(composite && {
      composite: {
        ...composite,
        proposePrompt: (kind, references) => [
          ...proposed(kind),
          ...composite.proposePrompt(kind, references),
        ],
      },
    }),
    solvePrompt: (task) => [...solved(task._tag), ...full.solvePrompt(task)],
  }
}

const assistant = (content: string): Prompt[number] => ({ role: "assistant", content })

/** A task with nothing of what no prompt shows. */
export const asTask = (task: ShownTask): LanguageTask => ({
  ...task,
  canonical: "",
  region: "",
  measures: {},
})

const proposalBlocks = (language: Language, task: ShownTask): string => {
  const inputs = task._tag === "induction" ? task.pairs.map(({ input }) => input) : [task.input]
  return [
    ...(task._tag === "induction" ? [] : [fenced(language.id, task.program)]),
    ...inputs.map((input) => fenced("input", language.renderArguments(input))),
    ...(task._tag === "induction" ? [fenced("message", task.message)] : []),
  ].join("\n")
}
