/** What a server keeps of its models and samplers, and for how long. */
import { assert, describe, it } from "@effect/vitest"
import { LocalBackends } from "@azr/trainer-gpu"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as PolicyServer from "../../src/servePolicy/PolicyServer.ts"
import { files, servedFolder } from "./server.ts"

const openServer = Effect.gen(function* () {
  const choice = yield* LocalBackends.choose("wasm", { workers: 1 })
  const server = yield* PolicyServer.make({
    name: "tiny",
    files,
    choice,
    folder: servedFolder(),
    models: 1,
    reduction: "sum",
    sessionTimeout: "1 minute",
  })
  const session = yield* server.createSession
  const create = (session_id: string) =>
    server.createModel({ session_id, base_model: "tiny", lora_config: { rank: 0, seed: 0 } })
  /** Two answers from a sampler, or from an address. */
  const answers = (address: string | null) =>
    server.sample(address, [
      {
        prompt: { chunks: [{ type: "encoded_text", tokens: [2, 14] }] },
        sampling_params: { max_tokens: 8, seed: 3 },
        num_samples: 2,
      },
    ])
  const answersOf = (sampler: string) => Effect.flatMap(server.addressOfSampler(sampler), answers)
  const learn = Effect.fnUntraced(function* (modelId: string) {
    const target_tokens = [14, 40, 41]
    yield* server.train({
      modelId,
      seqId: 0,
      forwardOnly: false,
      data: [{ tokens: [2, 14, 40], inputs: { target_tokens } }],
      lossFn: "cross_entropy",
      lossFnConfig: {},
    })
    yield* server.optimStep({ model_id: modelId, adam_params: { learning_rate: 0.05 } })
  })
  const isGone = (sampler: string) =>
    Effect.map(Effect.flip(server.addressOfSampler(sampler)), ({ status }) => assert.strictEqual(status, 404))
  return { server, session, create, answers, answersOf, learn, isGone }
})

describe("a policy server", { timeout: 60_000 }, () => {
  it.effect(
    "keeps the newest two samplers of a model, each with the weights of then, until it is unloaded",
    () =>
      Effect.gen(function* () {
        const { answersOf, create, isGone, learn, server, session } = yield* openServer
        const { modelId, open } = yield* create(session)
        yield* open
        const samplers: Array<string> = []
        const first: Array<unknown> = []
        for (let update = 0; update < 4; update++) {
          const sampler = yield* server.openSampler(modelId)
          samplers.push(sampler)
          first.push(yield* answersOf(sampler))
          yield* learn(modelId)
        }
        for (const sampler of samplers.slice(0, 2)) yield* isGone(sampler)
        assert.notDeepEqual(first[2], first[3])
        // One that was removed is none of the two.
        const removed = yield* server.openSampler(modelId)
        yield* server.remove(modelId, `sampler_weights/${removed}`)
        yield* isGone(samplers[2] ?? "")
        samplers.push(yield* server.openSampler(modelId))
        first.push(yield* answersOf(samplers[4] ?? ""))
        for (const index of [3, 4])
          assert.deepStrictEqual(yield* answersOf(samplers[index] ?? ""), first[index])
        yield* server.unload(modelId)
        for (const sampler of samplers) yield* isGone(sampler)
      }).pipe(Effect.scoped),
  )

  it.effect("keeps samplers of saved weights as long as their session, and no weights of theirs", () =>
    Effect.gen(function* () {
      const { answers, answersOf, create, isGone, learn, server, session } = yield* openServer
      const { modelId, open } = yield* create(session)
      yield* open
      const path = yield* server.saveForSamplers(modelId, "one")
      const named = yield* server.createSampler(session, null, path)
      const base = yield* server.createSampler(session, "tiny", null)
      const before = yield* answersOf(named)
      assert.deepStrictEqual(yield* answersOf(base), before)
      // Another model's weights under the same name, while the engine still holds those of before.
      yield* answersOf(named)
      yield* server.remove(modelId, "sampler_weights/one")
      yield* isGone(named)
      yield* learn(modelId)
      yield* server.saveForSamplers(modelId, "one")
      assert.notDeepEqual(yield* answers(path), before)
      assert.strictEqual((yield* Effect.flip(server.createSampler("none", "tiny", null))).status, 404)

      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(yield* server.closeOld, [modelId])
      yield* isGone(base)
    }).pipe(Effect.scoped),
  )

  it.effect("opens no model for a session that was closed while it waited for its turn", () =>
    Effect.gen(function* () {
      const { create, server, session } = yield* openServer
      const late = yield* create(session)
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(yield* server.closeOld, [])
      assert.strictEqual((yield* Effect.flip(late.open)).status, 404)
      // There is room for one.
      const { modelId, open } = yield* create(yield* server.createSession)
      yield* open
      yield* server.ensureModel(modelId)
    }).pipe(Effect.scoped),
  )
})
