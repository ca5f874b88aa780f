import { PolicyEngine } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import {
  adam,
  connect,
  datum,
  importanceSampling,
  logged,
  openEngine,
  request,
  startToy,
  text,
  timing,
  tokenizer,
} from "./toy.ts"
import { detail, type Fault } from "./toyServer.ts"

describe("TinkerEngine", { timeout: 60_000 }, () => {
  it.live("says what it is, and throws the model away that it measured the server with", () =>
    Effect.gen(function* () {
      const server = yield* startToy({ reduction: "meanOfMeans" })
      const { capabilities } = yield* openEngine(server.url)
      assert.deepStrictEqual(capabilities, {
        backend: "tinker",
        description: `toy, LoRA of rank 4, SkyRL (JAX) at ${server.url}`,
        contextLength: 64,
        losses: ["crossEntropy", "importanceSampling", "ppo", "cispo"],
        regularizations: [],
        refuses: ["dualClip", "gradClip"],
        deterministic: false,
        sideBySide: true,
        samplesWhileLearning: false,
        parameters: 0,
      })
      assert.strictEqual(server.model.gradient.length, 0)
      assert.strictEqual(server.requests("unload_model").length, 1)
    }).pipe(Effect.scoped),
  )

  it.live("samples with the newest weights, saved once an update", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const engine = yield* openEngine(server.url)
      assert.strictEqual(server.requests("save_weights_for_sampler").length, 0)
      const [samples] = yield* engine.sample([request])
      assert.deepStrictEqual(
        samples,
        [0, 1, 2].fill(0).map(() => ({
          tokens: [0, 1, 2],
          logprobs: [-1, -1, -1],
          stopReason: "length" as const,
        })),
      )
      yield* engine.sample([request, { ...request, seeds: [] }])
      assert.strictEqual(server.requests("save_weights_for_sampler").length, 1)
      yield* engine.forwardBackward([datum], importanceSampling)
      yield* engine.optimStep(adam)
      yield* engine.sample([request])
      assert.strictEqual(server.requests("save_weights_for_sampler").length, 2)
      const asked = server.requests("asample").map(({ body }) => JSON.parse(body.toString()))
      assert.deepStrictEqual(
        asked.slice(0, 2).map(({ num_samples, sampling_params }) => [num_samples, sampling_params]),
        [
          [2, { max_tokens: 3, temperature: 1, stop: tokenizer.stopTokens, seed: 3 }],
          [1, { max_tokens: 3, temperature: 1, stop: tokenizer.stopTokens, seed: 9 }],
        ],
      )
    }).pipe(Effect.scoped),
  )

  it.live("samples from frozen weights while an update is under way, and after it", () =>
    Effect.gen(function* () {
      const server = yield* startToy({ metrics: { "loss:sum": 1 } })
      const engine = yield* openEngine(server.url)
      assert.isTrue(engine.capabilities.samplesWhileLearning)
      const frozen = yield* engine.frozenSampler
      // Not answered, so that the client has to ask again after its time.
      server.fail("optim_step", "hang")
      const learning = yield* Effect.forkChild(
        Effect.andThen(engine.forwardBackward([datum], importanceSampling), engine.optimStep(adam)),
      )
      yield* Effect.repeat(Effect.sleep("5 millis"), {
        until: () => server.requests("optim_step").at(-1)?.body.includes("0.001") === true,
      })
      const [during] = yield* frozen([request])
      assert.isUndefined(learning.pollUnsafe())
      yield* Fiber.join(learning)
      const [after] = yield* frozen([request])
      assert.lengthOf(during ?? [], 3)
      assert.deepStrictEqual(after, during)
      yield* engine.sample([request])
      const samplers = server
        .requests("asample")
        .map(({ body }) => String(JSON.parse(body.toString()).sampling_session_id).replace(/^.*_/u, ""))
      assert.deepStrictEqual(samplers, ["s0", "s0", "s0", "s0", "s1", "s1"])
    }).pipe(Effect.scoped),
  )

  it.live("has no frozen weights where a server samples from those that it trains", () =>
    Effect.gen(function* () {
      const server = yield* startToy({ reduction: "meanOfMeans" })
      const engine = yield* openEngine(server.url)
      assert.isFalse(engine.capabilities.samplesWhileLearning)
      const error = yield* Effect.flip(engine.frozenSampler)
      assert.include(error.message, "SkyRL (JAX) samples from the weights that it trains")
      assert.lengthOf(server.requests("save_weights_for_sampler"), 0)
    }).pipe(Effect.scoped),
  )

  it.live("samples again after all else that empties the engines of SkyRL that share its GPUs", () =>
    Effect.gen(function* () {
      const server = yield* startToy({ torch: { strategy: "fsdp", colocated: true } })
      const engine = yield* openEngine(server.url, { rank: 0, serverOptimizer: true })
      yield* engine.sample([request])
      const saved = yield* engine.save
      for (const between of [
        engine.logprobs([[1, 2]]),
        engine.forwardBackward([datum], importanceSampling),
        engine.save,
        engine.optimStep(adam),
        engine.save,
        engine.load(saved),
      ]) {
        yield* between
        const before = server.requests("save_weights_for_sampler").length
        yield* engine.sample([request])
        yield* engine.sample([request])
        assert.isAtMost(server.requests("save_weights_for_sampler").length, before + 1)
      }
    }).pipe(Effect.scoped),
  )

  it.live("keeps its samplers of LoRA adapters, which SkyRL wakes by itself", () =>
    Effect.gen(function* () {
      const server = yield* startToy({ torch: { strategy: "fsdp", colocated: true } })
      const engine = yield* openEngine(server.url, { serverOptimizer: true })
      const frozen = yield* engine.frozenSampler
      yield* engine.save
      yield* engine.forwardBackward([datum], importanceSampling)
      yield* frozen([request])
      yield* engine.optimStep(adam)
      yield* frozen([request])
      assert.lengthOf(server.requests("save_weights_for_sampler"), 1)
    }).pipe(Effect.scoped),
  )

  it.live("has no frozen weights, and no cispo, where SkyRL on GPUs has none", () =>
    Effect.gen(function* () {
      for (const colocated of [true, false]) {
        const server = yield* startToy({ torch: { strategy: "megatron", colocated } })
        const engine = yield* openEngine(server.url, { rank: 0, serverOptimizer: true })
        assert.isFalse(engine.capabilities.samplesWhileLearning)
        assert.include((yield* Effect.flip(engine.frozenSampler)).message, "policy.rank above 0")
        assert.deepStrictEqual(engine.capabilities.losses, ["crossEntropy", "importanceSampling", "ppo"])
        const cispo = { _tag: "cispo", clipLow: 0.2, clipHigh: 0.2 } as const
        const refused = yield* Effect.flip(engine.forwardBackward([datum], cispo))
        assert.include(refused.message, "loss cispo: SkyRL (FSDP or Megatron) has crossEntropy")
        yield* engine.forwardBackward([datum], { ...cispo, _tag: "ppo", dualClip: null })
        // Apart from its trainer, SkyRL samples of all parameters by a name that its engines do not know.
        const sample = yield* Effect.exit(engine.sample([request]))
        assert.strictEqual(Exit.isSuccess(sample), colocated)
        if (!colocated)
          assert.include(String(sample), "needs a server with trainer.placement.colocate_all true")
      }
    }).pipe(Effect.scoped),
  )

  it.live("tells by trying whether SkyRL on GPUs holds a reference policy as well", () =>
    Effect.gen(function* () {
      for (const [strategy, rank, holds] of [
        ["megatron", 4, true],
        ["megatron", 0, false],
        ["fsdp", 4, false],
        ["fsdp", 0, false],
      ] as const) {
        const server = yield* startToy({ torch: { strategy, colocated: true } })
        const engine = yield* openEngine(server.url, { rank, serverOptimizer: true })
        const saved = yield* engine.save
        assert.deepStrictEqual(engine.capabilities.refuses, holds ? ["dualClip"] : ["dualClip", "kl"])
        if (holds) {
          yield* engine.setReference(saved)
          assert.deepStrictEqual(yield* engine.referenceLogprobs([[1, 2]]), [[0, -1]])
        } else {
          const { message } = yield* Effect.flip(engine.setReference(saved))
          assert.include(message, "kl: SkyRL (FSDP or Megatron) as it was started holds no second model")
        }
        yield* engine.sample([request])
      }
    }).pipe(Effect.scoped),
  )

  describe("a server whose only model is held by a run that died", () => {
    const afterDeath = Effect.fnUntraced(function* (rank: number, sessionTimeout: number) {
      const server = yield* startToy({ torch: { strategy: "fsdp", colocated: true }, sessionTimeout })
      const client = yield* connect(server.url)
      // Its session ends without unloading anything.
      yield* Effect.scoped(
        Effect.flatMap(client.openSession, (session) =>
          session.createModel({ baseModel: "toy", rank, seed: 1 }),
        ),
      )
      return server
    })

    for (const [rank, message] of [
      [0, "SkyRLTrainBackend already has a 'policy' model"],
      [4, "NotImplementedError: FSDPPolicyWorkerBase.register_adapter is not implemented"],
    ] as const) {
      it.live(`is waited for, rank ${rank}`, () =>
        Effect.gen(function* () {
          const server = yield* afterDeath(rank, 2000)
          const { lines, value } = yield* logged(openEngine(server.url, { rank, serverOptimizer: true }))
          assert.lengthOf(lines, 1)
          assert.include(lines[0], `refuses: ${message}`)
          assert.include(lines[0], "waiting for up to 8s")
          yield* value.sample([request])
        }).pipe(Effect.scoped),
      )
    }

    it.live("is not waited for without end, nor until it cannot be interrupted", () =>
      Effect.gen(function* () {
        const server = yield* afterDeath(0, 60_000)
        const options = { rank: 0, serverOptimizer: true }
        const { lines, value } = yield* logged(
          Effect.flip(openEngine(server.url, { ...options, timing: { ...timing, room: "1 second" } })),
        )
        assert.lengthOf(lines, 1)
        assert.include(value.reason, "already has a 'policy' model")
        assert.include(value.hint, "its session has expired")
        const asked = server.requests("create_model").length
        const waiting = yield* Effect.forkChild(openEngine(server.url, options))
        yield* Effect.repeat(Effect.sleep("5 millis"), {
          until: () => server.requests("create_model").length > asked,
        })
        yield* Fiber.interrupt(waiting)
      }).pipe(Effect.scoped),
    )
  })

  it.live("refuses by name what the server does not honour", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const engine = yield* openEngine(server.url)
      const before = server.seen.length
      const ppo = { _tag: "ppo", clipLow: 0.2, clipHigh: 0.2, dualClip: null } as const
      const none = { entropy: 0, kl: null }
      const kl = { estimator: "k3", coefficient: 1 } as const
      for (const [asked, name] of [
        [engine.optimStep({ ...adam, gradClip: 1 }), "gradClip"],
        [engine.optimStep({ ...adam, beta1: 2 }), "beta1"],
        [engine.forwardBackward([datum], { ...ppo, dualClip: 3 }), "dualClip"],
        [engine.forwardBackward([{ ...datum, weights: [0, 0, -1, 0] }], ppo), "weights[2] is -1"],
        [engine.forwardBackward([datum], ppo, { ...none, entropy: 0.1 }), "entropy"],
        [engine.forwardBackward([datum], ppo, { ...none, kl }), "kl.in=reward"],
        [engine.sample([{ ...request, maxTokens: 63 }]), "context of 64"],
        [engine.load([]), "tinker.json"],
        [
          engine.load([{ name: "tinker.json", bytes: new TextEncoder().encode('{"format":') }]),
          "tinker.json",
        ],
      ] as const) {
        const error = yield* Effect.flip<unknown, PolicyEngine.PolicyError, never>(asked)
        assert.strictEqual(error._tag, "PolicyError")
        assert.include(error.message, name)
      }
      assert.strictEqual(server.seen.length, before)
    }).pipe(Effect.scoped),
  )

  it.live("takes a server's own optimizer only when told to", () =>
    Effect.gen(function* () {
      const server = yield* startToy({ metrics: { "total_loss:sum": 1 } })
      const error = yield* Effect.flip(openEngine(server.url))
      assert.include(error.reason, "beta1, beta2, epsilon, weightDecay and gradClip")
      assert.include(error.hint, "policy.serverOptimizer=true")
      const lenient = yield* openEngine(server.url, { serverOptimizer: true })
      assert.deepStrictEqual(yield* lenient.optimStep({ ...adam, gradClip: 1 }), { gradNorm: 0 })
    }).pipe(Effect.scoped),
  )

  it.live("clips gradients where the server does", () =>
    Effect.gen(function* () {
      const server = yield* startToy({ metrics: { "loss:sum": 1 } })
      const engine = yield* openEngine(server.url)
      yield* engine.optimStep({ ...adam, gradClip: 0.5 })
      const { body } = server.requests("optim_step").at(-1) ?? {}
      assert.strictEqual(JSON.parse(String(body)).adam_params.grad_clip_norm, 0.5)
    }).pipe(Effect.scoped),
  )

  it.live("refuses log-probabilities that are none", () =>
    Effect.gen(function* () {
      const server = yield* startToy({ logprob: 0 })
      const engine = yield* openEngine(server.url)
      yield* engine.sample([request])
      const long = { ...request, seeds: Array.from({ length: 30 }, (_, seed) => seed) }
      assert.include((yield* Effect.flip(engine.sample([long]))).message, "all are 0")
    }).pipe(Effect.scoped),
  )

  describe("saved policies", () => {
    it.live("are where the server keeps them, and load into a new model", () =>
      Effect.gen(function* () {
        const server = yield* startToy()
        const engine = yield* openEngine(server.url)
        const first = yield* engine.save
        assert.match(text(first), /^\{"format":"azr-tinker-1","path":"tinker:\/\/model_\w+\/weights\/v0-1",/u)
        assert.strictEqual(text(yield* engine.save), text(first))
        yield* engine.forwardBackward([datum], importanceSampling)
        yield* engine.optimStep(adam)
        const second = yield* engine.save
        assert.notStrictEqual(text(second), text(first))
        yield* engine.forwardBackward([datum], importanceSampling)
        const trained = server.model
        yield* engine.load(first)
        // What was not applied is cleared before the model goes: its place may be given to another.
        assert.strictEqual(trained.gradient.length, 0)
        assert.strictEqual(server.requests("unload_model").length, 2)
        assert.include(text(first), String(server.model.loaded))
        assert.strictEqual(text(yield* engine.save), text(first))
        const requests = server.seen.length
        yield* engine.load(first)
        assert.strictEqual(server.seen.length, requests)
      }).pipe(Effect.scoped),
    )

    it.live("that the server does not have, or of another model, are refused before anything changes", () =>
      Effect.gen(function* () {
        const server = yield* startToy()
        const engine = yield* openEngine(server.url)
        const saved = yield* engine.save
        const { model } = server
        const file = (change: object) => [
          {
            name: "tinker.json",
            bytes: new TextEncoder().encode(JSON.stringify({ ...JSON.parse(text(saved)), ...change })),
          },
        ]
        const gone = yield* Effect.flip(engine.load(file({ path: "tinker://a/weights/b" })))
        assert.match(gone.message, /Checkpoint not found.*tinker:\/\/a\/weights\/b/u)
        assert.include((yield* Effect.flip(engine.load(file({ rank: 8 })))).message, "rank 8")
        assert.include((yield* Effect.flip(engine.load(file({ model: "other" })))).message, "other")
        yield* engine.logprobs([[1, 2]])
        assert.strictEqual(server.model, model)
      }).pipe(Effect.scoped),
    )

    it.live("are the reference, on a model of its own", () =>
      Effect.gen(function* () {
        const server = yield* startToy()
        const engine = yield* openEngine(server.url)
        assert.include((yield* Effect.flip(engine.referenceLogprobs([[1, 2]]))).message, "setReference")
        yield* engine.setReference(yield* engine.save)
        assert.deepStrictEqual(yield* engine.referenceLogprobs([[1, 2], [1]]), [[0, -1], [0]])
        yield* engine.referenceLogprobs([[1, 2, 3]])
        assert.strictEqual(server.requests("load_weights").length, 1)
        server.restart()
        yield* engine.referenceLogprobs([[1, 2, 3]])
        assert.strictEqual(server.requests("load_weights").length, 2)
      }).pipe(Effect.scoped),
    )

    it.live("are saved under another name where the server may have heard the first", () =>
      Effect.gen(function* () {
        const server = yield* startToy()
        const engine = yield* openEngine(server.url)
        server.fail("save_weights", "breakAfter")
        assert.include(text(yield* engine.save), "/weights/v0-2")
      }).pipe(Effect.scoped),
    )
  })

  describe("a server that is started again", () => {
    it.live("gets the weights back where nothing was learned since they were saved", () =>
      Effect.gen(function* () {
        const server = yield* startToy()
        const engine = yield* openEngine(server.url)
        yield* engine.forwardBackward([datum], importanceSampling)
        yield* engine.optimStep(adam)
        const saved = yield* engine.save
        yield* engine.sample([request])
        for (const verb of [
          engine.sample([request]),
          engine.logprobs([[1, 2]]),
          Effect.andThen(engine.forwardBackward([datum], importanceSampling), engine.load(saved)),
        ]) {
          server.restart()
          yield* verb
          assert.include(text(saved), String(server.model.loaded))
        }
        server.restart()
        yield* engine.forwardBackward([datum], importanceSampling)
        yield* engine.optimStep(adam)
        assert.strictEqual(server.model.updates.length, 1)
        assert.strictEqual(server.model.updates[0]?.length, 1)
      }).pipe(Effect.scoped),
    )

    it.live("gets them back once for all that sample side by side", () =>
      Effect.gen(function* () {
        const server = yield* startToy()
        const engine = yield* openEngine(server.url)
        yield* engine.save
        yield* engine.sample([request])
        server.restart()
        const calls = Array.from({ length: 20 }, () => engine.sample([request]))
        const sets = yield* Effect.all(calls, { concurrency: "unbounded" })
        assert.strictEqual(sets.flat(2).length, 60)
        assert.strictEqual(server.requests("load_weights").length, 1)
        assert.strictEqual(server.models.size, 1)
      }).pipe(Effect.scoped),
    )

    it.live("gets the first weights again before anything was learned", () =>
      Effect.gen(function* () {
        const server = yield* startToy()
        const engine = yield* openEngine(server.url)
        yield* engine.logprobs([[1, 2]])
        server.restart()
        yield* engine.logprobs([[1, 2]])
        assert.isNull(server.model.loaded)
      }).pipe(Effect.scoped),
    )

    it.live("ends what learned since, and says how to go on", () =>
      Effect.gen(function* () {
        const server = yield* startToy()
        const engine = yield* openEngine(server.url)
        const saved = yield* engine.save
        yield* engine.forwardBackward([datum], importanceSampling)
        server.restart()
        const lost = yield* Effect.flip(engine.optimStep(adam))
        assert.deepInclude(lost, { _tag: "PolicyError", operation: "optimStep" })
        assert.include(lost.message, "azr resume")
        for (const verb of [engine.save, engine.sample([request]), engine.optimStep(adam)]) {
          assert.include(
            (yield* Effect.flip<unknown, PolicyEngine.PolicyError, never>(verb)).message,
            "azr resume",
          )
        }
        yield* engine.load(saved)
        yield* engine.forwardBackward([datum], importanceSampling)
        yield* engine.optimStep(adam)
        assert.strictEqual(server.model.updates.length, 1)
      }).pipe(Effect.scoped),
    )
  })

  it.live("an older server that may have taken a gradient gets no update", () =>
    Effect.gen(function* () {
      const server = yield* startToy({ wire: "json" })
      const engine = yield* openEngine(server.url)
      const saved = yield* engine.save
      server.fail("forward_backward", "breakAfter")
      const error = yield* Effect.flip(engine.forwardBackward([datum], importanceSampling))
      assert.include(error.message, "azr resume")
      const refused = yield* Effect.flip(engine.optimStep(adam))
      assert.include(refused.message, "not known")
      assert.deepStrictEqual(server.model.updates, [])
      yield* engine.load(saved)
      yield* engine.forwardBackward([datum], importanceSampling)
      yield* engine.optimStep(adam)
      assert.deepStrictEqual(
        server.model.updates.map((update) => update.length),
        [1],
      )
    }).pipe(Effect.scoped),
  )

  it.live("an update that is interrupted is not gone on from", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const engine = yield* openEngine(server.url)
      yield* engine.forwardBackward([datum], importanceSampling)
      server.fail("retrieve_future", "hang", "hang")
      const hanging = yield* Effect.forkChild(engine.optimStep(adam))
      yield* Effect.sleep("200 millis")
      yield* Fiber.interrupt(hanging)
      assert.include((yield* Effect.flip(engine.logprobs([[1, 2]]))).message, "not known")
    }).pipe(Effect.scoped),
  )

  describe("is unavailable, with a reason and what to do, where", () => {
    const cases: ReadonlyArray<
      readonly [what: string, route: string, fault: Fault, reason: RegExp, hint: string]
    > = [
      [
        "the key is wrong",
        "get_server_capabilities",
        detail(401, "Invalid API key"),
        /wants an API key/u,
        "TINKER_API_KEY",
      ],
      ["the key may not", "create_session", detail(403, "Forbidden"), /wants an API key/u, "TINKER_API_KEY"],
      [
        "a web page answers",
        "healthz",
        { headers: { "content-type": "text/html; charset=utf-8" }, body: "<html>" },
        /web page/u,
        "policy.url",
      ],
      [
        "nothing of the kind is there",
        "healthz",
        detail(404, "Not Found"),
        /does not have this route/u,
        "policy.url",
      ],
      [
        "the answer is cut",
        "get_server_capabilities",
        { body: '{"supported_models":[' },
        /cannot be read/u,
        "version",
      ],
    ]
    for (const [what, route, fault, reason, hint] of cases) {
      it.live(what, () =>
        Effect.gen(function* () {
          const server = yield* startToy()
          server.fail(route, fault)
          const error = yield* Effect.flip(openEngine(server.url))
          assert.strictEqual(error._tag, "BackendUnavailable")
          assert.match(error.reason, reason)
          assert.notInclude(error.reason, "\n")
          assert.include(error.hint, hint)
        }).pipe(Effect.scoped),
      )
    }

    it.live("settings do not fit the server", () =>
      Effect.gen(function* () {
        const server = yield* startToy()
        const told = (options: Parameters<typeof openEngine>[1]) =>
          Effect.flip(openEngine(server.url, options))
        const model = yield* told({ model: "Qwen/Qwen2.5-Coder-3B" })
        assert.include(model.reason, "does not have the model Qwen/Qwen2.5-Coder-3B")
        assert.strictEqual(model.hint, "policy.model is one of toy")
        const rank = yield* told({ rank: 99 })
        assert.include(rank.reason, "LoRA rank 99 must be between 1 and 8")
        assert.include(rank.hint, "policy.rank")
        const reduction = yield* told({ reduction: "meanOfMeans" })
        assert.include(reduction.reason, "the server's is sum")
        const silent = yield* startToy({ contextLength: null, gradNorm: false })
        assert.include((yield* Effect.flip(openEngine(silent.url))).hint, "policy.contextLength")
        const known = yield* openEngine(silent.url, {
          reduction: "sum",
          tokenizer: { ...tokenizer, contextLength: 32 },
        })
        assert.strictEqual(known.capabilities.contextLength, 32)
        const unclear = yield* Effect.flip(openEngine(silent.url, { contextLength: 64 }))
        assert.include(unclear.reason, "reduction")
        const engine = yield* openEngine(silent.url, { contextLength: 64, reduction: "sum" })
        assert.deepStrictEqual(yield* engine.optimStep(adam), { gradNorm: null })
      }).pipe(Effect.scoped),
    )

    it.live("nothing listens", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(openEngine("http://127.0.0.1:9"))
        assert.deepInclude(error, { _tag: "BackendUnavailable", backend: "tinker" })
        assert.match(error.reason, /cannot be reached/u)
        assert.include(error.hint, "azr serve-policy")
      }).pipe(Effect.scoped),
    )
  })

  it.live("takes its key from the environment, and never says it", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const secret = "tml-secret-of-mine"
      const engine = yield* openEngine(server.url, {}, { TINKER_API_KEY: secret })
      assert.isTrue(server.seen.every(({ headers }) => headers["x-api-key"] === secret))
      server.fail("asample", detail(403, "expired"))
      const error = yield* Effect.flip(engine.sample([{ ...request, seeds: [1] }]))
      assert.include(error.message, "refuses the API key in TINKER_API_KEY")
      const files = text(yield* engine.save)
      assert.notInclude(`${JSON.stringify([error, engine.capabilities])}${error.stack}${files}`, secret)
    }).pipe(Effect.scoped),
  )
})
