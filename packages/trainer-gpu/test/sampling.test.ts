import { assert, describe, it } from "@effect/vitest"
import type { PolicyEngine } from "@azr/core"
import { type GptEngine, nanoModel } from "../src/index.ts"
import { randomSequences, tinyModel, withEngine } from "./fixtures.ts"

const prompts = randomSequences([1, 2, 7, 8, 9, 16, 17], "prompts").map((sequence) => sequence.tokens)
const stop = nanoModel.vocabulary.stops[0] as number

/** Log-probability of every token of the vocabulary after `tokens`. */
const nextLogprobs = async (
  engine: GptEngine,
  tokens: ReadonlyArray<number>,
): Promise<ReadonlyArray<number>> => {
  const all = Array.from({ length: nanoModel.vocabulary.pieces.length }, (_, token) => [...tokens, token])
  return (await engine.logprobs(all)).map((row) => row.at(-1) as number)
}

const request = (
  prompt: ReadonlyArray<number>,
  seeds: ReadonlyArray<number>,
): PolicyEngine.SampleRequest => ({
  prompt,
  seeds,
  maxTokens: 20,
  temperature: 1,
})

const largest = (values: ReadonlyArray<number>): number => values.indexOf(Math.max(...values))

describe("sampling", () => {
  it("with the cache gives, to the bit, the log-probabilities of a full pass", async () => {
    await withEngine(tinyModel, 2, async (engine) => {
      const samples = await engine.sample(
        prompts.map((prompt, i) => ({
          prompt,
          seeds: [i, i + 1, i + 2],
          maxTokens: 30,
          temperature: 0.5 + i / 5,
        })),
      )
      for (const [i, prompt] of prompts.entries()) {
        for (const { tokens, logprobs } of samples[i] ?? []) {
          const [full] = await engine.logprobs([[...prompt, ...tokens]])
          assert.deepStrictEqual(logprobs, full?.slice(prompt.length))
        }
      }
    })
  })

  it("at temperature 0 takes the likeliest token", async () => {
    await withEngine(tinyModel, 1, async (engine) => {
      const prompt = prompts[4] as ReadonlyArray<number>
      const [samples] = await engine.sample([{ prompt, seeds: [1, 2], maxTokens: 6, temperature: 0 }])
      const tokens = samples?.[0]?.tokens ?? []
      assert.deepStrictEqual(samples?.[1], samples?.[0])
      for (let t = 0; t < tokens.length; t++) {
        assert.strictEqual(tokens[t], largest(await nextLogprobs(engine, [...prompt, ...tokens.slice(0, t)])))
      }
    })
  })

  for (const temperature of [1, 0.5, 2]) {
    it(`at temperature ${temperature} follows the tempered distribution`, async () => {
      await withEngine(tinyModel, 2, async (engine) => {
        const prompt = prompts[2] as ReadonlyArray<number>
        const draws = 20_000
        const seeds = Array.from({ length: draws }, (_, seed) => seed)
        const [samples] = await engine.sample([{ prompt, seeds, maxTokens: 1, temperature }])
        const counts = new Float64Array(nanoModel.vocabulary.pieces.length)
        for (const { tokens } of samples ?? [])
          counts[tokens[0] as number] = (counts[tokens[0] as number] as number) + 1
        const tempered = (await nextLogprobs(engine, prompt)).map((logprob) =>
          Math.exp(logprob / temperature),
        )
        const total = tempered.reduce((sum, p) => sum + p, 0)
        // Pearson's statistic has mean V − 1 and variance about 2(V − 1); this is six deviations.
        const statistic = tempered.reduce((sum, p, token) => {
          const expected = (draws * p) / total
          return sum + ((counts[token] as number) - expected) ** 2 / expected
        }, 0)
        const freedom = tempered.length - 1
        assert.isBelow(statistic, freedom + 6 * Math.sqrt(2 * freedom))
      })
    })
  }

  it("depends on the seed alone, not on company", async () => {
    await withEngine(tinyModel, 2, async (engine) => {
      const together = await engine.sample(
        prompts.map((prompt) =>
          request(
            prompt,
            Array.from({ length: 100 }, (_, seed) => seed),
          ),
        ),
      )
      for (const [i, prompt] of prompts.entries()) {
        const alone = await engine.sample([request(prompt, [99]), request(prompt, [5])])
        assert.deepStrictEqual(alone[0]?.[0], together[i]?.[99])
        assert.deepStrictEqual(alone[1]?.[0], together[i]?.[5])
      }
      const texts = new Set(together[0]?.map((sample) => sample.tokens.join()))
      assert.isAbove(texts.size, 95)
    })
  })

  it("ends with the stop token or at maxTokens, and says which", async () => {
    await withEngine(tinyModel, 2, async (engine) => {
      const requests = prompts.map((prompt, i) => ({
        prompt,
        seeds: Array.from({ length: 60 }, (_, seed) => seed),
        maxTokens: 1 + 4 * i,
        temperature: 1,
      }))
      const reasons = new Set<string>()
      const samples = await engine.sample(requests)
      samples.forEach((row, i) => {
        for (const { tokens, logprobs, stopReason } of row) {
          reasons.add(stopReason)
          assert.strictEqual(logprobs.length, tokens.length)
          assert.notInclude(tokens.slice(0, -1), stop)
          assert.strictEqual(stopReason, tokens.at(-1) === stop ? "stop" : "length")
          if (stopReason === "length") assert.strictEqual(tokens.length, requests[i]?.maxTokens)
        }
      })
      assert.deepStrictEqual([...reasons].sort(), ["length", "stop"])
    })
  })

  it("fills the context to its last token", async () => {
    await withEngine(tinyModel, 1, async (engine) => {
      const prompt = prompts[5] as ReadonlyArray<number>
      const maxTokens = tinyModel.context - prompt.length
      const seeds = Array.from({ length: 40 }, (_, seed) => seed)
      const [samples] = await engine.sample([{ prompt, seeds, maxTokens, temperature: 1 }])
      const longest = samples?.find((sample) => sample.stopReason === "length")
      assert.isDefined(longest)
      const [full] = await engine.logprobs([[...prompt, ...longest.tokens]])
      assert.deepStrictEqual(longest.logprobs, full?.slice(prompt.length))
    })
  })
})
