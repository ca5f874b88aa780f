import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Datum, PolicyEngine } from "../../src/PolicyEngine.ts"
import { ScriptedPolicy, scriptedLogprob, scriptedPolicy } from "../../src/testing/scriptedPolicy.ts"

const request = { seeds: [1], maxTokens: 100, temperature: 1 }
const adam = { learningRate: 1, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, gradClip: null }

describe("scriptedPolicy", () => {
  it.effect("says what its script says to prompt, seed and number of updates", () =>
    Effect.gen(function* () {
      const engine = yield* PolicyEngine
      const prompt = yield* engine.tokenizer.encodePrompt([
        { role: "system", content: "be 𝕏" },
        { role: "user", content: "hello" },
      ])
      const say = Effect.map(engine.sample([{ ...request, prompt, seeds: [1, 2] }]), (all) =>
        all.flat().map(({ tokens }) => engine.tokenizer.decode(tokens)),
      )
      assert.deepStrictEqual(yield* say, ["be 𝕏\n\nhello/1/0", "be 𝕏\n\nhello/2/0"])
      yield* engine.optimStep(adam)
      const saved = yield* engine.save
      assert.deepStrictEqual(yield* say, ["be 𝕏\n\nhello/1/1", "be 𝕏\n\nhello/2/1"])
      yield* engine.optimStep(adam)
      yield* engine.load(saved)
      assert.deepStrictEqual(yield* say, ["be 𝕏\n\nhello/1/1", "be 𝕏\n\nhello/2/1"])
      assert.lengthOf(yield* Effect.flatten(Effect.map(ScriptedPolicy, ({ prompts }) => prompts)), 3)
    }).pipe(Effect.provide(scriptedPolicy((prompt, seed, updates) => `${prompt}/${seed}/${updates}`))),
  )

  it.effect("text goes to tokens and back, and log-probabilities are one function of the token", () =>
    Effect.gen(function* () {
      const engine = yield* PolicyEngine
      for (const text of ["a", "12 + 3 = ?", "line\nline", "é ✓", "𝕏🙂", "\u{10ffff}"]) {
        const prompt = yield* engine.tokenizer.encodePrompt([{ role: "user", content: text }])
        assert.strictEqual(engine.tokenizer.decode(prompt), text)
        const [sample] = (yield* engine.sample([{ ...request, prompt }])).flat()
        const [scores] = yield* engine.logprobs([[...prompt, ...(sample?.tokens ?? [])]])
        assert.deepStrictEqual(sample?.logprobs, scores?.slice(prompt.length))
        assert.strictEqual(sample?.logprobs.at(-1), scriptedLogprob(0))
      }
    }).pipe(Effect.provide(scriptedPolicy((prompt) => prompt.slice(0, 5)))),
  )

  it.effect("is cut at maxTokens, its end included", () =>
    Effect.gen(function* () {
      const engine = yield* PolicyEngine
      const lengths = Effect.fnUntraced(function* (maxTokens: number) {
        const [sample] = (yield* engine.sample([{ ...request, prompt: [65], maxTokens }])).flat()
        return [sample?.tokens.length, sample?.stopReason]
      })
      assert.deepStrictEqual(yield* lengths(3), [3, "length"])
      assert.deepStrictEqual(yield* lengths(4), [4, "stop"])
      assert.deepStrictEqual(yield* lengths(9), [4, "stop"])
    }).pipe(Effect.provide(scriptedPolicy(() => "abc"))),
  )

  it.effect("remembers what it was taught, by update", () =>
    Effect.gen(function* () {
      const engine = yield* PolicyEngine
      const datum = (token: number): Datum => ({
        tokens: [token],
        weights: [0],
        advantages: [0],
        logprobs: [0],
      })
      yield* engine.forwardBackward([datum(1)], { _tag: "crossEntropy" })
      const regularization = { entropy: 0.5, kl: null }
      yield* engine.forwardBackward([datum(2), datum(3)], { _tag: "importanceSampling" }, regularization)
      yield* engine.optimStep(adam)
      yield* engine.forwardBackward([datum(4)], { _tag: "crossEntropy" })
      yield* engine.load(yield* engine.save)
      yield* engine.optimStep({ ...adam, learningRate: 2 })
      const { updates } = yield* ScriptedPolicy
      assert.deepStrictEqual(yield* updates, [
        {
          datums: [datum(1), datum(2), datum(3)],
          losses: [{ _tag: "crossEntropy" }, { _tag: "importanceSampling" }],
          regularizations: [null, regularization],
          adam,
        },
        { datums: [], losses: [], regularizations: [], adam: { ...adam, learningRate: 2 } },
      ])
    }).pipe(Effect.provide(scriptedPolicy(() => ""))),
  )

  it.effect("refuses files that it did not save", () =>
    Effect.gen(function* () {
      const engine = yield* PolicyEngine
      for (const files of [[], [{ name: "policy.json", bytes: new TextEncoder().encode("{}") }]]) {
        const error = yield* Effect.flip(engine.load(files))
        assert.deepStrictEqual([error._tag, error.operation], ["PolicyError", "load"])
      }
    }).pipe(Effect.provide(scriptedPolicy(() => ""))),
  )
})
