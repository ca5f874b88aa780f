/** That sampled tokens can stand for the entropy: ∇H = −E[log p · ∇log p]. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Datum, PolicyEngine } from "../../src/PolicyEngine.ts"
import { ngramPolicy } from "../../src/testing/ngramPolicy.ts"

const vocabulary = "abcd"
const policy = ngramPolicy({ vocabulary, order: 1, contextLength: 4 })
const adam = { learningRate: 0.3, beta1: 0, beta2: 0.9, epsilon: 1e-8, weightDecay: 0, gradClip: null }
const loss = { _tag: "importanceSampling" } as const
const context = 0
/** Every token that may follow; the last one ends a response. */
const tokens = [...vocabulary, "end"].map((_, token) => token)

const following = Effect.gen(function* () {
  const engine = yield* PolicyEngine
  return (yield* engine.logprobs(tokens.map((token) => [context, token]))).map((row) => row[1] as number)
})

const datum = (token: number, weight: number, advantage: number, logprob: number): Datum => ({
  tokens: [context, token],
  weights: [0, weight],
  advantages: [0, advantage],
  logprobs: [0, logprob],
})

/** A policy that is not even any more, then one update; what follows the context after it. */
const after = (
  learn: (logprobs: ReadonlyArray<number>) => { datums: ReadonlyArray<Datum>; entropy: number },
) =>
  Effect.gen(function* () {
    const engine = yield* PolicyEngine
    const even = yield* following
    yield* engine.forwardBackward(
      tokens.map((token) => datum(token, 1, [2, 1, 0, -1, 0.5][token] as number, even[token] as number)),
      loss,
    )
    yield* engine.optimStep(adam)
    const logprobs = yield* following
    const { datums, entropy } = learn(logprobs)
    yield* engine.forwardBackward(datums, loss, { entropy, kl: null })
    const { gradNorm } = yield* engine.optimStep({ ...adam, learningRate: 0.05 })
    return { logprobs, next: yield* following, gradNorm: gradNorm ?? assert.fail() }
  }).pipe(Effect.provide(policy))

describe("the entropy bonus by samples", () => {
  it.effect("has in the mean over the tokens the gradient of the entropy", () =>
    Effect.gen(function* () {
      const bonus = 0.7
      const exact = yield* after((logprobs) => ({
        datums: [datum(1, 1, 0, logprobs[1] as number)],
        entropy: bonus,
      }))
      const sampled = yield* after((logprobs) => ({
        datums: tokens.map((token) => {
          const logprob = logprobs[token] as number
          return datum(token, Math.exp(logprob), -bonus * logprob, logprob)
        }),
        entropy: 0,
      }))
      assert.deepStrictEqual(sampled.logprobs, exact.logprobs)
      assert.isAbove(exact.gradNorm, 0.05)
      assert.closeTo(sampled.gradNorm, exact.gradNorm, 1e-12)
      for (const token of tokens)
        assert.closeTo(sampled.next[token] as number, exact.next[token] as number, 1e-12)
    }),
  )
})
