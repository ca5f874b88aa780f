/**
 * Judges single cases from outside a run: "is this a valid task?", "why was this answer scored 0?". The path is the one
 * that training takes, so the answer is the one that training gave.
 */
import { Effect, Result, Schema } from "effect"
import { ProposalRejected } from "../Environment.ts"
import { Executor, type ExecutorError, LiteralRefused } from "../Executor.ts"
import type { Value } from "../Value.ts"
import type { LanguageEnvironment } from "./languageEnvironment.ts"
import type { LanguageTask, ProgramDraft } from "./Task.ts"
import { admitProgram, call, observe, readArguments } from "./validate.ts"
import { verifyAnswer } from "./verify.ts"

/** One case. Without `answer` a proposal, with it a solution. All texts are source text of the language. */
export const Case = Schema.Struct({
  kind: Schema.Literals(["deduction", "abduction", "induction", "error"]),
  program: Schema.String,
  /** The argument list. */
  input: Schema.optionalKey(Schema.String),
  /** Induction: the argument lists. */
  inputs: Schema.optionalKey(Schema.Array(Schema.String)),
  message: Schema.optionalKey(Schema.String),
  /** What a solver would put in its answer block. */
  answer: Schema.optionalKey(Schema.String),
  /** Gold output, in place of running the program; induction: one an input. */
  output: Schema.optionalKey(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
})
export type Case = typeof Case.Type

export type Judgement =
  | { readonly verdict: "valid"; readonly output: string | ReadonlyArray<string>; readonly fuel: number }
  | {
      readonly verdict: "rejected" | "correct" | "wrong" | "badFormat" | "infrastructure"
      readonly reason: string
    }

export const judgeCase = (
  environment: LanguageEnvironment,
  given: Case,
): Effect.Effect<Judgement, never, Executor> =>
  judge(environment, given).pipe(
    Effect.catchTags({
      ExecutorUnavailable: infrastructure,
      HostLost: infrastructure,
      HostTimeout: infrastructure,
      LiteralRefused: (error) => rejected(error.message),
      ProposalRejected: (error) => rejected(`${error.reason}: ${error.message}`),
    }),
  )

const rejected = (reason: string) => Effect.succeed<Judgement>({ verdict: "rejected", reason })
const infrastructure = (error: ExecutorError) =>
  Effect.succeed<Judgement>({ verdict: "infrastructure", reason: error.message })

const judge = Effect.fnUntraced(function* (environment: LanguageEnvironment, given: Case) {
  const { language, strict } = environment
  const missing = missingField(given)
  if (missing !== null) {
    return yield* new ProposalRejected({
      reason: "inputs",
      message: `a case of ${given.kind} needs ${missing}`,
    })
  }
  const draft: ProgramDraft = {
    program: given.program,
    inputs: given.kind === "induction" ? (given.inputs ?? []) : [given.input ?? ""],
    message: given.message ?? "",
  }
  if (given.answer === undefined) {
    const task = yield* validated(environment, given.kind, draft)
    return yield* describe(environment, task)
  }
  const task =
    given.output !== undefined
      ? yield* asGiven(environment, given.kind, draft, [given.output].flat())
      : given.kind === "induction"
        ? yield* asObserved(environment, draft)
        : yield* validated(environment, given.kind, draft)
  return (yield* verifyAnswer(language, task, given.answer, strict)) satisfies Judgement
})

/** The input is what a task is made of; an answer to one whose output is given can be judged without. */
const missingField = ({ answer, input, inputs, kind, output }: Case): "input" | "inputs" | null => {
  if (kind === "induction") return inputs === undefined || inputs.length === 0 ? "inputs" : null
  return input === undefined && (answer === undefined || output === undefined) ? "input" : null
}

const validated = Effect.fnUntraced(function* (
  environment: LanguageEnvironment,
  kind: Case["kind"],
  draft: ProgramDraft,
) {
  const found = environment.kinds.find(({ id }) => id === kind)
  if (found === undefined) {
    return yield* new ProposalRejected({ reason: "kind", message: `${environment.id} has no ${kind} tasks` })
  }
  return (yield* found.validate(draft)) as LanguageTask
})

/** A task whose gold outputs somebody else vouches for. */
const asGiven = Effect.fnUntraced(function* (
  { domain, language }: LanguageEnvironment,
  kind: Case["kind"],
  draft: ProgramDraft,
  outputs: ReadonlyArray<string>,
): Effect.fn.Return<LanguageTask, ExecutorError | LiteralRefused, Executor> {
  const { message, program } = draft
  const known = { program, canonical: program, region: "", measures: {} }
  if (outputs.length !== draft.inputs.length) {
    return yield* new LiteralRefused({
      message: `${draft.inputs.length} inputs, but ${outputs.length} outputs`,
    })
  }
  // Only induction runs the answer on the inputs; the other kinds need nothing but the output.
  if (kind === "error") return { _tag: kind, ...known, input: [], exception: outputs[0] ?? "" }
  const values = yield* Effect.forEach(outputs, (text) => readOutput(language, text))
  if (kind === "induction") {
    const inputs = yield* Effect.forEach(draft.inputs, (text) => readArguments(language, text))
    const pairs = inputs.map((each, index) => ({ input: each, output: values[index] as Value }))
    return {
      _tag: kind,
      ...known,
      pairs,
      shown: shownOf(domain, pairs.length),
      message,
    }
  }
  return { _tag: kind, ...known, input: [], output: values[0] as Value }
})

/** How many of so many pairs the solver saw; at least one decides. */
const shownOf = (domain: LanguageEnvironment["domain"], pairs: number): number =>
  Math.min(domain.induction.shown(pairs), pairs - 1)

/** An induction task of as many pairs as are given: how many a proposal needs is no matter of judging an answer. */
const asObserved = Effect.fnUntraced(function* (
  { domain, language }: LanguageEnvironment,
  draft: ProgramDraft,
) {
  const { message, program } = draft
  const facts = yield* admitProgram(language, program)
  const pairs = yield* Effect.forEach(draft.inputs, (text) =>
    Effect.flatMap(readArguments(language, text), (input) =>
      Effect.map(observe(language, program, input), (output) => ({ input, output })),
    ),
  )
  return {
    _tag: "induction",
    program,
    canonical: facts.canonical,
    region: "",
    measures: {},
    pairs,
    shown: shownOf(domain, pairs.length),
    message,
  } satisfies LanguageTask
})

/** A recorded output as a value: a literal, or one constructor expression. */
export const readOutput = Effect.fnUntraced(function* (
  language: LanguageEnvironment["language"],
  text: string,
) {
  const literal = language.parseValue(text)
  if (Result.isSuccess(literal)) return literal.success
  const executor = yield* Executor
  return yield* executor.evaluateValue(text)
})

const describe = Effect.fnUntraced(function* ({ language }: LanguageEnvironment, task: LanguageTask) {
  const inputs = task._tag === "induction" ? task.pairs.map(({ input }) => input) : [task.input]
  const outcomes = yield* Effect.forEach(inputs, (input) => call(language, task.program, input, "reference"))
  const texts = outcomes.map((outcome) =>
    outcome._tag === "Returned"
      ? language.renderValue(outcome.value)
      : (outcome.failure.name ?? outcome.failure.kind),
  )
  return {
    verdict: "valid",
    output: task._tag === "induction" ? texts : task._tag === "error" ? task.exception : (texts[0] ?? ""),
    fuel: outcomes.reduce((sum, { fuel }) => sum + fuel, 0),
  } satisfies Judgement
})
