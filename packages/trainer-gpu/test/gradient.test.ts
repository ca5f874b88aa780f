import { assert, describe, it } from "@effect/vitest"
import type { PolicyEngine } from "@azr/core"
import * as PolicyLoss from "@azr/core/PolicyLoss"
import { randomSequences, tinyModel, withEngine } from "./fixtures.ts"
import { reference } from "./reference.ts"

const losses: ReadonlyArray<PolicyEngine.LossConfig> = [
  { _tag: "crossEntropy" },
  { _tag: "importanceSampling" },
  { _tag: "ppo", clipLow: 0.2, clipHigh: 0.28, dualClip: 3 },
  { _tag: "cispo", clipLow: 0.2, clipHigh: 0.28 },
]
const unregularized: PolicyEngine.Regularization = { entropy: 0, kl: null }
const regularizations: ReadonlyArray<PolicyEngine.Regularization> = [
  { entropy: 0.7, kl: null },
  ...(["k1", "k2", "k3"] as const).map((estimator) => ({ entropy: 0, kl: { estimator, coefficient: 0.9 } })),
  { entropy: 0.3, kl: { estimator: "k3", coefficient: 0.5 } },
]
/** Lengths around the tiles of four rows and eight keys, one of them without a prediction. */
const sequences = randomSequences([5, 1, 8, 9, 13, 4]).map((sequence, s) =>
  s % 2 === 0 ? { ...sequence, positionOffset: 3 * s + 40, statementOffset: s } : sequence,
)

describe("gradient", () => {
  it("of the reference agrees with finite differences", async () => {
    await withEngine(tinyModel, 1, async (engine) => {
      const { parameters } = await engine.getState()
      const few = sequences.slice(0, 1)
      const { gradient } = reference(tinyModel, parameters, few, { _tag: "crossEntropy" })
      for (const [name, values] of parameters) {
        const exact = gradient.get(name) as Float64Array
        const at = exact.reduce((best, g, i) => (Math.abs(g) > Math.abs(exact[best] as number) ? i : best), 0)
        const step = 1e-5
        const shifted = (delta: number) => {
          const all: Map<string, ArrayLike<number>> = new Map(parameters)
          const moved = Float64Array.from(values)
          moved[at] = (moved[at] as number) + delta
          return reference(tinyModel, all.set(name, moved), few, { _tag: "crossEntropy" }).loss
        }
        const numeric = (shifted(step) - shifted(-step)) / (2 * step)
        assert.closeTo(numeric, exact[at] as number, 1e-6 * Math.abs(exact[at] as number) + 1e-9, name)
      }
    })
  })

  const cases = [
    ...losses.map((loss) => ({ what: loss._tag, loss, regularization: unregularized })),
    ...regularizations.map((regularization) => ({
      what: `importanceSampling with ${JSON.stringify(regularization)}`,
      loss: { _tag: "importanceSampling" as const },
      regularization,
    })),
  ]
  for (const { loss, regularization, what } of cases) {
    it(`of ${what} agrees with the reference in every tensor`, async () => {
      await withEngine(tinyModel, 2, async (engine) => {
        const { parameters } = await engine.getState()
        const expected = reference(tinyModel, parameters, sequences, loss, regularization)
        const output = await engine.forwardBackward(sequences, loss, regularization)
        const gradient = await engine.gradient()

        assert.closeTo(output.loss, expected.loss, 1e-5 * Math.abs(expected.loss))
        expected.logprobs.forEach((row, s) =>
          row.forEach((logprob, t) => assert.closeTo(output.logprobs[s]?.[t] as number, logprob, 1e-5)),
        )
        for (const [name, exact] of expected.gradient) {
          const largest = exact.reduce((most, g) => Math.max(most, Math.abs(g)), 0)
          const actual = gradient.get(name) as Float32Array
          const error = exact.reduce((most, g, i) => Math.max(most, Math.abs(g - (actual[i] as number))), 0)
          assert.isAbove(largest, 0, `${name} has a gradient`)
          assert.isBelow(error / largest, 1e-5, name)
        }
      })
    })
  }

  it("reports entropy and clipped share over weighted tokens", async () => {
    await withEngine(tinyModel, 1, async (engine) => {
      const { parameters } = await engine.getState()
      const loss: PolicyEngine.LossConfig = { _tag: "ppo", clipLow: 0.1, clipHigh: 0.1, dualClip: null }
      const { logprobs, entropies } = reference(tinyModel, parameters, sequences, loss)
      const weighted = sequences.flatMap((sequence, s) =>
        sequence.tokens.flatMap((_, t) => ((sequence.weights?.[t] ?? 0) === 0 ? [] : [{ sequence, s, t }])),
      )
      const clipped = weighted.filter(({ sequence, s, t }) => {
        const sampled = sequence.logprobs?.[t] as number
        return PolicyLoss.tokenLoss(
          loss,
          logprobs[s]?.[t] as number,
          sampled,
          sequence.advantages?.[t] as number,
        ).clipped
      })
      const entropy =
        weighted.reduce((sum, { s, t }) => sum + (entropies[s]?.[t] as number), 0) / weighted.length

      const output = await engine.forwardBackward(sequences, loss)
      assert.isAbove(clipped.length, 0)
      assert.strictEqual(output.clippedShare, clipped.length / weighted.length)
      assert.closeTo(output.entropy, entropy, 1e-5)
    })
  })

  it("sums over calls until the update, which clears it", async () => {
    await withEngine(tinyModel, 2, async (engine) => {
      const loss: PolicyEngine.LossConfig = { _tag: "crossEntropy" }
      await engine.forwardBackward(sequences.slice(0, 3), loss)
      await engine.forwardBackward(sequences.slice(3), loss)
      const twice = await engine.gradient()
      const adam = { learningRate: 0, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, gradClip: null }
      await engine.optimStep(adam)
      const cleared = await engine.gradient()
      await engine.forwardBackward(sequences, loss)
      for (const [name, once] of await engine.gradient()) {
        once.forEach((g, i) =>
          assert.closeTo(twice.get(name)?.[i] as number, g, 1e-4 * Math.abs(g) + 1e-5, name),
        )
        assert.isTrue(
          cleared.get(name)?.every((g) => g === 0),
          name,
        )
      }
    })
  })
})
