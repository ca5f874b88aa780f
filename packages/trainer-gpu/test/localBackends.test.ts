import { PolicyEngine } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { encodeCheckpoint, initialState, LocalBackends } from "../src/index.ts"
import { tinyModel } from "./fixtures.ts"

const files = encodeCheckpoint({ config: tinyModel, state: initialState(tinyModel, 3) })
const options = { workers: 1 }

// This process becomes one of tfjs-js with the first test, so on every machine there is no CUDA for the others.
describe("LocalBackends", () => {
  for (const name of ["tfjs-js", "wasm"] as const) {
    it.effect(`gives ${name} to who asks for it`, () =>
      Effect.gen(function* () {
        const choice = yield* LocalBackends.choose(name, options)
        const { capabilities, logprobs } = yield* PolicyEngine.PolicyEngine.pipe(
          Effect.provide(LocalBackends.layer(choice, files)),
        )
        assert.strictEqual(capabilities.backend, name)
        assert.strictEqual(choice.reason, "asked for")
        assert.isFunction(logprobs)
      }),
    )
  }

  it.effect("gives wasm to who leaves the choice, and says why", () =>
    Effect.gen(function* () {
      const { backend, reason } = yield* LocalBackends.choose("auto", options)
      assert.strictEqual(backend.name, "wasm")
      assert.strictEqual(reason, "no CUDA: this process runs TensorFlow.js as tfjs-js (OTHER_FLAVOUR_LOADED)")
    }),
  )

  it.effect("gives nothing in place of what was asked for", () =>
    Effect.gen(function* () {
      const problem = yield* Effect.flip(LocalBackends.choose("tfjs-node", options))
      assert.strictEqual(problem._tag, "BackendUnavailable")
      assert.strictEqual(problem.backend, "tfjs-node")
      assert.include(problem.reason, "(OTHER_FLAVOUR_LOADED)")
    }),
  )
})
