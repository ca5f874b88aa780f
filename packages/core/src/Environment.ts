/**
 * What a plugin exports: an environment, its task kinds, and the layer of the services they need.
 *
 *     export default defineEnvironment({ id, apiVersion: 1, kinds, seeds, suites, layer, … })
 *
 * The loop knows tasks only through this interface. Prompts and parsing are pure; `validate` and `verify` are effects
 * that may use the environment's executor. Nothing here speaks of programs or languages: a language environment is made
 * by `@azr/core/language`, a puzzle or SQL environment implements `TaskKind` itself.
 */
import { Effect, Layer, Result, Schema, type Scope } from "effect"
import type { ExecutorError, ExecutorFault, ExecutorUnavailable } from "./Executor.ts"
import type { Prompt } from "./PolicyEngine.ts"
import type { RandomStream } from "./RandomStreams.ts"

/**
 * `full`: instructions for a general language model. `fewShot`: the same behind worked examples, for models that keep to no form that is
 * only described. `compact`: the few tokens a nano policy was pretrained on.
 */
export const PromptStyle = Schema.Literals(["full", "fewShot", "compact"])
export type PromptStyle = typeof PromptStyle.Type

/** A response that does not have the form that was asked for. Nothing in it was executed. */
export class FormatError extends Schema.TaggedError<FormatError>()("FormatError", {
  message: Schema.String,
}) {}

/** A well-formed proposal that is not a valid task. `reason` is a short code that metrics count by. */
export class ProposalRejected extends Schema.TaggedError<ProposalRejected>()("ProposalRejected", {
  reason: Schema.String,
  message: Schema.String,
}) {}

/** The judgement of one answer. An infrastructure fault is not a verdict: it is an error of the effect. */
export const Verdict = Schema.Struct({
  verdict: Schema.Literals(["correct", "wrong", "badFormat"]),
  reason: Schema.String,
})
export type Verdict = typeof Verdict.Type

/** Where a task may be used. Only `train` tasks enter a buffer or a prompt of the training. */
export type Split = "train" | "dev" | "test"

/** How a task is proposed: a prompt that shows references, and a draft out of the response to it. */
export interface Proposer<Draft, Shared> {
  proposePrompt(references: ReadonlyArray<Shared>, style: PromptStyle): Prompt
  /** Reads a proposer's response; `references` are those of its prompt. */
  parseProposal(
    text: string,
    references: ReadonlyArray<Shared>,
    style: PromptStyle,
  ): Result.Result<Draft, FormatError>
}

/**
 * Another way to propose: a new task on top of references, which become functions that it has to use. What is proposed is
 * a draft like any other; `validate` refuses one that leaves a function unused (reason `composite`). Its references are
 * eligible, one or more.
 */
export interface Composite<Draft, Shared> extends Proposer<Draft, Shared> {
  readonly styles: ReadonlyArray<PromptStyle>
  /** Whether a reference can become a function. */
  eligible(task: Shared): boolean
}

/**
 * One kind of task. `Shared` is the union of all tasks of the environment, which is what a proposer may be shown as
 * references; `R` the services that validation and verification need.
 */
export interface TaskKind<Task, Answer, Draft, Shared, R> extends Proposer<Draft, Shared> {
  /** E.g. `deduction`. Unique in the environment; part of metric names. */
  readonly id: string
  readonly taskSchema: Schema.Codec<Task, unknown>
  readonly answerSchema: Schema.Codec<Answer, unknown>
  /**
   * The kinds whose tasks serve as references. With `given`, the proposal is made *for* exactly one of them (induction:
   * inputs for a given program); without it they are examples to differ from.
   */
  readonly references: { readonly from: ReadonlyArray<string>; readonly given: boolean }
  /** Null where references are only shown. */
  readonly composite: Composite<Draft, Shared> | null
  /** Decides whether a draft is a task, by running it. Gold answers come from here and from nowhere else. */
  validate(draft: Draft): Effect.Effect<Task, ProposalRejected | ExecutorError, R>
  solvePrompt(task: Task, style: PromptStyle): Prompt
  parseAnswer(text: string, style: PromptStyle): Result.Result<Answer, FormatError>
  verify(task: Task, answer: Answer): Effect.Effect<Verdict, ExecutorError, R>
  /**
   * How much of an answer that `verify` finds wrong is right, in [0, 1): what `reward.solve.partial` credits. 0 where there
   * is nothing between right and wrong.
   */
  partial(task: Task, answer: Answer): Effect.Effect<number, ExecutorError, R>
  /** A response that `parseAnswer` and `verify` must find correct. */
  goldResponse(task: Task, style: PromptStyle): string
  /** Tasks with the same identity are duplicates. */
  identity(task: Task): string
  /**
   * What a task gives away, as texts. No task of any kind that reveals what a held-out task of the environment reveals
   * enters a buffer.
   */
  reveals(task: Task): ReadonlyArray<string>
  /** Tasks of one family differ only in their inputs; a step may cap how many of a family it accepts. */
  family(task: Task): string
  /** The region of the task space that coverage rewards count by. */
  region(task: Task): string
  split(task: Task): Split
  /** One or a few lines that show the task to a person. */
  describe(task: Task): string
  /**
   * What the answer to a task is like, as texts, e.g. its type and its value. A reward for novelty counts how often the
   * run has met each.
   */
  facets(task: Task): ReadonlyArray<string>
  /** How different two tasks are, from 0 to 1; what a reward for proposals unlike their references takes. */
  distance(task: Task, other: Shared): Effect.Effect<number, ExecutorError, R>
  /** Numbers about a task whose means are worth a curve, by metric name, e.g. `{ statements: 3 }`. */
  measureTask(task: Task): Readonly<Record<string, number>>
  /** The same of a response to it, e.g. `{ thinks: 1 }`. */
  measureResponse(text: string, style: PromptStyle): Readonly<Record<string, number>>
}

/** A held-out suite: tasks of one kind that training never sees. */
export interface Suite {
  /** E.g. `deduction-3`. */
  readonly id: string
  readonly kind: string
  readonly split: "dev" | "test"
  readonly tasks: ReadonlyArray<unknown>
}

export interface Environment<R> {
  /** E.g. `python`. */
  readonly id: string
  readonly apiVersion: 1
  /** One line for people. */
  readonly title: string
  readonly styles: ReadonlyArray<PromptStyle>
  readonly kinds: ReadonlyArray<TaskKind<unknown, unknown, unknown, unknown, R>>
  /** Drafts that seed the buffer of one kind. They are validated like any proposal. */
  seeds(kind: string, count: number, random: RandomStream): ReadonlyArray<unknown>
  readonly suites: Effect.Effect<ReadonlyArray<Suite>>
  readonly layer: Layer.Layer<R, ExecutorError>
}

/** Types an environment; a plugin's default export. */
export const defineEnvironment = <R>(environment: Environment<R>): Environment<R> => environment

/**
 * A plugin whose environment depends on options of the configuration, `["./my-env", { digits: 4 }]`. What a configuration leaves
 * out has to have a default in the schema; `azr env info` shows the schema's keys with their descriptions.
 */
export interface EnvironmentWithOptions<Options, R> {
  readonly options: Schema.Codec<Options, unknown>
  readonly make: (options: Options) => Environment<R>
}

/** Types an environment with options; a plugin's default export. */
export const withOptions = <Options, R>(
  plugin: EnvironmentWithOptions<Options, R>,
): EnvironmentWithOptions<Options, R> => plugin

export type OpenTaskKind = TaskKind<unknown, unknown, unknown, unknown, never>

/** An environment whose services run: what the loop works with. */
export interface OpenEnvironment {
  readonly id: string
  readonly title: string
  readonly styles: ReadonlyArray<PromptStyle>
  readonly kinds: ReadonlyMap<string, OpenTaskKind>
  readonly seeds: Environment<never>["seeds"]
  readonly suites: ReadonlyArray<Suite>
}

/** Builds the environment's layer and closes its effects over it, until the scope closes. */
export const open = Effect.fn("Environment.open")(function* <R>(
  environment: Environment<R>,
): Effect.fn.Return<OpenEnvironment, ExecutorError, Scope.Scope> {
  const services = yield* Layer.build(environment.layer)
  const kinds = environment.kinds.map((kind): readonly [string, OpenTaskKind] => [
    kind.id,
    {
      // One by one: a kind may be an instance of a class, whose methods need their `this`.
      id: kind.id,
      taskSchema: kind.taskSchema,
      answerSchema: kind.answerSchema,
      references: kind.references,
      proposePrompt: (references, style) => kind.proposePrompt(references, style),
      parseProposal: (text, references, style) => kind.parseProposal(text, references, style),
      composite: kind.composite,
      validate: (draft) => Effect.provideContext(kind.validate(draft), services),
      solvePrompt: (task, style) => kind.solvePrompt(task, style),
      parseAnswer: (text, style) => kind.parseAnswer(text, style),
      verify: (task, answer) => Effect.provideContext(kind.verify(task, answer), services),
      partial: (task, answer) => Effect.provideContext(kind.partial(task, answer), services),
      goldResponse: (task, style) => kind.goldResponse(task, style),
      identity: (task) => kind.identity(task),
      reveals: (task) => kind.reveals(task),
      family: (task) => kind.family(task),
      region: (task) => kind.region(task),
      split: (task) => kind.split(task),
      describe: (task) => kind.describe(task),
      facets: (task) => kind.facets(task),
      distance: (task, other) => Effect.provideContext(kind.distance(task, other), services),
      measureTask: (task) => kind.measureTask(task),
      measureResponse: (text, style) => kind.measureResponse(text, style),
    },
  ])
  return {
    id: environment.id,
    title: environment.title,
    styles: environment.styles,
    kinds: new Map(kinds),
    seeds: (kind, count, random) => environment.seeds(kind, count, random),
    suites: yield* environment.suites,
  }
})

/** A seed that is a task, or why it is none: refused, or lost by the infrastructure. */
export type ValidatedSeed = Result.Result<unknown, ProposalRejected | ExecutorFault>

/**
 * Draws seeds of a kind and validates them, round by round, until `take` has accepted `count` of them; it gives how many it accepted
 * of a round. Seeds repeat or are refused, so a round that adds nothing means that there are no more. Fails without an
 * executor.
 */
export const drawSeeds = Effect.fn("Environment.drawSeeds")(function* <E>(
  { seeds }: OpenEnvironment,
  kind: OpenTaskKind,
  count: number,
  random: RandomStream,
  take: (round: ReadonlyArray<ValidatedSeed>) => Effect.Effect<number, E>,
) {
  const validated = Effect.fnUntraced(function* (
    draft: unknown,
  ): Effect.fn.Return<ValidatedSeed, ExecutorUnavailable> {
    const task = yield* Effect.result(kind.validate(draft))
    if (Result.isSuccess(task)) return Result.succeed(task.success)
    const { failure } = task
    return failure._tag === "ExecutorUnavailable" ? yield* failure : Result.fail(failure)
  })
  let accepted = 0
  for (let before = -1; accepted < count && accepted > before;) {
    before = accepted
    const drafts = seeds(kind.id, count - accepted, random)
    accepted += yield* take(yield* Effect.forEach(drafts, validated, { concurrency: "unbounded" }))
  }
})
