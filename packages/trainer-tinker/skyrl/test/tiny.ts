/** A SkyRL server of the tiny model for one test file, and engines on it. */
import { mkdtempSync, readFileSync, readdirSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { Effect, Layer } from "effect"
import { makeHuggingFaceTokenizer, modelFamilies, TinkerEngine } from "../../src/index.ts"
import { prepareModel } from "../prepare.ts"
import { freePort, type SkyrlServer, startServer } from "../SkyrlServer.ts"

/** Compilers and a model to load: nothing of it is fast. */
export const timeout = 600_000

export const startTiny = async (): Promise<SkyrlServer> =>
  startServer({
    model: prepareModel("tiny"),
    state: mkdtempSync(path.join(tmpdir(), "azr-skyrl-")),
    port: await freePort(),
  })

export const tinyServer = Effect.acquireRelease(Effect.promise(startTiny), (server) => Effect.promise(server.stop))

const tokenizer = Effect.suspend(() => {
  const folder = prepareModel("tiny")
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => ({ name, bytes: readFileSync(path.join(folder, name)) }))
  return Effect.fromResult(
    makeHuggingFaceTokenizer(files, { model: "tiny", form: null, thinking: false, families: modelFamilies }),
  )
})

/** Short of what the model could: sequences of its full length would take gigabytes. */
const contextLength = 256

export const tinyEngine = ({ url }: SkyrlServer) =>
  Layer.unwrap(
    Effect.map(tokenizer, (tokenizer) =>
      TinkerEngine.layer({
        url,
        model: "tiny",
        rank: 8,
        seed: 1,
        contextLength,
        reduction: null,
        serverOptimizer: false,
        tokenizer,
      }),
    ),
  )
