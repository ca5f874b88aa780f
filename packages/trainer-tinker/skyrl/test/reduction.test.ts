/** That a gradient on a server that averages is the plain sum of weight · loss, by what the server itself reports. */
import { PolicyEngine, PolicyLoss, RandomStreams } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { TinkerClient } from "../../src/index.ts"
import { wireDatum, wireLoss } from "../../src/sumOfLosses.ts"
import { timeout, tinyEngine, url } from "./tiny.ts"

const still = { learningRate: 0, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, gradClip: null }
const importanceSampling = { _tag: "importanceSampling" } as const
const losses: ReadonlyArray<PolicyEngine.LossConfig> = [
  importanceSampling,
  { _tag: "ppo", clipLow: 0.2, clipHigh: 0.28, dualClip: null },
  { _tag: "cispo", clipLow: 0.2, clipHigh: 0.28 },
]

/** Sequences of different lengths with all kinds of weights; one of them without any. */
const batch = (random: RandomStreams.RandomStream): ReadonlyArray<PolicyEngine.Datum> =>
  Array.from({ length: 6 }, (_, index) => {
    const length = random.integer(6, 15)
    const on = (value: () => number) => Array.from({ length }, (_, t) => (t < 3 ? 0 : value()))
    return {
      tokens: Array.from({ length }, () => random.integer(3, 200)),
      weights: on(() => (index === 1 || random.float() < 0.2 ? 0 : random.float() + 0.1)),
      advantages: on(() => random.float() * 4 - 2),
      logprobs: on(() => 0),
    }
  })

const negated = (datum: PolicyEngine.Datum): PolicyEngine.Datum => ({
  ...datum,
  advantages: datum.advantages.map((advantage) => -advantage),
})

const closeTo = (actual: number, expected: number, tolerance: number, what: string): void =>
  assert.isAtMost(Math.abs(actual - expected), tolerance * Math.max(1, Math.abs(expected)), what)

describe("a SkyRL server that averages", { timeout }, () => {
  it.live("counts every token as weight · loss, in five updates", () =>
    Effect.gen(function* () {
      const client = yield* TinkerClient.make({ ...TinkerClient.defaultOptions, url, key: null })
      const session = yield* client.openSession
      const model = yield* session.createModel({ baseModel: "tiny", rank: 8, seed: 1 })
      const random = new RandomStreams.RandomStream([1, 2, 3, 4])
      for (let update = 0; update < 5; update++) {
        const loss = losses[update % losses.length] as PolicyEngine.LossConfig
        const datums = batch(random)
        const scores = yield* model.forwardBackward({
          data: datums.map((datum) => wireDatum(datum, { _tag: "crossEntropy" }, "sum", 1)),
          lossFn: "cross_entropy",
          lossFnConfig: {},
          forwardOnly: true,
        })
        // Old log-probabilities that are off, so that ratios differ from 1 and some are clipped.
        const stale = datums.map((datum, i) => ({
          ...datum,
          logprobs: [0, ...(scores.outputs[i]?.["logprobs"] ?? [])].map(
            (logprob) => logprob + random.float() - 0.5,
          ),
        }))
        const { outputs } = yield* model.forwardBackward({
          data: stale.map((datum) => wireDatum(datum, loss, "meanOfMeans", stale.length)),
          ...wireLoss(loss, "meanOfMeans"),
          forwardOnly: false,
        })
        yield* model.optimStep({ learning_rate: 0, beta1: 0.9, beta2: 0.95, eps: 1e-8, weight_decay: 0 })
        for (const [i, { advantages, logprobs: old, weights }] of stale.entries()) {
          // What the server divides by: its sequences, and the tokens of this one that count.
          const divisor = stale.length * weights.filter((weight) => weight !== 0).length
          const { elementwise_loss: counted = [], logprobs = [] } = outputs[i] ?? {}
          for (const [t, weight] of weights.entries()) {
            if (t === 0) continue
            const { loss: value } = PolicyLoss.tokenLoss(
              loss,
              logprobs[t - 1] as number,
              old[t] as number,
              advantages[t] as number,
            )
            const actual = divisor === 0 ? 0 : (counted[t - 1] as number) / divisor
            closeTo(actual, weight * value, 1e-5, `${loss._tag}, sequence ${i}, token ${t}`)
          }
        }
      }
      yield* model.unload
    }).pipe(Effect.scoped),
  )

  it.live("adds gradients: over sequences, over calls, with their weights and their signs", () =>
    Effect.gen(function* () {
      const engine = yield* Effect.map(Layer.build(tinyEngine), Context.get(PolicyEngine.PolicyEngine))
      const random = new RandomStreams.RandomStream([5, 6, 7, 8])
      const [a, b] = [batch(random).slice(0, 4), batch(random).slice(0, 3)]
      const norm = Effect.fnUntraced(function* (...calls: ReadonlyArray<ReadonlyArray<PolicyEngine.Datum>>) {
        for (const datums of calls) {
          const scores = yield* engine.logprobs(datums.map(({ tokens }) => tokens))
          const onPolicy = datums.map((datum, i) => ({ ...datum, logprobs: scores[i] ?? [] }))
          yield* engine.forwardBackward(onPolicy, importanceSampling)
        }
        return (yield* engine.optimStep(still)).gradNorm ?? Number.NaN
      })
      const [ofA, ofB] = [yield* norm(a), yield* norm(b)]
      const together = yield* norm([...a, ...b])
      closeTo(yield* norm(a, b), together, 1e-4, "two calls")
      closeTo(yield* norm([...a, ...a, ...a]), 3 * ofA, 1e-4, "three times a sequence")
      const tripled = a.map((datum) => ({ ...datum, weights: datum.weights.map((weight) => 3 * weight) }))
      closeTo(yield* norm(tripled), 3 * ofA, 1e-4, "three times the weight")
      // Of x·a + y·b this holds for x = y = 1 alone, whatever angle the two have.
      const apart = yield* norm([...a, ...b.map(negated)])
      closeTo(together ** 2 + apart ** 2, 2 * (ofA ** 2 + ofB ** 2), 1e-4, "the parallelogram of both")
    }).pipe(Effect.scoped),
  )
})
