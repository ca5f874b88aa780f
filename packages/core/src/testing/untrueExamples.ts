/** Whether the worked examples of few-shot prompts are true: what they show is a task, has that outcome, and is answered right. */
import { Effect } from "effect"
import { type WorkedExample, asTask } from "../language/FewShotSurface.ts"
import type { LanguageEnvironment } from "../language/languageEnvironment.ts"
import type { Prompt } from "../PolicyEngine.ts"

const style = "fewShot"

/** One line for each that is not, by the environment's own validation and verdicts. */
export const untrueExamples = Effect.fn("untrueExamples")(function* (
  { kinds }: LanguageEnvironment,
  examples: ReadonlyArray<WorkedExample>,
) {
  const problems: Array<string> = []
  for (const kind of kinds) {
    for (const [index, { task }] of examples.filter((one) => one.task._tag === kind.id).entries()) {
      const shown = asTask(task)
      const given = kind.references.given ? [shown] : []
      const proposal = response(kind.proposePrompt(given, style), index)
      const answer = response(kind.solvePrompt(shown, style), index)
      const problem = yield* Effect.gen(function* () {
        const seen = yield* kind.validate(
          yield* Effect.fromResult(kind.parseProposal(proposal, given, style)),
        )
        if (kind.describe(seen) !== kind.describe(shown)) return `it is ${kind.describe(seen)}`
        const { reason, verdict } = yield* kind.verify(
          seen,
          yield* Effect.fromResult(kind.parseAnswer(answer, style)),
        )
        return verdict === "correct" ? "" : `${verdict} ${reason}`
      }).pipe(Effect.catch((error) => Effect.succeed(error.message)))
      if (problem !== "") problems.push(`${kind.id} ${index + 1}: ${problem}`)
    }
  }
  return problems
})

/** The response in a prompt's example. */
const response = (prompt: Prompt, example: number): string =>
  prompt.filter(({ role }) => role === "assistant")[example]?.content ?? "no such turn"
