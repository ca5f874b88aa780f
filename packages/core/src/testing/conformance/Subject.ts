/** The environment under test: opened, its operations guarded, and tasks of it at hand. */
import { Context, Effect, Layer, Option, Result, type Scope } from "effect"
import type { Environment, PromptStyle, Suite } from "../../Environment.ts"
import { Executor, type ExecutorError, ExecutorSettings } from "../../Executor.ts"
import type { Language } from "../../language/Language.ts"
import type { LanguageExamples } from "../../language/LanguageExamples.ts"
import type { LanguageEnvironment } from "../../language/languageEnvironment.ts"
import type { ProgramDraft } from "../../language/Task.ts"
import { type RandomStream, RandomStreams } from "../../RandomStreams.ts"
import { ClauseBroken } from "../ClauseBroken.ts"
import { guard, guardEffect } from "./calls.ts"
import { type GuardedKind, guardedKind } from "./GuardedKind.ts"

export interface ConformanceOptions {
  /** Seed of everything that the suite draws. */
  readonly seed: number
  /** Seeds to draw a kind. */
  readonly seeds: number
  /** Tasks to judge of each suite, spread over it; what needs no executor is asked of all. */
  readonly suiteTasks: number
  /** Random texts to answer and to propose with, a kind and style. */
  readonly texts: number
  /** Drafts that are tasks, by kind: more material than the seeds are. */
  readonly drafts: Readonly<Record<string, ReadonlyArray<unknown>>>
  /** Responses that propose a task. */
  readonly proposals: ReadonlyArray<{
    readonly kind: string
    readonly style: PromptStyle
    readonly text: string
  }>
  /** What the environment's executor is run by. */
  readonly executor: ExecutorSettings
  /** Ways to run the executor that must all give the same. */
  readonly hosts: ReadonlyArray<ExecutorSettings>
  /** Programs of the language, where it brings none itself. */
  readonly examples: LanguageExamples | null
}

export const defaultConformanceOptions: ConformanceOptions = {
  seed: 1,
  seeds: 8,
  suiteTasks: 10,
  texts: 60,
  drafts: {},
  proposals: [],
  executor: { host: "auto", workers: null },
  hosts: [
    { host: "auto", workers: 1 },
    { host: "auto", workers: 2 },
  ],
  examples: null,
}

/** A task, and where it is from. */
export interface Sample {
  readonly kind: GuardedKind
  readonly task: unknown
  readonly draft: unknown
}

/** The environment's services, running. */
export interface Opened {
  readonly kinds: ReadonlyArray<GuardedKind>
  readonly executor: Option.Option<Executor["Service"]>
}

export class Subject extends Context.Service<
  Subject,
  {
    readonly declared: Pick<Environment<never>, "apiVersion" | "id" | "styles" | "title">
    readonly options: ConformanceOptions
    readonly opened: Opened
    /** Opens the environment once more, sharing nothing with the first. */
    readonly reopen: (settings: ExecutorSettings) => Effect.Effect<Opened, ExecutorError, Scope.Scope>
    readonly seeds: (kind: GuardedKind, count: number) => Effect.Effect<ReadonlyArray<unknown>, ClauseBroken>
    readonly suites: Effect.Effect<ReadonlyArray<Suite>, ClauseBroken>
    /** Tasks made of drafts, of every kind that has any; drafts that are refused are left out. */
    readonly samples: Effect.Effect<ReadonlyArray<Sample>, ClauseBroken | ExecutorError>
    /** What the environment says of its language, if it is one. */
    readonly language: { readonly language: Language; readonly examples: LanguageExamples } | null
    /** A stream of its own for each use: no clause shifts what another one draws. */
    readonly random: (use: string) => RandomStream
  }
>()("@azr/core/conformance/Subject") {
  static layer<R>(
    environment: Environment<R>,
    options: Partial<ConformanceOptions> = {},
  ): Layer.Layer<Subject, ExecutorError> {
    return Layer.effect(Subject, make(environment, { ...defaultConformanceOptions, ...options }))
  }
}

const make = Effect.fnUntraced(function* <R>(environment: Environment<R>, options: ConformanceOptions) {
  const reopen = Effect.fnUntraced(function* (settings: ExecutorSettings) {
    const services = yield* Layer.build(Layer.fresh(environment.layer)).pipe(
      Effect.provideService(ExecutorSettings, settings),
    )
    return {
      kinds: environment.kinds.map((kind) => guardedKind(kind, services)),
      executor: Context.getOption(services as Context.Context<never>, Executor),
    } satisfies Opened
  })
  const opened = yield* reopen(options.executor)
  const random = (use: string) => new RandomStreams(options.seed).get(`conformance/${use}`)
  const seeds = (kind: GuardedKind, count: number) =>
    guard(
      () => `seeds("${kind.id}", ${count}, random)`,
      () => environment.seeds(kind.id, count, random(`seeds/${kind.id}`)),
    )
  const language = languageOf(environment, options)

  const draftsOf = Effect.fnUntraced(function* (kind: GuardedKind) {
    const drawn = yield* seeds(kind, options.seeds)
    const examples = language === null ? [] : exampleDrafts(kind.id, language)
    return [...drawn, ...(options.drafts[kind.id] ?? []), ...examples]
  })
  const samples = Effect.gen(function* () {
    const found: Array<Sample> = []
    for (const kind of opened.kinds) {
      for (const draft of yield* draftsOf(kind)) {
        const task = yield* kind.validate(draft)
        if (Result.isSuccess(task)) found.push({ kind, task: task.success, draft })
      }
    }
    return found
  })

  return Subject.of({
    declared: environment,
    options,
    opened,
    reopen,
    seeds,
    suites: yield* Effect.cached(
      guardEffect(
        () => "suites",
        () => environment.suites,
      ),
    ),
    samples: yield* Effect.cached(samples),
    language,
    random,
  })
})

const languageOf = <R>(environment: Environment<R>, { examples }: ConformanceOptions) => {
  if (!("language" in environment)) return null
  const { language } = environment as unknown as LanguageEnvironment
  const programs = examples ?? language.examples ?? null
  return programs === null ? null : { language, examples: programs }
}

/** Most values that the identity is made tasks of. */
const mostValues = 8

/** Drafts made of a language's examples. Whether they are tasks, the environment decides. */
const exampleDrafts = (
  kind: string,
  { examples, language }: { readonly language: Language; readonly examples: LanguageExamples },
): ReadonlyArray<ProgramDraft> => {
  const inputs = examples.values.slice(0, mostValues).map((value) => language.renderArguments([value]))
  const drafts = inputs.map((input) => ({ program: examples.identity, inputs: [input], message: "" }))
  switch (kind) {
    case "induction":
      return [{ program: examples.identity, inputs, message: "" }]
    case "error":
      return [...drafts, { program: examples.throws.program, inputs: inputs.slice(0, 1), message: "" }]
    default:
      return drafts
  }
}
