import { assert, describe, it } from "@effect/vitest"
import type { PolicyEngine } from "@azr/core"
import { type EngineState, GptEngine, InvalidRequest, NonFiniteGradient } from "../src/index.ts"
import { randomSequences, randomStream, tinyModel, withEngine } from "./fixtures.ts"

const adam: PolicyEngine.AdamConfig = {
  learningRate: 1e-2,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.01,
  gradClip: 1,
}
const crossEntropy: PolicyEngine.LossConfig = { _tag: "crossEntropy" }

/** Enough tokens for a dozen micro-shards, of lengths 1 to 48. */
const lengthStream = randomStream("lengths")
const batch = randomSequences(Array.from({ length: 250 }, () => lengthStream.integer(1, 48)))
const prompts = randomSequences([1, 3, 8, 9, 20, 20], "prompts").map((sequence) => sequence.tokens)
const requests: ReadonlyArray<PolicyEngine.SampleRequest> = prompts.map((prompt, i) => ({
  prompt,
  seeds: Array.from({ length: 3 + 20 * i }, (_, s) => 1000 * i + s),
  maxTokens: 20 + i,
  temperature: i === 1 ? 0 : 0.7 + 0.1 * i,
}))

const assertSameState = (actual: EngineState, expected: EngineState) => {
  assert.strictEqual(actual.step, expected.step)
  for (const part of ["parameters", "m", "v"] as const) {
    for (const [name, values] of expected[part]) assert.deepStrictEqual(actual[part].get(name), values, name)
  }
}

const trainAndSample = async (engine: GptEngine) => {
  const first = await engine.forwardBackward(batch.slice(0, 100), crossEntropy)
  const second = await engine.forwardBackward(batch.slice(100), { _tag: "importanceSampling" })
  const { gradNorm } = await engine.optimStep(adam)
  const scored = await engine.logprobs(batch.map((sequence) => sequence.tokens))
  const sampled = await engine.sample(requests)
  return { first, second, gradNorm, scored, sampled, state: await engine.getState() }
}

const trainTwiceAtOnce = (engine: GptEngine) => [
  engine.forwardBackward(batch, crossEntropy),
  engine.optimStep(adam),
  engine.forwardBackward(batch, crossEntropy),
  engine.optimStep(adam),
]

describe("worker threads", () => {
  it("change no bit of training, scoring or sampling", async () => {
    const alone = await withEngine(tinyModel, 1, trainAndSample)
    for (const workers of [2, 3]) {
      const { state, ...rest } = await withEngine(tinyModel, workers, trainAndSample)
      const { state: expectedState, ...expected } = alone
      assert.deepStrictEqual(rest, expected)
      assertSameState(state, expectedState)
    }
  })

  it("fail every verb once the engine is closed", async () => {
    const engine = await GptEngine.make(tinyModel, { workers: 2 })
    await engine.initialise(1)
    const running = engine.forwardBackward(batch, crossEntropy)
    await Promise.all([rejects(running, Error, "closed"), engine.close()])
    await rejects(engine.logprobs([[1, 2]]), Error, "closed")
  })
})

describe("the event loop", () => {
  it("turns while a verb runs", async () => {
    await withEngine(tinyModel, 1, async (engine) => {
      let turns = 0
      const timer = setInterval(() => turns++, 1)
      await engine.forwardBackward([...batch, ...batch, ...batch, ...batch], crossEntropy)
      clearInterval(timer)
      assert.isAbove(turns, 3)
    })
  })
})

describe("verbs", () => {
  it("called together run one after the other", async () => {
    const together = await withEngine(tinyModel, 2, async (engine) => {
      await Promise.all(trainTwiceAtOnce(engine))
      return engine.getState()
    })
    const apart = await withEngine(tinyModel, 2, async (engine) => {
      for (let i = 0; i < 2; i++) {
        await engine.forwardBackward(batch, crossEntropy)
        await engine.optimStep(adam)
      }
      return engine.getState()
    })
    assertSameState(together, apart)
  })

  it("do not depend on the order and company of sequences, log-probabilities to the bit", async () => {
    await withEngine(tinyModel, 2, async (engine) => {
      const tokens = batch.map((sequence) => sequence.tokens)
      const together = await engine.logprobs(tokens)
      const reversed = await engine.logprobs(tokens.toReversed())
      assert.deepStrictEqual(reversed.toReversed(), together)
      const alone = await engine.logprobs([tokens[17] as ReadonlyArray<number>])
      assert.deepStrictEqual(alone[0], together[17])
    })
  })

  it("of nothing do nothing", async () => {
    await withEngine(tinyModel, 2, async (engine) => {
      const before = await engine.getState()
      assert.deepStrictEqual(await engine.sample([]), [])
      assert.deepStrictEqual(
        await engine.sample([{ ...(requests[0] as PolicyEngine.SampleRequest), seeds: [] }]),
        [[]],
      )
      assert.deepStrictEqual(await engine.logprobs([]), [])
      assert.deepStrictEqual(await engine.logprobs([[], [5]]), [[], [0]])
      const empty = Array.from({ length: 2000 }, () => [])
      assert.deepStrictEqual(await engine.logprobs(empty), empty)
      const { loss, entropy } = await engine.forwardBackward(
        [{ tokens: [] }, { tokens: [4, 5, 6] }],
        crossEntropy,
      )
      assert.deepStrictEqual([loss, entropy], [0, 0])
      assert.strictEqual((await engine.optimStep({ ...adam, weightDecay: 0 })).gradNorm, 0)
      assertSameState(await engine.getState(), { ...before, step: 1 })
    })
  })
})

describe("learning", () => {
  it("memorises a batch, in memory that does not grow over 1,000 steps", async () => {
    await withEngine(tinyModel, 2, async (engine) => {
      const few = randomSequences([12, 9, 15, 7, 20]).map((sequence) => ({
        tokens: sequence.tokens,
        weights: sequence.tokens.map((_, t) => (t === 0 ? 0 : 1 / 58)),
      }))
      const losses: Array<number> = []
      const resident: Array<number> = []
      for (let step = 0; step < 1000; step++) {
        losses.push((await engine.forwardBackward(few, crossEntropy)).loss)
        await engine.optimStep(adam)
        if (step >= 50) resident.push(process.memoryUsage.rss())
      }
      assert.closeTo(losses[0] as number, Math.log(107), 0.5)
      assert.isBelow(losses.at(-1) as number, 0.05)
      const growth = (resident.at(-1) as number) - (resident[0] as number)
      assert.isBelow(growth, 64 * 2 ** 20)
    })
  })

  it("drops a gradient that is not finite and keeps the weights", async () => {
    await withEngine(tinyModel, 1, async (engine) => {
      const before = await engine.getState()
      const broken = randomSequences([9]).map((sequence) => ({
        ...sequence,
        weights: sequence.tokens.map((_, t) => (t === 0 ? 0 : 1e38)),
        advantages: sequence.tokens.map(() => 1e38),
      }))
      await engine.forwardBackward(broken, { _tag: "importanceSampling" })
      await rejects(engine.optimStep(adam), NonFiniteGradient, "norm")
      assertSameState(await engine.getState(), before)
      await engine.forwardBackward(batch, crossEntropy)
      assert.isTrue(Number.isFinite((await engine.optimStep(adam)).gradNorm))
    })
  })
})

describe("requests that cannot be honoured", () => {
  const request = requests[0] as PolicyEngine.SampleRequest
  const datum = { tokens: [1, 2, 3], weights: [0, 1, 1] }
  const refused: ReadonlyArray<readonly [string, (engine: GptEngine) => Promise<unknown>]> = [
    ["prompt is empty", (engine) => engine.sample([{ ...request, prompt: [] }])],
    ["token 107", (engine) => engine.sample([{ ...request, prompt: [107] }])],
    ["token 1.5", (engine) => engine.logprobs([[1.5]])],
    ["maxTokens 0", (engine) => engine.sample([{ ...request, maxTokens: 0 }])],
    ["exceed the context", (engine) => engine.sample([{ ...request, maxTokens: 48 }])],
    ["exceed the context", (engine) => engine.logprobs([Array.from({ length: 49 }, () => 3)])],
    ["temperature -1", (engine) => engine.sample([{ ...request, temperature: -1 }])],
    ["temperature 1e-40", (engine) => engine.sample([{ ...request, temperature: 1e-40 }])],
    ["seed -1", (engine) => engine.sample([{ ...request, seeds: [-1] }])],
    [
      "2 weights for 3 tokens",
      (engine) => engine.forwardBackward([{ ...datum, weights: [0, 1] }], crossEntropy),
    ],
    ["weights[0]", (engine) => engine.forwardBackward([{ ...datum, weights: [1, 1, 1] }], crossEntropy)],
    [
      "weights[2] is NaN",
      (engine) => engine.forwardBackward([{ ...datum, weights: [0, 1, NaN] }], crossEntropy),
    ],
    ["offset -1", (engine) => engine.forwardBackward([{ ...datum, positionOffset: -1 }], crossEntropy)],
    ["beta2 is 1", (engine) => engine.optimStep({ ...adam, beta2: 1 })],
    ["epsilon is 0", (engine) => engine.optimStep({ ...adam, epsilon: 0 })],
  ]
  it("are refused with the value that was wrong", async () => {
    await withEngine(tinyModel, 1, async (engine) => {
      for (const [text, run] of refused) await rejects(run(engine), InvalidRequest, text)
    })
  })
})

const rejects = async (promise: Promise<unknown>, kind: new () => Error, text: string): Promise<void> => {
  const cause = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.instanceOf(cause, kind)
  assert.include(cause.message, text)
}
