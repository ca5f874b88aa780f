/** A policy server in this process, on a model small enough for a test. */
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { encodeCheckpoint, initialState, LocalBackends, nanoModel, promptTokenizer } from "@azr/trainer-gpu"
import { TinkerEngine } from "@azr/trainer-tinker"
import { Effect, Layer } from "effect"
import { type ServeOptions, serve } from "../../src/servePolicy/serve.ts"

export const tinyModel = { ...nanoModel, layers: 2, width: 16, heads: 2, context: 48 }
export const files = encodeCheckpoint({ config: tinyModel, state: initialState(tinyModel, 3) })

/** Where a server may keep weights. */
export const servedFolder = (): string => mkdtempSync(join(tmpdir(), "azr-served-"))

export const startServer = (options: Partial<ServeOptions> = {}) =>
  Effect.gen(function* () {
    const choice = yield* LocalBackends.choose("wasm", { workers: 1 })
    return yield* serve({
      name: "tiny",
      files,
      choice,
      folder: servedFolder(),
      models: 4,
      reduction: "sum",
      sessionTimeout: "1 minute",
      wire: "protobuf",
      poll: "1 second",
      host: "127.0.0.1",
      port: 0,
      ...options,
    })
  })

export const engineAt = (url: string) =>
  TinkerEngine.layer({
    url,
    model: "tiny",
    rank: 8,
    seed: 1,
    contextLength: null,
    reduction: null,
    serverOptimizer: false,
    tokenizer: promptTokenizer(tinyModel.vocabulary),
  })

/** An engine on a server of its own. */
export const servedEngine = (options: Partial<ServeOptions>) =>
  Layer.unwrap(Effect.map(startServer(options), engineAt))
