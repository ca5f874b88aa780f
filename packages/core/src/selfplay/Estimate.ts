/** Stage 3: how hard is it? Monte-Carlo answers of the current policy to the new tasks give each its success rate. */
import { Effect } from "effect"
import { type Answer, type Question, attempt } from "./Solve.ts"
import type { LoopState } from "./State.ts"
import type { Validated } from "./Validate.ts"

export interface Estimate {
  /** Id of the task. */
  readonly id: number
  readonly answers: ReadonlyArray<Answer>
  readonly solved: number
  /** Answers that were judged; infrastructure faults are not among them. */
  readonly attempts: number
}

/** Estimates the first `tasks` accepted proposals of each kind. */
export const estimate = Effect.fn("Estimate")(function* (
  state: LoopState,
  validated: ReadonlyArray<Validated>,
) {
  const { config } = state
  const chosen = state.tracks.flatMap((track) =>
    validated
      .filter(({ proposal, record }) => record !== null && proposal.track === track)
      .slice(0, track.settings.tasks),
  )
  const questions = chosen.map(({ proposal: { track }, record, task }): Question => {
    const samples = state.streams.get(`estimate/${track.key}`)
    return {
      track,
      task,
      id: record?.id ?? null,
      seeds: Array.from({ length: config.estimate.samples }, () => samples.uint32()),
    }
  })
  const answers = yield* attempt(state, questions, {
    temperature: config.estimate.temperature,
    maxTokens: (track) => track.settings.maxTokens.solve,
  })
  return questions.map((question, index): Estimate => {
    const judged = (answers[index] ?? []).filter(({ verdict }) => verdict !== null)
    return {
      id: question.id as number,
      answers: answers[index] ?? [],
      solved: judged.filter(({ verdict }) => verdict?.verdict === "correct").length,
      attempts: judged.length,
    }
  })
})
