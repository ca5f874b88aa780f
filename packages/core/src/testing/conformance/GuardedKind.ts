/** A task kind whose operations are effects that never throw: what they would throw breaks the clause that asked. */
import { type Context, Effect, Result, Schema } from "effect"
import type { OpenTaskKind, ProposalRejected, TaskKind, Verdict } from "../../Environment.ts"
import type { ExecutorError } from "../../Executor.ts"
import { ClauseBroken } from "../ClauseBroken.ts"
import { guard, guardEffect, line, show } from "./calls.ts"

const pureOperations = [
  "proposePrompt",
  "parseProposal",
  "solvePrompt",
  "parseAnswer",
  "goldResponse",
  "identity",
  "reveals",
  "family",
  "region",
  "facets",
  "split",
  "describe",
  "measureTask",
  "measureResponse",
] as const

type PureOperations = Pick<OpenTaskKind, (typeof pureOperations)[number]>
type Guarded = {
  readonly [Name in keyof PureOperations]: (
    ...given: Parameters<PureOperations[Name]>
  ) => Effect.Effect<ReturnType<PureOperations[Name]>, ClauseBroken>
}
type Run<A> = Effect.Effect<A, ClauseBroken | ExecutorError>

type PureComposite = Pick<
  NonNullable<OpenTaskKind["composite"]>,
  "eligible" | "proposePrompt" | "parseProposal"
>
/** A kind's other way to propose, guarded like its first. */
export type GuardedComposite = Pick<NonNullable<OpenTaskKind["composite"]>, "styles"> & {
  readonly [Name in keyof PureComposite]: (
    ...given: Parameters<PureComposite[Name]>
  ) => Effect.Effect<ReturnType<PureComposite[Name]>, ClauseBroken>
}

export interface GuardedKind extends Guarded {
  readonly id: string
  readonly references: OpenTaskKind["references"]
  readonly composite: GuardedComposite | null
  readonly partial: (task: unknown, answer: unknown) => Run<number>
  readonly validate: (draft: unknown) => Run<Result.Result<unknown, ProposalRejected>>
  readonly verify: (task: unknown, answer: unknown) => Run<Verdict>
  readonly distance: (task: unknown, other: unknown) => Run<number>
  /** Tasks and answers as JSON text and back, as buffers and checkpoints keep them. */
  readonly taskText: (task: unknown) => Effect.Effect<string, ClauseBroken>
  readonly taskFromText: (text: string) => Effect.Effect<unknown, ClauseBroken>
  readonly answerText: (answer: unknown) => Effect.Effect<string, ClauseBroken>
  readonly answerFromText: (text: string) => Effect.Effect<unknown, ClauseBroken>
  /** A call of the kind as a line for people. Tasks are shown as their JSON. */
  readonly line: (operation: string, ...given: ReadonlyArray<unknown>) => string
}

/** Guards a kind and closes it over the services that it needs. */
export const guardedKind = <R>(
  kind: TaskKind<unknown, unknown, unknown, unknown, R>,
  services: Context.Context<R>,
): GuardedKind => {
  const called: GuardedKind["line"] = (operation, ...given) =>
    line(`${kind.id}.${operation}`, ...given.map((value) => asJson(kind.taskSchema, value)))

  const pure = (operation: keyof PureOperations) => {
    const method = kind[operation] as ((...given: ReadonlyArray<unknown>) => unknown) | undefined
    return (...given: ReadonlyArray<unknown>) =>
      guard(
        () => called(operation, ...given),
        () => {
          if (method === undefined) throw new TypeError(`${kind.id} has no method ${operation}`)
          return method.apply(kind, given.slice())
        },
      )
  }
  const effectful = <A, E>(
    operation: string,
    given: ReadonlyArray<unknown>,
    run: () => Effect.Effect<A, E, R>,
  ) =>
    guardEffect(
      () => called(operation, ...given),
      () => Effect.provideContext(run(), services),
    )

  return {
    // The compiler does not follow a table of methods; each entry is the operation of its name.
    ...(Object.fromEntries(
      pureOperations.map((operation) => [operation, pure(operation)]),
    ) as unknown as Guarded),
    id: kind.id,
    references: kind.references,
    composite: guardedComposite(kind.composite, called),
    partial: (task, answer) => effectful("partial", [task, answer], () => kind.partial(task, answer)),
    validate: (draft) =>
      effectful("validate", [draft], () =>
        kind.validate(draft).pipe(
          Effect.map((task) => Result.succeed(task)),
          Effect.catchTag("ProposalRejected", (refusal) => Effect.succeed(Result.fail(refusal))),
        ),
      ),
    verify: (task, answer) => effectful("verify", [task, answer], () => kind.verify(task, answer)),
    distance: (task, other) => effectful("distance", [task, other], () => kind.distance(task, other)),
    taskText: toText("task", kind.taskSchema),
    taskFromText: fromText("task", kind.taskSchema),
    answerText: toText("answer", kind.answerSchema),
    answerFromText: fromText("answer", kind.answerSchema),
    line: called,
  }
}

const guardedComposite = (
  composite: OpenTaskKind["composite"],
  called: GuardedKind["line"],
): GuardedComposite | null =>
  composite === null
    ? null
    : {
        styles: composite.styles,
        eligible: (task) =>
          guard(
            () => called("composite.eligible", task),
            () => composite.eligible(task),
          ),
        proposePrompt: (references, style) =>
          guard(
            () => called("composite.proposePrompt", references, style),
            () => composite.proposePrompt(references, style),
          ),
        parseProposal: (text, references, style) =>
          guard(
            () => called("composite.parseProposal", text, references, style),
            () => composite.parseProposal(text, references, style),
          ),
      }

type AnySchema = Schema.Codec<unknown, unknown>

const asJson = (schema: AnySchema, value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((item: unknown) => asJson(schema, item))
  try {
    return Schema.encodeUnknownSync(schema)(value)
  } catch {
    // No task: an answer, a draft, a style.
    return value
  }
}

const toText =
  (what: string, schema: AnySchema) =>
  (value: unknown): Effect.Effect<string, ClauseBroken> =>
    Effect.suspend(() => Schema.encodeUnknownEffect(schema)(value)).pipe(
      Effect.map((json) => JSON.stringify(json)),
      broken(`${what}Schema does not encode it`, () => show(value)),
    )

const fromText =
  (what: string, schema: AnySchema) =>
  (text: string): Effect.Effect<unknown, ClauseBroken> =>
    Effect.suspend(() => Schema.decodeUnknownEffect(schema)(JSON.parse(text))).pipe(
      broken(`${what}Schema does not decode it`, () => text),
    )

/** A schema that throws is as broken as one that refuses. */
const broken =
  (what: string, reproduce: () => string) =>
  <A>(effect: Effect.Effect<A, Schema.SchemaError>): Effect.Effect<A, ClauseBroken> =>
    guardEffect(reproduce, () => effect).pipe(
      Effect.mapError(
        ({ message }) => new ClauseBroken({ message: `${what}: ${message}`, reproduce: reproduce() }),
      ),
    )
