/** All of JavaScript as a domain: nothing is out of bounds, nothing is held out, and one task begins everything. */
import { type Domain, type ProgramDraft, halsteadVolume } from "@azr/core/language"
import { Effect } from "effect"

/** The paper's only seed (§3.1 there), in JavaScript: the identity. */
const identity = "function f(a) {\n  return a;\n}"
const identityInputs = [
  '"Hello world"',
  "1",
  "{ a: 1, b: 2 }",
  "[1.1, 1.2, 1.3]",
  "[[1, 0, 0], [0, 0, 0], [0, 0, 0]]",
  "null",
  "true",
  "-7",
  '["a", "b", ""]',
  "new Set([1, 2, 3])",
]

const seed = (kind: string): ProgramDraft => ({
  program: identity,
  inputs: kind === "induction" ? identityInputs : identityInputs.slice(0, 1),
  message: kind === "induction" ? "Return the input as it is." : "",
})

export const jsDomain: Domain = {
  admit: () => Effect.void,
  // What a program does, without order and count: programs of one region use the same operations.
  region: (_program, facts) => [...new Set(facts.operations)].join(" "),
  split: () => "train",
  // The proposer is asked for ten; half of them are shown (paper, §3.3). Two are the least: one to show, one to hide.
  induction: { minPairs: 2, maxPairs: 10, shown: (pairs) => Math.floor(pairs / 2) },
  measureProgram: (program, { complexity }) => ({
    lines: program.split("\n").filter((line) => line.trim() !== "").length,
    cognitiveComplexity: complexity.cognitive,
    halsteadVolume: halsteadVolume(complexity),
  }),
  seeds: (kind, count) => (count > 0 ? [seed(kind)] : []),
}
