/**
 * Rates of the engine in tokens per second: `pnpm --filter @azr/trainer-gpu bench [--json] [--seconds 3]`. Training is
 * forward, backward and update on sequences of 20 to 60 tokens; sampling is 8 samples a prompt, at temperature 1.
 */
import { cpus } from "node:os"
import { parseArgs } from "node:util"
import { RandomStreams } from "@azr/core"
import { GptEngine, type ModelConfig, nanoModel, parameterCount, type Sequence } from "../src/index.ts"

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, seconds: { type: "string", default: "3" } },
})
const seconds = Number(values.seconds)
const adam = { learningRate: 1e-4, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, gradClip: 1 }
const PROMPT_TOKENS = 30
const MAX_TOKENS = 20

const stream = new RandomStreams.RandomStreams(1).get("bench")
const batch: ReadonlyArray<Sequence> = Array.from({ length: 256 }, () => {
  const length = stream.integer(20, 60)
  return {
    tokens: Array.from({ length }, () => stream.integer(0, nanoModel.vocabulary.pieces.length - 1)),
    weights: Array.from({ length }, (_, t) => (t === 0 ? 0 : 1 / 8192)),
  }
})
const batchTokens = batch.reduce((sum, sequence) => sum + sequence.tokens.length, 0)

/** Tokens a second of `round`, which returns how many it made, after two rounds to warm up. */
const rate = async (round: (n: number) => Promise<number>): Promise<number> => {
  await round(0)
  await round(1)
  const start = performance.now()
  let tokens = 0
  for (let n = 2; performance.now() - start < 1000 * seconds; n++) tokens += await round(n)
  return Math.round((1000 * tokens) / (performance.now() - start))
}

const measure = async (config: ModelConfig, workers: number) => {
  const engine = await GptEngine.make(config, { workers })
  try {
    await engine.initialise(1)
    const generated = await rate(async (n) => {
      const samples = await engine.sample(
        batch.slice(0, 100).map(({ tokens }, i) => ({
          prompt: tokens.slice(0, PROMPT_TOKENS),
          seeds: Array.from({ length: 8 }, (_, s) => (n * 100 + i) * 8 + s),
          maxTokens: MAX_TOKENS,
          temperature: 1,
        })),
      )
      return samples.flat().reduce((sum, sample) => sum + sample.tokens.length, 0)
    })
    const trained = await rate(async () => {
      await engine.forwardBackward(batch, { _tag: "crossEntropy" })
      await engine.optimStep(adam)
      return batchTokens
    })
    return {
      width: config.width,
      layers: config.layers,
      parameters: parameterCount(config),
      workers,
      trained,
      generated,
    }
  } finally {
    await engine.close()
  }
}

const rows: Array<Awaited<ReturnType<typeof measure>>> = []
for (const width of [64, 128]) {
  for (const workers of [1, 2]) rows.push(await measure({ ...nanoModel, width }, workers))
}
if (values.json) {
  process.stdout.write(
    `${JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, unit: "tokens/s", rows })}\n`,
  )
} else {
  for (const { width, layers, parameters, workers, trained, generated } of rows) {
    process.stdout.write(
      `width ${width}, ${layers} layers, ${parameters} parameters, ${workers} workers: ` +
        `${trained} tokens/s trained, ${generated} tokens/s generated\n`,
    )
  }
}
