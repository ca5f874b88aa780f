import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { TinkerClient, type TinkerError, type WireDatum } from "../src/index.ts"
import { connect, logged, startToy, timing } from "./toy.ts"
import { detail, type Fault, type ToyServer } from "./toyServer.ts"

const datum: WireDatum = {
  tokens: [4, 5, 6],
  inputs: { target_tokens: [5, 6, 7], logprobs: [0, -1, -2], advantages: [0, 0.5, -0.5] },
}
const training = { data: [datum], lossFn: "importance_sampling", lossFnConfig: {}, forwardOnly: false }
const adam = { learning_rate: 1e-3, beta1: 0.9, beta2: 0.95, eps: 1e-8, weight_decay: 0 }
const sampling = { prompt: [1, 2], maxTokens: 3, temperature: 1, stop: [1], seed: 7, samples: 2 }

const openModel = Effect.fnUntraced(function* (server: ToyServer) {
  const client = yield* connect(server.url)
  const session = yield* client.openSession
  return yield* session.createModel({ baseModel: "toy", rank: 4, seed: 1 })
})

describe("TinkerClient", { timeout: 60_000 }, () => {
  for (const wire of ["protobuf", "json"] as const) {
    it.live(`trains, samples, saves and loads in ${wire}`, () =>
      Effect.gen(function* () {
        const server = yield* startToy({ wire })
        const client = yield* connect(server.url)
        assert.strictEqual(client.format, wire)
        assert.deepStrictEqual(client.models, [{ name: "toy", contextLength: 64 }])
        const session = yield* client.openSession
        const model = yield* session.createModel({ baseModel: "toy", rank: 4, seed: 1 })
        const { outputs } = yield* model.forwardBackward(training)
        assert.deepStrictEqual(outputs, [{ logprobs: [-1, -1, -1] }])
        yield* model.forwardBackward({ ...training, forwardOnly: true })
        assert.include(yield* model.optimStep(adam), { "toy/grad_norm": 1 })
        assert.deepStrictEqual(server.model.updates[0]?.[0]?.data, [datum])
        const sampler = yield* model.sampler
        const sequences = yield* sampler.sample(sampling)
        assert.deepStrictEqual(
          sequences.map(({ tokens }) => tokens),
          [
            [0, 1, 2],
            [0, 1, 2],
          ],
        )
        const path = yield* model.save("one")
        assert.deepStrictEqual(yield* client.weightsInfo(path), { baseModel: "toy", rank: 4 })
        const second = yield* session.createModel({ baseModel: "toy", rank: 4, seed: 1 })
        yield* second.load(path)
        assert.strictEqual(server.model.loaded, path)
        yield* second.unload
      }).pipe(Effect.scoped),
    )
  }

  it.live("writes protobuf to whoever can read it, JSON to nobody else", () =>
    Effect.gen(function* () {
      // It reads JSON as well.
      const server = yield* startToy({ hosted: true })
      assert.strictEqual((yield* connect(server.url)).format, "protobuf")
      for (const [fault, format] of [
        [detail(404, "Model not found"), "protobuf"],
        [detail(400, "unknown model none"), "protobuf"],
        [detail(422, "model_id: none is not a model"), "protobuf"],
        [detail(403, "not your model"), "protobuf"],
        [detail(415, "application/json alone"), "json"],
        [detail(422, "body.0: JSON decode error"), "json"],
      ] as const) {
        server.fail("forward_backward", fault)
        assert.strictEqual((yield* connect(server.url)).format, format)
      }
      server.fail("forward_backward", detail(404, "Not Found"))
      assert.strictEqual((yield* Effect.flip(connect(server.url))).kind, "notTinker")
      const { body } = server.requests("forward_backward")[0] ?? assert.fail()
      assert.isTrue(body.every((byte) => byte < 128))
      assert.strictEqual(server.models.size, 0)
    }).pipe(Effect.scoped),
  )

  it.live("counts the models and the samplers of a session, whoever they belong to", () =>
    Effect.gen(function* () {
      const server = yield* startToy({ hosted: true })
      const client = yield* connect(server.url)
      const session = yield* client.openSession
      const create = session.createModel({ baseModel: "toy", rank: 4, seed: 1 })
      // An answer that is lost is asked for again under the same number.
      server.fail("create_model", "breakAfter")
      const models = [yield* create, yield* create]
      assert.deepStrictEqual(
        models.map(({ id }) => id),
        [0, 1].map((number) => `${session.id}:train:${number}`),
      )
      assert.deepStrictEqual([...server.models.keys()], [`${session.id}:train:0`, `${session.id}:train:1`])
      const samplers = yield* Effect.forEach([...models, ...models], ({ sampler }) => sampler)
      assert.strictEqual(new Set(samplers.map(({ id }) => id)).size, 4)
      const other = yield* client.openSession
      assert.strictEqual(
        (yield* other.createModel({ baseModel: "toy", rank: 4, seed: 1 })).id,
        `${other.id}:train:0`,
      )
      const nameless = { headers: { "content-type": "application/json" }, body: "{}" }
      server.fail("retrieve_future", nameless)
      const error = yield* Effect.flip(create)
      assert.deepInclude(error, { kind: "malformed", route: "create_model" })
    }).pipe(Effect.scoped),
  )

  it.live("sends many sequences in several requests, in order, and puts the results together", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const model = yield* openModel(server)
      const data = Array.from({ length: 2500 }, () => datum)
      const { outputs } = yield* model.forwardBackward({ ...training, data })
      assert.strictEqual(outputs.length, 2500)
      const [, ...sent] = server.requests("forward_backward")
      assert.strictEqual(sent.length, 3)
      const long = { tokens: Array.from({ length: 60_000 }, () => 1), inputs: {} }
      const whole = {
        ...long,
        inputs: Object.fromEntries(
          ["target_tokens", "logprobs", "advantages"].map((name) => [name, long.tokens.map(() => 0)]),
        ),
      }
      yield* model.forwardBackward({ ...training, data: Array.from({ length: 7 }, () => whole) })
      assert.strictEqual(server.requests("forward_backward").length, 1 + 3 + 3)
      assert.isBelow(Math.max(...server.requests("forward_backward").map(({ body }) => body.length)), 5e6)
    }).pipe(Effect.scoped),
  )

  it.live("refuses arrays that servers would fill up or take for zeros", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const model = yield* openModel(server)
      const before = server.seen.length
      for (const [inputs, message] of [
        [{ ...datum.inputs, advantages: [1] }, "1 advantages for 3 tokens"],
        [{ ...datum.inputs, logprobs: [0, Number.NaN, 0] }, "logprobs[1] is NaN"],
        [{ weights: [1, 1, 1] }, "target_tokens are missing"],
      ] as const) {
        const error = yield* Effect.flip(
          model.forwardBackward({ ...training, data: [datum, { ...datum, inputs }] }),
        )
        assert.deepInclude(error, { _tag: "TinkerError", kind: "refused", message: `datum 1: ${message}` })
      }
      assert.strictEqual(server.seen.length, before)
    }).pipe(Effect.scoped),
  )

  it.live("does nothing twice that the server has heard already", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const model = yield* openModel(server)
      for (const fault of ["breakAfter", "breakBefore", detail(500, "oh"), "hang"] as const) {
        server.fail("forward_backward", fault)
        server.fail("optim_step", fault)
        yield* model.forwardBackward(training)
        yield* model.optimStep(adam)
      }
      assert.deepStrictEqual(
        server.model.updates.map((update) => update.length),
        [1, 1, 1, 1],
      )
      // One that was asked for the body anew would have been refused by the server.
      assert.isAbove(server.requests("optim_step").length, 6)
    }).pipe(Effect.scoped),
  )

  it.live("an older server that may have heard a gradient is not told again", () =>
    Effect.gen(function* () {
      const server = yield* startToy({ wire: "json" })
      const model = yield* openModel(server)
      server.fail("forward_backward", "breakAfter")
      const error = yield* Effect.flip(model.forwardBackward(training))
      assert.deepInclude(error, { kind: "unreachable", mayHaveActed: true })
      assert.strictEqual(server.model.gradient.length, 1)
    }).pipe(Effect.scoped),
  )

  it.live("waits as long as a busy server asks it to", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const model = yield* openModel(server)
      const busy: Fault = { status: 429, headers: { "retry-after": "1" }, body: '{"detail":"slow down"}' }
      server.fail("optim_step", busy)
      const began = Date.now()
      yield* model.optimStep(adam)
      assert.isAtLeast(Date.now() - began, 1000)
      server.fail("optim_step", { ...busy, headers: { "retry-after": "60" } })
      const error = yield* Effect.flip(model.optimStep(adam))
      assert.deepInclude(error, { kind: "busy", status: 429, mayHaveActed: false })
      assert.include(error.message, "slow down")
    }).pipe(Effect.scoped),
  )

  it.live("asks three times more for a sample that failed, with the same words and seed", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const sampler = yield* (yield* openModel(server)).sampler
      const failed = detail(400, "Sampling failed for sample 0: ClientOSError: connection reset")
      const ofServer: Fault = {
        headers: { "content-type": "application/json" },
        body: '{"error":"a worker died","category":"server"}',
      }
      server.fail("retrieve_future", failed, ofServer, detail(410, "expired"))
      assert.lengthOf(yield* sampler.sample(sampling), 2)
      const asked = server.requests("asample").map(({ body }) => JSON.parse(body.toString()))
      assert.deepStrictEqual(
        asked.map(({ seq_id }) => seq_id),
        [1, 2, 3, 4],
      )
      for (const body of asked) assert.deepStrictEqual({ ...body, seq_id: 1 }, asked[0])

      server.fail("retrieve_future", failed, failed, failed, failed)
      assert.include((yield* Effect.flip(sampler.sample(sampling))).message, "connection reset")
      assert.lengthOf(server.requests("asample"), 8)
      // What is wrong with the request stays so.
      server.fail("asample", detail(400, "max_tokens must be above 0"))
      yield* Effect.flip(sampler.sample(sampling))
      server.fail("retrieve_future", { ...ofServer, body: '{"error":"too long","category":"user"}' })
      yield* Effect.flip(sampler.sample(sampling))
      assert.lengthOf(server.requests("asample"), 10)
    }).pipe(Effect.scoped),
  )

  it.live("asks again where a proxy refuses without a word", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const model = yield* openModel(server)
      const bare: Fault = { status: 400, body: "" }
      server.fail("optim_step", bare)
      server.fail("retrieve_future", bare, bare)
      yield* model.optimStep(adam)
      server.fail("save_weights", bare)
      assert.deepInclude(yield* Effect.flip(model.save("one")), { kind: "server", mayHaveActed: true })
    }).pipe(Effect.scoped),
  )

  it.live("waits while the account is paused, says so once, and not without end", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const model = yield* openModel(server)
      const unpaid = detail(402, "add funds to go on")
      server.fail("optim_step", unpaid, unpaid)
      server.fail("retrieve_future", unpaid)
      const { lines } = yield* logged(
        Effect.gen(function* () {
          const client = yield* connect(server.url)
          const session = yield* client.openSession
          const own = yield* session.createModel({ baseModel: "toy", rank: 4, seed: 1 })
          yield* Effect.all([own.optimStep(adam), own.sampler], { concurrency: "unbounded" })
        }),
      )
      assert.lengthOf(lines, 1)
      assert.include(lines[0], "has paused this account: add funds to go on (HTTP 402); waiting for up to 8s")

      const brief = yield* TinkerClient.make({ ...timing, pause: "1 second", url: server.url, key: null })
      server.fail("weights_info", ...Array.from({ length: 20 }, () => unpaid))
      const error = yield* Effect.flip(brief.weightsInfo("tinker://a"))
      assert.deepInclude(error, { kind: "unpaid", status: 402 })
      yield* model.optimStep(adam)
    }).pipe(Effect.scoped),
  )

  it.live("asks again while a result is not ready, and gives up in time", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const model = yield* openModel(server)
      server.fail(
        "retrieve_future",
        detail(408, "not ready"),
        "hang",
        { headers: { "content-type": "application/json" }, body: '{"type":"try_again","request_id":"1"}' },
        detail(503, "restarting"),
      )
      yield* model.optimStep(adam)
      server.fail("retrieve_future", ...Array.from({ length: 50 }, () => "hang" as const))
      const error = yield* Effect.flip(model.optimStep(adam))
      assert.deepInclude(error, { kind: "timeout", route: "optim_step", mayHaveActed: true })
      assert.match(error.message, /has no result of optim_step after/u)
    }).pipe(Effect.scoped),
  )

  it.live("can be interrupted while a result hangs", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const model = yield* openModel(server)
      server.fail("retrieve_future", "hang", "hang", "hang")
      const waiting = yield* Effect.forkChild(model.optimStep(adam))
      yield* Effect.sleep("100 millis")
      const began = Date.now()
      yield* Fiber.interrupt(waiting)
      assert.isBelow(Date.now() - began, 400)
    }).pipe(Effect.scoped),
  )

  it.live("beats while the session is open, and no longer", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const client = yield* connect(server.url)
      yield* Effect.scoped(Effect.andThen(client.openSession, Effect.sleep("300 millis")))
      const beats = server.requests("session_heartbeat").length
      assert.isAtLeast(beats, 2)
      yield* Effect.sleep("200 millis")
      assert.strictEqual(server.requests("session_heartbeat").length, beats)
    }).pipe(Effect.scoped),
  )

  it.live("sends the key to its own server alone, and never says it", () =>
    Effect.gen(function* () {
      const other = yield* startToy()
      const server = yield* startToy()
      const secret = "tml-secret-of-mine"
      const client = yield* connect(server.url, Redacted.make(secret))
      assert.isTrue(server.seen.every(({ headers }) => headers["x-api-key"] === secret))
      server.fail("weights_info", {
        status: 302,
        headers: { location: `${other.url}/api/v1/weights_info` },
        body: "",
      })
      const redirected = yield* Effect.flip(client.weightsInfo("tinker://a"))
      assert.deepInclude(redirected, { kind: "notTinker", status: 302 })
      assert.strictEqual(other.seen.length, 0)
      server.fail("weights_info", detail(403, "no"))
      const refused = yield* Effect.flip(client.weightsInfo("tinker://a"))
      assert.strictEqual(refused.kind, "key")
      for (const error of [redirected, refused]) {
        assert.notInclude(`${JSON.stringify(error)}${String(error)}${error.stack}`, secret)
      }
    }).pipe(Effect.scoped),
  )

  describe("says in one line what an answer is that it cannot use", () => {
    const cases: ReadonlyArray<readonly [what: string, fault: Fault, TinkerError["kind"], message: RegExp]> =
      [
        ["malformed JSON", { body: '{"request_id":' }, "malformed", /asample with what cannot be read/u],
        ["a number for a text", { body: '{"request_id":12}' }, "malformed", /Expected string.*request_id/u],
        ["a web page", { headers: { "content-type": "text/html" }, body: "<p>" }, "notTinker", /web page/u],
        ["a refusal", detail(400, "max_tokens\nmust be"), "refused", /max_tokens must be \(HTTP 400\)/u],
        [
          "FastAPI's words",
          {
            status: 422,
            headers: { "content-type": "application/json" },
            body: '{"detail":[{"loc":["body","stop",1],"msg":"bad int","input":"a"}]}',
          },
          "refused",
          /body\.stop\.1: bad int/u,
        ],
        ["another route", detail(404, "Not Found"), "notTinker", /does not have this route/u],
        ["a forgotten sampler", detail(404, "Sampling session not found"), "lost", /session not found/u],
      ]
    for (const [what, fault, kind, message] of cases) {
      it.live(what, () =>
        Effect.gen(function* () {
          const server = yield* startToy()
          const sampler = yield* (yield* openModel(server)).sampler
          server.fail("asample", fault)
          const error = yield* Effect.flip(sampler.sample(sampling))
          assert.strictEqual(error.kind, kind)
          assert.match(error.message, message)
          assert.notInclude(error.message, "\n")
        }).pipe(Effect.scoped),
      )
    }
  })

  describe("says in one line what a result is that it cannot use", () => {
    const encoded = (tokens: ReadonlyArray<number>, logprobs: ReadonlyArray<number>) => ({
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sequences: [0, 1].map(() => ({ stop_reason: "length", tokens, logprobs })) }),
    })
    const cases: ReadonlyArray<readonly [what: string, fault: Fault, TinkerError["kind"], message: RegExp]> =
      [
        [
          "truncated protobuf",
          { headers: { "content-type": "application/x-protobuf" }, body: Uint8Array.of(10, 54, 8, 1, 18) },
          "malformed",
          /asample with what cannot be read/u,
        ],
        ["too few log-probabilities", encoded([1, 2, 3], [-1]), "malformed", /1 logprobs for the 3 tokens/u],
        ["too many tokens", encoded([1, 2, 3, 4], [-1, -1, -1, -1]), "malformed", /has 4 tokens/u],
        ["no tokens", encoded([], []), "malformed", /has no tokens/u],
        ["a positive log-probability", encoded([1, 2, 3], [-1, 2, -1]), "malformed", /logprobs\[1\].* is 2/u],
        ["another count", { body: '{"sequences":[]}' }, "malformed", /0 sequences where 2 were asked for/u],
        ["a failure", { body: '{"error":"no slot","category":"user"}' }, "refused", /no slot/u],
        ["a failed request", detail(400, "LoRA rank 99 must be"), "refused", /rank 99/u],
        ["a stale request", detail(400, "Model m not loaded (likely stale request)"), "lost", /not loaded/u],
        ["an expired result", detail(410, "gone"), "lost", /forgotten/u],
      ]
    for (const [what, fault, kind, message] of cases) {
      it.live(what, () =>
        Effect.gen(function* () {
          const server = yield* startToy()
          const sampler = yield* (yield* openModel(server)).sampler
          server.fail("retrieve_future", fault, fault, fault, fault)
          const error = yield* Effect.flip(sampler.sample(sampling))
          assert.deepInclude(error, { kind, route: "asample" })
          assert.match(error.message, message)
          assert.notInclude(error.message, "\n")
        }).pipe(Effect.scoped),
      )
    }
  })

  it.live("an address that is none, or holds a password, is refused", () =>
    Effect.gen(function* () {
      for (const url of ["nonsense", "ftp://host", "http://me:secret@127.0.0.1:1"]) {
        assert.strictEqual((yield* Effect.flip(connect(url))).kind, "notTinker")
      }
      const error = yield* Effect.flip(connect("http://127.0.0.1:9"))
      assert.strictEqual(error.kind, "unreachable")
      assert.match(error.message, /^http:\/\/127\.0\.0\.1:9 cannot be reached: /u)
      assert.strictEqual(TinkerClient.defaultOptions.heartbeat, "10 seconds")
    }),
  )
})
