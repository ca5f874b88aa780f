/** Engines and clients on a toy server, with limits that tests can wait for. */
import { PolicyEngine } from "@azr/core"
import { ConfigProvider, Context, Effect, Layer, type Redacted } from "effect"
import { TinkerClient, TinkerEngine } from "../src/index.ts"
import { type ToyOptions, ToyServer } from "./toyServer.ts"

export const timing = {
  patience: "5 seconds",
  poll: "1500 millis",
  result: "6 seconds",
  heartbeat: "50 millis",
} as const

export const tokenizer: PolicyEngine.Tokenizer & { readonly stopTokens: ReadonlyArray<number> } = {
  encodePrompt: (prompt) => Effect.succeed(prompt.map(({ content }) => content.length)),
  decode: (tokens) => tokens.join(" "),
  stopTokens: [1],
}

export const startToy = (options: Partial<ToyOptions> = {}) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      ToyServer.start({ reduction: "sum", wire: "protobuf", contextLength: 64, ...options }),
    ),
    (server) => Effect.promise(() => server.close()),
  )

export const connect = (url: string, key: Redacted.Redacted | null = null) =>
  TinkerClient.make({ ...timing, url, key })

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
