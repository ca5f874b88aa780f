/** What the server says to clients other than ours. */
import { mkdtempSync, readdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { startServer } from "./server.ts"

interface Answer {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- a foreign client trusts what it is told
  readonly body: any
}

const caller = (url: string) => {
  /** Gives the status. */
  const remove = (route: string) =>
    Effect.promise(async () => (await fetch(`${url}/api/v1/${route}`, { method: "DELETE" })).status)
  const call = (route: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
    Effect.promise(async (): Promise<Answer> => {
      const response = await fetch(`${url}/api/v1/${route}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      })
      return { status: response.status, body: await response.json() }
    })
  const result = (pending: Answer): Effect.Effect<Answer> =>
    Effect.repeat(call("retrieve_future", { request_id: pending.body.request_id }), {
      while: ({ status }) => status === 408,
    })
  return { call, remove, result }
}

const datum = (inputs: Record<string, ReadonlyArray<number>>) => ({
  model_input: { chunks: [{ type: "encoded_text", tokens: [2, 14, 40] }] },
  loss_fn_inputs: Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, { data }])),
})
const target_tokens = [14, 40, 41]

/** A model on a server that speaks JSON. */
const openModel = Effect.gen(function* () {
  const folder = mkdtempSync(join(tmpdir(), "azr-served-"))
  const url = yield* startServer({ wire: "json", models: 2, folder })
  const { call, remove, result } = caller(url)
  const session = yield* call("create_session", { tags: [], sdk_version: "x", type: "create_session" })
  const session_id: string = session.body.session_id
  const create = (rank: number, base_model = "tiny") =>
    Effect.flatMap(call("create_model", { session_id, base_model, lora_config: { rank } }), (created) =>
      Effect.map(result(created), ({ body, status }) => ({
        status,
        body,
        model_id: created.body.model_id as string,
      })),
    )
  return { call, remove, result, create, session, folder, model_id: (yield* create(8)).model_id }
})

describe("a policy server", { timeout: 120_000 }, () => {
  it.live("says that a rank makes no difference, and refuses what it does not have", () =>
    Effect.gen(function* () {
      const { create, session } = yield* openModel
      assert.include(session.body.info_message, "lora_config.rank makes no difference")
      assert.deepInclude(yield* create(-1), { status: 400, body: { detail: "rank -1 is below 0" } })
      assert.include((yield* create(8, "other")).body.detail, "has tiny, not other")
      assert.strictEqual((yield* create(0)).status, 200)
      assert.include((yield* create(8)).body.detail, "2 models are loaded")
    }).pipe(Effect.scoped),
  )

  it.live("refuses by name what it would not honour, and arrays that do not fit", () =>
    Effect.gen(function* () {
      const { call, model_id, result } = yield* openModel
      const train = (
        inputs: Record<string, ReadonlyArray<number>>,
        loss_fn: string,
        loss_fn_config?: object,
      ) =>
        Effect.flatMap(
          call("forward_backward", {
            model_id,
            forward_backward_input: { data: [datum(inputs)], loss_fn, loss_fn_config },
          }),
          result,
        )
      for (const [asked, detail] of [
        [train({}, "cross_entropy"), "datum 0: target_tokens are missing"],
        [train({ target_tokens }, "importance_sampling"), "advantages are missing"],
        [train({ target_tokens, weights: [1] }, "cross_entropy"), "1 weights for 3 tokens"],
        [train({ target_tokens: [14, 41, 41] }, "cross_entropy"), "target_tokens[1] is not the token"],
        [train({ target_tokens }, "grpo"), "loss_fn grpo: there are cross_entropy"],
        [train({ target_tokens }, "cross_entropy", { eps: 1 }), "loss_fn_config eps"],
      ] as const) {
        const { body, status } = yield* asked
        assert.strictEqual(status, 400)
        assert.include(body.detail, detail)
      }
      const prompt = { chunks: [{ type: "encoded_text", tokens: [2, 14] }] }
      const sample = (change: object, parameters: object = {}) =>
        call("asample", {
          prompt,
          base_model: "tiny",
          sampling_params: { max_tokens: 4, ...parameters },
          ...change,
        })
      for (const [asked, detail] of [
        [sample({ prompt_logprobs: true }), "prompt_logprobs"],
        [sample({}, { top_p: 0.5 }), "top_p"],
        [sample({}, { stop: ["a"] }), "stop of words"],
      ] as const) {
        assert.include((yield* asked).body.detail, detail)
      }
      const tooLong = yield* Effect.flatMap(sample({}, { max_tokens: 400 }), result)
      assert.include(tooLong.body.detail, "exceed the context of 48")
    }).pipe(Effect.scoped),
  )

  it.live("samples from the base, from what was saved, and up to a client's stop token", () =>
    Effect.gen(function* () {
      const { call, model_id, result } = yield* openModel
      const sample = (change: object) =>
        Effect.flatMap(
          call("asample", {
            prompt: { chunks: [{ type: "encoded_text", tokens: [2, 14] }] },
            sampling_params: { max_tokens: 8, seed: 3 },
            num_samples: 2,
            ...change,
          }),
          result,
        )
      const base = yield* sample({ base_model: "tiny" })
      const saved = yield* Effect.flatMap(call("save_weights_for_sampler", { model_id, path: "one" }), result)
      assert.strictEqual(saved.body.path, `tinker://${model_id}/sampler_weights/one`)
      assert.deepStrictEqual((yield* sample({ model_path: `tinker://${model_id}/one` })).body, base.body)
      const again = yield* Effect.flatMap(call("save_weights_for_sampler", { model_id, path: "one" }), result)
      assert.strictEqual(again.status, 409)
      const { tokens } = base.body.sequences[0]
      const stopped = yield* sample({
        base_model: "tiny",
        sampling_params: { max_tokens: 8, seed: 3, stop: [tokens[1]] },
      })
      const end = tokens.indexOf(tokens[1]) + 1
      assert.deepInclude(stopped.body.sequences[0], { tokens: tokens.slice(0, end), stop_reason: "stop" })
      for (const path of ["tinker://../weights/x", "tinker://model_00/weights/none"]) {
        const missing = yield* call("weights_info", { tinker_path: path })
        assert.strictEqual(missing.status, 404)
      }
    }).pipe(Effect.scoped),
  )

  it.live("removes saved weights from its disk, and those of samplers from its memory", () =>
    Effect.gen(function* () {
      const { call, folder, model_id, remove, result, session } = yield* openModel
      const place = `training_runs/${model_id}/checkpoints`
      for (const path of ["one", "two"]) {
        yield* Effect.flatMap(call("save_weights", { model_id, path }), result)
      }
      for (const [route, status] of [
        [`${place}/one`, 400],
        [`${place}/other/one`, 400],
        [`${place}/weights/..%2Fone`, 400],
        [`${place}/sampler_weights/one`, 404],
        ["training_runs/..%2F..%2Fx/checkpoints/weights/one", 404],
        [`${place}/weights/one`, 204],
        [`${place}/weights/one`, 404],
      ] as const) {
        assert.strictEqual(yield* remove(route), status, route)
      }
      const tinker_path = `tinker://${model_id}/weights/one`
      assert.strictEqual((yield* call("weights_info", { tinker_path })).status, 404)
      assert.deepStrictEqual(readdirSync(join(folder, model_id, "weights")), ["two"])

      const sample = (sampling_session_id: string) =>
        call("asample", {
          sampling_session_id,
          prompt: { chunks: [{ type: "encoded_text", tokens: [2, 14] }] },
          sampling_params: { max_tokens: 4 },
        })
      yield* Effect.flatMap(call("save_weights_for_sampler", { model_id, path: "kept" }), result)
      const own = yield* Effect.flatMap(call("save_weights_for_sampler", { model_id }), result)
      const open = (of: object) =>
        call("create_sampling_session", { session_id: session.body.session_id, ...of })
      const { body: base } = yield* open({ base_model: "tiny" })
      const { body: named } = yield* open({ model_path: `tinker://${model_id}/kept` })
      assert.isNull((yield* call(`samplers/${base.sampling_session_id}`)).body.model_path)
      for (const sampler of [own.body.sampling_session_id, named.sampling_session_id]) {
        assert.strictEqual((yield* sample(sampler)).status, 200)
        const { model_path } = (yield* call(`samplers/${sampler}`)).body
        assert.strictEqual(yield* remove(model_path.replace(`tinker://${model_id}`, place)), 204)
        assert.strictEqual((yield* sample(sampler)).status, 404)
        assert.strictEqual((yield* call(`samplers/${sampler}`)).status, 404)
      }
      assert.deepStrictEqual(readdirSync(join(folder, model_id, "sampler_weights")), [])
      assert.strictEqual((yield* sample(base.sampling_session_id)).status, 200)
    }).pipe(Effect.scoped),
  )

  it.live("says that weights are not there yet while they are still to be saved", () =>
    Effect.gen(function* () {
      const { call, model_id, remove, result } = yield* openModel
      // The answer to this takes its time, and what is saved after it waits.
      const training = yield* call("forward_backward", {
        model_id,
        forward_backward_input: {
          data: Array.from({ length: 400 }, () => datum({ target_tokens })),
          loss_fn: "cross_entropy",
        },
      })
      const saving = yield* call("save_weights", { model_id, path: "late" })
      const route = `training_runs/${model_id}/checkpoints/weights/late`
      assert.strictEqual(yield* remove(route), 425)
      yield* result(training)
      yield* result(saving)
      assert.strictEqual(yield* remove(route), 204)
    }).pipe(Effect.scoped),
  )

  it.live("does a request once a number, and keeps to it", () =>
    Effect.gen(function* () {
      const { call, model_id, result } = yield* openModel
      const step = (learning_rate: number) =>
        call("optim_step", { model_id, seq_id: 7, adam_params: { learning_rate } })
      const first = yield* step(0)
      assert.deepStrictEqual((yield* step(0)).body, first.body)
      assert.strictEqual((yield* step(1)).status, 409)
      assert.strictEqual((yield* result(first)).body.metrics["azr/grad_norm"], 0)
      const late = yield* call("load_weights", { model_id, path: "tinker://model_00/weights/none" })
      assert.strictEqual(late.status, 404)
    }).pipe(Effect.scoped),
  )

  it.live("answers what it cannot read with 422, what is not there with 404, and no page of a browser", () =>
    Effect.gen(function* () {
      const { call, model_id } = yield* openModel
      for (const [asked, status] of [
        [call("optim_step", "{"), 422],
        [call("optim_step", { model_id }), 422],
        [call("save_weights", { model_id, path: "../x" }), 422],
        [call("optim_step", { model_id: "model_00", adam_params: {} }), 404],
        [call("retrieve_future", { request_id: "99999" }), 404],
        [call("session_heartbeat", { session_id: "x" }), 404],
        [call("nothing", {}), 404],
        [call("get_info", { model_id }, { origin: "http://evil.example" }), 403],
      ] as const) {
        const answer = yield* asked
        assert.strictEqual(answer.status, status)
        assert.isString(answer.body.detail)
      }
    }).pipe(Effect.scoped),
  )

  it.live("closes a session that does not beat, with its models", () =>
    Effect.gen(function* () {
      const { call } = caller(yield* startServer({ sessionTimeout: "1 second" }))
      const { body } = yield* call("create_session", { tags: [], sdk_version: "x" })
      yield* Effect.sleep("3500 millis")
      assert.strictEqual((yield* call("session_heartbeat", { session_id: body.session_id })).status, 404)
    }).pipe(Effect.scoped),
  )
})
