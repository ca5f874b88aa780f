/**
 * Composite programs: programs of references become helpers `g_0`, `g_1`, … above a new program, which has to call each of
 * them and may define none (released code: composite functions).
 */
import { Effect } from "effect"
import { ProposalRejected } from "../Environment.ts"
import { Executor, type ProgramFacts } from "../Executor.ts"
import type { Language } from "./Language.ts"
import type { ProgramDraft } from "./Task.ts"

export const helperName = (index: number): string => `g_${index}`

/**
 * A valid program with its entry function under another name; null for one that cannot become a helper.
 *
 * Renaming needs no parser because it refuses whatever could mean more than it seems to. The program is plain ASCII without
 * `\u` escapes, so a name can only be written as itself, and the entry's name stands once as a word, at the beginning of the
 * line that defines it: nothing reads it, no text quotes it, no inner scope binds it. Every other line that is not indented
 * is one of the language's `beside`, so in a language of indentation the program defines nothing else. Where a line can hide
 * a further definition, two helpers that clash are refused by the rules of the language or change what both do for all to
 * see: the task is the whole text, and its output comes from running that.
 */
export const asHelper = ({ definition }: Language, program: string, name: string): string | null => {
  const text = program.trim()
  if (definition === undefined || /[^\t\n\x20-\x7e]/u.test(text) || text.includes("\\u")) return null
  const atMargin = text.split("\n").filter((line) => /^\S/u.test(line))
  const others = atMargin.filter((line) => !definition.line.test(line))
  if (others.length !== atMargin.length - 1 || !others.every((line) => definition.beside.test(line)))
    return null
  const mentions = [...text.matchAll(new RegExp(definition.mention, "gu"))]
  const [at] = mentions
  if (at === undefined || mentions.length > 1) return null
  return text.slice(0, at.index) + name + text.slice(at.index + at[0].length)
}

/** Helpers and the program that calls them, as one text. */
const whole = (helpers: ReadonlyArray<string>, program: string): string => [...helpers, program].join("\n\n")

/** A draft whose program stands alone: with its helpers, if it has some and uses them as it should. */
export const assembled = Effect.fnUntraced(function* ({ helpers = [], ...draft }: ProgramDraft) {
  if (helpers.length === 0) return draft
  const executor = yield* Executor
  const facts = yield* executor.inspect(draft.program)
  if (facts.syntaxError !== null) {
    return yield* new ProposalRejected({ reason: "syntax", message: facts.syntaxError })
  }
  for (const name of helpers.map((_, index) => helperName(index))) {
    if (defines(facts, name)) {
      return yield* new ProposalRejected({ reason: "composite", message: `it defines ${name} itself` })
    }
    if (!facts.calls.includes(name)) {
      return yield* new ProposalRejected({ reason: "composite", message: `it does not call ${name}` })
    }
  }
  return { ...draft, program: whole(helpers, draft.program) }
})

/**
 * Whether a program that calls a name gives it a meaning of its own. One that does not reads it from outside; and in the
 * canonical text, where bound names are others, it stands as it was. Where a binding keeps its name there, the text is at
 * least without comments and of one layout.
 */
const defines = ({ calls, canonical, functions, names }: ProgramFacts, name: string): boolean => {
  const stands = new RegExp(`\\b${name}\\b`, "u").test(canonical)
  const bound = new RegExp(`\\b(?:class|as|for) ${name}\\b|\\b${name} =[^=>]`, "u").test(canonical)
  const free = names.includes(name) && stands && !bound
  return functions.some((defined) => defined.name === name) || bound || (calls.includes(name) && !free)
}
