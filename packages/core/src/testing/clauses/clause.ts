/** What the clauses of the policy suite are made of. No test framework in here: a clause is an effect that may fail. */
import { Effect } from "effect"
import {
  type AdamConfig,
  type Datum,
  PolicyEngine,
  type PolicyError,
  type Prompt,
  type Sample,
} from "../../PolicyEngine.ts"
import { ClauseBroken } from "../ClauseBroken.ts"

export interface PolicySuiteOptions {
  /**
   * Two different prompts that the engine's tokenizer reads and that leave the policy unsure of how to go on: among 16
   * responses at temperature 1 at least two must differ.
   */
  readonly prompts: readonly [Prompt, Prompt]
  /** Longest response in tokens, at least 4. Both prompts plus this many fit the context. */
  readonly maxTokens: number
  /** An update that moves the policy visibly and keeps it stable; without weight decay. */
  readonly adam: AdamConfig
  /** Largest difference between two ways to compute one log-probability, in nats. */
  readonly tolerance: number
}

/** For small models; a large one wants a smaller learning rate. */
export const defaultOptions: Omit<PolicySuiteOptions, "prompts"> = {
  maxTokens: 12,
  adam: { learningRate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, gradClip: null },
  tolerance: 1e-4,
}

export interface PolicyClause {
  readonly title: string
  /** Fails where the engine breaks the clause. Leaves the engine's state as it was. */
  readonly check: Effect.Effect<void, ClauseBroken | PolicyError, PolicyEngine>
}

export type Engine = PolicyEngine["Service"]

/** A clause whose body may train: the policy is saved before it and loaded again after it. */
export const clause = (
  title: string,
  body: (engine: Engine) => Generator<Effect.Effect<unknown, ClauseBroken | PolicyError>, void, never>,
): PolicyClause => ({
  title,
  check: Effect.gen(function* () {
    const engine = yield* PolicyEngine
    const before = yield* engine.save
    yield* Effect.gen(() => body(engine)).pipe(Effect.ensuring(Effect.orDie(engine.load(before))))
  }),
})

export const ensure = (condition: boolean, message: string): Effect.Effect<void, ClauseBroken> =>
  condition ? Effect.void : Effect.fail(new ClauseBroken({ message }))

/** Runs a request that must be refused by a `PolicyError` whose message names all of `parts`. */
export const refuses = (
  request: Effect.Effect<unknown, PolicyError>,
  what: string,
  parts: ReadonlyArray<string | number>,
): Effect.Effect<void, ClauseBroken> =>
  Effect.matchEffect(request, {
    onSuccess: () => Effect.fail(new ClauseBroken({ message: `${what} was accepted` })),
    onFailure: ({ message }) => {
      const missing = parts.filter((part) => !message.includes(String(part)))
      return ensure(
        missing.length === 0,
        `${what} was refused without naming ${missing.join(", ")}: ${message}`,
      )
    },
  })

/** Responses to one prompt, one a seed. */
export const respond = (
  engine: Engine,
  prompt: ReadonlyArray<number>,
  seeds: ReadonlyArray<number>,
  maxTokens: number,
  temperature: number,
): Effect.Effect<ReadonlyArray<Sample>, PolicyError> =>
  Effect.map(engine.sample([{ prompt, seeds, maxTokens, temperature }]), ([samples]) => samples ?? [])

/** A lesson on a response: weight 1 and the advantage on each of its tokens, nothing on the prompt. */
export const lesson = (prompt: ReadonlyArray<number>, sample: Sample, advantage: number): Datum => {
  const zeros = prompt.map(() => 0)
  return {
    tokens: [...prompt, ...sample.tokens],
    weights: [...zeros, ...sample.tokens.map(() => 1)],
    advantages: [...zeros, ...sample.tokens.map(() => advantage)],
    logprobs: [...zeros, ...sample.logprobs],
  }
}

export const scaled = (datum: Datum, factor: number): Datum => ({
  ...datum,
  weights: datum.weights.map((weight) => weight * factor),
})

/** Largest difference between two tables of numbers; infinite where their shapes differ. */
export const distance = (
  a: ReadonlyArray<ReadonlyArray<number>>,
  b: ReadonlyArray<ReadonlyArray<number>>,
): number =>
  a.length !== b.length || a.some((row, i) => row.length !== b[i]?.length)
    ? Infinity
    : Math.max(0, ...a.flatMap((row, i) => row.map((value, j) => Math.abs(value - (b[i]?.[j] as number)))))

export const importanceSampling = { _tag: "importanceSampling" } as const

/** Prompts as tokens, and for each prompt some responses at temperature 1. */
export const material = Effect.fnUntraced(function* (engine: Engine, options: PolicySuiteOptions) {
  return yield* Effect.forEach(
    options.prompts,
    Effect.fnUntraced(function* (messages) {
      const prompt = yield* engine.tokenizer.encodePrompt(messages)
      const samples = yield* respond(engine, prompt, [1, 2, 3, 4], options.maxTokens, 1)
      return { prompt, samples, sequences: samples.map(({ tokens }) => [...prompt, ...tokens]) }
    }),
  )
})
