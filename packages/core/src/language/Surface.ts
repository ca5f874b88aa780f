/** A surface writes tasks as prompts and reads responses: one prompt style of one language. Pure. */
import type { Result } from "effect"
import type { FormatError, PromptStyle } from "../Environment.ts"
import type { Prompt } from "../PolicyEngine.ts"
import type { LanguageTask, ProgramDraft } from "./Task.ts"

export type LanguageKind = LanguageTask["_tag"]
/** Kinds whose proposer writes a program. */
export type ProgramKind = Exclude<LanguageKind, "induction">

/** How tasks of these kinds are proposed. */
interface ProposerOf<Kind extends LanguageKind> {
  readonly proposePrompt: (kind: Kind, references: ReadonlyArray<LanguageTask>) => Prompt
  readonly parseProposal: (
    kind: Kind,
    text: string,
    references: ReadonlyArray<LanguageTask>,
  ) => Result.Result<ProgramDraft, FormatError>
}

export interface Surface extends ProposerOf<LanguageKind> {
  readonly style: PromptStyle
  /** Proposals on top of the programs of references (`asHelper`); absent where the style has none. */
  readonly composite?: ProposerOf<ProgramKind>
  readonly solvePrompt: (task: LanguageTask) => Prompt
  /** The payload of the answer block: source text of a value, an argument list, a program or an exception name. */
  readonly parseAnswer: (kind: LanguageKind, text: string) => Result.Result<string, FormatError>
  /** Numbers about a solver's response whose means are worth a curve, by metric name, e.g. `{ thinks: 1 }`. */
  readonly measureResponse: (text: string) => Readonly<Record<string, number>>
  /** A response around a payload: the inverse of `parseAnswer`. */
  readonly answer: (kind: LanguageKind, payload: string) => string
}
