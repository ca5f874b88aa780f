/** The models and batches that engines are measured with: shapes of the `nano` preset, random weights and tokens. */
import { RandomStreams } from "@azr/core"
import { type ModelConfig, nanoModel } from "@azr/trainer-gpu"
import type { Workload } from "./questions.ts"

/** Without a stop token, so that every contestant draws as many tokens. */
const model = (width: number): ModelConfig => ({
  ...nanoModel,
  width,
  vocabulary: { ...nanoModel.vocabulary, stops: [] },
})

export const modelNames = ["nano", "S"] as const
export type ModelName = (typeof modelNames)[number]
export const models: Readonly<Record<ModelName, ModelConfig>> = { nano: model(64), S: model(128) }

const SEQUENCES = 256
const PROMPTS = 100
const PROMPT_TOKENS = 30

export const makeWorkload = (): typeof Workload.Type => {
  const stream = new RandomStreams.RandomStreams(1).get("bench")
  const tokens = (length: number) =>
    Array.from({ length }, () => stream.integer(0, nanoModel.vocabulary.pieces.length - 1))
  return {
    sequences: Array.from({ length: SEQUENCES }, () => stream.integer(20, 60)).map((length) => ({
      tokens: tokens(length),
      weights: Array.from({ length }, (_, t) => (t === 0 ? 0 : 1 / 8192)),
    })),
    prompts: Array.from({ length: PROMPTS }, () => tokens(PROMPT_TOKENS)),
    samplesPerPrompt: 8,
    maxTokens: 20,
    adam: { learningRate: 1e-4, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, gradClip: 1 },
  }
}
