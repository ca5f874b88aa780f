/** The nano policy and the nano tasks come from two packages that must speak one language. */
import { RandomStreams } from "@azr/core"
import { drawExample, recipes, vocabulary } from "@azr/env-python-wasm/nano"
import { PieceTokenizer, nanoModel } from "@azr/trainer-gpu"
import { assert, describe, it } from "@effect/vitest"

describe("the nano vocabulary", () => {
  it("is the same in the environment and in the model", () => {
    assert.deepStrictEqual(nanoModel.vocabulary.pieces, [...vocabulary])
  })

  it("writes every pretraining text, and decodes to it again", () => {
    const tokenizer = new PieceTokenizer(nanoModel.vocabulary)
    const random = new RandomStreams.RandomStreams(0).get("test")
    for (let i = 0; i < 2000; i++) {
      const { completion, prompt } = drawExample(recipes.f1, random)
      for (const text of [prompt, completion]) {
        const encoding = tokenizer.encode(text)
        if (encoding._tag !== "tokens") return assert.fail(text)
        assert.strictEqual(tokenizer.decode(encoding.tokens), text)
      }
    }
  })
})
