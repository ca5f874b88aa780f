/**
 * Programs and values that show how a language behaves: what the conformance suite runs. Each program defines the entry
 * function with one parameter and can be called with any of `values`.
 */
import type { Value } from "../Value.ts"

export interface LanguageExamples {
  /** Values of every kind that the language has, nested ones among them; simple ones first. */
  readonly values: ReadonlyArray<Value>
  /** Returns its argument. */
  readonly identity: string
  /** The identity under other names, in other formatting, with a comment: a duplicate of it. */
  readonly disguise: string
  /** Never ends, and needs no memory for that. */
  readonly endless: string
  /** Asks for ever more memory. */
  readonly hoards: string
  /** Calls itself for ever. */
  readonly recurses: string
  /** Returns a value far longer than the default limit of outputs. */
  readonly floods: string
  /** Each returns something else on another clock, with other random numbers, or in another instance. */
  readonly nondeterministic: ReadonlyArray<string>
  /** Is no program of the language. */
  readonly malformed: string
  /** Raises an exception of this class. */
  readonly throws: { readonly program: string; readonly name: string }
  /** Prints exactly `stdout`, then returns its argument. */
  readonly prints: { readonly program: string; readonly stdout: string }
  /** Given a list, returns the list of lists of whether item i equals item j; null in a language without such a notion. */
  readonly equalities: string | null
}
