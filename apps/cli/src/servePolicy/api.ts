/** The HTTP side of a policy server: the routes of the Tinker API. Whatever takes time is answered with a future. */
import { Messages, Protobuf, type TrainingRequest } from "@azr/trainer-tinker"
import { type Duration, Effect, Layer, Schedule, Schema, type Scope } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { sha256 } from "../sha256.ts"
import * as Futures from "./Futures.ts"
import type { PolicyServer } from "./PolicyServer.ts"
import * as Requests from "./requests.ts"
import { Refused } from "./requests.ts"

export interface ApiOptions {
  readonly name: string
  /** How training requests and results are written: `protobuf` as today's SDK does, `json` as those before 0.25. */
  readonly wire: "protobuf" | "json"
  /** How long a client waits for a result before it has to ask again. */
  readonly poll: Duration.Input
}

type Job =
  | {
      readonly _tag: "sample"
      readonly address: string | null
      readonly request: typeof Requests.Sample.Type
    }
  | { readonly _tag: "other"; readonly run: Effect.Effect<Futures.Result, Refused> }

const json = (value: unknown): Futures.Result => ({ json: value, protobuf: null })
const samplerSaved = (path: string | null, sampler: string | null): Futures.Result =>
  json({ path, sampling_session_id: sampler, type: "save_weights_for_sampler" })

/** Of a model's requests: the same number again is the same request again. */
interface Numbered {
  readonly digest: string
  readonly requestId: string
}

export const make = Effect.fn("servePolicy.api")(function* (
  server: PolicyServer,
  options: ApiOptions,
): Effect.fn.Return<Layer.Layer<never, never, HttpRouter.HttpRouter>, never, Scope.Scope> {
  const protobuf = (bytes: Uint8Array) => (options.wire === "protobuf" ? bytes : null)
  const futures = yield* Futures.make<Job>({
    poll: options.poll,
    joins: (before, job) =>
      before._tag === "sample" && job._tag === "sample" && before.address === job.address,
    run: (jobs) => {
      const [first] = jobs
      if (first?._tag !== "sample")
        return first === undefined ? Effect.succeed([]) : Effect.map(first.run, (result) => [result])
      const requests = jobs.flatMap((job) => (job._tag === "sample" ? [job.request] : []))
      return Effect.map(server.sample(first.address, requests), (results) =>
        results.map((result) => ({ json: result, protobuf: protobuf(Protobuf.encodeSampleResult(result)) })),
      )
    },
  })
  /** By model and number. */
  const numbered = new Map<string, Map<number, Numbered>>()

  const submit = (run: Effect.Effect<Futures.Result, Refused>) => {
    const request_id = futures.submit({ _tag: "other", run })
    return { future_id: request_id, request_id, status: "pending" }
  }
  /** In the order of requests, so that no model goes while it works. */
  const unload = (model_id: string) =>
    submit(
      Effect.map(server.unload(model_id), () => {
        numbered.delete(model_id)
        return json({ model_id, status: "unloaded", type: "unload_model" })
      }),
    )
  const closeOld = Effect.map(server.closeOld, (models) => models.forEach(unload))
  yield* Effect.forkScoped(Effect.repeat(closeOld, Schedule.spaced("1 second")))
  /** Once a number; the same again is answered as before. */
  const once = (
    model: string,
    seqId: number | null | undefined,
    body: Uint8Array,
    run: Effect.Effect<Futures.Result, Refused>,
  ) =>
    Effect.suspend(() => {
      if (seqId === 0 || seqId === null || seqId === undefined) return Effect.succeed(submit(run))
      const digest = sha256(body)
      const requests = numbered.get(model) ?? new Map<number, Numbered>()
      const before = requests.get(seqId)
      if (before !== undefined) {
        return before.digest === digest
          ? Effect.succeed({ future_id: before.requestId, request_id: before.requestId, status: "pending" })
          : Effect.fail(new Refused({ status: 409, message: "Training request sequence number was reused" }))
      }
      const pending = submit(run)
      numbered.set(model, requests.set(seqId, { digest, requestId: pending.request_id }))
      return Effect.succeed(pending)
    })

  const train = (request: TrainingRequest, body: Uint8Array) =>
    Effect.andThen(
      server.ensureModel(request.modelId),
      once(
        request.modelId,
        request.seqId,
        body,
        Effect.map(server.train(request), (output) => ({
          json: Messages.trainingResult(output),
          protobuf: protobuf(Protobuf.encodeTrainingOutput(output)),
        })),
      ),
    )

  const forwardBackward = Effect.gen(function* () {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const isProtobuf = (headers["content-type"] ?? "").includes(Protobuf.contentType)
    const body = yield* readBody
    if (options.wire === "protobuf") {
      if (!isProtobuf) {
        const message = `forward_backward requires a ${Protobuf.contentType} body (tinker SDK >= 0.25.0)`
        return yield* new Refused({ status: 415, message })
      }
      const request = yield* Effect.try({
        try: () => Protobuf.decodeTrainingRequest(body),
        catch: (cause) => new Refused({ status: 422, message: `body: ${String(cause)}` }),
      })
      return yield* train(request, body)
    }
    return yield* train(Messages.readTrainingRequest(yield* decode(Messages.ForwardBackward, body)), body)
  })

  const retrieve = Effect.gen(function* () {
    const { request_id } = yield* decode(Messages.RetrieveFuture, yield* readBody)
    const result = yield* futures.retrieve(request_id)
    if (result === null) return HttpServerResponse.jsonUnsafe({ detail: "Timeout" }, { status: 408 })
    return result.protobuf === null
      ? HttpServerResponse.jsonUnsafe(result.json)
      : HttpServerResponse.uint8Array(result.protobuf, { contentType: Protobuf.contentType })
  })

  const asample = on(Requests.Sample, (request) =>
    Effect.gen(function* () {
      yield* server.checkSample(request)
      const { base_model = null, model_path = null, sampling_session_id = null } = request
      const address = yield* sampling_session_id === null
        ? server.addressOfWeights(base_model, model_path)
        : server.addressOfSampler(sampling_session_id)
      const request_id = futures.submit({ _tag: "sample", address, request })
      return { future_id: request_id, request_id, status: "pending" }
    }),
  )

  return Layer.mergeAll(
    get("healthz", { status: "ok" }),
    get("get_server_capabilities", {
      supported_models: [{ model_name: options.name, max_context_length: server.contextLength }],
    }),
    post(
      "client/config",
      on(Schema.Struct({}), () => Effect.succeed({ pjwt_auth_enabled: false })),
    ),
    post(
      "telemetry",
      on(Schema.Struct({}), () => Effect.succeed({ status: "accepted" })),
    ),
    post(
      "create_session",
      on(Messages.CreateSession, () =>
        Effect.map(server.createSession, (session_id) => ({
          type: "create_session",
          session_id,
          info_message: "every parameter is trained: lora_config.rank makes no difference here",
          warning_message: null,
          error_message: null,
        })),
      ),
    ),
    post(
      "session_heartbeat",
      on(Messages.SessionHeartbeat, ({ session_id }) =>
        Effect.as(server.beat(session_id), { type: "session_heartbeat" }),
      ),
    ),
    post(
      "create_model",
      on(Messages.CreateModel, (request) =>
        Effect.map(server.createModel(request), ({ modelId, open }) => {
          const { base_model, lora_config } = request
          const result = { model_id: modelId, base_model, lora_config }
          return { ...result, ...submit(Effect.as(open, json(result))), status: "created" }
        }),
      ),
    ),
    post(
      "get_info",
      on(Requests.OfModel, ({ model_id }) =>
        Effect.as(server.ensureModel(model_id), {
          model_id,
          status: "created",
          model_data: { base_model: options.name, model_name: options.name, lora_config: { rank: 0 } },
        }),
      ),
    ),
    post(
      "unload_model",
      on(Requests.OfModel, ({ model_id }) =>
        Effect.map(server.ensureModel(model_id), () => ({ model_id, ...unload(model_id) })),
      ),
    ),
    post("forward_backward", respond(forwardBackward)),
    ...(options.wire === "json"
      ? [
          post(
            "forward",
            respond(
              Effect.gen(function* () {
                const body = yield* readBody
                return yield* train(Messages.readTrainingRequest(yield* decode(Messages.Forward, body)), body)
              }),
            ),
          ),
        ]
      : []),
    post(
      "optim_step",
      respond(
        Effect.gen(function* () {
          const body = yield* readBody
          const request = yield* decode(Requests.OptimStep, body)
          yield* server.ensureModel(request.model_id)
          const update = Effect.map(server.optimStep(request), (metrics) => json({ metrics }))
          return yield* once(request.model_id, request.seq_id, body, update)
        }),
      ),
    ),
    post(
      "save_weights",
      on(Requests.SaveWeights, ({ model_id, path }) =>
        Effect.map(server.ensureModel(model_id), () =>
          submit(
            Effect.map(server.save(model_id, path), (saved) => json({ path: saved, type: "save_weights" })),
          ),
        ),
      ),
    ),
    post(
      "load_weights",
      on(Requests.LoadWeights, ({ model_id, optimizer, path }) =>
        Effect.map(Effect.andThen(server.ensureModel(model_id), server.isSaved(path)), () =>
          submit(Effect.as(server.load(model_id, path, optimizer ?? true), json({ type: "load_weights" }))),
        ),
      ),
    ),
    post(
      "weights_info",
      on(Messages.WeightsInfoRequest, ({ tinker_path }) =>
        Effect.as(server.isSaved(tinker_path), { base_model: options.name, is_lora: false, lora_rank: null }),
      ),
    ),
    post(
      "save_weights_for_sampler",
      on(Requests.SaveForSampler, ({ model_id, path }) =>
        Effect.map(server.ensureModel(model_id), () =>
          submit(
            typeof path === "string"
              ? Effect.map(server.saveForSamplers(model_id, path), (saved) => samplerSaved(saved, null))
              : Effect.map(server.openSampler(model_id), (sampler) => samplerSaved(null, sampler)),
          ),
        ),
      ),
    ),
    post(
      "create_sampling_session",
      on(Requests.CreateSamplingSession, ({ base_model, model_path, session_id }) =>
        Effect.map(
          server.createSampler(session_id, base_model ?? null, model_path ?? null),
          (sampling_session_id) => ({ type: "create_sampling_session", sampling_session_id }),
        ),
      ),
    ),
    HttpRouter.add(
      "GET",
      "/api/v1/samplers/:sampler",
      respond(
        Effect.gen(function* () {
          const { sampler = "" } = yield* HttpRouter.params
          const model_path = yield* server.addressOfSampler(sampler)
          return { sampler_id: sampler, base_model: options.name, model_path }
        }),
      ),
    ),
    HttpRouter.add(
      "DELETE",
      "/api/v1/training_runs/:run/checkpoints/*",
      Effect.gen(function* () {
        const { "*": checkpoint = "", run = "" } = yield* HttpRouter.params
        yield* server.remove(run, checkpoint)
        return HttpServerResponse.empty({ status: 204 })
      }).pipe(Effect.catchTag("Refused", refused)),
    ),
    post("asample", asample),
    post("retrieve_future", Effect.catchTag(retrieve, "Refused", refused)),
    HttpRouter.add("*", "/*", HttpServerResponse.jsonUnsafe({ detail: "Not Found" }, { status: 404 })),
  )
})

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest>

const get = (route: string, body: unknown) =>
  HttpRouter.add("GET", `/api/v1/${route}`, HttpServerResponse.jsonUnsafe(body))
const post = (route: string, answer: Answer) => HttpRouter.add("POST", `/api/v1/${route}`, answer)

const refused = ({ message, status }: Refused) =>
  Effect.succeed(HttpServerResponse.jsonUnsafe({ detail: message }, { status }))

const respond = <R>(answer: Effect.Effect<unknown, Refused, R>) =>
  answer.pipe(
    Effect.map((body) => HttpServerResponse.jsonUnsafe(body)),
    Effect.catchTag("Refused", refused),
  )

/** Answers a JSON request of a schema. */
const on = <A>(schema: Schema.Decoder<A>, handle: (request: A) => Effect.Effect<unknown, Refused>): Answer =>
  respond(
    Effect.flatMap(
      Effect.flatMap(readBody, (body) => decode(schema, body)),
      handle,
    ),
  )

const readBody = HttpServerRequest.HttpServerRequest.pipe(
  Effect.flatMap((request) => request.arrayBuffer),
  Effect.mapBoth({
    onSuccess: (buffer) => new Uint8Array(buffer),
    onFailure: () => new Refused({ status: 422, message: "body: cannot be read" }),
  }),
)

const decode = <A>(schema: Schema.Decoder<A>, body: Uint8Array): Effect.Effect<A, Refused> =>
  Effect.mapError(
    Schema.decodeEffect(Schema.fromJsonString(schema))(new TextDecoder().decode(body)),
    ({ message }) => new Refused({ status: 422, message: `body: ${message.replace(/\s+/gu, " ")}` }),
  )
