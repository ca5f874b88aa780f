/** Validating and verifying as effects: repeatable, concurrent, interruptible, the same anywhere, discreet. */
import { Effect, Fiber, Result } from "effect"
import type { PromptStyle } from "../../Environment.ts"
import type { ExecutorError } from "../../Executor.ts"
import type { ClauseBroken } from "../ClauseBroken.ts"
import { show } from "./calls.ts"
import { type UnnumberedClause, clause, ensure, ensureThat, skip } from "./clause.ts"
import type { GuardedKind } from "./GuardedKind.ts"
import type { Sample, Subject } from "./Subject.ts"
import { referencesFor } from "./tasks.ts"
import { damaged, leakIn } from "./texts.ts"

/** One call and what it gives, as a text to compare. */
interface Question {
  readonly line: string
  readonly ask: Effect.Effect<string, ClauseBroken | ExecutorError>
}

/** How many tasks of a kind are asked about. */
const perKind = 4

/** Validating the draft of each of some tasks, and verifying what a solver might answer to it. */
const questions = Effect.fnUntraced(function* (
  { declared, random, samples }: Subject["Service"],
  kinds: ReadonlyArray<GuardedKind>,
): Effect.fn.Return<ReadonlyArray<Question>, ClauseBroken | ExecutorError> {
  const found: Array<Question> = []
  for (const kind of kinds) {
    const own = (yield* samples).filter((sample) => sample.kind.id === kind.id).slice(0, perKind)
    const stream = random(`questions/${kind.id}`)
    for (const { draft, task } of own) {
      found.push({ line: kind.line("validate", draft), ask: validated(kind, draft) })
      for (const style of declared.styles) {
        const gold = yield* kind.goldResponse(task, style)
        for (const response of [gold, ...damaged(gold, stream, 3)]) {
          const answer = yield* kind.parseAnswer(response, style)
          if (Result.isFailure(answer)) continue
          found.push({
            line: kind.line("verify", task, answer.success),
            ask: Effect.map(kind.verify(task, answer.success), show),
          })
        }
      }
    }
  }
  return found
})

const validated = (kind: GuardedKind, draft: unknown): Question["ask"] =>
  Effect.flatMap(kind.validate(draft), (task) =>
    Result.isSuccess(task)
      ? kind.taskText(task.success)
      : Effect.succeed(`${task.failure.reason}: ${task.failure.message}`),
  )

const ensureSame = (
  asked: ReadonlyArray<Question>,
  before: ReadonlyArray<string>,
  after: ReadonlyArray<string>,
  how: string,
) =>
  Effect.forEach(
    asked,
    ({ line }, index) =>
      ensure(before[index] === after[index], `it gave ${before[index]}, ${how} ${after[index]}`, line),
    { discard: true },
  )

/** Every text of the environment that a person or a policy may read. */
const readable = Effect.fnUntraced(function* (subject: Subject["Service"]) {
  const texts: Array<readonly [line: string, text: string]> = []
  const tasks = yield* subject.samples
  for (const style of subject.declared.styles) {
    for (const kind of subject.opened.kinds) {
      for (const references of referencesFor(kind, tasks)) {
        const prompt = yield* kind.proposePrompt(references, style)
        texts.push([kind.line("proposePrompt", references, style), contents(prompt)])
      }
    }
    for (const sample of tasks) {
      const shown = referencesFor(sample.kind, tasks).at(-1) ?? []
      texts.push(...(yield* readableOf(subject, sample, shown, style)))
    }
  }
  return texts
})

const contents = (prompt: ReadonlyArray<{ readonly content: string }>): string =>
  prompt.map(({ content }) => content).join("\n")

const readableOf = Effect.fnUntraced(function* (
  { random }: Subject["Service"],
  { kind, task }: Sample,
  shown: ReadonlyArray<unknown>,
  style: PromptStyle,
) {
  const texts: Array<readonly [line: string, text: string]> = []
  const gold = yield* kind.goldResponse(task, style)
  texts.push([kind.line("describe", task), yield* kind.describe(task)])
  texts.push([kind.line("solvePrompt", task, style), contents(yield* kind.solvePrompt(task, style))])
  texts.push([kind.line("goldResponse", task, style), gold])
  for (const response of damaged(gold, random("readable"), 6)) {
    const answer = yield* kind.parseAnswer(response, style)
    texts.push(
      Result.isFailure(answer)
        ? [kind.line("parseAnswer", response, style), answer.failure.message]
        : [kind.line("verify", task, answer.success), (yield* kind.verify(task, answer.success)).reason],
    )
    const draft = yield* kind.parseProposal(response, shown, style)
    if (Result.isFailure(draft)) {
      texts.push([kind.line("parseProposal", response, shown, style), draft.failure.message])
      continue
    }
    const refused = yield* kind.validate(draft.success)
    if (Result.isFailure(refused)) texts.push([kind.line("validate", draft.success), refused.failure.message])
  }
  return texts
})

export const behaviourClauses: ReadonlyArray<UnnumberedClause> = [
  clause(
    "validating and verifying give the same each time",
    "Labels must not depend on luck; a resumed run must come to the same ones.",
    function* (subject) {
      const asked = yield* questions(subject, subject.opened.kinds)
      if (asked.length === 0) yield* skip("there is no task")
      const first = yield* Effect.forEach(asked, ({ ask }) => ask)
      const second = yield* Effect.forEach(asked.toReversed(), ({ ask }) => ask)
      yield* ensureSame(asked, first, second.toReversed(), "then")
    },
  ),

  clause(
    "what is asked at once is answered as one by one",
    "A step validates and verifies everything at once.",
    function* (subject) {
      const asked = yield* questions(subject, subject.opened.kinds)
      if (asked.length === 0) yield* skip("there is no task")
      const single = yield* Effect.forEach(asked, ({ ask }) => ask)
      const many = yield* Effect.forEach([...asked, ...asked], ({ ask }) => ask, { concurrency: "unbounded" })
      yield* ensureSame(asked, single, many.slice(0, asked.length), "at once")
      yield* ensureSame(asked, single, many.slice(asked.length), "at once")
    },
  ),

  clause(
    "an interrupted call leaves the environment working",
    "Ctrl-C ends a step in its middle; what is asked afterwards, e.g. to save, must be answered.",
    function* (subject) {
      const asked = yield* questions(subject, subject.opened.kinds)
      if (asked.length === 0) yield* skip("there is no task")
      const before = yield* Effect.forEach(asked, ({ ask }) => ask)
      for (const turns of [0, 1, 3]) {
        const fibers = yield* Effect.forEach(asked, ({ ask }) => Effect.forkChild(ask))
        for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
        yield* Fiber.interruptAll(fibers)
      }
      const after = yield* Effect.forEach(asked, ({ ask }) => ask)
      yield* ensureSame(asked, before, after, "after an interruption")
    },
  ),

  clause(
    "opened once more, with another number of workers, it gives the same",
    "Results must not depend on the machine or on what was run before.",
    function* (subject) {
      const asked = yield* questions(subject, subject.opened.kinds)
      if (asked.length === 0) yield* skip("there is no task")
      const here = yield* Effect.forEach(asked, ({ ask }) => ask)
      const { executor } = subject.options
      const workers = executor.workers === 1 ? 2 : 1
      const there = yield* Effect.scoped(
        Effect.gen(function* () {
          const { kinds } = yield* subject.reopen({ ...executor, workers })
          const again = yield* questions(subject, kinds)
          return yield* Effect.forEach(again, ({ ask }) => ask)
        }),
      )
      yield* ensureSame(asked, here, there, `with ${workers} workers`)
    },
  ),

  clause(
    "no text tells of the host: no path, no stack trace",
    "Prompts and messages end in logs, pages and models; the machine they come from is nobody's business.",
    function* (subject) {
      for (const [call, text] of yield* readable(subject)) {
        const leak = leakIn(text)
        yield* ensureThat(leak === null, () => [`it tells ${leak}`, call])
      }
    },
  ),
]
