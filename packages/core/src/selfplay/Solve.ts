/**
 * Stage 4: the policy solves. `attempt` samples answers to tasks and has each judged; the estimate and the evaluation
 * use it too. A guest failure is a wrong answer; an infrastructure fault is no verdict at all.
 */
import { Effect, Result } from "effect"
import type { Verdict } from "../Environment.ts"
import { type ExecutorUnavailable, faults } from "../Executor.ts"
import { PolicyEngine, type PolicyError, type Prompt, type Sample } from "../PolicyEngine.ts"
import { misfit } from "../PolicyRequest.ts"
import { draw } from "../TaskBuffer.ts"
import { cut } from "./Propose.ts"
import { sampleEach } from "./Sampling.ts"
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
  const requests = yield* Effect.forEach(questions, (question) => {
    const { seeds, task, track } = question
    const messages = track.kind.solvePrompt(task, style)
    const maxTokens = decoding.maxTokens(track)
    return Effect.map(engine.tokenizer.encodePrompt(messages), (prompt) => ({
      question,
      messages,
      prompt,
      seeds,
      maxTokens,
      temperature: decoding.temperature,
      fault: misfit({ prompt, maxTokens }, engine.capabilities.contextLength),
    }))
  })
  const askable = requests.filter(({ fault }) => fault === null)
  const answered = yield* sampleEach(askable, (samples, { messages, prompt, question }) => {
    // Equal answers to one task share one verdict: verification is a function of task and answer.
    const verdicts = new Map<string, ReturnType<typeof judge>>()
    const answers = Effect.forEach(
      samples,
      Effect.fnUntraced(function* (response) {
        const text = engine.tokenizer.decode(response.tokens)
        const key = `${response.stopReason}\n${text}`
        const known = verdicts.get(key) ?? (yield* Effect.cached(judge(question, response, text, style)))
        verdicts.set(key, known)
        return { question, prompt: messages, promptTokens: prompt, sample: response, text, ...(yield* known) }
      }),
      { concurrency: "unbounded" },
    )
    return timed("execute", answers)
  })
  const answersTo = new Map(askable.map((request, index) => [request, answered[index] ?? []]))
  return requests.map((request): ReadonlyArray<Answer<T>> => {
    const { fault, messages, prompt, question, seeds } = request
    if (fault === null) return answersTo.get(request) ?? []
    return seeds.map(() => ({
      question,
      prompt: messages,
      promptTokens: prompt,
      sample: { tokens: [], logprobs: [], stopReason: "length" },
      text: "",
      verdict: null,
      fault,
    }))
  })
})

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
    Effect.catchTag(faults, ({ message }) => Effect.succeed({ verdict: null, fault: message })),
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
