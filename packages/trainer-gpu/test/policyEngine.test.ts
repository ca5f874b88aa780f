import { PolicyEngine } from "@azr/core"
import { policySuite } from "@azr/core/testing"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { encodeCheckpoint, initialState, nanoModel, WasmPolicyEngine } from "../src/index.ts"
import { randomSequences, tinyModel } from "./fixtures.ts"

const files = encodeCheckpoint({ config: tinyModel, state: initialState(tinyModel, 3) })
const adam = { learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, gradClip: 1 }
const datums: ReadonlyArray<PolicyEngine.Datum> = randomSequences([9, 14]).map(
  ({ tokens, weights = [], advantages = [], logprobs = [] }) => ({ tokens, weights, advantages, logprobs }),
)
const prompt: PolicyEngine.Prompt = [
  { role: "system", content: "D a=a[1:]" },
  { role: "user", content: "I [3,-4] O" },
]

policySuite("the contract, by the wasm engine", WasmPolicyEngine.layer(files, { workers: 2 }), {
  prompts: [prompt, [{ role: "user", content: "PD a=len(a) P" }]],
})

describe("the wasm engine as a PolicyEngine", () => {
  layer(WasmPolicyEngine.layer(files, { workers: 2 }))((it) => {
    it.effect("says what it is", () =>
      Effect.gen(function* () {
        const { capabilities } = yield* PolicyEngine.PolicyEngine
        assert.deepStrictEqual(capabilities, {
          backend: "wasm",
          description: "GPT of 9456 parameters (2 layers, width 16, 2 heads), WASM SIMD, 2 threads",
          contextLength: 48,
          losses: ["crossEntropy", "importanceSampling", "ppo", "cispo"],
          regularizations: ["entropy", "kl"],
          deterministic: true,
          sideBySide: false,
          samplesWhileLearning: false,
          parameters: 9456,
        })
      }),
    )

    it.effect("reads prompts and writes responses", () =>
      Effect.gen(function* () {
        const { tokenizer, sample } = yield* PolicyEngine.PolicyEngine
        const tokens = yield* tokenizer.encodePrompt(prompt)
        const pieces = tokens.map((token) => nanoModel.vocabulary.pieces[token])
        assert.deepStrictEqual(pieces, ["D", "a=a[1:]", "I", "[", "3", "-4", "]", "O"])
        const [samples] = yield* sample([{ prompt: tokens, seeds: [1, 2], maxTokens: 8, temperature: 1 }])
        assert.strictEqual(samples?.length, 2)
        for (const { tokens: response } of samples ?? [])
          assert.notInclude(tokenizer.decode(response), "<eos>")
      }),
    )

    it.effect("fails with a PolicyError that names the verb and the value", () =>
      Effect.gen(function* () {
        const { tokenizer, sample, load } = yield* PolicyEngine.PolicyEngine
        const unreadable = yield* Effect.flip(tokenizer.encodePrompt([{ role: "user", content: "D b=a" }]))
        assert.strictEqual(unreadable.operation, "encodePrompt")
        assert.include(unreadable.message, 'character 2: "b=a"')
        const empty = yield* Effect.flip(sample([{ prompt: [], seeds: [1], maxTokens: 1, temperature: 1 }]))
        assert.deepInclude(empty, { _tag: "PolicyError", operation: "sample" })
        const other = encodeCheckpoint({ config: nanoModel, state: initialState(nanoModel, 1) })
        const refused = yield* Effect.flip(load(other))
        assert.deepInclude(refused, { _tag: "PolicyError", operation: "load" })
      }),
    )

    it.effect("saves, learns, loads and learns the same again", () =>
      Effect.gen(function* () {
        const engine = yield* PolicyEngine.PolicyEngine
        const learn = Effect.gen(function* () {
          const output = yield* engine.forwardBackward(datums, { _tag: "crossEntropy" })
          const step = yield* engine.optimStep(adam)
          return { output, step, scores: yield* engine.logprobs(datums.map((datum) => datum.tokens)) }
        })
        const before = yield* engine.save
        const first = yield* learn
        const after = yield* engine.save
        assert.notDeepEqual(after, before)
        yield* engine.load(before)
        assert.deepStrictEqual(yield* engine.save, before)
        assert.deepStrictEqual(yield* learn, first)
        assert.deepStrictEqual(yield* engine.save, after)
      }),
    )
  })

  it.effect("refuses files that are no policy", () =>
    Effect.gen(function* () {
      const broken = [{ name: "policy.safetensors", bytes: new Uint8Array(20) }]
      const error = yield* Effect.flip(
        Effect.scoped(Layer.build(WasmPolicyEngine.layer(broken, { workers: 1 }))),
      )
      assert.deepInclude(error, { _tag: "PolicyError", operation: "load" })
    }),
  )

  it.effect("is unavailable where it cannot run, with the reason and a hint", () =>
    Effect.gen(function* () {
      const open = (policy: ReadonlyArray<PolicyEngine.PolicyFile>, workers: number) =>
        Effect.flip(Effect.scoped(Layer.build(WasmPolicyEngine.layer(policy, { workers }))))
      const tooMany = yield* open(files, 65)
      assert.deepInclude(tooMany, {
        _tag: "BackendUnavailable",
        reason: "workers is 65, must be from 1 to 64",
      })
      const longModel = { ...tinyModel, context: 8192 }
      const long = encodeCheckpoint({ config: longModel, state: initialState(longModel, 1) })
      const tooLarge = yield* open(long, 8)
      assert.strictEqual(tooLarge._tag, "BackendUnavailable")
      assert.include(JSON.stringify(tooLarge), "WebAssembly has 4096 MiB")
    }),
  )
})
