/** What the `tfjs` engine must do in every flavour: the contract, the reference's numbers, the `wasm` engine's choices. */
import type { PolicyEngine } from "@azr/core"
import { policySuite } from "@azr/core/testing"
import { afterAll, assert, describe, it } from "@effect/vitest"
import {
  type EngineState,
  encodeCheckpoint,
  type Flavour,
  initialState,
  InvalidRequest,
  loadTensorFlow,
  NonFiniteGradient,
  type TensorValues,
  TfjsEngine,
  TfjsPolicyEngine,
} from "../src/index.ts"
import { randomSequences, tinyModel, withEngine } from "./fixtures.ts"
import { reference } from "./reference.ts"
import { torchConfig, torchSuite } from "./torchFixture.ts"

const losses: ReadonlyArray<PolicyEngine.LossConfig> = [
  { _tag: "crossEntropy" },
  { _tag: "importanceSampling" },
  { _tag: "ppo", clipLow: 0.2, clipHigh: 0.28, dualClip: 3 },
  { _tag: "cispo", clipLow: 0.2, clipHigh: 0.28 },
]
const regularization: PolicyEngine.Regularization = {
  entropy: 0.1,
  kl: { estimator: "k3", coefficient: 0.2 },
}
const adam = { learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-4, weightDecay: 0.01, gradClip: 1 }

/** Several lengths, so that batches are padded; one sequence without a prediction, two with offsets past the tables. */
const sequences = randomSequences([5, 1, 8, 9, 13, 4, 40]).map((sequence, s) => ({
  ...sequence,
  referenceLogprobs: sequence.tokens.map((_, t) => -4.6 + 0.1 * Math.sin(s + t)),
  ...(s % 2 === 0 ? { positionOffset: 3 * s + 30, statementOffset: s } : {}),
}))
/** Sequences whose gradient overflows. */
const broken = sequences.map((sequence) => ({
  ...sequence,
  weights: sequence.tokens.map((_, t) => (t === 0 ? 0 : 1e38)),
  advantages: sequence.tokens.map(() => 1e38),
}))
const prompts = randomSequences([1, 3, 8, 20], "prompts").map(({ tokens }) => tokens)
const requests: ReadonlyArray<PolicyEngine.SampleRequest> = prompts.map((prompt, i) => ({
  prompt,
  seeds: Array.from({ length: 12 }, (_, s) => 1000 * i + s),
  maxTokens: 12 + 4 * i,
  temperature: [1, 0, 0.7, 1.5][i] as number,
}))

/** Largest difference over the largest number, the worst of all tensors. */
const relativeError = (actual: TensorValues, expected: ReadonlyMap<string, ArrayLike<number>>): number =>
  Math.max(
    ...[...expected].map(([name, exact]) => {
      const own = actual.get(name) as Float32Array
      const largest = own.reduce((most, _, i) => Math.max(most, Math.abs(exact[i] as number)), 0)
      const error = own.reduce((most, g, i) => Math.max(most, Math.abs(g - (exact[i] as number))), 0)
      assert.isAbove(largest, 0, name)
      return error / largest
    }),
  )

const movement = (after: TensorValues, before: TensorValues): TensorValues =>
  new Map(
    [...after].map(([name, values]) => [
      name,
      values.map((value, i) => value - (before.get(name)?.[i] as number)),
    ]),
  )

const assertSameState = (actual: EngineState, expected: EngineState) => {
  assert.strictEqual(actual.step, expected.step)
  for (const part of ["parameters", "m", "v"] as const) {
    for (const [name, values] of expected[part]) assert.deepStrictEqual(actual[part].get(name), values, name)
  }
}

export const tfjsSuite = (flavour: Flavour): void => {
  const start = initialState(tinyModel, 11)
  let shared: Promise<TfjsEngine> | undefined
  /** The engine of this file, in the state that `withEngine` gives to a `wasm` engine. */
  const fresh = async (): Promise<TfjsEngine> => {
    shared ??= TfjsEngine.make(tinyModel, flavour)
    const engine = await shared
    await engine.setState(start)
    return engine
  }
  afterAll(async () => (await shared)?.close())

  policySuite(
    `the contract, by ${flavour}`,
    TfjsPolicyEngine.layer(encodeCheckpoint({ config: tinyModel, state: start }), flavour),
    {
      prompts: [
        [{ role: "user", content: "D a=a[1:] I [3,-4] O" }],
        [{ role: "user", content: "PD a=len(a) P" }],
      ],
    },
  )

  describe(`gradients by ${flavour}`, () => {
    for (const loss of losses) {
      it(`of ${loss._tag} agree with the reference in every tensor`, async () => {
        const engine = await fresh()
        const expected = reference(tinyModel, start.parameters, sequences, loss)
        const output = await engine.forwardBackward(sequences, loss)
        assert.closeTo(output.loss, expected.loss, 1e-5 * Math.abs(expected.loss))
        expected.logprobs.forEach((row, s) =>
          row.forEach((logprob, t) => assert.closeTo(output.logprobs[s]?.[t] as number, logprob, 1e-5)),
        )
        assert.isBelow(relativeError(await engine.gradient(), expected.gradient), 1e-5)
      })
    }

    // Both round in float32, in other orders: a few units of 6e-8, grown by sums of up to 80 terms.
    it("with entropy bonus and KL agree with the wasm engine", async () => {
      const engine = await fresh()
      await withEngine(tinyModel, 2, async (wasm) => {
        const loss = losses[2] as PolicyEngine.LossConfig
        const expected = await wasm.forwardBackward(sequences, loss, regularization)
        const output = await engine.forwardBackward(sequences, loss, regularization)
        assert.closeTo(output.loss, expected.loss, 1e-5 * Math.abs(expected.loss))
        assert.closeTo(output.entropy, expected.entropy, 1e-5)
        assert.closeTo(output.kl as number, expected.kl as number, 1e-5)
        assert.strictEqual(output.clippedShare, expected.clippedShare)
        assert.isAbove(expected.clippedShare, 0)
        assert.isBelow(relativeError(await engine.gradient(), await wasm.gradient()), 1e-5)
      })
    })
  })

  describe(`${flavour} beside wasm`, () => {
    // Adam divides by the gradient's own size, so an ε well above rounding keeps an element whose gradient is rounding
    // alone from moving by a full step in a direction of chance.
    it("moves the parameters alike over five updates", async () => {
      const engine = await fresh()
      await withEngine(tinyModel, 2, async (wasm) => {
        for (let step = 0; step < 5; step++) {
          const batch = sequences.slice(step)
          const loss = losses[step % losses.length] as PolicyEngine.LossConfig
          await engine.forwardBackward(batch, loss)
          await wasm.forwardBackward(batch, loss)
          const { gradNorm } = await wasm.optimStep(adam)
          assert.closeTo((await engine.optimStep(adam)).gradNorm, gradNorm, 1e-4 * gradNorm)
        }
        const [actual, expected] = [await engine.getState(), await wasm.getState()]
        assert.strictEqual(actual.step, 5)
        const moved = movement(expected.parameters, start.parameters)
        assert.isBelow(relativeError(movement(actual.parameters, start.parameters), moved), 2e-4)
        assert.isBelow(relativeError(actual.m, expected.m), 1e-3)
        assert.isBelow(relativeError(actual.v, expected.v), 1e-3)
      })
    })

    it("scores alike, also under the parameters of another policy", async () => {
      const engine = await fresh()
      const other = initialState(tinyModel, 12).parameters
      const tokens = sequences.map((sequence) => sequence.tokens)
      await withEngine(tinyModel, 2, async (wasm) => {
        const same = (
          actual: ReadonlyArray<ReadonlyArray<number>>,
          expected: ReadonlyArray<ReadonlyArray<number>>,
        ) =>
          expected.forEach((row, s) =>
            row.forEach((logprob, t) => assert.closeTo(actual[s]?.[t] as number, logprob, 1e-5)),
          )
        const own = await engine.logprobs(tokens)
        same(own, await wasm.logprobs(tokens))
        const theirs = await engine.logprobsUnder(other, tokens)
        same(theirs, await wasm.logprobsUnder(other, tokens))
        assert.notDeepEqual(theirs, own)
        assert.deepStrictEqual(await engine.logprobs(tokens), own)
      })
    })

    it("draws the same tokens from the same seeds", async () => {
      const engine = await fresh()
      await withEngine(tinyModel, 2, async (wasm) => {
        const expected = await wasm.sample(requests)
        const actual = await engine.sample(requests)
        const reasons = new Set(expected.flat().map(({ stopReason }) => stopReason))
        assert.strictEqual(reasons.size, 2)
        expected.flat().forEach((sample, i) => {
          const { logprobs, ...own } = actual.flat()[i] as PolicyEngine.Sample
          assert.deepStrictEqual(own, { tokens: sample.tokens, stopReason: sample.stopReason })
          sample.logprobs.forEach((logprob, t) => assert.closeTo(logprobs[t] as number, logprob, 1e-5))
        })
      })
    })

    it("takes over its state to the bit, and gives it back", async () => {
      const engine = await fresh()
      await withEngine(tinyModel, 2, async (wasm) => {
        await wasm.forwardBackward(sequences, { _tag: "crossEntropy" })
        await wasm.optimStep(adam)
        const state = await wasm.getState()
        await engine.setState(state)
        assertSameState(await engine.getState(), state)
      })
    })
  })

  describe("beside PyTorch", () => {
    torchSuite(flavour, async (use) => {
      const engine = await TfjsEngine.make(torchConfig, flavour)
      await use(engine)
      await engine.close()
    })
  })

  describe(`the ${flavour} engine`, () => {
    it("holds as many tensors after 1,000 updates as after one", async () => {
      const engine = await fresh()
      const tf = await loadTensorFlow(flavour)
      const update = async () => {
        await engine.forwardBackward([{ tokens: [1, 2], weights: [0, 1] }], { _tag: "crossEntropy" })
        await engine.optimStep(adam)
      }
      await update()
      const { numBytes, numTensors } = tf.memory()
      for (let i = 0; i < 1000; i++) await update()
      assert.deepStrictEqual({ ...tf.memory(), numBytes, numTensors }, tf.memory())
    }, 120_000)

    it("holds as many tensors after 20 rounds of everything as after one, and none when closed", async () => {
      const engine = await TfjsEngine.make(tinyModel, flavour)
      const tf = await loadTensorFlow(flavour)
      const round = async () => {
        await engine.setState(start)
        await engine.forwardBackward(
          sequences.slice(0, 2),
          losses[1] as PolicyEngine.LossConfig,
          regularization,
        )
        await engine.optimStep(adam)
        await engine.sample(
          requests.slice(0, 2).map((request) => ({ ...request, seeds: [1, 2], maxTokens: 3 })),
        )
        await engine.logprobs(prompts.slice(0, 2))
        await engine.logprobsUnder(start.parameters, prompts.slice(0, 2))
        await engine.gradient()
        await engine.getState()
        await rejects(engine.logprobs([[-1]]), InvalidRequest, "token -1")
        await engine.forwardBackward(broken.slice(0, 1), losses[1] as PolicyEngine.LossConfig)
        await rejects(engine.optimStep(adam), NonFiniteGradient, "norm")
      }
      const before = tf.memory().numTensors
      await round()
      const { numBytes, numTensors } = tf.memory()
      for (let i = 0; i < 20; i++) await round()
      assert.deepStrictEqual({ ...tf.memory(), numBytes, numTensors }, tf.memory())
      await engine.close()
      assert.isBelow(tf.memory().numTensors, before)
    })

    it("drops a gradient that is not finite and keeps the weights", async () => {
      const engine = await fresh()
      await engine.forwardBackward(broken, { _tag: "importanceSampling" })
      await rejects(engine.optimStep(adam), NonFiniteGradient, "norm")
      assertSameState(await engine.getState(), start)
      await engine.forwardBackward(sequences, { _tag: "crossEntropy" })
      assert.isTrue(Number.isFinite((await engine.optimStep(adam)).gradNorm))
    })

    it("does nothing with nothing", async () => {
      const engine = await fresh()
      assert.deepStrictEqual(await engine.sample([]), [])
      assert.deepStrictEqual(
        await engine.sample([{ prompt: [3], seeds: [], maxTokens: 1, temperature: 1 }]),
        [[]],
      )
      assert.deepStrictEqual(await engine.logprobs([[], [5]]), [[], [0]])
      const { loss, entropy } = await engine.forwardBackward([{ tokens: [4] }], { _tag: "crossEntropy" })
      assert.deepStrictEqual([loss, entropy], [0, 0])
    })

    it("leaves other events their turn", async () => {
      const engine = await fresh()
      let turns = 0
      const timer = setInterval(() => turns++, 1)
      const many = Array.from({ length: 64 }, () => sequences).flat()
      await engine.logprobs(many.map(({ tokens }) => tokens))
      clearInterval(timer)
      assert.isAbove(turns, 1)
    })

    it("fails every verb once it is closed", async () => {
      const engine = await TfjsEngine.make(tinyModel, flavour)
      await engine.setState(start)
      const running = engine.sample(requests)
      await Promise.all([rejects(running, Error, "closed"), engine.close()])
      await rejects(engine.logprobs([[1, 2]]), Error, "closed")
      await engine.close()
    })
  })
}

const rejects = async (promise: Promise<unknown>, kind: new () => Error, text: string): Promise<void> => {
  const cause = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.instanceOf(cause, kind)
  assert.include(cause.message, text)
}
