/** All of a language as a domain: nothing is out of bounds, nothing is held out, and one task begins everything. */
import { Effect } from "effect"
import { halsteadVolume } from "./complexity.ts"
import type { Domain } from "./Language.ts"
import type { ProgramDraft } from "./Task.ts"

/** The task that begins everything (paper, §3.3.1: the identity): a program and inputs to it, the first for all kinds. */
export interface SeedTask {
  readonly program: string
  readonly inputs: ReadonlyArray<string>
}

export const wholeLanguage = ({ program, inputs }: SeedTask): Domain => {
  const seed = (kind: string): ProgramDraft => ({
    program,
    inputs: kind === "induction" ? inputs : inputs.slice(0, 1),
    message: kind === "induction" ? "Return the input as it is." : "",
  })
  return {
    admit: () => Effect.void,
    // What a program does, without order and count: programs of one region use the same operations.
    region: (_program, facts) => [...new Set(facts.operations)].join(" "),
    split: () => "train",
    // The proposer is asked for ten; half of them are shown (paper, §3.3.2). Two are the least: one to show, one to hide.
    induction: { minPairs: 2, maxPairs: 10, shown: (pairs) => Math.floor(pairs / 2) },
    measureProgram: (text, { complexity }) => ({
      lines: text.split("\n").filter((line) => line.trim() !== "").length,
      cognitiveComplexity: complexity.cognitive,
      halsteadVolume: halsteadVolume(complexity),
    }),
    seeds: (kind, count) => (count > 0 ? [seed(kind)] : []),
  }
}
