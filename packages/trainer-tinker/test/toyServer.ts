/**
 * A Tinker server in this process that computes nothing: every log-probability is −1, every sample is the same. It keeps what servers
 * keep (sessions, models, sequence numbers, gradients, saves), so that tests see what a client did to it, and it fails where told.
 */
import { createHash, randomBytes } from "node:crypto"
import { createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { Schema } from "effect"
import { Messages, Protobuf, type TrainingRequest } from "../src/index.ts"
import { type TorchOptions, TorchServer, configProblem } from "./torchServer.ts"

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}
/** Instead of the right answer: a reply, a connection that breaks before or after the work, or none at all. */
export type Fault = Reply | "breakBefore" | "breakAfter" | "hang"

export interface Seen {
  readonly route: string
  readonly headers: IncomingMessage["headers"]
  readonly body: Buffer
}

/** What requests may hold. */
interface Asked {
  readonly session_id: string
  readonly model_id: string
  readonly model_seq_id?: number
  readonly request_id: string
  readonly lora_config: { readonly rank: number }
  readonly tinker_path: string
  readonly path: string
  readonly sampling_session_id: string
  readonly sampling_session_seq_id: number
  readonly seq_id: number
  readonly num_samples: number
  readonly sampling_params: { readonly max_tokens: number }
}

interface ToyModel {
  readonly seen: Map<number, { readonly digest: string; readonly future: string }>
  gradient: Array<TrainingRequest>
  /** What every update was made of. */
  readonly updates: Array<ReadonlyArray<TrainingRequest>>
  requests: number
  readonly loaded: string | null
}

export interface ToyOptions {
  readonly reduction: "sum" | "meanOfMeans"
  readonly wire: "protobuf" | "json"
  readonly contextLength?: number | null
  /** Of a training request's result. */
  readonly metrics?: Readonly<Record<string, number>>
  /** Whether an update reports the norm of its gradient. */
  readonly gradNorm?: boolean
  /** Of every token. */
  readonly logprob?: number
  /** Names models and samplers by the numbers of a session, and says which model it is when that is made: as the SDK expects. */
  readonly hosted?: boolean
  /** Behaves as SkyRL on FSDP or Megatron does. */
  readonly torch?: TorchOptions
  /** Milliseconds without a beat after which a session's models go; absent is never. */
  readonly sessionTimeout?: number
}

interface ToySession {
  beat: number
  readonly models: Set<string>
}

const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
})
export const detail = (status: number, text: string): Reply => json({ detail: text }, status)

const kindOf = (route: string): string => (/^(?:DELETE |samplers\/)/u.exec(route)?.[0] ?? route).trim()
/** Where the weights of a sampler are. */
const samplerPath = (id: string): string => `tinker://${id.replace(/_s(\d+)$/u, "/sampler_weights/ss$1")}`

export class ToyServer {
  readonly seen: Array<Seen> = []
  readonly models = new Map<string, ToyModel>()
  /** Weights that are saved, those of samplers among them. */
  readonly saves = new Set<string>()
  readonly #sessions = new Map<string, ToySession>()
  /** The model of each. */
  readonly #samplers = new Map<string, string>()
  readonly #futures = new Map<string, Reply>()
  readonly #faults = new Map<string, Array<Fault>>()
  readonly #options: ToyOptions
  readonly #http: Server
  #torch: TorchServer | null
  #next = 0

  private constructor(options: ToyOptions) {
    this.#options = options
    this.#torch = options.torch === undefined ? null : new TorchServer(options.torch)
    this.#http = createServer((request, response) => {
      const parts: Array<Buffer> = []
      request.on("data", (part: Buffer) => parts.push(part))
      request.on("end", () => {
        const place = (request.url ?? "").replace("/api/v1/", "")
        const route = request.method === "DELETE" ? `DELETE ${place}` : place
        const seen = { route, headers: request.headers, body: Buffer.concat(parts) }
        this.seen.push(seen)
        const fault = this.#faults.get(kindOf(route))?.shift()
        if (fault === "hang") return
        if (fault === "breakBefore") return void request.socket.destroy()
        const { body, headers, status = 200 } = typeof fault === "object" ? fault : this.#answer(seen)
        if (fault === "breakAfter") return void request.socket.destroy()
        response.writeHead(status, headers).end(body)
      })
    })
  }

  static async start(options: ToyOptions): Promise<ToyServer> {
    const server = new ToyServer(options)
    await new Promise<void>((resolve) => server.#http.listen(0, "127.0.0.1", resolve))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  /** The next answers of a route, of whichever `DELETE`, or of whichever sampler. */
  fail(route: string, ...faults: ReadonlyArray<Fault>): void {
    this.#faults.set(route, [...(this.#faults.get(route) ?? []), ...faults])
  }

  /** From here on, the right answers of a route. */
  heal(route: string): void {
    this.#faults.delete(route)
  }

  /** Forgets everything but what was saved, as a server does that is killed and started again. */
  restart(): void {
    this.models.clear()
    this.#sessions.clear()
    this.#futures.clear()
    const { torch } = this.#options
    this.#torch = torch === undefined ? null : new TorchServer(torch)
    this.#http.closeAllConnections()
  }

  #unload(id: string): void {
    this.#torch?.unload(id)
    for (const { models } of this.#sessions.values()) models.delete(id)
  }

  /** Unloads the models of sessions that have stopped beating. */
  #closeOld(): void {
    const { sessionTimeout = Infinity } = this.#options
    for (const [id, { beat, models }] of this.#sessions) {
      if (Date.now() - beat <= sessionTimeout) continue
      for (const model of models) this.#unload(model)
      this.#sessions.delete(id)
    }
  }

  requests(route: string): ReadonlyArray<Seen> {
    return this.seen.filter((seen) => kindOf(seen.route) === route)
  }

  /** The model that was made last. */
  get model(): ToyModel {
    const model = [...this.models.values()].at(-1)
    if (model === undefined) throw new Error("there is no model")
    return model
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
  }

  #future(result: Reply): string {
    const id = String(++this.#next)
    this.#futures.set(id, result)
    return id
  }

  #answer({ body, headers, route }: Seen): Reply {
    if (route === "healthz") return json({ status: "ok" })
    if (route === "get_server_capabilities") {
      const { contextLength = null } = this.#options
      return json({ supported_models: [{ model_name: "toy", max_context_length: contextLength }], news: 1 })
    }
    const [, run, saved] = /^DELETE training_runs\/(\w+)\/checkpoints\/(.+)$/u.exec(route) ?? []
    if (saved !== undefined) {
      return this.saves.delete(`tinker://${run}/${saved}`)
        ? { status: 204, body: "" }
        : detail(404, "Checkpoint not found")
    }
    const [, sampler] = /^samplers\/(.+)$/u.exec(route) ?? []
    if (sampler !== undefined) return json({ sampler_id: sampler, model_path: samplerPath(sampler) })
    const isProtobuf = headers["content-type"] === Protobuf.contentType
    const { hosted = false, wire } = this.#options
    if (route === "forward_backward" && !isProtobuf && wire === "protobuf" && !hosted) {
      return detail(415, "forward_backward requires a application/x-protobuf body")
    }
    if (isProtobuf && wire === "json") {
      const msg = "Input should be a valid dictionary or object to extract fields from"
      return json({ detail: [{ loc: ["body"], msg, type: "model_attributes_type" }] }, 422)
    }
    if (isProtobuf) return this.#train(Protobuf.decodeTrainingRequest(body), body)
    const request = JSON.parse(body.toString()) as Asked
    switch (route) {
      case "create_session": {
        const session_id = `session_${randomBytes(4).toString("hex")}`
        this.#sessions.set(session_id, { beat: Date.now(), models: new Set() })
        return json({ session_id, type: "create_session" })
      }
      case "session_heartbeat": {
        const session = this.#sessions.get(request.session_id)
        if (session === undefined) return detail(404, "Session not found")
        session.beat = Date.now()
        return json({})
      }
      case "create_model": {
        const session = this.#sessions.get(request.session_id)
        if (session === undefined) return detail(404, "Session not found")
        this.#closeOld()
        const { model_seq_id } = request
        if (hosted && model_seq_id === undefined) return detail(422, "body.model_seq_id: Field required")
        const model_id = hosted
          ? `${request.session_id}:train:${model_seq_id}`
          : `model_${randomBytes(4).toString("hex")}`
        const { rank } = request.lora_config
        const refusal =
          rank > 8
            ? `LoRA rank ${rank} must be between 1 and 8`
            : (this.#torch?.create(model_id, rank) ?? null)
        if (refusal === null && !this.models.has(model_id)) {
          this.models.set(model_id, { seen: new Map(), gradient: [], updates: [], requests: 0, loaded: null })
          session.models.add(model_id)
        }
        const result = refusal === null ? json({ model_id }) : detail(400, refusal)
        return json({ ...(hosted ? {} : { model_id }), request_id: this.#future(result) })
      }
      case "retrieve_future":
        return this.#futures.get(request.request_id) ?? detail(404, "Future not found")
      case "weights_info":
        return this.saves.has(request.tinker_path)
          ? json({ base_model: "toy", lora_rank: 4, is_lora: true })
          : detail(404, "Checkpoint not found")
      case "asample": {
        const sampled = this.#samplers.get(request.sampling_session_id)
        if (sampled === undefined || !this.models.has(sampled))
          return detail(404, "Sampling session not found")
        if (!this.saves.has(samplerPath(request.sampling_session_id))) {
          return detail(404, "Checkpoint not found")
        }
        const failure = this.#torch?.sample(sampled) ?? null
        if (failure !== null) return json({ request_id: this.#future(detail(400, failure)) })
        const { num_samples, sampling_params } = request
        const { logprob = -1 } = this.#options
        const tokens = Array.from({ length: sampling_params.max_tokens }, (_, i) => i)
        const sequence = { stop_reason: "length" as const, tokens, logprobs: tokens.map(() => logprob) }
        const sequences = Array.from({ length: num_samples }, () => sequence)
        const reply =
          this.#options.wire === "json"
            ? json({ sequences, prompt_logprobs: null })
            : protobuf(Protobuf.encodeSampleResult({ sequences }))
        return json({ request_id: this.#future(reply), future_id: "x" })
      }
    }
    const model = this.models.get(request.model_id)
    if (route === "forward_backward" && model === undefined) return detail(422, "model_id: Field required")
    if (model === undefined) return detail(404, "Model not found")
    model.requests++
    switch (route) {
      case "forward":
      case "forward_backward": {
        const schema = route === "forward" ? Messages.Forward : Messages.ForwardBackward
        const whole = Schema.decodeUnknownSync(schema)(request)
        return this.#train(Messages.readTrainingRequest(whole), body)
      }
      case "optim_step":
        return this.#once(model, request.seq_id, body, () => {
          const parts = model.gradient.flatMap(({ data }) => data)
          model.updates.push(model.gradient)
          model.gradient = []
          const norm = this.#options.reduction === "sum" ? parts.length : Math.min(1, parts.length)
          const { gradNorm = true } = this.#options
          return json({ metrics: { "toy/learning_rate": 0, ...(gradNorm ? { "toy/grad_norm": norm } : {}) } })
        })
      case "save_weights": {
        const path = `tinker://${request.model_id}/weights/${request.path}`
        if (this.saves.has(path)) return detail(409, "Checkpoint already exists")
        this.saves.add(path)
        this.#torch?.work()
        return json({ request_id: this.#future(json({ path, type: "save_weights" })) })
      }
      case "load_weights": {
        if (model.requests > 1) return detail(400, "LoadWeights is not permitted with seq_id 2")
        this.models.set(request.model_id, { ...model, loaded: request.path })
        this.#torch?.work()
        return json({ request_id: this.#future(json({ type: "load_weights" })) })
      }
      case "save_weights_for_sampler": {
        this.#torch?.saveForSampler()
        const owner = this.#options.hosted === true ? request.model_id.replace(/:.*/u, "") : request.model_id
        const sampling_session_id = `${owner}_s${request.sampling_session_seq_id}`
        // A number that was there before is the same sampler as before.
        if (!this.#samplers.has(sampling_session_id)) {
          this.#samplers.set(sampling_session_id, request.model_id)
        }
        this.saves.add(samplerPath(sampling_session_id))
        return json({ request_id: this.#future(json({ path: null, sampling_session_id })) })
      }
      case "unload_model":
        this.#unload(request.model_id)
        return json({ request_id: this.#future(json({ status: "unloaded" })), model_id: "x" })
    }
    return detail(404, "Not Found")
  }

  #train(request: TrainingRequest, body: Buffer): Reply {
    const model = this.models.get(request.modelId)
    if (model === undefined) return detail(404, "Model not found")
    model.requests++
    return this.#once(model, request.seqId, body, () => {
      this.#torch?.work()
      const problem = this.#torch === null ? null : configProblem(request)
      if (problem !== null) return detail(400, problem)
      if (!request.forwardOnly) model.gradient.push(request)
      const { metrics = this.#torch === null ? {} : { "total_loss:sum": 1 } } = this.#options
      const outputs = request.data.map(({ tokens }) => ({ logprobs: tokens.map(() => -1) }))
      return this.#options.wire === "json"
        ? json(Messages.trainingResult({ outputs, metrics }))
        : protobuf(Protobuf.encodeTrainingOutput({ outputs, metrics }))
    })
  }

  /** Servers that speak protobuf know a sequence number again; older ones do everything that they are told. */
  #once(model: ToyModel, seqId: number, body: Buffer, work: () => Reply): Reply {
    const digest = createHash("sha256").update(body).digest("hex")
    const before = this.#options.wire === "json" ? undefined : model.seen.get(seqId)
    if (before !== undefined) {
      return before.digest === digest
        ? json({ request_id: before.future })
        : detail(409, "Training request sequence number was reused")
    }
    const future = this.#future(work())
    model.seen.set(seqId, { digest, future })
    return json({ request_id: future })
  }
}

const protobuf = (body: Uint8Array): Reply => ({ headers: { "content-type": Protobuf.contentType }, body })
