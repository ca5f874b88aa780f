/** What is right in wrong answers, where the solver is credited for it. */
import { Effect, Result } from "effect"
import { type ExecutorUnavailable, faults } from "../Executor.ts"
import type { Answer } from "./Solve.ts"
import type { LoopState } from "./State.ts"
import { timed } from "./Stopwatch.ts"

/**
 * For each answer the share of it that is right: 0 unless `reward.solve.partial` is on and the answer is wrong; null where the
 * infrastructure failed to tell, so that the answer is masked.
 */
export const partialShares = Effect.fn("partialShares")(function* (
  { config }: LoopState,
  answers: ReadonlyArray<Answer>,
): Effect.fn.Return<ReadonlyArray<number | null>, ExecutorUnavailable> {
  if (!config.reward.solve.partial) return answers.map(() => 0)
  const shareOf = ({ question: { task, track }, text, verdict }: Answer) => {
    const answer = track.kind.parseAnswer(text, config.promptStyle)
    return verdict?.verdict !== "wrong" || Result.isFailure(answer)
      ? Effect.succeed(0)
      : track.kind.partial(task, answer.success).pipe(Effect.catchTag(faults, () => Effect.succeed(null)))
  }
  return yield* timed("execute", Effect.forEach(answers, shareOf, { concurrency: "unbounded" }))
})
