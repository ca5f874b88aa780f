/** Held-out evaluation: greedy answers to suites that training never sees, judged like any answer. */
import { Effect } from "effect"
import type { Verdict } from "../Environment.ts"
import { meanOf, meansOf } from "../Metrics.ts"
import type { SuiteResult } from "../RunEvent.ts"
import { type Question, attempt } from "./Solve.ts"
import type { LoopState } from "./State.ts"

const marks = { correct: "+", wrong: "-", badFormat: "!" } as const satisfies Record<
  Verdict["verdict"],
  string
>

/** The suites of a split that the run looks at, by track. */
export const suitesOf = ({ config, tracks }: LoopState, split: "dev" | "test") => {
  const wanted = new Set(config.evaluate.suites)
  return tracks.flatMap((track) =>
    track.environment.suites
      .filter(
        (suite) =>
          suite.kind === track.kind.id &&
          suite.split === split &&
          (wanted.size === 0 || wanted.has(suite.id)),
      )
      .map((suite) => ({ suite, track })),
  )
}

/** Results of every suite of a split, in order. `limit` takes the first tasks of each; null takes all. */
export const evaluate = Effect.fn("Evaluate")(function* (
  state: LoopState,
  split: "dev" | "test",
  limit: number | null,
) {
  const { config } = state
  const suites = suitesOf(state, split).map(({ suite, track }) => ({
    suite,
    track,
    tasks: limit === null ? suite.tasks : suite.tasks.slice(0, limit),
  }))
  const questions = suites.flatMap(({ tasks, track }) =>
    // Greedy decoding draws nothing; the seed is there because a sample has one.
    tasks.map((task): Question => ({ track, task, id: null, seeds: [0] })),
  )
  const answers = yield* attempt(state, questions, {
    temperature: 0,
    maxTokens: (track) => track.settings.maxTokens.solve,
  })
  let offset = 0
  return suites.map(({ suite, tasks, track }): SuiteResult => {
    const mine = answers.slice(offset, offset + tasks.length).flat()
    offset += tasks.length
    const verdicts = mine.flatMap(({ verdict }) => verdict ?? [])
    return {
      environment: track.environment.id,
      suite: suite.id,
      kind: suite.kind,
      split,
      correct: verdicts.filter(({ verdict }) => verdict === "correct").length,
      badFormat: verdicts.filter(({ verdict }) => verdict === "badFormat").length,
      total: verdicts.length,
      faults: mine.length - verdicts.length,
      verdicts: mine.map(({ verdict }) => (verdict === null ? "?" : marks[verdict.verdict])).join(""),
      means: {
        ...meanOf(
          "tokens",
          mine.map(({ sample }) => sample.tokens.length),
        ),
        ...meansOf(
          "",
          mine.map(({ text }) => track.kind.measureResponse(text, config.promptStyle)),
        ),
      },
    }
  })
})
