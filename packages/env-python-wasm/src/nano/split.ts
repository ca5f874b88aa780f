/**
 * Which nano tasks are held out. A program's hash decides, so that whole programs are unseen: one in eight is `dev`,
 * one in eight `test`. There are too few programs of one statement; there the pair of program and input decides.
 */
import { Value } from "@azr/core"
import type { Environment } from "@azr/core"
import { type Program, compact } from "./program.ts"
import { type NanoValue, renderNano } from "./values.ts"

/** `input` is null where the task has no input of its own: induction, and references. */
export const splitOf = (program: Program, input: NanoValue | null): Environment.Split => {
  if (program.length > 1) return splitOfText(compact(program))
  return input === null ? "train" : splitOfText(`${compact(program)} ${renderNano(input)}`)
}

const splitOfText = (text: string): Environment.Split => {
  // The top three bits of the hash's second word: its low bits mix less well.
  const eighth = Number.parseInt(Value.hashText(text).charAt(8), 16) >> 1
  return eighth === 0 ? "dev" : eighth === 1 ? "test" : "train"
}
