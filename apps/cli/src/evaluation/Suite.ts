/**
 * A suite as data: what is asked, in which form, how it is decoded, where it is from. Built-in suites come with their
 * environment; any other is a file of rows (`datasetRows.ts`), alone or with a description beside it:
 *
 *     { "id": "cruxeval-o", "environment": "python", "kind": "deduction", "rows": "cruxeval.jsonl", "promptStyle": "full",
 *       "decoding": { "temperature": 0, "samples": 1, "maxTokens": 2048 }, "licence": "MIT", "source": "…" }
 */
import { Environment } from "@azr/core"
import { Schema } from "effect"
import type { SuiteKind } from "./SuiteKind.ts"

/** How answers are sampled. Temperature 0 is greedy and has one sample. */
export const Decoding = Schema.Struct({
  temperature: Schema.Finite,
  samples: Schema.Int,
  /** Longest response, in tokens. */
  maxTokens: Schema.Int,
})
export type Decoding = typeof Decoding.Type

/** Kinds that a file of rows can ask for: those of languages, and two that only suites have. */
export const suiteKinds = ["deduction", "abduction", "induction", "completion", "question"] as const
export type SuiteKindId = (typeof suiteKinds)[number]

/** A description file. `rows` is relative to it. */
export const SuiteDescription = Schema.Struct({
  id: Schema.String,
  environment: Schema.String,
  kind: Schema.Literals(suiteKinds),
  rows: Schema.String,
  promptStyle: Environment.PromptStyle,
  decoding: Decoding,
  licence: Schema.String,
  source: Schema.String,
})
export type SuiteDescription = typeof SuiteDescription.Type

/** A row that is no task, and why. */
export interface RejectedRow {
  readonly row: number
  readonly id: string
  readonly reason: string
  readonly message: string
}

export interface SuiteTask {
  /** Line or row of the file, from 1; of a built-in suite the place in it. */
  readonly row: number
  readonly id: string
  readonly task: unknown
}

/** A suite that is ready to be asked. */
export interface Suite extends Omit<SuiteDescription, "rows" | "kind"> {
  readonly kindId: string
  readonly kind: SuiteKind
  /** Of the file's bytes, or of a built-in suite's tasks. */
  readonly sha256: string
  readonly rows: number
  readonly tasks: ReadonlyArray<SuiteTask>
  readonly rejected: ReadonlyArray<RejectedRow>
}
