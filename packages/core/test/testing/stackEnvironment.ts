/** The stack language as an environment with seeds, suites and examples: it keeps every clause of the contract. */
import { Effect, type Layer } from "effect"
import type { Executor, ExecutorError } from "../../src/Executor.ts"
import { fullSurface } from "../../src/language/FullSurface.ts"
import type { Domain, Language } from "../../src/language/Language.ts"
import type { LanguageExamples } from "../../src/language/LanguageExamples.ts"
import { languageEnvironment } from "../../src/language/languageEnvironment.ts"
import type { DeductionTask, ProgramDraft } from "../../src/language/Task.ts"
import { float, int, list } from "../../src/Value.ts"
import { stackDomain, stackExecutor, stackLanguage } from "../language/stackLanguage.ts"

export const stackExamples: LanguageExamples = {
  values: [int(2), int(-7), list([int(1)]), float(2), float(0.5), int(2n ** 70n), list([list([float(-3)])])],
  identity: "dup",
  disguise: "  # the same\n  dup",
  endless: "spin",
  hoards: "hoard",
  recurses: "recurse",
  floods: "flood",
  nondeterministic: ["clock"],
  malformed: "cube",
  throws: { program: "0 reciprocal", name: "ZeroDivisionError" },
  prints: { program: "say", stdout: "said\n" },
  equalities: "same",
}

/** Inputs from 100 on are held out. */
const domain: Domain = {
  ...stackDomain,
  split: (_, [input]) =>
    input?.kind === "int" && input.value >= 100n ? (input.value >= 200n ? "test" : "dev") : "train",
  seeds: (kind, count, random) =>
    Array.from({ length: count }, (): ProgramDraft => {
      const inputs = Array.from({ length: 3 }, (_, index) =>
        String(random.integer(10 * index, 10 * index + 9)),
      )
      const program = random.pick(["dup *", "1 +", "dup * 3 +"])
      return { program, inputs: kind === "induction" ? inputs : inputs.slice(0, 1), message: "" }
    }),
}

const square = (input: number): DeductionTask => ({
  _tag: "deduction",
  program: "dup *",
  canonical: "dup *",
  region: "* dup",
  measures: { words: 2 },
  input: [int(input)],
  output: int(input * input),
})

export interface StackEnvironmentOptions {
  readonly language?: Partial<Language>
  readonly examples?: Partial<LanguageExamples>
  readonly layer?: Layer.Layer<Executor, ExecutorError>
}

export const plainStackExecutor = stackExecutor({ onRun: () => {}, unanswered: () => false })

export const stackEnvironment = ({
  examples,
  language: changed,
  layer = plainStackExecutor,
}: StackEnvironmentOptions = {}) => {
  const language = { ...stackLanguage, examples: { ...stackExamples, ...examples }, ...changed }
  return languageEnvironment({
    id: "stack",
    title: "Stack",
    language,
    domain,
    surfaces: [fullSurface(language)],
    kinds: ["deduction", "abduction", "induction", "error"],
    suites: Effect.succeed([
      { id: "squares", kind: "deduction", split: "dev", tasks: [square(100), square(101)] },
      { id: "squares", kind: "deduction", split: "test", tasks: [square(200), square(201)] },
    ]),
    strict: false,
    layer,
  })
}
