/** Engines and clients on a toy server, with limits that tests can wait for. */
import { PolicyEngine } from "@azr/core"
import { ConfigProvider, Context, Effect, Layer, Logger, type Redacted } from "effect"
import { TinkerClient, TinkerEngine } from "../src/index.ts"
import { type ToyOptions, ToyServer } from "./toyServer.ts"

export const timing = {
  patience: "10 seconds",
  poll: "3 seconds",
  result: "8 seconds",
  heartbeat: "50 millis",
  room: "8 seconds",
  pause: "8 seconds",
} as const

export const tokenizer: PolicyEngine.Tokenizer & { readonly stopTokens: ReadonlyArray<number> } = {
  encodePrompt: (prompt) => Effect.succeed(prompt.map(({ content }) => content.length)),
  decode: (tokens) => tokens.join(" "),
  stopTokens: [1],
}

export const adam = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0,
  gradClip: null,
}
export const importanceSampling = { _tag: "importanceSampling" } as const
export const datum: PolicyEngine.Datum = {
  tokens: [4, 5, 6, 7],
  weights: [0, 0, 1, 0.5],
  advantages: [0, 0, 2, -1],
  logprobs: [0, 0, -1, -1],
}
export const request = { prompt: [1, 2], seeds: [3, 4, 9], maxTokens: 3, temperature: 1 }
/** What the one file of a saved policy says. */
export const text = ([file]: ReadonlyArray<PolicyEngine.PolicyFile>) => new TextDecoder().decode(file?.bytes)

export const startToy = (options: Partial<ToyOptions> = {}) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      ToyServer.start({ reduction: "sum", wire: "protobuf", contextLength: 64, ...options }),
    ),
    (server) => Effect.promise(() => server.close()),
  )

export const connect = (url: string, key: Redacted.Redacted | null = null) =>
  TinkerClient.make({ ...timing, url, key })

/** What an effect gives, and the lines that it logs. */
export const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    return Effect.map(Effect.provide(effect, Logger.layer([logger])), (value) => ({ lines, value }))
  })

/** The engine, with only this in its environment. */
export const openEngine = (
  url: string,
  options: Partial<TinkerEngine.TinkerOptions> = {},
  environment: Readonly<Record<string, string>> = {},
) =>
  Effect.map(
    Layer.build(
      TinkerEngine.layer({
        url,
        model: "toy",
        rank: 4,
        seed: 1,
        contextLength: null,
        reduction: null,
        serverOptimizer: false,
        tokenizer,
        timing,
        ...options,
      }).pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(environment)))),
    ),
    Context.get(PolicyEngine.PolicyEngine),
  )
