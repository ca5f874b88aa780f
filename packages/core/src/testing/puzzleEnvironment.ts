/**
 * A complete environment without an executor: arithmetic puzzles, judged exactly. For tests of the loop and of
 * policies, and as an example of an environment that is no programming language.
 *
 * | kind | proposer emits | solver sees | solver emits | correct when |
 * |---|---|---|---|---|
 * | `result` | `3 + 4` | `3 + 4` | a number | it is the result |
 * | `operand` | `3 + 4` | `3 + ? = 7` | a number | it gives the result; any that does counts |
 * | `operator` | `+`, for the numbers of a given puzzle | `3 ? 4 = 7` | `+`, `-` or `*` | it gives the result |
 */
import { Effect, Layer, Result, Schema } from "effect"
import {
  type Environment,
  FormatError,
  ProposalRejected,
  type PromptStyle,
  type Split,
  type Suite,
  type TaskKind,
  type Verdict,
  defineEnvironment,
} from "../Environment.ts"
import { HostTimeout } from "../Executor.ts"
import type { RandomStream } from "../RandomStreams.ts"

const Operator = Schema.Literals(["+", "-", "*"])
type Operator = typeof Operator.Type
const operators: ReadonlyArray<Operator> = ["+", "-", "*"]

/** Two numbers from 0 to `largest` and what is done with them. Task and draft of every kind. */
export const Puzzle = Schema.Struct({ a: Schema.Int, operator: Operator, b: Schema.Int })
export type Puzzle = typeof Puzzle.Type

type Operation = "validate" | "verify" | "partial"

export interface PuzzleOptions {
  /** Largest number in a puzzle. */
  readonly largest: number
  /** What `TaskKind.split` says of a puzzle. */
  readonly split: (puzzle: Puzzle) => Split
  readonly suites: ReadonlyArray<Suite>
  /** Where true, the executor that this environment does not have gives no answer: `HostTimeout`. */
  readonly unanswered: (puzzle: Puzzle, operation: Operation) => boolean
}

const defaults: PuzzleOptions = {
  largest: 99,
  split: () => "train",
  suites: [],
  unanswered: () => false,
}

export const puzzleText = ({ a, b, operator }: Puzzle): string => `${a} ${operator} ${b}`

export const puzzleResult = ({ a, b, operator }: Puzzle): number =>
  operator === "+" ? a + b : operator === "-" ? a - b : a * b

export const puzzleEnvironment = (options: Partial<PuzzleOptions> = {}): Environment<never> => {
  const settings = { ...defaults, ...options }
  return defineEnvironment<never>({
    id: "puzzles",
    apiVersion: 1,
    title: "Arithmetic puzzles",
    styles: ["full", "compact"],
    kinds: [result(settings), operand(settings), operator(settings)] as Environment<never>["kinds"],
    seeds: (_, count, random) => Array.from({ length: count }, () => randomPuzzle(settings.largest, random)),
    suites: Effect.succeed(settings.suites),
    layer: Layer.empty,
  })
}

const randomPuzzle = (largest: number, random: RandomStream): Puzzle => ({
  a: random.integer(0, largest),
  operator: random.pick(operators),
  b: random.integer(0, largest),
})

/** What a kind says for itself; the rest all kinds have in common. */
interface Parts<Answer> {
  readonly id: string
  readonly answerSchema: Schema.Codec<Answer, unknown>
  readonly references: TaskKind<Puzzle, Answer, Puzzle, Puzzle, never>["references"]
  /** In words, or as tokens. */
  readonly request: { readonly full: string; readonly compact: string }
  readonly parseProposal: (text: string, references: ReadonlyArray<Puzzle>) => Puzzle | null
  readonly composite: TaskKind<Puzzle, Answer, Puzzle, Puzzle, never>["composite"]
  /** The puzzle as the solver sees it. */
  readonly question: (puzzle: Puzzle) => string
  readonly parseAnswer: (text: string) => Answer | null
  readonly gold: (puzzle: Puzzle) => string
  /** The puzzle with the solver's answer in the place of the unknown. */
  readonly filledIn: (puzzle: Puzzle, answer: Answer) => { readonly puzzle: Puzzle; readonly result: number }
}

const kind = <Answer>(
  { largest, split, unanswered }: PuzzleOptions,
  parts: Parts<Answer>,
): TaskKind<Puzzle, Answer, Puzzle, Puzzle, never> => {
  const read = <A>(what: string, text: string, value: A | null): Result.Result<A, FormatError> =>
    value === null ? Result.fail(new FormatError({ message: `no ${what}: ${text}` })) : Result.succeed(value)
  const answering = <A, E>(puzzle: Puzzle, operation: Operation, answer: Effect.Effect<A, E>) =>
    unanswered(puzzle, operation)
      ? Effect.fail(new HostTimeout({ executor: "puzzles", milliseconds: 1 }))
      : answer
  return {
    id: parts.id,
    taskSchema: Puzzle,
    answerSchema: parts.answerSchema,
    references: parts.references,
    proposePrompt: (references, style) => {
      const shown = references.map((puzzle) => written(puzzleText(puzzle), style))
      return [
        {
          role: "user",
          content: [...shown, parts.request[style === "compact" ? style : "full"]].join(
            style === "full" ? "\n" : " ",
          ),
        },
      ]
    },
    parseProposal: (text, references) => read("puzzle", text, parts.parseProposal(text, references)),
    composite: parts.composite,
    validate: (draft) => {
      const outside = [draft.a, draft.b].find((number) => number < 0 || number > largest)
      return answering(
        draft,
        "validate",
        outside === undefined
          ? Effect.succeed(draft)
          : Effect.fail(
              new ProposalRejected({ reason: "range", message: `${outside} is not in 0 … ${largest}` }),
            ),
      )
    },
    solvePrompt: (task, style) => {
      const question = written(parts.question(task), style)
      return [
        {
          role: "user",
          content: style === "full" ? `What belongs in place of the ?\n${question}` : question,
        },
      ]
    },
    parseAnswer: (text) => read("answer", text, parts.parseAnswer(text.trim())),
    verify: (task, answer) => {
      const filled = parts.filledIn(task, answer)
      const right = puzzleResult(filled.puzzle) === filled.result
      const verdict: Verdict = right
        ? { verdict: "correct", reason: "" }
        : { verdict: "wrong", reason: `${puzzleText(filled.puzzle)} is ${puzzleResult(filled.puzzle)}` }
      return answering(task, "verify", Effect.succeed(verdict))
    },
    // What is off by one is half right.
    partial: (task, answer) => {
      const filled = parts.filledIn(task, answer)
      const off = Math.abs(puzzleResult(filled.puzzle) - filled.result)
      return answering(task, "partial", Effect.succeed(off === 1 ? 0.5 : 0))
    },
    goldResponse: parts.gold,
    identity: puzzleText,
    reveals: (task) => [puzzleText(task)],
    family: (task) => `${task.a} ${task.operator}`,
    region: (task) => task.operator,
    split,
    describe: parts.question,
    facets: (task) => [task.operator, String(puzzleResult(task))],
    distance: (task, other) =>
      Effect.succeed(
        [task.a !== other.a, task.operator !== other.operator, task.b !== other.b].filter(Boolean).length / 3,
      ),
    measureTask: (task) => ({ digits: `${task.a}${task.b}`.length }),
    measureResponse: (text) => ({ characters: text.length }),
  }
}

/** Compact is without spaces and without a last ?: `3+4=`, `3+?=7`, `3?4=7`. */
const written = (text: string, style: PromptStyle): string =>
  style === "full" ? text : text.replaceAll(" ", "").replace(/\?$/u, "")

const parsePuzzle = (text: string): Puzzle | null => {
  const [, a, operator, b] = /^\s*(\d+)\s*([-+*])\s*(\d+)\s*$/u.exec(text) ?? []
  return operator === undefined ? null : { a: Number(a), operator: operator as Operator, b: Number(b) }
}

const parseNumber = (text: string): number | null => (/^-?\d{1,15}$/u.test(text) ? Number(text) : null)
const parseOperator = (text: string): Operator | null => operators.find((each) => each === text) ?? null

/** Results of given puzzles as the numbers of a new one, `g_0 + 4`: each has to be used. */
const composite: TaskKind<Puzzle, number, Puzzle, Puzzle, never>["composite"] = {
  styles: ["full"],
  eligible: (puzzle) => puzzleResult(puzzle) >= 0,
  proposePrompt: (references) => {
    const given = references.map((puzzle, index) => `g_${index} = ${puzzleText(puzzle)}`)
    return [
      { role: "user", content: [...given, "Write a puzzle with each of these, like g_0 + 4."].join("\n") },
    ]
  },
  parseProposal: (text, references) => {
    const names = references.map((_, index) => `g_${index}`)
    const unused = names.find((name) => !text.includes(name))
    const puzzle = parsePuzzle(
      names.reduce(
        (filled, name, index) => filled.replaceAll(name, String(puzzleResult(references[index] as Puzzle))),
        text,
      ),
    )
    return unused === undefined && puzzle !== null
      ? Result.succeed(puzzle)
      : Result.fail(new FormatError({ message: `no puzzle with ${names.join(", ")}: ${text}` }))
  },
}

const result = (options: PuzzleOptions) =>
  kind<number>(options, {
    id: "result",
    composite,
    answerSchema: Schema.Int,
    references: { from: ["result", "operand"], given: false },
    request: { full: "Write another puzzle like 3 + 4.", compact: "R>" },
    parseProposal: parsePuzzle,
    question: (puzzle) => `${puzzleText(puzzle)} = ?`,
    parseAnswer: parseNumber,
    gold: (puzzle) => String(puzzleResult(puzzle)),
    filledIn: (puzzle, answer) => ({ puzzle, result: answer }),
  })

const operand = (options: PuzzleOptions) =>
  kind<number>(options, {
    id: "operand",
    composite: null,
    answerSchema: Schema.Int,
    references: { from: ["result", "operand"], given: false },
    request: { full: "Write another puzzle like 3 + 4; its second number will be asked for.", compact: "N>" },
    parseProposal: parsePuzzle,
    question: (puzzle) => `${puzzle.a} ${puzzle.operator} ? = ${puzzleResult(puzzle)}`,
    parseAnswer: parseNumber,
    gold: ({ b }) => String(b),
    filledIn: (puzzle, answer) => ({ puzzle: { ...puzzle, b: answer }, result: puzzleResult(puzzle) }),
  })

const operator = (options: PuzzleOptions) =>
  kind<Operator>(options, {
    id: "operator",
    composite: null,
    answerSchema: Operator,
    references: { from: ["result"], given: true },
    request: { full: "Write +, - or * to stand between these numbers.", compact: "O>" },
    parseProposal: (text, [given]) => {
      const found = parseOperator(text.trim())
      return given === undefined || found === null ? null : { ...given, operator: found }
    },
    question: (puzzle) => `${puzzle.a} ? ${puzzle.b} = ${puzzleResult(puzzle)}`,
    parseAnswer: parseOperator,
    gold: (puzzle) => puzzle.operator,
    filledIn: (puzzle, answer) => ({ puzzle: { ...puzzle, operator: answer }, result: puzzleResult(puzzle) }),
  })
