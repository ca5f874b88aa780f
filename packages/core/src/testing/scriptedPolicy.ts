/**
 * A policy engine whose responses are a function that a test writes, or who tries an environment. It learns nothing, but counts its updates and
 * remembers all it was asked and taught. Tokens are Unicode code points; token 0 ends a response.
 */
import { Context, Effect, Layer, Schema } from "effect"
import {
  type AdamConfig,
  type Datum,
  type LossConfig,
  PolicyEngine,
  PolicyError,
  type Regularization,
  type Sample,
  type Sampler,
} from "../PolicyEngine.ts"

/**
 * The response to a prompt, without its end. `updates` counts the calls of `optimStep` that the present policy has
 * behind it: what is saved and loaded.
 */
export type Respond = (prompt: string, seed: number, updates: number) => string

/** One call of `optimStep` with the datums of the calls of `forwardBackward` before it. */
export interface Update {
  readonly datums: ReadonlyArray<Datum>
  readonly losses: ReadonlyArray<LossConfig>
  readonly regularizations: ReadonlyArray<Regularization | null>
  readonly adam: AdamConfig
}

/** What a scripted policy remembers. */
export class ScriptedPolicy extends Context.Service<
  ScriptedPolicy,
  {
    /** Every prompt that was sampled from, in order. */
    readonly prompts: Effect.Effect<ReadonlyArray<string>>
    readonly updates: Effect.Effect<ReadonlyArray<Update>>
  }
>()("@azr/core/testing/ScriptedPolicy") {}

const Saved = Schema.Struct({ updates: Schema.Int })
const decodeSaved = Schema.decodeUnknownEffect(Schema.fromJsonString(Saved))
const fileName = "policy.json"
const end = 0

/** The log-probability that every scripted policy gives a token: different for different tokens, always the same. */
export const scriptedLogprob = (token: number): number => -(1 + (token % 31)) / 32

/** By how much the reference policy of every scripted policy finds each token less likely, in nats. */
export const scriptedKl = 1 / 8

const nothing: Omit<Update, "adam"> = { datums: [], losses: [], regularizations: [] }

export const scriptedPolicy = (respond: Respond): Layer.Layer<PolicyEngine | ScriptedPolicy> =>
  Layer.syncContext(() => {
    const prompts: Array<string> = []
    const updates: Array<Update> = []
    let pending: Omit<Update, "adam"> = nothing
    let count = 0

    const samplerAt =
      (updated: number): Sampler =>
      (requests) =>
        Effect.sync(() =>
          requests.map(({ maxTokens, prompt, seeds }) => {
            const text = decode(prompt)
            prompts.push(text)
            return seeds.map((seed) => toSample(respond(text, seed, updated), maxTokens))
          }),
        )

    const engine = PolicyEngine.of({
      capabilities: {
        backend: "scripted",
        description: "scripted responses, no model",
        contextLength: 1_000_000,
        losses: ["crossEntropy", "importanceSampling", "ppo", "cispo"],
        regularizations: ["entropy", "kl"],
        deterministic: true,
        sideBySide: false,
        samplesWhileLearning: true,
        parameters: 0,
      },
      tokenizer: {
        encodePrompt: (prompt) => Effect.succeed(encode(prompt.map(({ content }) => content).join("\n\n"))),
        decode,
      },
      sample: (requests) => Effect.suspend(() => samplerAt(count)(requests)),
      frozenSampler: Effect.sync(() => samplerAt(count)),
      logprobs: (sequences) => Effect.sync(() => sequences.map(score)),
      referenceLogprobs: (sequences) =>
        Effect.sync(() =>
          sequences.map((tokens) => score(tokens).map((logprob, t) => (t === 0 ? 0 : logprob - scriptedKl))),
        ),
      setReference: () => Effect.void,
      forwardBackward: (datums, loss, regularization) =>
        Effect.sync(() => {
          pending = {
            datums: [...pending.datums, ...datums],
            losses: [...pending.losses, loss],
            regularizations: [...pending.regularizations, regularization ?? null],
          }
          return {
            loss: 0,
            logprobs: datums.map(({ tokens }) => score(tokens)),
            entropy: null,
            clippedShare: null,
            kl: null,
          }
        }),
      optimStep: (adam) =>
        Effect.sync(() => {
          updates.push({ ...pending, adam })
          pending = nothing
          count += 1
          return { gradNorm: null }
        }),
      save: Effect.sync(() => [
        { name: fileName, bytes: new TextEncoder().encode(JSON.stringify({ updates: count })) },
      ]),
      load: Effect.fnUntraced(function* (files) {
        const file = files.find(({ name }) => name === fileName)
        const text = new TextDecoder().decode(file?.bytes)
        const saved = yield* Effect.mapError(
          decodeSaved(text),
          ({ message }) => new PolicyError({ operation: "load", message: `${fileName}: ${message}` }),
        )
        count = saved.updates
        pending = nothing
      }),
      retain: () => Effect.void,
    })
    return Context.make(PolicyEngine, engine).pipe(
      Context.add(ScriptedPolicy, {
        prompts: Effect.sync(() => [...prompts]),
        updates: Effect.sync(() => [...updates]),
      }),
    )
  })

const encode = (text: string): ReadonlyArray<number> =>
  Array.from(text, (character) => character.codePointAt(0) as number)

const decode = (tokens: ReadonlyArray<number>): string =>
  tokens
    .filter((token) => token !== end)
    .map((token) => String.fromCodePoint(token))
    .join("")

const score = (tokens: ReadonlyArray<number>): ReadonlyArray<number> =>
  tokens.map((token, index) => (index === 0 ? 0 : scriptedLogprob(token)))

const toSample = (text: string, maxTokens: number): Sample => {
  const tokens = [...encode(text), end].slice(0, maxTokens)
  return {
    tokens,
    logprobs: tokens.map(scriptedLogprob),
    stopReason: tokens.at(-1) === end ? "stop" : "length",
  }
}
