/**
 * A model on a Tinker server as core's `PolicyEngine`.
 *
 * Covers: LoRA and full models of the hosted service, SkyRL and `azr serve-policy`; the same update whatever the server's reduction;
 * servers that restart and sessions that expire, as long as nothing was learned since the weights were last saved; sampling from the
 * newest weights, and while they are learned from those before; removing from the server what nothing needs any more. Does not cover:
 * regularization in the loss, entropies.
 *
 * Where it is not known whether the server has taken a gradient or an update, nothing goes on until a policy is loaded: no update
 * is ever lost or doubled in silence.
 */
import { PolicyEngine, PolicyLoss, PolicyRequest } from "@azr/core"
import { Duration, Effect, Exit, Layer, Schema, Scope, Semaphore } from "effect"
import { PendingGradient } from "./PendingGradient.ts"
import { type Dialect, gradNormOf, probe } from "./probe.ts"
import { makeRemove } from "./removing.ts"
import { type Reduction, scaleProblem } from "./sumOfLosses.ts"
import * as TinkerClient from "./TinkerClient.ts"
import { TinkerError } from "./TinkerError.ts"
import { waitOut } from "./Transport.ts"
import type { WireDatum } from "./wire/training.ts"

/** How a model reads and writes. */
export interface ModelTokenizer extends PolicyEngine.Tokenizer {
  readonly stopTokens: ReadonlyArray<number>
  /** Longest prompt plus response of the model; absent or null where its files do not say. */
  readonly contextLength?: number | null
}

export interface TinkerOptions {
  /** Of the server, e.g. `http://127.0.0.1:8000`. */
  readonly url: string
  /** As the server names it. */
  readonly model: string
  /** Of the LoRA adapter; 0 is all parameters, where the server can. */
  readonly rank: number
  /** Of the adapter's first weights. */
  readonly seed: number
  /** Longest prompt plus response, in tokens; null is what the server says, else the model's files. */
  readonly contextLength: number | null
  /** How the server reduces losses; null is what is measured. */
  readonly reduction: Reduction | null
  /** Whether betas, epsilon, weight decay and clipping may be the server's own where it takes nothing but a learning rate. */
  readonly serverOptimizer: boolean
  readonly tokenizer: ModelTokenizer
  /** Other time limits than `TinkerClient.defaultOptions`. */
  readonly timing?: Partial<Omit<TinkerClient.ClientOptions, "url" | "key">>
}

/** Needs the API key in `TINKER_API_KEY` where the server wants one; it goes nowhere else. */
export const layer = (
  options: TinkerOptions,
): Layer.Layer<PolicyEngine.PolicyEngine, PolicyEngine.BackendUnavailable> =>
  Layer.effect(PolicyEngine.PolicyEngine, make(options))

/** The file of a saved policy: where the server keeps it. */
const FILE = "tinker.json"
const SavedPolicy = Schema.Struct({
  format: Schema.Literal("azr-tinker-1"),
  path: Schema.String.check(Schema.isStartingWith("tinker://")),
  model: Schema.String,
  rank: Schema.Int,
})

/** Most samples that a call asks for at once. */
const SAMPLING_CONCURRENCY = 256
/** Most calls of `sample` at a time. */
const PERMITS = 4096
/** So many samples without a single log-probability but 0 are none. */
const SILENT_TOKENS = 64
/** Servers take seeds of 31 bits. */
const SEEDS = 2 ** 31
const RESUME = "azr resume goes on from the run's last checkpoint"

const { BackendUnavailable, PolicyError } = PolicyEngine

const make = Effect.fn("TinkerEngine.make")(function* (options: TinkerOptions) {
  const { model: baseModel, rank, seed, tokenizer } = options
  const scope = yield* Effect.scope
  const timing = { ...TinkerClient.defaultOptions, ...options.timing }
  const client = yield* TinkerClient.connect(options.url, timing).pipe(Effect.mapError(unavailable))
  const contextLength = yield* contextOf(client, options)

  let session: { readonly session: TinkerClient.Session; readonly scope: Scope.Closeable } | null = null
  const createModel: Effect.Effect<TinkerClient.Model, TinkerError> = Effect.gen(function* () {
    if (session === null) {
      const own = yield* Scope.fork(scope)
      session = { session: yield* Scope.provide(client.openSession, own), scope: own }
    }
    return yield* session.session.createModel({ baseModel, rank, seed })
  })
  const closeSession = Effect.suspend(() => {
    const closing = session === null ? Effect.void : Scope.close(session.scope, Exit.void)
    session = null
    return closing
  })
  /** A session that has expired is replaced. */
  const newModel = createModel.pipe(
    Effect.catchIf(
      ({ kind }) => kind === "lost",
      () => Effect.andThen(closeSession, createModel),
    ),
  )
  /** A new model with saved weights. One that may or may not have got them is left to its session. */
  const openAt = (path: string | null) =>
    again(Effect.tap(newModel, (opened) => (path === null ? Effect.void : opened.load(path))))

  const dialect: Dialect = yield* Effect.acquireUseRelease(
    newModel,
    (scratch) => probe(scratch, options.reduction, rank, createModel),
    (scratch) => Effect.ignore(scratch.unload),
  ).pipe(inRoom(timing.room), Effect.mapError(unavailable))
  if (dialect.optimizer === "learningRate" && !options.serverOptimizer) {
    return yield* new BackendUnavailable({
      backend: "tinker",
      reason:
        `${dialect.server} takes nothing but the learning rate: ` +
        "beta1, beta2, epsilon, weightDecay and gradClip are its own, from where it was started",
      hint: "policy.serverOptimizer=true accepts that",
    })
  }

  /** The model that is trained; null where there is none yet, or none any more. */
  let model: TinkerClient.Model | null = null
  let sampler: TinkerClient.Sampler | null = null
  /** Counts what the weights have been. */
  let version = 0
  /** Weights that the server keeps, or at null the first ones, which the seed gives; and which of `version` they are. */
  let anchor: { readonly path: string | null; readonly version: number } = { path: null, version: 0 }
  const pending = new PendingGradient(dialect.reduction)
  /** What a failed verb left unknown. */
  let unknown: "gradient" | "weights" | null = null
  let reference: { readonly path: string; model: TinkerClient.Model | null } | null = null
  let names = 0
  /** Where the server keeps what this engine has saved: of it alone anything is removed, what others saved may be needed elsewhere. */
  const saved = new Set<string>()
  /** Those whose weights the server may keep, the newest and the frozen one among them. */
  const samplers = new Set<TinkerClient.Sampler>()
  let frozen: TinkerClient.Sampler | null = null
  const remove = makeRemove(client.address)
  /** All but one that is still sampled from. */
  const removeSamplers = (but: TinkerClient.Sampler | null) =>
    Effect.suspend(() => {
      sampler = null
      const old = [...samplers].filter((each) => each !== but)
      for (const each of old) samplers.delete(each)
      return Effect.forEach(old, (each) => remove(each.remove))
    })

  const live = Effect.suspend(() =>
    model !== null
      ? Effect.succeed(model)
      : Effect.tap(inRoom(timing.room)(openAt(anchor.path)), (opened) => Effect.sync(() => (model = opened))),
  )

  /** Forgets what the server has forgotten. */
  const forget = (): void => {
    model = null
    sampler = null
    pending.clear()
  }

  /** Runs a verb on the live model. Where the server has lost that, on a new one with the same weights, if it has them. */
  const onModel = <A>(verb: (model: TinkerClient.Model) => Effect.Effect<A, TinkerError>) =>
    Effect.suspend(() => {
      const kept = anchor.version === version && pending.isEmpty && unknown === null
      return Effect.flatMap(live, verb).pipe(
        Effect.catchIf(
          ({ kind }) => kind === "lost" && kept,
          () => {
            forget()
            return Effect.flatMap(live, verb)
          },
        ),
      )
    })

  const named =
    (operation: string) =>
    <A>(effect: Effect.Effect<A, TinkerError | PolicyEngine.PolicyError>) =>
      Effect.catchTag(effect, "TinkerError", ({ kind, message }) =>
        Effect.fail(
          new PolicyError({
            operation,
            message: unknown !== null || kind === "lost" ? `${message}; ${RESUME}` : message,
          }),
        ),
      )

  /** Apart from its trainer, SkyRL asks its engines for all parameters by a name that only adapters have. */
  const withPlacement = (error: TinkerError): TinkerError =>
    dialect.samplers === "end" && error.message.includes("does not exist")
      ? error.but({
          message: `${error.message}; policy.rank=0 needs a server with trainer.placement.colocate_all true`,
        })
      : error
  const endSampler = Effect.sync(() => {
    if (dialect.samplers === "end") sampler = null
  })
  const permits = Semaphore.makeUnsafe(PERMITS)
  /** Samples are drawn side by side; whatever else waits until it is alone. */
  const verb = <A>(
    operation: string,
    /** What has to be known. */
    needs: "nothing" | "weights" | "gradient",
    run: Effect.Effect<A, TinkerError | PolicyEngine.PolicyError>,
  ): Effect.Effect<A, PolicyEngine.PolicyError> =>
    permits.withPermits(operation === "sample" ? 1 : PERMITS)(
      Effect.suspend(() => {
        const blocked = needs === "gradient" ? unknown !== null : needs === "weights" && unknown === "weights"
        return blocked
          ? Effect.fail(
              new PolicyError({
                operation,
                message: `what the server holds is not known since a verb failed; ${RESUME}`,
              }),
            )
          : Effect.ensuring(run, operation === "sample" ? Effect.void : endSampler)
      }).pipe(named(operation)),
    )

  /** Discards the gradient and the model on the server, so that whoever comes next finds nothing of it. */
  const discard = Effect.suspend(() => {
    const discarded = model
    const dirty = !pending.isEmpty || unknown !== null
    forget()
    if (discarded === null) return Effect.void
    const clear = dirty
      ? discarded.optimStep({ learning_rate: 0, beta1: 0, beta2: 0, eps: 1e-8, weight_decay: 0 })
      : Effect.void
    return Effect.ignore(Effect.andThen(clear, discarded.unload))
  })
  const unloadReference = Effect.suspend(() => {
    const unloaded = reference?.model ?? null
    reference = null
    return unloaded === null ? Effect.void : Effect.ignore(unloaded.unload)
  })
  yield* Effect.addFinalizer(() =>
    Effect.timeoutOption(
      Effect.andThen(Effect.andThen(discard, unloadReference), removeSamplers(null)),
      "10 seconds",
    ),
  )

  /** Where the files say that a policy of this engine's kind is. */
  const readSaved = Effect.fnUntraced(function* (
    operation: string,
    files: ReadonlyArray<PolicyEngine.PolicyFile>,
  ) {
    const fail = (message: string) => Effect.fail(new PolicyError({ operation, message }))
    const [file] = files
    if (file === undefined || file.name !== FILE || files.length > 1) {
      return yield* fail(`a policy on a Tinker server is one file, ${FILE}`)
    }
    const saved = yield* Schema.decodeEffect(Schema.fromJsonString(SavedPolicy))(
      new TextDecoder().decode(file.bytes),
    ).pipe(Effect.catchTag("SchemaError", () => fail(`${FILE} does not say where a policy is`)))
    if (saved.model !== baseModel || saved.rank !== rank) {
      return yield* fail(
        `${FILE} is of ${saved.model} with rank ${saved.rank}, this engine is of ${baseModel} with rank ${rank}`,
      )
    }
    return saved.path
  })
  /** Fails, before anything changes, where the server does not have these weights. */
  const ensureKept = (path: string) =>
    Effect.asVoid(
      Effect.mapError(client.weightsInfo(path), (error) =>
        error.kind === "lost" ? error.but({ kind: "refused", message: `${error.message}: ${path}` }) : error,
      ),
    )

  const save = Effect.gen(function* () {
    if (anchor.path === null || anchor.version !== version) {
      const path = yield* onModel((live) =>
        // A name is used once: a request that may have been heard is not sent again under it.
        again(Effect.suspend(() => live.save(`v${version}-${++names}`))),
      )
      anchor = { path, version }
      saved.add(path)
    }
    const file: typeof SavedPolicy.Type = {
      format: "azr-tinker-1",
      path: anchor.path as string,
      model: baseModel,
      rank,
    }
    return [{ name: FILE, bytes: new TextEncoder().encode(`${JSON.stringify(file)}\n`) }]
  })

  const load = Effect.fnUntraced(function* (path: string) {
    const same = anchor.path === path && anchor.version === version
    if (same && pending.isEmpty && unknown === null && model !== null) return
    yield* ensureKept(path)
    yield* discard
    unknown = null
    version++
    anchor = { path, version }
    yield* live
  })

  const score = Effect.fnUntraced(function* (
    model: TinkerClient.Model,
    sequences: ReadonlyArray<ReadonlyArray<number>>,
  ) {
    const data = sequences.flatMap((tokens): ReadonlyArray<WireDatum> => {
      if (tokens.length < 2) return []
      const target_tokens = tokens.slice(1)
      return [{ tokens: tokens.slice(0, -1), inputs: { target_tokens, weights: target_tokens.map(() => 1) } }]
    })
    if (data.length === 0) return rowsOf(sequences, [])
    const { outputs } = yield* model.forwardBackward({
      data,
      lossFn: "cross_entropy",
      lossFnConfig: {},
      forwardOnly: true,
    })
    return rowsOf(sequences, outputs)
  })

  const makingSampler = Semaphore.makeUnsafe(1)
  const newestSampler = makingSampler.withPermits(1)(
    Effect.suspend(() =>
      sampler !== null
        ? Effect.succeed(sampler)
        : onModel((live) => again(live.sampler)).pipe(
            Effect.tap((made) =>
              Effect.sync(() => {
                sampler = made
                samplers.add(made)
              }),
            ),
          ),
    ),
  )
  const freeze = Effect.tap(newestSampler, (newest) => Effect.sync(() => (frozen = newest)))
  type Draws = ReadonlyArray<TinkerClient.SamplingRequest>
  const drawFrom =
    (draws: Draws) =>
    ({ sample }: TinkerClient.Sampler) =>
      Effect.forEach(draws, sample, { concurrency: SAMPLING_CONCURRENCY })
  const draw = (draws: Draws) =>
    Effect.flatMap(newestSampler, (used) =>
      Effect.catchIf(
        drawFrom(draws)(used),
        ({ kind }) => kind === "lost",
        () => {
          // Of those who find it gone, the first gets another one for all.
          if (sampler === used) sampler = null
          return Effect.flatMap(newestSampler, drawFrom(draws))
        },
      ),
    )
  const checked = (
    operation: string,
    what: string,
    problems: ReadonlyArray<string | null>,
  ): Effect.Effect<void, PolicyEngine.PolicyError> => {
    const index = problems.findIndex((problem) => problem !== null)
    return index < 0
      ? Effect.void
      : Effect.fail(new PolicyError({ operation, message: `${what} ${index}: ${problems[index]}` }))
  }
  const sequencesFit = (operation: string, sequences: ReadonlyArray<ReadonlyArray<number>>) =>
    checked(
      operation,
      "sequence",
      sequences.map((tokens) => PolicyRequest.lengthProblem(tokens.length, contextLength)),
    )
  const refuse = (operation: string, message: string) => Effect.fail(new PolicyError({ operation, message }))

  const samplerBy = (
    draw: (
      draws: Draws,
    ) => Effect.Effect<
      ReadonlyArray<Effect.Success<ReturnType<TinkerClient.Sampler["sample"]>>>,
      PolicyEngine.PolicyError
    >,
  ): PolicyEngine.Sampler =>
    Effect.fn("TinkerEngine.sample")(function* (requests) {
      yield* checked(
        "sample",
        "request",
        requests.map((request) => PolicyRequest.sampleProblem(request, contextLength)),
      )
      const draws = requests.map(({ maxTokens, prompt, seeds, temperature }) =>
        seedRuns(seeds).map(({ samples, seed }): TinkerClient.SamplingRequest => ({
          prompt,
          maxTokens,
          temperature,
          stop: tokenizer.stopTokens,
          seed,
          samples,
        })),
      )
      if (draws.every((runs) => runs.length === 0)) return draws.map(() => [])
      const drawn = yield* draw(draws.flat())
      if (isSilent(drawn.flat())) {
        return yield* refuse("sample", `${client.address} gives no log-probabilities: all are 0`)
      }
      let next = 0
      return draws.map((runs) =>
        runs
          .flatMap(() => drawn[next++] ?? [])
          .map(({ logprobs, stop_reason, tokens }): PolicyEngine.Sample => ({
            tokens,
            logprobs: logprobs.map(atMostZero),
            stopReason: stop_reason,
          })),
      )
    })

  return PolicyEngine.PolicyEngine.of({
    capabilities: {
      backend: "tinker",
      description: `${baseModel}, ${rank === 0 ? "all parameters" : `LoRA of rank ${rank}`}, ${dialect.server} at ${client.address}`,
      contextLength,
      losses: dialect.losses,
      regularizations: [],
      refuses: [
        "dualClip",
        ...(dialect.gradClip || dialect.optimizer === "learningRate" ? [] : ["gradClip" as const]),
        ...(dialect.references ? [] : ["kl" as const]),
      ],
      deterministic: false,
      sideBySide: true,
      samplesWhileLearning: dialect.samplers === "stay",
      parameters: 0,
    },
    tokenizer,
    sample: samplerBy((draws) => verb("sample", "weights", Effect.mapError(draw(draws), withPlacement))),
    // Waits for nothing that learns, and nothing that learns for it.
    frozenSampler:
      dialect.samplers === "stay"
        ? Effect.map(verb("frozenSampler", "weights", freeze), (frozen) =>
            samplerBy((draws) => named("sample")(drawFrom(draws)(frozen))),
          )
        : refuse("frozenSampler", noFrozenSampler(dialect)),
    logprobs: Effect.fn("TinkerEngine.logprobs")(function* (sequences) {
      yield* sequencesFit("logprobs", sequences)
      return yield* verb(
        "logprobs",
        "weights",
        onModel((live) => score(live, sequences)),
      )
    }),
    referenceLogprobs: Effect.fn("TinkerEngine.referenceLogprobs")(function* (sequences) {
      yield* sequencesFit("referenceLogprobs", sequences)
      const chosen = reference
      if (chosen === null) {
        return yield* refuse("referenceLogprobs", "there is no reference policy; setReference comes first")
      }
      const scored = Effect.gen(function* () {
        chosen.model ??= yield* openAt(chosen.path)
        return yield* score(chosen.model, sequences)
      })
      return yield* verb(
        "referenceLogprobs",
        "nothing",
        Effect.catchIf(
          scored,
          ({ kind }) => kind === "lost",
          () => {
            chosen.model = null
            return scored
          },
        ),
      )
    }),
    setReference: Effect.fn("TinkerEngine.setReference")(function* (files) {
      const path = yield* readSaved("setReference", files)
      if (!dialect.references) {
        return yield* refuse("setReference", `kl: ${dialect.server} as it was started holds no second model`)
      }
      const opened = Effect.andThen(ensureKept(path), Effect.andThen(unloadReference, openAt(path)))
      reference = { path, model: yield* verb("setReference", "nothing", opened) }
    }),
    forwardBackward: Effect.fn("TinkerEngine.forwardBackward")(function* (datums, loss, regularization) {
      const operation = "forwardBackward"
      if (!dialect.losses.includes(loss._tag)) {
        return yield* refuse(
          operation,
          `loss ${loss._tag}: ${dialect.server} has ${dialect.losses.join(", ")}`,
        )
      }
      if (loss._tag === "ppo" && loss.dualClip !== null) {
        return yield* refuse(operation, "loss.dualClip: the Tinker API has none; set it to null")
      }
      if ((regularization?.entropy ?? 0) !== 0) {
        return yield* refuse(operation, "an entropy bonus is no part of the Tinker API's losses")
      }
      if ((regularization?.kl ?? null) !== null) {
        return yield* refuse(operation, "kl is no part of the Tinker API's losses; use kl.in=reward")
      }
      yield* checked(
        operation,
        "datum",
        datums.map(
          (datum) =>
            PolicyRequest.lengthProblem(datum.tokens.length, contextLength) ??
            PolicyRequest.datumProblem(datum) ??
            scaleProblem(datum, loss),
        ),
      )
      // Where nothing is predicted there is nothing to send.
      const sent = datums.filter(({ tokens }) => tokens.length > 1)
      const outputs =
        sent.length === 0
          ? []
          : (yield* verb(
              operation,
              "gradient",
              Effect.onError(
                onModel((live) => pending.add(live, sent, loss)),
                () => Effect.sync(() => (unknown = "gradient")),
              ),
            )).outputs
      const logprobs = rowsOf(
        datums.map(({ tokens }) => tokens),
        outputs,
      )
      return { ...lossOf(datums, logprobs, loss), logprobs, entropy: null, kl: null }
    }),
    optimStep: Effect.fn("TinkerEngine.optimStep")(function* (adam) {
      const problem = PolicyRequest.adamProblem(adam) ?? clipProblem(adam, dialect)
      if (problem !== null) return yield* refuse("optimStep", problem)
      const { beta1, beta2, epsilon, gradClip, learningRate, weightDecay } = adam
      const update = onModel((live) =>
        Effect.andThen(
          pending.settle(live),
          live.optimStep({
            learning_rate: learningRate,
            beta1,
            beta2,
            eps: epsilon,
            weight_decay: weightDecay,
            ...(gradClip !== null && dialect.gradClip ? { grad_clip_norm: gradClip } : {}),
          }),
        ),
      )
      const metrics = yield* verb(
        "optimStep",
        "gradient",
        update.pipe(
          Effect.onError(() => Effect.sync(() => (unknown = "weights"))),
          Effect.tap(() => {
            version++
            pending.clear()
            return removeSamplers(frozen)
          }),
        ),
      )
      return { gradNorm: gradNormOf(metrics) }
    }),
    save: verb("save", "weights", save),
    load: (files) => Effect.flatMap(readSaved("load", files), (path) => verb("load", "nothing", load(path))),
    retain: Effect.fn("TinkerEngine.retain")(function* (policies) {
      // What the engine would itself go back to is needed, too; what is saved from here on is not looked at.
      const needed = new Set([anchor.path, reference?.path])
      const old = [...saved].filter((path) => !needed.has(path))
      const named = yield* Effect.forEach(yield* policies, (files) => readSaved("retain", files))
      for (const path of old) {
        if (named.includes(path)) continue
        if (!(yield* remove(client.removeWeights(path)))) return
        saved.delete(path)
      }
    }),
  })
})

/** Asks for a model until there is room for one: a server keeps that of a run that died until its session has expired. */
const inRoom =
  (patience: Duration.Input) =>
  <A>(effect: Effect.Effect<A, TinkerError>): Effect.Effect<A, TinkerError> => {
    const longest = Duration.fromInputUnsafe(patience)
    let said = false
    const say = ({ message }: TinkerError) =>
      Effect.suspend(() => {
        if (said) return Effect.void
        said = true
        return Effect.logWarning(
          `${message}; another run uses it, or one that ended without a word, whose models are held until its session has expired: ` +
            `waiting for up to ${Duration.format(longest)}`,
        )
      })
    return effect.pipe(
      Effect.tapError((error) => (error.kind === "full" ? say(error) : Effect.void)),
      waitOut("full", longest),
    )
  }

/** What may be asked anew, and was perhaps not heard. */
const again = <A>(effect: Effect.Effect<A, TinkerError>): Effect.Effect<A, TinkerError> =>
  Effect.retry(effect, { times: 2, while: ({ mayHaveActed }) => mayHaveActed })

/** Log-probabilities of every token, from those of the sequences that predict something; the first token has none. */
const rowsOf = (
  sequences: ReadonlyArray<ReadonlyArray<number>>,
  outputs: ReadonlyArray<Readonly<Record<string, ReadonlyArray<number>>>>,
): ReadonlyArray<ReadonlyArray<number>> => {
  let next = 0
  return sequences.map((tokens) =>
    tokens.length < 2 ? tokens.map(() => 0) : [0, ...(outputs[next++]?.["logprobs"] ?? []).map(atMostZero)],
  )
}

/** Rounding alone puts one above. */
const atMostZero = (logprob: number): number => Math.min(0, logprob)

/** What the loss was, by the formula itself. */
const lossOf = (
  datums: ReadonlyArray<PolicyEngine.Datum>,
  logprobs: ReadonlyArray<ReadonlyArray<number>>,
  config: PolicyEngine.LossConfig,
): Pick<PolicyEngine.ForwardBackwardOutput, "loss" | "clippedShare"> => {
  let total = 0
  let weighted = 0
  let clippedTokens = 0
  for (const [i, { advantages, logprobs: old, weights }] of datums.entries()) {
    for (const [t, weight] of weights.entries()) {
      if (weight === 0) continue
      const logprob = logprobs[i]?.[t] as number
      const { clipped, loss } = PolicyLoss.tokenLoss(
        config,
        logprob,
        old[t] as number,
        advantages[t] as number,
      )
      total += weight * loss
      weighted++
      if (clipped) clippedTokens++
    }
  }
  return { loss: total, clippedShare: weighted === 0 ? 0 : clippedTokens / weighted }
}

/** Consecutive seeds are one request. */
const seedRuns = (
  seeds: ReadonlyArray<number>,
): ReadonlyArray<{ readonly seed: number; readonly samples: number }> => {
  const runs: Array<{ seed: number; samples: number }> = []
  for (const whole of seeds) {
    const seed = whole % SEEDS
    const run = runs.at(-1)
    if (run !== undefined && run.seed + run.samples === seed) run.samples++
    else runs.push({ seed, samples: 1 })
  }
  return runs
}

/** Some servers fill in zeros where they have no log-probabilities; every ratio would be wrong. */
const isSilent = (sequences: ReadonlyArray<{ readonly logprobs: ReadonlyArray<number> }>): boolean => {
  const logprobs = sequences.flatMap((sequence) => sequence.logprobs)
  return logprobs.length >= SILENT_TOKENS && logprobs.every((logprob) => logprob === 0)
}

const noFrozenSampler = ({ samplers, server }: Dialect): string =>
  samplers === "end"
    ? `${server} cannot sample from earlier weights where all parameters are trained; a LoRA adapter, policy.rank above 0, can`
    : `${server} samples from the weights that it trains`

/** Clipping that the server would leave out. */
const clipProblem = (
  { gradClip }: PolicyEngine.AdamConfig,
  { gradClip: clips, optimizer, server }: Dialect,
): string | null =>
  gradClip === null || clips || optimizer === "learningRate"
    ? null
    : `gradClip: ${server} does not clip gradients; set optimizer.gradClip=null`

const contextOf = (
  { address, models }: TinkerClient.TinkerClient,
  { contextLength, model, tokenizer }: TinkerOptions,
): Effect.Effect<number, PolicyEngine.BackendUnavailable> => {
  const fail = (reason: string, hint: string) =>
    Effect.fail(new BackendUnavailable({ backend: "tinker", reason, hint }))
  const found = models.find(({ name }) => name === model)
  if (found === undefined) {
    const names = models.map(({ name }) => name).join(", ")
    return fail(
      `${address} does not have the model ${model}`,
      names === "" ? "it has none" : `policy.model is one of ${names}`,
    )
  }
  const length = contextLength ?? found.contextLength ?? tokenizer.contextLength ?? null
  return length === null
    ? fail(`${address} does not say how long a context ${model} has`, "set policy.contextLength")
    : Effect.succeed(length)
}

const unavailable = ({ kind, message }: TinkerError): PolicyEngine.BackendUnavailable =>
  new BackendUnavailable({ backend: "tinker", reason: message, hint: hints[kind] })

const hints: Readonly<Record<TinkerError["kind"], string>> = {
  unreachable: "start a server (azr serve-policy is one), or give its address: policy.url or TINKER_BASE_URL",
  key: "TINKER_API_KEY holds the key of the server at policy.url",
  notTinker: "policy.url is the address of a server that speaks the Tinker API, without /api/v1",
  refused: "policy.model and policy.rank have to be what the server offers",
  full: "the run that uses it ends first; what a dead one held is free when its session has expired, on SkyRL after 5 to 6 minutes",
  lost: "try again: the server was restarted while it was asked",
  unpaid: "pay the bill of the account that TINKER_API_KEY is of",
  busy: "try again later, or ask the server for more",
  server: "its own log says more",
  malformed: "is it a server of the Tinker API, of a version that this client knows?",
  timeout: "its own log says whether it still works on it",
}
