import { assert, describe, it } from "@effect/vitest"
import type { PolicyEngine } from "@azr/core"
import { randomSequences, tinyModel, withEngine } from "./fixtures.ts"

const crossEntropy: PolicyEngine.LossConfig = { _tag: "crossEntropy" }
const sequences = randomSequences([12, 20, 7])

/** AdamW as Loshchilov & Hutter write it, in float64 on one parameter. */
const adamW = (p: number, gradients: ReadonlyArray<number>, adam: PolicyEngine.AdamConfig): number => {
  let m = 0
  let v = 0
  gradients.forEach((g, i) => {
    m = adam.beta1 * m + (1 - adam.beta1) * g
    v = adam.beta2 * v + (1 - adam.beta2) * g * g
    const mHat = m / (1 - adam.beta1 ** (i + 1))
    const vHat = v / (1 - adam.beta2 ** (i + 1))
    p -= adam.learningRate * (mHat / (Math.sqrt(vHat) + adam.epsilon) + adam.weightDecay * p)
  })
  return p
}

const settings: ReadonlyArray<PolicyEngine.AdamConfig> = [
  { learningRate: 3e-4, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, gradClip: null },
  { learningRate: 2e-3, beta1: 0.8, beta2: 0.98, epsilon: 1e-3, weightDecay: 0.1, gradClip: 0.05 },
  { learningRate: 1e-2, beta1: 0, beta2: 0, epsilon: 1e-6, weightDecay: 0.01, gradClip: 1e6 },
]

describe("optimStep", () => {
  for (const adam of settings) {
    it(`is AdamW with clipping: ${JSON.stringify(adam)}`, async () => {
      await withEngine(tinyModel, 2, async (engine) => {
        const start = (await engine.getState()).parameters
        const gradients: Array<ReadonlyMap<string, Float64Array>> = []
        for (let step = 0; step < 3; step++) {
          await engine.forwardBackward(sequences, crossEntropy)
          const gradient = [...(await engine.gradient())]
          const squares = gradient.flatMap(([, values]) => Array.from(values, (g) => g * g))
          const norm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0))
          const factor = adam.gradClip === null ? 1 : Math.min(1, adam.gradClip / norm)
          gradients.push(
            new Map(gradient.map(([name, values]) => [name, Float64Array.from(values, (g) => g * factor)])),
          )
          assert.closeTo((await engine.optimStep(adam)).gradNorm, norm, 1e-6 * norm)
        }
        const { parameters, step } = await engine.getState()
        assert.strictEqual(step, 3)
        for (const [name, values] of parameters) {
          values.forEach((actual, i) => {
            const p = start.get(name)?.[i] as number
            const exact = adamW(
              p,
              gradients.map((gradient) => gradient.get(name)?.[i] as number),
              adam,
            )
            assert.closeTo(actual - p, exact - p, 1e-4 * Math.abs(exact - p) + 2e-7, `${name}[${i}]`)
          })
        }
      })
    })
  }
})
