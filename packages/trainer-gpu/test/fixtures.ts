/** Small models and batches that several tests share. */
import { RandomStreams } from "@azr/core"
import { afterAll } from "vitest"
import { GptEngine, type ModelConfig, nanoModel, type Sequence } from "../src/index.ts"

/** Nano's vocabulary and features on a model small enough for the reference. */
export const tinyModel: ModelConfig = { ...nanoModel, layers: 2, width: 16, heads: 2, context: 48 }

export const randomStream = (name: string): RandomStreams.RandomStream =>
  new RandomStreams.RandomStreams(7).get(name)

/** Sequences of random tokens, of the lengths given; every other token from the fourth on is weighted. */
export const randomSequences = (
  lengths: ReadonlyArray<number>,
  name = "sequences",
): ReadonlyArray<Sequence> => {
  const stream = randomStream(name)
  const vocabulary = nanoModel.vocabulary.pieces.length
  return lengths.map((length) => ({
    tokens: Array.from({ length }, () => stream.integer(0, vocabulary - 1)),
    weights: Array.from({ length }, (_, t) => (t >= 4 && t % 2 === 0 ? stream.float() : 0)),
    advantages: Array.from({ length }, () => 4 * stream.float() - 2),
    logprobs: Array.from({ length }, () => -4 - stream.float()),
    referenceLogprobs: Array.from({ length }, () => -4 - stream.float()),
  }))
}

/** Engines of this test file: threads take a second to start, so tests of one model share theirs. */
const engines = new Map<string, Promise<GptEngine>>()

afterAll(async () => {
  for (const engine of engines.values()) await (await engine).close()
})

/** Runs `use` with an engine of random parameters, the same ones every time. */
export const withEngine = async <A>(
  config: ModelConfig,
  workers: number,
  use: (engine: GptEngine) => Promise<A>,
): Promise<A> => {
  const key = JSON.stringify([config.width, config.layers, workers])
  const known = engines.get(key) ?? GptEngine.make(config, { workers })
  engines.set(key, known)
  const engine = await known
  await engine.initialise(11)
  return use(engine)
}
