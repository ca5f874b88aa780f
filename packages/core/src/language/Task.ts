/** Tasks, drafts and answers of language environments. */
import { Schema } from "effect"
import { ValueFromJson } from "../Value.ts"

const Arguments = Schema.Array(ValueFromJson)

const program = {
  /** Source text as proposed. */
  program: Schema.String,
  /** The program without comments, formatting and chosen names. */
  canonical: Schema.String,
  /** Region for coverage. */
  region: Schema.String,
  /** Numbers about the program, by metric name. */
  measures: Schema.Record(Schema.String, Schema.Finite),
}

export const DeductionTask = Schema.TaggedStruct("deduction", {
  ...program,
  input: Arguments,
  output: ValueFromJson,
})
export const AbductionTask = Schema.TaggedStruct("abduction", {
  ...program,
  input: Arguments,
  output: ValueFromJson,
})
export const InductionTask = Schema.TaggedStruct("induction", {
  ...program,
  pairs: Schema.Array(Schema.Struct({ input: Arguments, output: ValueFromJson })),
  /** The first `shown` pairs are in the solver's prompt, the others decide. */
  shown: Schema.Int,
  message: Schema.String,
})
export const ErrorTask = Schema.TaggedStruct("error", {
  ...program,
  input: Arguments,
  /** Class name of the exception, or `NoError`. */
  exception: Schema.String,
})
export const LanguageTask = Schema.Union([DeductionTask, AbductionTask, InductionTask, ErrorTask])

export type DeductionTask = typeof DeductionTask.Type
export type AbductionTask = typeof AbductionTask.Type
export type InductionTask = typeof InductionTask.Type
export type ErrorTask = typeof ErrorTask.Type
export type LanguageTask = typeof LanguageTask.Type

type Shown<Task> = Task extends LanguageTask ? Omit<Task, "canonical" | "region" | "measures"> : never
/** What prompts and gold answers are made of: a task without what the executor and the domain say of its program. */
export type ShownTask = Shown<LanguageTask>

/** A parsed proposal: source texts, nothing evaluated yet. One input, or for induction several and a message. */
export const ProgramDraft = Schema.Struct({
  program: Schema.String,
  /** Functions `g_0`, `g_1`, … that the program has to call; they stand above it. */
  helpers: Schema.optionalKey(Schema.Array(Schema.String)),
  inputs: Schema.Array(Schema.String),
  message: Schema.String,
})
export type ProgramDraft = typeof ProgramDraft.Type

/** A parsed answer. `text` is what stood in the answer block; what it means depends on the kind. */
export const LanguageAnswer = Schema.Struct({ text: Schema.String })
export type LanguageAnswer = typeof LanguageAnswer.Type
