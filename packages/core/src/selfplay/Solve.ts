/**
 * Stage 4: the policy solves. `attempt` samples answers to tasks and has each judged; the estimate and the evaluation
 * use it too. A guest failure is a wrong answer; an infrastructure fault is no verdict at all.
 */
import { Effect, Result } from "effect"
import type { Verdict } from "../Environment.ts"
import type { ExecutorUnavailable } from "../Executor.ts"
import { PolicyEngine, type PolicyError, type Prompt, type Sample } from "../PolicyEngine.ts"
import { draw } from "../TaskBuffer.ts"
import { cut } from "./Propose.ts"
import { misfit, sample } from "./Sampling.ts"
import type { LoopState, Track } from "./State.ts"
import { timed } from "./Stopwatch.ts"

/** What answering needs of a task kind; `Track` has it, and so has a suite that no training knows. */
export interface Answerable {
  readonly kind: Pick<Track["kind"], "solvePrompt" | "parseAnswer" | "verify">
}

export interface Question<T extends Answerable = Track> {
  readonly track: T
  readonly task: unknown
  /** Id of the buffered task; null for held-out ones. */
  readonly id: number | null
  /** One answer a seed. */
  readonly seeds: ReadonlyArray<number>
}

export interface Answer<T extends Answerable = Track> {
  readonly question: Question<T>
  readonly prompt: Prompt
  readonly promptTokens: ReadonlyArray<number>
  readonly sample: Sample
  readonly text: string
  /** Null: the infrastructure failed, or the question is too long to be asked; `fault` says how. */
  readonly verdict: Verdict | null
  readonly fault: string
}

export interface Decoding<T extends Answerable = Track> {
  readonly temperature: number
  readonly maxTokens: (track: T) => number
}

/** Answers to every question, by question and seed, in order. */
export const attempt = Effect.fn("attempt")(function* <T extends Answerable>(
  { config: { promptStyle: style } }: { readonly config: Pick<LoopState["config"], "promptStyle"> },
  questions: ReadonlyArray<Question<T>>,
  decoding: Decoding<T>,
): Effect.fn.Return<
  ReadonlyArray<ReadonlyArray<Answer<T>>>,
  PolicyError | ExecutorUnavailable,
  PolicyEngine
> {
  const engine = yield* PolicyEngine
  const prompts = yield* Effect.forEach(questions, ({ task, track }) => {
    const prompt = track.kind.solvePrompt(task, style)
    return Effect.map(engine.tokenizer.encodePrompt(prompt), (promptTokens) => ({ prompt, promptTokens }))
  })
  const requests = questions.map(({ seeds, track }, index) => ({
    prompt: prompts[index]?.promptTokens ?? [],
    seeds,
    maxTokens: decoding.maxTokens(track),
    temperature: decoding.temperature,
  }))
  const misfits = requests.map((request) => misfit(engine.capabilities, request))
  const sampled = yield* sample(requests.filter((_, index) => misfits[index] === null))
  let next = 0
  const samples = requests.map(({ seeds }, index) =>
    misfits[index] === null ? (sampled[next++] ?? []) : seeds.map(() => nothing),
  )
  const judgements = Effect.forEach(
    questions,
    (question, index) => {
      const { prompt, promptTokens } = prompts[index] as {
        prompt: Prompt
        promptTokens: ReadonlyArray<number>
      }
      // Equal answers to one task share one verdict: verification is a function of task and answer.
      const verdicts = new Map<string, ReturnType<typeof judge>>()
      return Effect.forEach(
        samples[index] ?? [],
        Effect.fnUntraced(function* (response) {
          const reason = misfits[index] ?? null
          if (reason !== null) {
            return {
              question,
              prompt,
              promptTokens,
              sample: response,
              text: "",
              verdict: null,
              fault: reason,
            }
          }
          const text = engine.tokenizer.decode(response.tokens)
          const key = `${response.stopReason}\n${text}`
          const known = verdicts.get(key) ?? (yield* Effect.cached(judge(question, response, text, style)))
          verdicts.set(key, known)
          return { question, prompt, promptTokens, sample: response, text, ...(yield* known) }
        }),
        { concurrency: "unbounded" },
      )
    },
    { concurrency: "unbounded" },
  )
  return yield* timed("execute", judgements)
})

/** The response to a question that could not be asked. */
const nothing: Sample = { tokens: [], logprobs: [], stopReason: "length" }

const judge = (
  { task, track }: Question<Answerable>,
  response: Sample,
  text: string,
  style: LoopState["config"]["promptStyle"],
): Effect.Effect<Pick<Answer, "verdict" | "fault">, ExecutorUnavailable> => {
  const answer = response.stopReason === "length" ? cut(response) : track.kind.parseAnswer(text, style)
  if (Result.isFailure(answer)) {
    return Effect.succeed({ verdict: { verdict: "badFormat", reason: answer.failure.message }, fault: "" })
  }
  return track.kind.verify(task, answer.success).pipe(
    Effect.map((verdict) => ({ verdict, fault: "" })),
    Effect.catchTags({
      HostLost: ({ message }) => Effect.succeed({ verdict: null, fault: message }),
      HostTimeout: ({ message }) => Effect.succeed({ verdict: null, fault: message }),
    }),
  )
}

/** Answers to tasks drawn from the buffers (paper §3.3.2), where the configuration asks for it. */
export const solve = Effect.fn("Solve")(function* (state: LoopState) {
  const { config } = state
  if (config.solve.from === "estimate") return []
  const questions = state.tracks.flatMap((track) => {
    const { records } = state.buffer(track.environment.id, track.kind.id)
    const samples = state.streams.get(`solve/${track.key}/samples`)
    return draw(
      config.solve.seeds ? records : records.filter(({ origin }) => origin === "proposed"),
      config.solve.mix,
      track.settings.solve,
      state.streams.get(`solve/${track.key}/tasks`),
    ).map((record): Question => ({
      track,
      task: state.taskOf(record),
      id: record.id,
      seeds: Array.from({ length: config.solve.samples }, () => samples.uint32()),
    }))
  })
  const answers = yield* attempt(state, questions, {
    temperature: config.solve.temperature,
    maxTokens: (track) => track.settings.maxTokens.solve,
  })
  return answers.flat()
})
