/**
 * A client of the Tinker API: a session with its heartbeat, models, samplers, and the futures behind every verb.
 *
 * Order matters to a server: requests of one model are sent one after the other, each when the one before was accepted; their results
 * are waited for together. `seq_id` counts them, so that one that is sent again is not done again, where the server knows it.
 */
import { Config, type Duration, Effect, Option, Schedule, type Scope, Semaphore } from "effect"
import { FetchHttpClient, type HttpClient } from "effect/http"
import * as Routes from "./Routes.ts"
import { TinkerError } from "./TinkerError.ts"
import * as Transport from "./Transport.ts"
import { datumProblem, outputsProblem, samplesProblem } from "./wire/checks.ts"
import * as Messages from "./wire/messages.ts"
import * as Protobuf from "./wire/protobuf.ts"
import type { TrainingOutput, TrainingRequest, WireDatum } from "./wire/training.ts"

export interface ClientOptions extends Pick<
  Transport.TransportOptions,
  "url" | "key" | "patience" | "pause"
> {
  /** How long one question for a result may wait for its answer; then it is asked again. */
  readonly poll: Duration.Input
  /** How long a result may take altogether. */
  readonly result: Duration.Input
  readonly heartbeat: Duration.Input
  /** How long a model is waited for while others hold all that the server has room for. */
  readonly room: Duration.Input
}

export const defaultOptions: Omit<ClientOptions, "url" | "key"> = {
  patience: "2 minutes",
  pause: "1 hour",
  poll: "1 minute",
  result: "1 hour",
  heartbeat: "10 seconds",
  // SkyRL ends a session 5 to 6 minutes after its last beat.
  room: "7 minutes",
}

/** How training requests are written. Servers that take `protobuf` know a `seq_id` again, older ones do not. */
export type WireFormat = "protobuf" | "json"

export interface SupportedModel {
  readonly name: string
  /** In tokens; null where the server does not say. */
  readonly contextLength: number | null
}

export interface SamplingRequest {
  readonly prompt: ReadonlyArray<number>
  readonly maxTokens: number
  readonly temperature: number
  readonly stop: ReadonlyArray<number>
  /** Sample i has seed + i. */
  readonly seed: number
  readonly samples: number
}

/** A sampling handle: the weights of a model when it was made. */
export interface Sampler {
  readonly id: string
  readonly sample: (
    request: SamplingRequest,
  ) => Effect.Effect<Messages.SampleResult["sequences"], TinkerError>
  /** Removes what the server keeps of its weights. */
  readonly remove: Effect.Effect<void, TinkerError>
}

/** One model on the server, with its own count of requests. */
export interface Model {
  readonly id: string
  readonly forwardBackward: (
    request: Omit<TrainingRequest, "modelId" | "seqId">,
  ) => Effect.Effect<TrainingOutput, TinkerError>
  /** Metrics of the update. */
  readonly optimStep: (
    adam: Messages.AdamParams,
  ) => Effect.Effect<Readonly<Record<string, number>>, TinkerError>
  /** Where the server keeps the weights and the optimizer's state. */
  readonly save: (name: string) => Effect.Effect<string, TinkerError>
  /** Only as the model's first request. */
  readonly load: (path: string) => Effect.Effect<void, TinkerError>
  readonly sampler: Effect.Effect<Sampler, TinkerError>
  readonly unload: Effect.Effect<void, TinkerError>
}

export interface Session {
  readonly id: string
  readonly createModel: (options: {
    readonly baseModel: string
    readonly rank: number
    readonly seed: number
  }) => Effect.Effect<Model, TinkerError>
}

export interface TinkerClient {
  readonly address: string
  readonly format: WireFormat
  readonly models: ReadonlyArray<SupportedModel>
  /** Beats until the scope closes. */
  readonly openSession: Effect.Effect<Session, TinkerError, Scope.Scope>
  readonly weightsInfo: (
    path: string,
  ) => Effect.Effect<{ readonly baseModel: string; readonly rank: number | null }, TinkerError>
  /** Removes weights that a model has saved. */
  readonly removeWeights: (path: string) => Effect.Effect<void, TinkerError>
}

/** Most sequences, and about the most bytes, of one request; what is more goes in several. */
const CHUNK_DATUMS = 1024
const CHUNK_BYTES = 5_000_000
/** Of a token with three inputs of 4 bytes and one of 8. */
const BYTES_PER_TOKEN = 24
const AWAY_AT_START = "2 seconds"

/** Looks the server over: that it is one, which models it has, and how it wants to be spoken to. */
export const make = Effect.fn("TinkerClient.make")(
  function* (options: ClientOptions): Effect.fn.Return<TinkerClient, TinkerError, HttpClient.HttpClient> {
    const transport = yield* Transport.make({ ...options, attempt: options.poll })
    const routes = Routes.make(transport, options.result)
    // Not there at all is said at once; what is there may take its time.
    yield* transport.send({
      method: "GET",
      route: "healthz",
      body: null,
      repeatable: true,
      patience: AWAY_AT_START,
    })
    const { supported_models } = yield* routes.get("get_server_capabilities", Messages.ServerCapabilities)
    const format = yield* probeFormat(transport)
    return {
      address: transport.address,
      format,
      models: supported_models.flatMap(({ max_context_length, model_name }) =>
        typeof model_name === "string"
          ? [{ name: model_name, contextLength: max_context_length ?? null }]
          : [],
      ),
      openSession: openSession(routes, format, options),
      weightsInfo: (path) =>
        Effect.map(
          routes.post("weights_info", { tinker_path: path }, Messages.WeightsInfo, true),
          ({ base_model, lora_rank }) => ({ baseModel: base_model, rank: lora_rank ?? null }),
        ),
      removeWeights: (path) => removeSaved(routes, "weights", path),
    }
  },
  Effect.provide(FetchHttpClient.layer),
  Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
)

/** A client of the server at an address, with the key in `TINKER_API_KEY`, if there is one. */
export const connect = Effect.fn("TinkerClient.connect")(function* (
  url: string,
  options: Omit<ClientOptions, "url" | "key">,
) {
  const key = yield* Effect.orDie(Config.option(Config.Redacted("TINKER_API_KEY")))
  return yield* make({ ...options, url, key: Option.getOrNull(key) })
})

/** Of a model that there is not: who can read this says so, and does nothing. All bytes are ASCII, for servers that quote them. */
const question = Protobuf.encodeTrainingRequest({
  modelId: "none",
  seqId: 1,
  data: [],
  lossFn: "cross_entropy",
  lossFnConfig: {},
  forwardOnly: true,
})

/** Older servers cannot read protobuf; some that can read JSON as well. */
const probeFormat = (transport: Transport.Transport): Effect.Effect<WireFormat, TinkerError> =>
  transport
    .send({ method: "POST", route: "forward_backward", body: { protobuf: question }, repeatable: true })
    .pipe(
      Effect.as<WireFormat>("protobuf"),
      Effect.catchIf(
        ({ kind, status }) => kind === "refused" || kind === "lost" || status === 403,
        (error) => Effect.succeed<WireFormat>(Transport.cannotRead(error) ? "json" : "protobuf"),
      ),
    )

const openSession = Effect.fnUntraced(function* (
  routes: Routes.Routes,
  format: WireFormat,
  options: ClientOptions,
): Effect.fn.Return<Session, TinkerError, Scope.Scope> {
  const { session_id } = yield* routes.post(
    "create_session",
    { tags: ["azr"], sdk_version: "azr" } satisfies typeof Messages.CreateSession.Type,
    Messages.SessionCreated,
    true,
  )
  const beat = routes.post(
    "session_heartbeat",
    { session_id } satisfies typeof Messages.SessionHeartbeat.Type,
    Messages.Done,
    true,
  )
  // A beat that fails says nothing: whoever uses the session learns what became of it.
  yield* Effect.forkScoped(Effect.repeat(Effect.ignore(beat), Schedule.spaced(options.heartbeat)))
  let models = 0
  let samplers = 0
  return {
    id: session_id,
    createModel: ({ baseModel, rank, seed }) =>
      Effect.gen(function* () {
        const body = {
          session_id,
          model_seq_id: models++,
          base_model: baseModel,
          lora_config: { rank, seed },
        }
        const pending = yield* routes.post(
          "create_model",
          body satisfies typeof Messages.CreateModel.Type,
          Messages.ModelPending,
          // Where the number is not known again, twice is a model that nobody uses; it goes with the session.
          true,
        )
        const made = yield* routes.result("create_model", pending.request_id, modelCreated)
        const id = made.model_id ?? pending.model_id ?? null
        return id === null
          ? yield* Routes.malformed("create_model", "the server does not say which model it has made")
          : makeModel(routes, format, id, () => samplers++)
      }),
  }
})

const modelCreated: Routes.Reader<typeof Messages.ModelCreated.Type> = {
  json: Messages.ModelCreated,
  protobuf: null,
}
const done: Routes.Reader<unknown> = { json: Messages.Done, protobuf: null }
const updated: Routes.Reader<typeof Messages.OptimStepResult.Type> = {
  json: Messages.OptimStepResult,
  protobuf: null,
}
const weightsSaved: Routes.Reader<typeof Messages.WeightsSaved.Type> = {
  json: Messages.WeightsSaved,
  protobuf: null,
}
const samplerSaved: Routes.Reader<typeof Messages.SamplerSaved.Type> = {
  json: Messages.SamplerSaved,
  protobuf: null,
}
const sampled: Routes.Reader<Messages.SampleResult> = {
  json: Messages.SampleResult,
  protobuf: Protobuf.decodeSampleResult,
}
const trained: Routes.Reader<TrainingOutput> = {
  json: Messages.TrainingResult,
  protobuf: Protobuf.decodeTrainingOutput,
}

const makeModel = (
  routes: Routes.Routes,
  format: WireFormat,
  id: string,
  /** Of the session's samplers, whichever model they are of. */
  nextSampler: () => number,
): Model => {
  let requests = 0
  const inOrder = Semaphore.makeUnsafe(1)
  const repeatable = format === "protobuf"

  /** Sends one request of the model's, with the next number, after those before it. */
  const submit = (
    route: string,
    body: (seqId: number) => Parameters<Routes.Routes["submit"]>[1],
    again: boolean,
  ): Effect.Effect<string, TinkerError> =>
    inOrder.withPermits(1)(Effect.suspend(() => routes.submit(route, body(++requests), again)))

  const trainingRoute = (forwardOnly: boolean) =>
    forwardOnly && format === "json" ? "forward" : "forward_backward"

  const submitTraining = (request: Omit<TrainingRequest, "modelId" | "seqId">) =>
    submit(
      trainingRoute(request.forwardOnly),
      (seqId) => {
        const whole = { ...request, modelId: id, seqId }
        return format === "protobuf"
          ? { protobuf: Protobuf.encodeTrainingRequest(whole) }
          : { json: Messages.trainingRequest(whole) }
      },
      repeatable || request.forwardOnly,
    )

  return {
    id,
    forwardBackward: Effect.fn("Model.forwardBackward")(function* (request) {
      const { data, forwardOnly } = request
      const route = trainingRoute(forwardOnly)
      for (const [index, datum] of data.entries()) {
        const problem = datumProblem(datum)
        if (problem !== null) return yield* refused(route, `datum ${index}: ${problem}`)
      }
      const parts = chunks(data)
      // All are sent before the first is waited for: what a server has together it computes together.
      const pending = yield* Effect.forEach(parts, (part) => submitTraining({ ...request, data: part }))
      const outputs = yield* Effect.forEach(pending, (requestId, index) =>
        Effect.tap(routes.result(route, requestId, trained), (output) => {
          const problem = outputsProblem(parts[index] ?? [], output)
          return problem === null ? Effect.void : Effect.fail(Routes.malformed(route, problem))
        }),
      )
      return {
        outputs: outputs.flatMap((output) => output.outputs),
        metrics: outputs[0]?.metrics ?? {},
      }
    }),
    optimStep: Effect.fn("Model.optimStep")(function* (adam_params) {
      const requestId = yield* submit(
        "optim_step",
        (seq_id) => ({
          json: { model_id: id, adam_params, seq_id } satisfies typeof Messages.OptimStep.Type,
        }),
        repeatable,
      )
      const { metrics } = yield* routes.result("optim_step", requestId, updated)
      return metrics ?? {}
    }),
    save: Effect.fn("Model.save")(function* (name) {
      const requestId = yield* submit(
        "save_weights",
        (seq_id) => ({
          json: { model_id: id, path: name, seq_id } satisfies typeof Messages.SaveWeights.Type,
        }),
        false,
      )
      return (yield* routes.result("save_weights", requestId, weightsSaved)).path
    }),
    load: Effect.fn("Model.load")(function* (path) {
      const requestId = yield* submit(
        "load_weights",
        (seq_id) => ({
          json: { model_id: id, path, optimizer: true, seq_id } satisfies typeof Messages.LoadWeights.Type,
        }),
        false,
      )
      yield* routes.result("load_weights", requestId, done)
    }),
    sampler: Effect.suspend(() =>
      submit(
        "save_weights_for_sampler",
        (seq_id) => ({
          json: {
            model_id: id,
            sampling_session_seq_id: nextSampler(),
            seq_id,
          } satisfies typeof Messages.SaveWeightsForSampler.Type,
        }),
        false,
      ),
    ).pipe(
      Effect.flatMap((requestId) => routes.result("save_weights_for_sampler", requestId, samplerSaved)),
      Effect.map(({ sampling_session_id }) => makeSampler(routes, sampling_session_id)),
    ),
    unload: Effect.gen(function* () {
      const requestId = yield* routes.submit("unload_model", { json: { model_id: id } }, true)
      yield* routes.result("unload_model", requestId, done)
    }),
  }
}

/** How often a sample that failed is asked for again. */
const SAMPLE_AGAIN = 3
const SAMPLE_PAUSE = "1 second"

/** Whether a result that failed may be another one the next time: not where the server says that it is the request's fault. */
const mayDiffer = ({ kind, status }: TinkerError): boolean =>
  (kind === "refused" && status === 400) || (kind === "server" && status === null) || status === 410

const makeSampler = (routes: Routes.Routes, id: string): Sampler => {
  let requests = 0
  return {
    id,
    sample: Effect.fn("Sampler.sample")(function* (request) {
      const submit = Effect.suspend(() =>
        routes.submit(
          "asample",
          {
            json: {
              sampling_session_id: id,
              seq_id: ++requests,
              prompt: { chunks: [{ type: "encoded_text", tokens: request.prompt }] },
              sampling_params: {
                max_tokens: request.maxTokens,
                temperature: request.temperature,
                stop: request.stop,
                seed: request.seed,
              },
              num_samples: request.samples,
            } satisfies typeof Messages.Sample.Type,
          },
          true,
        ),
      )
      const draw = (left: number): Effect.Effect<Messages.SampleResult, TinkerError> =>
        Effect.flatMap(submit, (requestId) =>
          Effect.catchIf(
            routes.result("asample", requestId, sampled),
            (error) => left > 0 && mayDiffer(error),
            () => Effect.andThen(Effect.sleep(SAMPLE_PAUSE), draw(left - 1)),
          ),
        )
      const { sequences } = yield* draw(SAMPLE_AGAIN)
      const problem = samplesProblem(request.samples, request.maxTokens, sequences)
      return problem === null ? sequences : yield* Routes.malformed("asample", problem)
    }),
    remove: Effect.flatMap(routes.get(`samplers/${id}`, Messages.SamplerInfo), ({ model_path = null }) =>
      model_path === null ? Effect.void : removeSaved(routes, "sampler_weights", model_path),
    ),
  }
}

/** Of a run, a kind and a name. */
const address = /^tinker:\/\/([\w:-]+)\/(weights|sampler_weights)\/([\w-]+)$/u

/** Removes weights of one kind; an address of another is not followed. */
const removeSaved = (
  routes: Routes.Routes,
  kind: "weights" | "sampler_weights",
  path: string,
): Effect.Effect<void, TinkerError> => {
  const [, run, found, name] = address.exec(path) ?? []
  return found === kind
    ? routes.remove(`training_runs/${run}/checkpoints/${kind}/${name}`)
    : Effect.fail(refused("training_runs", `${path} is no address of ${kind}`))
}

const refused = (route: string, message: string): TinkerError =>
  new TinkerError({ kind: "refused", route, message })

/** In order, each within what one request may hold. */
const chunks = (data: ReadonlyArray<WireDatum>): ReadonlyArray<ReadonlyArray<WireDatum>> => {
  const parts: Array<Array<WireDatum>> = []
  let bytes = 0
  for (const datum of data) {
    const size = datum.tokens.length * BYTES_PER_TOKEN
    const part = parts.at(-1)
    if (part === undefined || part.length === CHUNK_DATUMS || bytes + size > CHUNK_BYTES) {
      parts.push([datum])
      bytes = size
    } else {
      part.push(datum)
      bytes += size
    }
  }
  return parts
}
