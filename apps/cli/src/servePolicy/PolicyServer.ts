/**
 * A server of local models: sessions, the models that they train, samplers and saved weights. One policy engine for each model,
 * and one that samples, which takes the weights of whichever sampler is asked.
 *
 * Covers: what a client of the Tinker API needs to train by itself and to sample. Does not cover: images, prompt log-probabilities,
 * stop words, top-k and top-p. All parameters are trained, whatever rank is asked for.
 */
import { randomBytes } from "node:crypto"
import type { PolicyEngine } from "@azr/core"
import type { LocalBackends } from "@azr/trainer-gpu"
import type { Messages, Reduction, TrainingOutput, TrainingRequest } from "@azr/trainer-tinker"
import { Clock, Duration, Effect, Scope } from "effect"
import { type OptimStep, Refused, type Sample, unhonoured } from "./requests.ts"
import { type SavedKind, SavedWeights, addressOf } from "./SavedWeights.ts"
import * as ServedModel from "./ServedModel.ts"

export interface ServerOptions {
  /** What clients call the model that all begin with. */
  readonly name: string
  readonly files: ReadonlyArray<PolicyEngine.PolicyFile>
  readonly choice: LocalBackends.Choice
  /** Where saved weights are kept. */
  readonly folder: string
  /** Most models at once. */
  readonly models: number
  readonly reduction: Reduction
  /** A session without a beat for so long is closed, with its models. */
  readonly sessionTimeout: Duration.Input
}

interface Session {
  beat: number
  readonly models: Set<string>
  readonly samplers: Set<string>
}

interface Loaded {
  readonly model: ServedModel.ServedModel
  /** Requests so far: weights are loaded by the first alone. */
  requests: number
}

const id = (kind: string): string => `${kind}_${randomBytes(4).toString("hex")}`
const notFound = (what: string): Refused => new Refused({ status: 404, message: `${what} not found` })

/** Of a model's samplers without a name: while it learns from what one gave, there may be one of the weights before. */
const SAMPLERS_KEPT = 2
/** Sampling by request, at most so many seeds. */
const SEEDS = 2 ** 31

export const make = Effect.fn("PolicyServer.make")(function* (options: ServerOptions) {
  const { choice, files, name } = options
  const serverScope = yield* Effect.scope
  const saved = new SavedWeights(options.folder)
  const sampling = yield* ServedModel.openEngine(choice, files)
  const base = files.slice(0, 1)
  /** Where the weights are that the sampling engine holds; undefined where that is not known. */
  let held: string | null | undefined = undefined
  const sessions = new Map<string, Session>()
  const models = new Map<string, Loaded>()
  /** Engines of models that are gone: threads take longer to start than weights to load. */
  const idle: Array<ServedModel.ServedModel> = []
  const begin = Effect.suspend(() => {
    const model = idle.pop()
    return model === undefined
      ? Scope.provide(ServedModel.make(choice, base, options.reduction), serverScope)
      : Effect.as(model.load(base), model)
  })
  /** Where their weights are; null are those that all begin with. */
  const samplers = new Map<string, string | null>()
  /** Weights that are nowhere else, by the address that they would have. */
  const unsaved = new Map<string, ReadonlyArray<PolicyEngine.PolicyFile>>()
  const forget = (sampler: string): void => {
    unsaved.delete(samplers.get(sampler) ?? "")
    samplers.delete(sampler)
  }
  /** Of weights of a model that are nowhere else, the newest last. */
  const unsavedSamplers = (modelId: string): ReadonlyArray<string> =>
    [...samplers].flatMap(([sampler, address]) =>
      address === addressOf(modelId, "sampler_weights", sampler) ? [sampler] : [],
    )
  /** Addresses that are written, or wait for their turn. */
  const pending = new Set<string>()
  /** From the call on, its address is pending; gives the address. */
  const write = (
    modelId: string,
    kind: SavedKind,
    name: string,
    files: Effect.Effect<ReadonlyArray<PolicyEngine.PolicyFile>, Refused>,
  ) => {
    const address = addressOf(modelId, kind, name)
    pending.add(address)
    return Effect.flatMap(files, (whole) => saved.write(modelId, kind, name, whole)).pipe(
      Effect.ensuring(Effect.sync(() => pending.delete(address))),
    )
  }
  const modelFiles = (modelId: string) => Effect.flatMap(loaded(modelId), ({ model }) => model.save)
  const samplerFiles = (modelId: string) => Effect.map(modelFiles(modelId), (whole) => whole.slice(0, 1))
  const weightsAt = (address: string | null) => {
    if (address === null) return Effect.succeed(base)
    const own = unsaved.get(address)
    return own === undefined
      ? Effect.map(saved.read(address), (whole) => whole.slice(0, 1))
      : Effect.succeed(own)
  }

  const loaded = (modelId: string) =>
    Effect.suspend(() => {
      const found = models.get(modelId)
      if (found === undefined) return Effect.fail(notLoaded(modelId))
      found.requests++
      return Effect.succeed(found)
    })
  const unload = (modelId: string) =>
    Effect.sync(() => {
      const found = models.get(modelId)
      models.delete(modelId)
      if (found === undefined) return
      unsavedSamplers(modelId).forEach(forget)
      idle.push(found.model)
    })
  /** Where the weights are that a request names; null are those that all begin with. */
  const addressOfWeights = Effect.fnUntraced(function* (baseModel: string | null, modelPath: string | null) {
    if (baseModel !== null && baseModel !== name) {
      return yield* new Refused({ status: 400, message: `this server has ${name}, not ${baseModel}` })
    }
    if (modelPath === null) return null
    yield* saved.read(modelPath)
    return withKind(modelPath)
  })

  return {
    contextLength: sampling.capabilities.contextLength,
    createSession: Effect.gen(function* () {
      const sessionId = id("session")
      sessions.set(sessionId, {
        beat: yield* Clock.currentTimeMillis,
        models: new Set(),
        samplers: new Set(),
      })
      return sessionId
    }),
    beat: Effect.fnUntraced(function* (sessionId: string) {
      const session = sessions.get(sessionId)
      if (session === undefined) return yield* notFound("Session")
      session.beat = yield* Clock.currentTimeMillis
    }),
    /** Gives the id at once; the model is there when `open` is done. */
    createModel: (request: typeof Messages.CreateModel.Type) =>
      Effect.gen(function* () {
        const session = sessions.get(request.session_id)
        if (session === undefined) return yield* notFound("Session")
        const modelId = id("model")
        const open = Effect.gen(function* () {
          if (request.base_model !== name) {
            return yield* new Refused({
              status: 400,
              message: `this server has ${name}, not ${request.base_model}`,
            })
          }
          if (request.lora_config.rank < 0) {
            return yield* new Refused({ status: 400, message: `rank ${request.lora_config.rank} is below 0` })
          }
          if (models.size >= options.models) {
            return yield* new Refused({
              status: 400,
              message: `${models.size} models are loaded, this server takes no more: --models is its limit`,
            })
          }
          // It may have been closed while this waited for its turn. From here on its models are unloaded with it.
          if (!sessions.has(request.session_id)) return yield* notFound("Session")
          session.models.add(modelId)
          models.set(modelId, { model: yield* begin, requests: 0 })
        })
        return { modelId, open }
      }),
    /** Fails where a model is not known: before a request is taken. */
    ensureModel: (modelId: string) =>
      Effect.suspend(() => (models.has(modelId) ? Effect.void : Effect.fail(notFound("Model")))),
    unload,
    /** Closes sessions without a beat; gives their models, which are to be unloaded. */
    closeOld: Effect.map(Clock.currentTimeMillis, (now) =>
      [...sessions].flatMap(([sessionId, { beat, models, samplers }]) => {
        if (now - beat <= Duration.toMillis(Duration.fromInputUnsafe(options.sessionTimeout))) return []
        sessions.delete(sessionId)
        samplers.forEach(forget)
        return [...models]
      }),
    ),
    train: (request: TrainingRequest): Effect.Effect<TrainingOutput, Refused> =>
      Effect.flatMap(loaded(request.modelId), ({ model }) => model.train(request)),
    optimStep: ({ adam_params, model_id }: typeof OptimStep.Type) =>
      Effect.flatMap(loaded(model_id), ({ model }) => model.optimStep(adam_params)),
    /** Gives the path. */
    save: (modelId: string, name: string) => write(modelId, "weights", name, modelFiles(modelId)),
    load: Effect.fnUntraced(function* (modelId: string, path: string, optimizer: boolean) {
      const found = yield* loaded(modelId)
      if (found.requests > 1) {
        return yield* new Refused({ status: 400, message: "load_weights has to be a model's first request" })
      }
      const whole = yield* saved.read(path)
      yield* found.model.load(optimizer ? whole : whole.slice(0, 1))
    }),
    isSaved: (path: string) => Effect.asVoid(saved.read(path)),
    /** Weights of now for samplers, under a name; gives the path. */
    saveForSamplers: (modelId: string, name: string) =>
      write(modelId, "sampler_weights", name, samplerFiles(modelId)),
    /** A sampler of the weights of now: until they are removed, there are two newer ones, or the model is unloaded. */
    openSampler: Effect.fnUntraced(function* (modelId: string) {
      const weights = yield* samplerFiles(modelId)
      const sampler = id("sampling")
      const address = addressOf(modelId, "sampler_weights", sampler)
      samplers.set(sampler, address)
      unsaved.set(address, weights)
      unsavedSamplers(modelId).slice(0, -SAMPLERS_KEPT).forEach(forget)
      return sampler
    }),
    /** A sampler of what is saved, or of what all begin with, for as long as the session. */
    createSampler: Effect.fnUntraced(function* (
      sessionId: string,
      baseModel: string | null,
      modelPath: string | null,
    ) {
      const address = yield* addressOfWeights(baseModel, modelPath)
      const session = sessions.get(sessionId)
      if (session === undefined) return yield* notFound("Session")
      const sampler = id("sampling")
      samplers.set(sampler, address)
      session.samplers.add(sampler)
      return sampler
    }),
    addressOfWeights,
    /** Where the weights of a sampler are; null are those that all begin with. */
    addressOfSampler: (sampler: string) =>
      Effect.suspend(() => {
        const address = samplers.get(sampler)
        return address === undefined ? Effect.fail(notFound("Sampling session")) : Effect.succeed(address)
      }),
    /** Removes saved weights, from the disk and with their samplers from memory. */
    remove: Effect.fnUntraced(function* (run: string, checkpoint: string) {
      if (!/^(?:sampler_)?weights\/[\w-]+$/u.test(checkpoint)) {
        const message = `${checkpoint}: a checkpoint is weights/<name> or sampler_weights/<name>`
        return yield* new Refused({ status: 400, message })
      }
      const address = `tinker://${run}/${checkpoint}`
      if (pending.has(address)) {
        return yield* new Refused({ status: 425, message: "Checkpoint is still being created" })
      }
      const own = unsaved.has(address)
      for (const [sampler, of] of samplers) if (of === address) forget(sampler)
      // Others may be saved under that name.
      if (held === address) held = undefined
      if (!own) yield* saved.remove(address)
    }),
    /** From the weights at an address. */
    sample: Effect.fnUntraced(function* (
      address: string | null,
      requests: ReadonlyArray<typeof Sample.Type>,
    ) {
      if (held !== address) {
        const weights = yield* weightsAt(address)
        held = undefined
        yield* Effect.mapError(sampling.load(weights), ServedModel.refusal)
        held = address
      }
      const sets = yield* Effect.mapError(
        sampling.sample(
          requests.map(({ num_samples, prompt, sampling_params }) => {
            const { max_tokens, seed, temperature } = sampling_params
            const first = seed ?? randomBytes(4).readUInt32LE() % SEEDS
            return {
              prompt: prompt.chunks.flatMap(({ tokens }) => tokens ?? []),
              seeds: Array.from({ length: num_samples ?? 1 }, (_, i) => first + i),
              maxTokens: max_tokens,
              temperature: temperature ?? 1,
            }
          }),
        ),
        ServedModel.refusal,
      )
      return sets.map((samples, index): Messages.SampleResult => ({
        sequences: samples.map((sample) => upToStop(sample, requests[index]?.sampling_params.stop ?? [])),
      }))
    }),
    checkSample: (request: typeof Sample.Type) => {
      const problem = unhonoured(request)
      return problem === null
        ? Effect.void
        : Effect.fail(new Refused({ status: 400, message: `${problem}: this server does not do that` }))
    },
  }
})

export type PolicyServer = Effect.Success<ReturnType<typeof make>>

const notLoaded = (modelId: string): Refused =>
  new Refused({ status: 400, message: `Model ${modelId} not loaded` })

/** An address may leave out that it is of weights for samplers. */
const withKind = (address: string): string =>
  address.replace(/^(tinker:\/\/[^/]+)\/([^/]+)$/u, "$1/sampler_weights/$2")

/** The engine ends at its own stop tokens; a client's may come before. */
const upToStop = (
  { logprobs, stopReason, tokens }: PolicyEngine.Sample,
  stop: ReadonlyArray<number | string>,
): Messages.SampleResult["sequences"][number] => {
  const at = tokens.findIndex((token) => stop.includes(token))
  return at < 0
    ? { tokens, logprobs, stop_reason: stopReason }
    : { tokens: tokens.slice(0, at + 1), logprobs: logprobs.slice(0, at + 1), stop_reason: "stop" }
}
