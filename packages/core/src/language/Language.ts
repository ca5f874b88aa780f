/** What `languageEnvironment` has to know about a programming language, beyond what its executor can tell. */
import type { Effect, Result } from "effect"
import type { ProposalRejected, Split } from "../Environment.ts"
import type { Executor, ExecutorError, ProgramFacts } from "../Executor.ts"
import type { RandomStream } from "../RandomStreams.ts"
import type { Equality, Value } from "../Value.ts"
import type { LanguageExamples } from "./LanguageExamples.ts"
import type { Rule } from "./rules.ts"
import type { ProgramDraft } from "./Task.ts"

/** How a program's text defines the entry function: enough to rename it without a parser. */
export interface DefinitionSyntax {
  /** The line that defines it, at the margin. */
  readonly line: RegExp
  /** Lines at the margin that define nothing which could clash. */
  readonly beside: RegExp
  /** Source of an expression that finds every place where a text could mean the entry function. */
  readonly mention: string
}

/** Facts about the language. Pure functions and data. */
export interface Language {
  /** E.g. `python`; also the tag of fenced code blocks. */
  readonly id: string
  /** What people call it, e.g. `Python`. */
  readonly name: string
  /** The function every program defines, `f`. */
  readonly entry: string
  /** Modules that a program may import, with what is inside them; `checkProgram` refuses others. */
  readonly modules: ReadonlyArray<string>
  /** What `==` means in this language. */
  readonly equality: Equality
  /**
   * Reads one literal. Nothing is evaluated; the message says what was found instead. In a string `\x3c` is `<`: prompts write it so
   * where the text would end an answer.
   */
  readonly parseValue: (text: string) => Result.Result<Value, string>
  /** Reads an argument list of literals. Commas stand between them, in any language: prompts say so. */
  readonly parseArguments: (text: string) => Result.Result<ReadonlyArray<Value>, string>
  /** Writes a value so that `parseValue`, or the executor's constructor expressions, read it back. */
  readonly renderValue: (value: Value) => string
  readonly renderArguments: (values: ReadonlyArray<Value>) => string
  /** The language's rules for programs of tasks: null where one is allowed, else which rule it breaks. */
  readonly checkProgram: Rule
  /** Absent: programs of the language cannot become helpers of others. */
  readonly definition?: DefinitionSyntax
  /** What the conformance suite tests the language's executor with. */
  readonly examples?: LanguageExamples
}

/** Which tasks of the language belong to an environment: all of them, or a fragment with its own bounds. */
export interface Domain {
  /** Refuses tasks outside the domain. Runs after the language's own validation. */
  readonly admit: (
    program: string,
    calls: ReadonlyArray<{ readonly arguments: ReadonlyArray<Value>; readonly output: Value }>,
  ) => Effect.Effect<void, ProposalRejected | ExecutorError, Executor>
  /** Region of a program for coverage rewards. */
  readonly region: (program: string, facts: ProgramFacts) => string
  /** Whether a program is held out with these arguments; without any, whether it is with every one. */
  readonly split: (program: string, input: ReadonlyArray<Value>) => Split
  /** Induction: how many input/output pairs a task has, and how many of them the solver is shown. */
  readonly induction: {
    readonly minPairs: number
    readonly maxPairs: number
    readonly shown: (pairs: number) => number
  }
  /** Numbers about a program whose means are worth a curve, by metric name, e.g. `{ statements: 3 }`. */
  readonly measureProgram: (program: string, facts: ProgramFacts) => Readonly<Record<string, number>>
  /** Drafts to seed the buffers with. */
  readonly seeds: (kind: string, count: number, random: RandomStream) => ReadonlyArray<ProgramDraft>
}
