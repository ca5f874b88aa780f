/** Engines on the SkyRL server of the tiny model. */
import { readFileSync, readdirSync } from "node:fs"
import path from "node:path"
import { Effect, Layer } from "effect"
import { makeHuggingFaceTokenizer, modelFamilies, TinkerEngine } from "../../src/index.ts"
import { prepareModel } from "../prepare.ts"

/** Compilers and a model to load: nothing of it is fast. */
export const timeout = 1_800_000

/** The server that `scripts/skyrl.ts` has started for the suites. */
export const url = process.env["TINKER_BASE_URL"] ?? ""

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

export const tinyEngine = Layer.unwrap(
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
