/** The policy suite runs against this policy elsewhere; here is what a suite cannot know: its exact numbers. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type AdamConfig, type Datum, PolicyEngine } from "../../src/PolicyEngine.ts"
import { ngramPolicy } from "../../src/testing/ngramPolicy.ts"

const engine = ngramPolicy({ vocabulary: "ab", order: 1, contextLength: 8 })
const adam: AdamConfig = {
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0,
  gradClip: null,
}
const [a, b, end] = [0, 1, 2]

const datum = (advantage: number): Datum => ({
  tokens: [a, b, end],
  weights: [0, 1, 1],
  advantages: [0, advantage, advantage],
  logprobs: [0, -Math.log(3), -Math.log(3)],
})

describe("ngramPolicy", () => {
  it.effect("starts uniform: every token has log-probability −ln 3, and entropy ln 3", () =>
    Effect.gen(function* () {
      const { forwardBackward, logprobs } = yield* PolicyEngine
      const [scores] = yield* logprobs([[a, b, end]])
      assert.deepStrictEqual(scores?.[0], 0)
      assert.closeTo(scores?.[1] ?? 0, -Math.log(3), 1e-15)
      const output = yield* forwardBackward([datum(2)], { _tag: "importanceSampling" })
      assert.closeTo(output.loss, -4, 1e-15)
      assert.closeTo(output.entropy ?? 0, Math.log(3), 1e-15)
    }).pipe(Effect.provide(engine)),
  )

  it.effect("has the softmax gradient: its norm is |A|·√(2·(4 + 1 + 1)/9) for two uniform predictions", () =>
    Effect.gen(function* () {
      const { forwardBackward, optimStep } = yield* PolicyEngine
      yield* forwardBackward([datum(-3)], { _tag: "importanceSampling" })
      const { gradNorm } = yield* optimStep(adam)
      assert.closeTo(gradNorm ?? 0, 3 * Math.sqrt((2 * 6) / 9), 1e-12)
    }).pipe(Effect.provide(engine)),
  )

  it.effect("steps as AdamW does: the first step moves each logit by the learning rate", () =>
    Effect.gen(function* () {
      const { forwardBackward, logprobs, optimStep } = yield* PolicyEngine
      yield* forwardBackward([datum(1)], { _tag: "importanceSampling" })
      yield* optimStep(adam)
      // Logits after a: b rises by 0.1, the others fall by 0.1.
      const total = Math.exp(0.1) + 2 * Math.exp(-0.1)
      const [scores] = yield* logprobs([[a, b]])
      assert.closeTo(scores?.[1] ?? 0, 0.1 - Math.log(total), 1e-7)
      // Decoupled weight decay shrinks logits by learningRate · weightDecay, without a gradient.
      yield* optimStep({ ...adam, beta1: 0, learningRate: 1e-9, weightDecay: 5e8 })
      const [decayed] = yield* logprobs([[a, b]])
      const shrunk = Math.exp(0.05) + 2 * Math.exp(-0.05)
      assert.closeTo(decayed?.[1] ?? 0, 0.05 - Math.log(shrunk), 1e-6)
    }).pipe(Effect.provide(engine)),
  )

  it.effect("clips the gradient's norm, not its direction", () =>
    Effect.gen(function* () {
      const { forwardBackward, optimStep } = yield* PolicyEngine
      yield* forwardBackward([datum(1)], { _tag: "importanceSampling" })
      // With ε far above the gradient the step is proportional to it, clipped to a tenth.
      const { gradNorm } = yield* optimStep({
        ...adam,
        beta1: 0,
        beta2: 0,
        epsilon: 1e6,
        learningRate: 1e6,
        gradClip: 0.1,
      })
      assert.closeTo(gradNorm ?? 0, Math.sqrt(12 / 9), 1e-12)
      const { logprobs } = yield* PolicyEngine
      const [scores] = yield* logprobs([[a, b]])
      const scale = 0.1 / Math.sqrt(12 / 9)
      const total = Math.exp((2 / 3) * scale) + 2 * Math.exp((-1 / 3) * scale)
      assert.closeTo(scores?.[1] ?? 0, (2 / 3) * scale - Math.log(total), 1e-6)
    }).pipe(Effect.provide(engine)),
  )

  it.effect("samples in proportion to its probabilities, sharper at low temperature", () =>
    Effect.gen(function* () {
      const { forwardBackward, logprobs, optimStep, sample } = yield* PolicyEngine
      yield* forwardBackward([datum(1)], { _tag: "importanceSampling" })
      yield* optimStep({ ...adam, learningRate: 0.5 })
      const p = Math.exp((yield* logprobs([[a, b]]))[0]?.[1] ?? 0)
      const seeds = Array.from({ length: 4000 }, (_, seed) => seed)
      const share = (temperature: number) =>
        Effect.map(
          sample([{ prompt: [a], seeds, maxTokens: 1, temperature }]),
          (all) => all.flat().filter(({ tokens }) => tokens[0] === b).length / seeds.length,
        )
      assert.closeTo(yield* share(1), p, 0.03)
      const [sharp, rest] = [p ** 2, ((1 - p) / 2) ** 2]
      assert.closeTo(yield* share(0.5), sharp / (sharp + 2 * rest), 0.03)
    }).pipe(Effect.provide(engine)),
  )

  it.effect("looks at its last tokens only", () =>
    Effect.gen(function* () {
      const { forwardBackward, logprobs, optimStep } = yield* PolicyEngine
      yield* forwardBackward([datum(1)], { _tag: "importanceSampling" })
      yield* optimStep(adam)
      const [long, short] = yield* logprobs([
        [b, b, a, b],
        [a, b],
      ])
      assert.strictEqual(long?.[3], short?.[1])
    }).pipe(Effect.provide(engine)),
  )
})
