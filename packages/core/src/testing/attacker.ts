/** What the exploit suites of languages attack with: propose tasks, answer them, run what no rule would let through. */
import { Effect } from "effect"
import type { Environment } from "../Environment.ts"
import type { Executor } from "../Executor.ts"
import type { Value } from "../Value.ts"
import type { Language } from "../language/Language.ts"
import type { LanguageTask } from "../language/Task.ts"
import { call } from "../language/validate.ts"

type Kind = LanguageTask["_tag"]

export const attackerOf = (environment: Environment<Executor>, language: Language) => {
  const kindOf = (id: Kind) => {
    const kind = environment.kinds.find((candidate) => candidate.id === id)
    if (kind === undefined) throw new Error(`${environment.id} has no kind ${id}`)
    return kind
  }

  /** The task that a proposal becomes. */
  const propose = (kind: Kind, program: string, ...inputs: ReadonlyArray<string>) =>
    Effect.map(
      kindOf(kind).validate({ program, inputs, message: "" }),
      // Validation of a language environment makes nothing else.
      (task) => task as LanguageTask,
    )

  /** `valid`, or the reason why a proposal is none. */
  const proposal = (program: string, input: string) =>
    propose("deduction", program, input).pipe(
      Effect.as("valid"),
      Effect.catchTag("ProposalRejected", ({ reason }) => Effect.succeed(reason)),
    )

  /** The program of the task that a proposal on top of helpers becomes, or why it becomes none. */
  const composed = (helpers: ReadonlyArray<string>, program: string, input: string) =>
    kindOf("deduction")
      .validate({ program, helpers, inputs: [input], message: "" })
      .pipe(
        Effect.map((task) => (task as LanguageTask).program),
        Effect.catchTag("ProposalRejected", ({ message, reason }) => Effect.succeed(`${reason}: ${message}`)),
      )

  /** What an answer earns. */
  const verdict = (task: LanguageTask, answer: string) =>
    Effect.map(kindOf(task._tag).verify(task, { text: answer }), (judged) => judged.verdict)

  /** Runs a program as if no rule had stopped it: its value as text, or the name or kind of its failure. */
  const runAnyway = (program: string, ...values: ReadonlyArray<Value>) =>
    Effect.map(call(language, program, values, "reference"), (outcome) =>
      outcome._tag === "Returned"
        ? language.renderValue(outcome.value)
        : (outcome.failure.name ?? outcome.failure.kind),
    )

  return { kindOf, propose, proposal, composed, verdict, runAnyway }
}
