/**
 * Members of a task kind that follow from a text, for tasks that are no programs: a kind spreads them and says what it knows better.
 *
 *     { ...textTask((task) => `${task.numbers} ${task.target}`), id: "sum", taskSchema, proposePrompt, validate, … }
 */
import { Effect } from "effect"
import type { TaskKind } from "../Environment.ts"
import { measureThought } from "./FullSurface.ts"

type TextMembers<Task> = Pick<
  TaskKind<Task, unknown, never, Task, never>,
  | "composite"
  | "partial"
  | "identity"
  | "reveals"
  | "family"
  | "region"
  | "split"
  | "describe"
  | "facets"
  | "distance"
  | "measureTask"
  | "measureResponse"
>

/**
 * `textOf` tells two tasks apart. Nothing is held out, credited in part, built upon or capped; the region of a task is the length of
 * its text in powers of two; distance is Jaccard's, between the words of two texts; responses are in the style `full`.
 */
export const textTask = <Task>(textOf: (task: Task) => string): TextMembers<Task> => {
  const identity = (task: Task): string => textOf(task).replace(/\s+/gu, " ").trim()
  const wordsOf = (task: Task): ReadonlySet<string> =>
    new Set(textOf(task).match(/[\p{L}_][\p{L}\p{N}_]*|\p{N}+|[^\s\p{L}\p{N}_]/gu))
  return {
    composite: null,
    partial: () => Effect.succeed(0),
    identity,
    reveals: (task) => [identity(task)],
    family: identity,
    region: (task) => String(Math.ceil(Math.log2(1 + textOf(task).length))),
    split: () => "train",
    describe: textOf,
    facets: () => [],
    distance: (task, other) =>
      Effect.sync(() => {
        const [words, others] = [wordsOf(task), wordsOf(other)]
        const common = [...words].filter((word) => others.has(word)).length
        const all = words.size + others.size - common
        return all === 0 ? 0 : 1 - common / all
      }),
    measureTask: (task) => ({ words: wordsOf(task).size }),
    measureResponse: measureThought,
  }
}
