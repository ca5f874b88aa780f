/**
 * Makes an environment out of a language: the kinds deduction, abduction, induction and error, for any executor.
 *
 * The proposer writes a program and an input (for induction: inputs and a message for a given program); running it
 * gives the gold output. The solver is asked for the output, an input, the program, or the exception (paper, §3).
 */
import { Effect, type Layer, Result } from "effect"
import {
  type Composite,
  type Environment,
  type FormatError,
  ProposalRejected,
  type PromptStyle,
  type Suite,
  type TaskKind,
} from "../Environment.ts"
import { Executor, type ExecutorError, type ProgramFacts } from "../Executor.ts"
import { type Value, encode, hashText, string } from "../Value.ts"
import { asHelper, assembled, helperName } from "./composite.ts"
import type { Domain, Language } from "./Language.ts"
import type { LanguageKind, ProgramKind, Surface } from "./Surface.ts"
import {
  AbductionTask,
  DeductionTask,
  ErrorTask,
  InductionTask,
  LanguageAnswer,
  type LanguageTask,
  type ProgramDraft,
} from "./Task.ts"
import { normalizedTreeDistance } from "./treeDistance.ts"
import { admitProgram, call, observe, readArguments } from "./validate.ts"
import { goldText, reproduced, verifyAnswer } from "./verify.ts"

export interface LanguageEnvironmentOptions {
  readonly id: string
  readonly title: string
  readonly language: Language
  readonly domain: Domain
  readonly surfaces: ReadonlyArray<Surface>
  /** The kinds that every surface can write. */
  readonly kinds: ReadonlyArray<LanguageKind>
  readonly suites: Effect.Effect<ReadonlyArray<Suite>>
  /** Compare answers by kind as well (`1` is not `1.0`), instead of by the language's own `==`. */
  readonly strict: boolean
  readonly layer: Layer.Layer<Executor, ExecutorError>
}

/** An environment that is a language: what it was made from stays readable. */
export interface LanguageEnvironment extends Environment<Executor> {
  readonly language: Language
  readonly domain: Domain
  readonly strict: boolean
}

export const languageEnvironment = (options: LanguageEnvironmentOptions): LanguageEnvironment => {
  const { domain, language } = options

  const surface = (style: PromptStyle): Surface => {
    const found = options.surfaces.find((candidate) => candidate.style === style)
    if (found === undefined) throw new Error(`environment ${options.id} has no prompt style ${style}`)
    return found
  }

  /** Proposals that build on the programs of references, in the styles that can ask for them; null where none can. */
  const composite = (kindId: ProgramKind): Composite<ProgramDraft, LanguageTask> | null => {
    const surfaces = language.definition === undefined ? [] : options.surfaces
    const able = new Map(surfaces.flatMap(({ composite: found, style }) => (found ? [[style, found]] : [])))
    const inStyle = (style: PromptStyle) => {
      const found = able.get(style)
      if (found === undefined) throw new Error(`environment ${options.id} composes nothing in style ${style}`)
      return found
    }
    return able.size === 0
      ? null
      : {
          styles: [...able.keys()],
          eligible: ({ program }) => asHelper(language, program, helperName(0)) !== null,
          proposePrompt: (references, style) => inStyle(style).proposePrompt(kindId, references),
          parseProposal: (text, references, style) => inStyle(style).parseProposal(kindId, text, references),
        }
  }

  /** The parts every kind has in common. */
  const kind = <Task extends LanguageTask>(
    parts: Pick<
      TaskKind<Task, LanguageAnswer, ProgramDraft, LanguageTask, Executor>,
      "taskSchema" | "references" | "validate" | "identity" | "describe"
    > & {
      readonly id: LanguageKind
      /** Whether its proposer writes a program, which may then build on others. */
      readonly composed: ProgramKind | null
      /** How much of a wrong answer is right. */
      readonly partial: (task: Task, answer: LanguageAnswer) => Effect.Effect<number, ExecutorError, Executor>
      /** What the solver has to find, as far as it is a value: facets are made of it. */
      readonly sought: (task: Task) => ReadonlyArray<Value>
      /** The argument lists the task runs its program on. */
      readonly inputs: (task: Task) => ReadonlyArray<ReadonlyArray<Value>>
    },
  ): TaskKind<Task, LanguageAnswer, ProgramDraft, LanguageTask, Executor> => ({
    id: parts.id,
    taskSchema: parts.taskSchema,
    answerSchema: LanguageAnswer,
    references: parts.references,
    proposePrompt: (references, style) => surface(style).proposePrompt(parts.id, references),
    parseProposal: (text, references, style) => surface(style).parseProposal(parts.id, text, references),
    composite: parts.composed === null ? null : composite(parts.composed),
    validate: (draft) => Effect.flatMap(assembled(draft), parts.validate),
    solvePrompt: (task, style) => surface(style).solvePrompt(task),
    parseAnswer: (text, style): Result.Result<LanguageAnswer, FormatError> =>
      Result.map(surface(style).parseAnswer(parts.id, text), (payload) => ({ text: payload })),
    verify: (task, answer) => verifyAnswer(language, task, answer.text, options.strict),
    partial: parts.partial,
    goldResponse: (task, style) => surface(style).answer(parts.id, goldText(language, task)),
    identity: parts.identity,
    reveals: (task) => parts.inputs(task).map((input) => `${task.canonical}\n${encodeAll(input)}`),
    family: (task) => task.canonical,
    region: (task) => task.region,
    // Held out is what contains anything that is held out: the program, or the program with one of its inputs.
    split: (task) =>
      [[], ...parts.inputs(task)]
        .map((input) => domain.split(task.program, input))
        .find((split) => split !== "train") ?? "train",
    describe: parts.describe,
    // Its type in the language's own terms, and all of it.
    facets: (task) => {
      const sought = parts.sought(task)
      return [sought.map(({ kind: type }) => type).join(), hashText(encodeAll(sought))]
    },
    distance: (task, other) =>
      Effect.map(Effect.all([treeOf(task), treeOf(other)], { concurrency: "unbounded" }), ([one, another]) =>
        normalizedTreeDistance(one, another),
      ),
    measureTask: (task) => task.measures,
    measureResponse: (text, style) => surface(style).measureResponse(text),
  })

  /** What every task says of its program. */
  const programOf = (program: string, facts: ProgramFacts) => ({
    program,
    canonical: facts.canonical,
    region: domain.region(program, facts),
    measures: domain.measureProgram(program, facts),
  })

  /** A draft with exactly one input, as values. */
  const prepare = Effect.fnUntraced(function* (draft: ProgramDraft) {
    const [text, ...others] = draft.inputs
    if (text === undefined || others.length > 0) {
      return yield* new ProposalRejected({
        reason: "inputs",
        message: `expected one input, got ${draft.inputs.length}`,
      })
    }
    const facts = yield* admitProgram(language, draft.program)
    return { facts, input: yield* argumentsOf(text) }
  })

  const argumentsOf = (text: string) =>
    readArguments(language, text).pipe(
      Effect.catchTag("LiteralRefused", (error) =>
        Effect.fail(new ProposalRejected({ reason: "input", message: error.message })),
      ),
    )

  /** Deduction and abduction share their tasks; only the question differs. */
  const validateOne = Effect.fnUntraced(function* (draft: ProgramDraft) {
    const { facts, input } = yield* prepare(draft)
    const output = yield* observe(language, draft.program, input)
    yield* domain.admit(draft.program, [{ arguments: input, output }])
    return { ...programOf(draft.program, facts), input, output }
  })

  const deduction = kind<DeductionTask>({
    id: "deduction",
    composed: "deduction",
    partial: () => Effect.succeed(0),
    taskSchema: DeductionTask,
    references: { from: ["deduction", "abduction"], given: false },
    validate: (draft) => Effect.map(validateOne(draft), (task) => ({ _tag: "deduction", ...task })),
    sought: (task) => [task.output],
    inputs: (task) => [task.input],
    identity: (task) => `${task.canonical}\n${encodeAll(task.input)}`,
    describe: (task) => `${task.program}\n${language.entry}(${language.renderArguments(task.input)}) = ?`,
  })

  const abduction = kind<AbductionTask>({
    id: "abduction",
    composed: "abduction",
    partial: () => Effect.succeed(0),
    taskSchema: AbductionTask,
    references: { from: ["deduction", "abduction"], given: false },
    validate: (draft) => Effect.map(validateOne(draft), (task) => ({ _tag: "abduction", ...task })),
    sought: (task) => task.input,
    inputs: (task) => [task.input],
    identity: (task) => `${task.canonical}\n${encodeAll(task.input)}`,
    describe: (task) => `${task.program}\n${language.entry}(?) = ${language.renderValue(task.output)}`,
  })

  const induction = kind<InductionTask>({
    id: "induction",
    composed: null,
    partial: (task, { text }) => reproduced(language, task, text, options.strict),
    taskSchema: InductionTask,
    references: { from: ["deduction", "abduction"], given: true },
    validate: Effect.fnUntraced(function* (draft) {
      const { maxPairs, minPairs, shown } = domain.induction
      const facts = yield* admitProgram(language, draft.program)
      const inputs = yield* Effect.forEach(draft.inputs, argumentsOf)
      const distinct = new Map(inputs.map((input) => [encodeAll(input), input]))
      if (distinct.size < minPairs || distinct.size > maxPairs || distinct.size < inputs.length) {
        return yield* new ProposalRejected({
          reason: "inputs",
          message: `expected ${minPairs} to ${maxPairs} different inputs, got ${distinct.size} among ${inputs.length}`,
        })
      }
      const pairs = yield* Effect.forEach(inputs, (input) =>
        Effect.map(observe(language, draft.program, input), (output) => ({ input, output })),
      )
      yield* domain.admit(
        draft.program,
        pairs.map(({ input, output }) => ({ arguments: input, output })),
      )
      return {
        _tag: "induction" as const,
        ...programOf(draft.program, facts),
        pairs,
        shown: shown(pairs.length),
        message: draft.message,
      }
    }),
    sought: (task) => task.pairs.map(({ output }) => output),
    inputs: (task) => task.pairs.map(({ input }) => input),
    // In whatever order they come, the same shown and the same hidden pairs are the same question.
    identity: ({ canonical, pairs, shown }) => {
      const inputs = pairs.map(({ input }) => encodeAll(input))
      const [visible, hidden] = [inputs.slice(0, shown), inputs.slice(shown)].map((part) =>
        part.toSorted().join("\n"),
      )
      return `${canonical}\n${visible}\n\n${hidden}`
    },
    describe: (task) =>
      [
        ...task.pairs.map(
          ({ input, output }, index) =>
            `${language.entry}(${language.renderArguments(input)}) = ${language.renderValue(output)}${index < task.shown ? "" : "  (hidden)"}`,
        ),
        ...(task.message === "" ? [] : [task.message]),
      ].join("\n"),
  })

  const error = kind<ErrorTask>({
    id: "error",
    composed: "error",
    partial: () => Effect.succeed(0),
    taskSchema: ErrorTask,
    references: { from: ["deduction", "abduction", "error"], given: false },
    validate: Effect.fnUntraced(function* (draft) {
      const { facts, input } = yield* prepare(draft)
      const exceptions = yield* Effect.forEach(["reference", "perturbed"] as const, (conditions) =>
        Effect.flatMap(call(language, draft.program, input, conditions), (outcome) =>
          outcome._tag === "Returned"
            ? Effect.succeed("NoError")
            : outcome.failure.kind === "exception" && outcome.failure.name !== null
              ? Effect.succeed(outcome.failure.name)
              : Effect.fail(
                  new ProposalRejected({ reason: outcome.failure.kind, message: outcome.failure.message }),
                ),
        ),
      )
      const [exception, again] = exceptions as [string, string]
      if (exception !== again) {
        return yield* new ProposalRejected({
          reason: "nondeterministic",
          message: `${exception}, then ${again}`,
        })
      }
      return {
        _tag: "error" as const,
        ...programOf(draft.program, facts),
        input,
        exception,
      }
    }),
    sought: (task) => [string(task.exception)],
    inputs: (task) => [task.input],
    identity: (task) => `${task.canonical}\n${encodeAll(task.input)}`,
    describe: (task) =>
      `${task.program}\n${language.entry}(${language.renderArguments(task.input)}) raises ?`,
  })

  return {
    language,
    domain,
    strict: options.strict,
    id: options.id,
    apiVersion: 1,
    title: options.title,
    styles: options.surfaces.map((candidate) => candidate.style),
    kinds: ([deduction, abduction, induction, error] as Environment<Executor>["kinds"]).filter(({ id }) =>
      (options.kinds as ReadonlyArray<string>).includes(id),
    ),
    seeds: domain.seeds,
    suites: options.suites,
    layer: options.layer,
  }
}

const treeOf = ({ program }: LanguageTask) =>
  Effect.gen(function* () {
    const executor = yield* Executor
    return (yield* executor.inspect(program)).tree
  })

const encodeAll = (values: ReadonlyArray<Value>): string => values.map(encode).join()
