/** Proposals on top of references that became functions. */
import { Effect, Result } from "effect"
import { show } from "./calls.ts"
import { type UnnumberedClause, clause, ensure, ensureThat, skip } from "./clause.ts"
import type { GuardedComposite, GuardedKind } from "./GuardedKind.ts"
import type { Sample, Subject } from "./Subject.ts"
import { damaged, noise } from "./texts.ts"

interface Composing {
  readonly kind: GuardedKind
  readonly composite: GuardedComposite
  readonly own: ReadonlyArray<unknown>
  /** One eligible reference, and two where there are. */
  readonly lists: ReadonlyArray<ReadonlyArray<unknown>>
}

const composing = Effect.fnUntraced(function* (
  { opened }: Subject["Service"],
  samples: ReadonlyArray<Sample>,
) {
  const found: Array<Composing> = []
  for (const kind of opened.kinds) {
    const { composite } = kind
    if (composite === null) continue
    const tasks = samples
      .filter((sample) => kind.references.from.includes(sample.kind.id))
      .map(({ task }) => task)
    const eligible = yield* Effect.filter(tasks, composite.eligible)
    const [first, second] = eligible
    if (eligible.length === 0) continue
    found.push({
      kind,
      composite,
      own: samples.filter((sample) => sample.kind === kind).map(({ task }) => task),
      lists: second === undefined ? [[first]] : [[first], [first, second]],
    })
  }
  return found
})

export const compositeClauses: ReadonlyArray<UnnumberedClause> = [
  clause(
    "composite proposals: a prompt, the same each time; any response is a draft or is refused, and a draft a task or refused",
    "References of the policy's own making become functions; none of them may crash the run.",
    function* (subject) {
      const { options, random, samples } = subject
      const found = yield* composing(subject, yield* samples)
      if (found.length === 0) yield* skip("no kind has composite proposals, or no task is eligible")
      for (const { composite, kind, lists, own } of found) {
        const stream = random(`composite/${kind.id}`)
        for (const style of composite.styles) {
          for (const references of lists) {
            const call = kind.line("composite.proposePrompt", references, style)
            const prompt = yield* composite.proposePrompt(references, style)
            yield* ensure(
              prompt.length > 0 && prompt.every(({ content }) => content.trim() !== ""),
              `the prompt is ${show(prompt)}`,
              call,
            )
            const again = yield* composite.proposePrompt(references, style)
            yield* ensureThat(show(prompt) === show(again), () => [
              `it gave ${show(prompt)}, then ${show(again)}`,
              call,
            ])
            const gold = yield* Effect.forEach(own.slice(0, 1), (task) => kind.goldResponse(task, style))
            const examples = options.proposals
              .filter((proposal) => proposal.kind === kind.id && proposal.style === style)
              .map(({ text }) => text)
            const responses = [
              ...noise(stream, options.texts),
              ...examples,
              ...[...gold, ...examples].flatMap((text) => damaged(text, stream, options.texts)),
            ]
            for (const text of responses) {
              const draft = yield* composite.parseProposal(text, references, style)
              if (Result.isFailure(draft)) continue
              const task = yield* kind.validate(draft.success)
              yield* ensureThat(Result.isSuccess(task) || task.failure.reason !== "", () => [
                "it is refused without a reason",
                kind.line("composite.parseProposal", text, references, style),
              ])
            }
          }
        }
      }
    },
  ),
]
