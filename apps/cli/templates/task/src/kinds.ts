/**
 * The kinds of tasks:
 *
 * | kind | the proposer writes | the solver sees | a correct answer |
 * |---|---|---|---|
 * | `result` | `3 + 4 * 5` | `3 + 4 * 5 = ?` | the result |
 * | `operand` | which number of a given task to hide | `3 + ? * 5 = 23` | any number that gives the result |
 */
import { Environment, Value } from "@azr/core"
import { textTask } from "@azr/core/language"
import { Effect, Result, Schema } from "effect"
import { type Expression, operators, parseExpression, resultOf, textOf } from "./expression.ts"
import { answerOf, proposePrompt, solvePrompt, written } from "./prompts.ts"

/** A task of either kind; `hidden` is the place of the number that is asked for, null where the result is. */
const Task = Schema.Struct({
  numbers: Schema.Array(Schema.Int),
  operators: Schema.Array(Schema.Literals(operators)),
  hidden: Schema.NullOr(Schema.Int),
})
type Task = typeof Task.Type

type Kind = Environment.TaskKind<Task, number, Task, Task, never>

/** What a kind says for itself; the rest both have in common. */
interface Parts extends Pick<Kind, "id" | "references"> {
  readonly proposal: (content: string, references: ReadonlyArray<Task>) => Task | null
  readonly gold: (task: Task) => number
  readonly question: (task: Task) => string
  /** The expression with the answer in its place, and the result that it has to have. */
  readonly filledIn: (task: Task, answer: number) => readonly [Expression, result: number]
}

const refuse = (message: string) => Result.fail(new Environment.FormatError({ message }))

/** Which tasks are held out: an eighth for `dev`, an eighth for `test`, by the expression, so that both kinds agree. */
export const splitOf = (expression: Expression): Environment.Split => {
  const eighth = Number.parseInt(Value.hashText(textOf(expression)).charAt(8), 16) >> 1
  return eighth === 0 ? "dev" : eighth === 1 ? "test" : "train"
}

const kind = (largest: number, parts: Parts): Kind => ({
  // Members that follow from a text: no partial credit, none that build on others, distance by words. What stands below replaces some.
  ...textTask(parts.question),
  id: parts.id,
  taskSchema: Task,
  answerSchema: Schema.Int,
  references: parts.references,
  proposePrompt: (references) => proposePrompt(parts.id, references.map(textOf), largest),
  parseProposal: (text, references) => {
    const content = answerOf(text)
    if (content === null) return refuse("no <answer> … </answer>")
    const draft = parts.proposal(content, references)
    return draft === null ? refuse(`no proposal: ${content.slice(0, 80)}`) : Result.succeed(draft)
  },
  validate: (draft) => {
    const outside = draft.numbers.find((number) => number > largest)
    return outside === undefined
      ? Effect.succeed(draft)
      : Effect.fail(
          new Environment.ProposalRejected({
            reason: "range",
            message: `${outside} is more than ${largest}`,
          }),
        )
  },
  solvePrompt: (task) => solvePrompt(parts.question(task)),
  parseAnswer: (text) => {
    const content = answerOf(text) ?? ""
    return /^-?\d{1,15}$/u.test(content)
      ? Result.succeed(Number(content))
      : refuse("no whole number in <answer> … </answer>")
  },
  verify: (task, answer) => {
    const [expression, result] = parts.filledIn(task, answer)
    const found = resultOf(expression)
    return Effect.succeed(
      found === result
        ? { verdict: "correct", reason: "" }
        : { verdict: "wrong", reason: `${textOf(expression)} is ${found}, not ${result}` },
    )
  },
  goldResponse: (task) => written("I know the answer.", String(parts.gold(task))),
  // What is held out in one kind must not be seen in the other: both reveal the expression.
  reveals: (task) => [textOf(task)],
  family: textOf,
  region: (task) => [...new Set(task.operators)].toSorted().join(" "),
  split: splitOf,
  facets: (task) => [String(parts.gold(task))],
  measureTask: (task) => ({ operators: task.operators.length }),
})

const withNumber = (task: Task, at: number, number: number): Expression => ({
  ...task,
  numbers: task.numbers.with(at, number),
})

export const kinds = (largest: number): ReadonlyArray<Kind> => [
  kind(largest, {
    id: "result",
    references: { from: ["result"], given: false },
    proposal: (content) => {
      const expression = parseExpression(content)
      return expression === null ? null : { ...expression, hidden: null }
    },
    gold: resultOf,
    question: (task) => `${textOf(task)} = ?`,
    filledIn: (task, answer) => [task, answer],
  }),
  kind(largest, {
    id: "operand",
    // Made for exactly one given task.
    references: { from: ["result"], given: true },
    proposal: (content, [given]) => {
      const hidden = /^\d$/u.test(content) ? Number(content) - 1 : -1
      return given?.numbers[hidden] === undefined ? null : { ...given, hidden }
    },
    gold: (task) => task.numbers[task.hidden ?? 0] ?? 0,
    question: (task) => {
      const shown = textOf(task)
        .split(" ")
        .with(2 * (task.hidden ?? 0), "?")
      return `${shown.join(" ")} = ${resultOf(task)}`
    },
    filledIn: (task, answer) => [withNumber(task, task.hidden ?? 0, answer), resultOf(task)],
  }),
]
