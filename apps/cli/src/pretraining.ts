/**
 * Supervised pretraining of the nano policy, by the project's own trainer: it learns the language of the tasks, to
 * think step by step when it does, and by habit not to. What self-play adds starts from here.
 */
import { RandomStreams } from "@azr/core"
import type { PolicyEngine } from "@azr/core"
import {
  type PretrainingExample,
  type PretrainingRecipe,
  drawExample,
  recipes,
} from "@azr/env-python-wasm/nano"
import {
  GptEngine,
  type ModelConfig,
  PieceTokenizer,
  type Sequence,
  encodeCheckpoint,
  nanoModel,
} from "@azr/trainer-gpu"

export interface PretrainingProgress {
  readonly recipe: string
  readonly step: number
  readonly steps: number
  /** Mean loss over the completion tokens, in nats. */
  readonly loss: number
  /** Tokens trained so far, prompts included. */
  readonly tokens: number
}

/** Trains `f1`, then `h1`, from random weights. The same seed gives the same bytes on any machine. */
export const pretrain = async (
  config: ModelConfig,
  seed: number,
  report: (progress: PretrainingProgress) => void,
): Promise<ReadonlyArray<PolicyEngine.PolicyFile>> => {
  const engine = await GptEngine.make(config, { workers: null })
  try {
    const streams = new RandomStreams.RandomStreams(seed)
    await engine.initialise(streams.get("pretrain/weights").uint32())
    let tokens = 0
    for (const recipe of [recipes.f1, recipes.h1]) {
      await forgetMoments(engine)
      for (let step = 0; step < recipe.training.steps; step++) {
        const batch = drawBatch(recipe, config, streams)
        tokens += batch.reduce((sum, sequence) => sum + sequence.tokens.length, 0)
        const { loss } = await engine.forwardBackward(batch, { _tag: "crossEntropy" })
        await engine.optimStep(optimizerAt(recipe, config, step))
        report({ recipe: recipe.id, step: step + 1, steps: recipe.training.steps, loss, tokens })
      }
    }
    await forgetMoments(engine)
    return encodeCheckpoint({ config, state: await engine.getState() })
  } finally {
    await engine.close()
  }
}

/** AdamW starts afresh: a new recipe, and self-play after it, have statistics of their own. */
const forgetMoments = async (engine: GptEngine): Promise<void> => {
  const { parameters } = await engine.getState()
  const zeros = new Map([...parameters].map(([name, values]) => [name, new Float32Array(values.length)]))
  await engine.setState({ parameters, m: zeros, v: zeros, step: 0 })
}

/** Learning rates are tuned for the width of the shipped model, and go with one over the root of the width. */
export const learningRateScale = ({ width }: ModelConfig): number => Math.sqrt(nanoModel.width / width)

const optimizerAt = (
  { training }: PretrainingRecipe,
  config: ModelConfig,
  step: number,
): PolicyEngine.AdamConfig => ({
  learningRate:
    learningRateScale(config) *
    training.learningRate *
    Math.min(1, (step + 1) / training.warmupSteps) *
    Math.max(training.finalShare, 1 - step / training.steps),
  beta1: training.beta1,
  beta2: training.beta2,
  epsilon: 1e-8,
  weightDecay: training.weightDecay,
  gradClip: training.gradClip,
})

const drawBatch = (
  recipe: PretrainingRecipe,
  config: ModelConfig,
  streams: RandomStreams.RandomStreams,
): ReadonlyArray<Sequence> => {
  const tokenizer = new PieceTokenizer(config.vocabulary)
  const examples = streams.get(`pretrain/${recipe.id}/examples`)
  const offsets = streams.get(`pretrain/${recipe.id}/offsets`)
  const stop = config.vocabulary.stops[0] as number
  const drawn = Array.from({ length: recipe.training.sequences }, () => {
    const example = drawExample(recipe, examples)
    return {
      example,
      prompt: encode(tokenizer, example.prompt),
      completion: [...encode(tokenizer, example.completion), stop],
    }
  })
  const completionTokens = drawn.reduce((sum, { completion }) => sum + completion.length, 0)
  return drawn.map(({ completion, example, prompt }) => ({
    tokens: [...prompt, ...completion],
    weights: [
      ...prompt.map(() => 0),
      ...completion.map((_, index) => weightOf(example, index) / completionTokens),
    ],
    positionOffset: offsets.integer(0, recipe.training.positionOffset),
    statementOffset: offsets.integer(0, recipe.training.stepOffset),
  }))
}

const weightOf = (example: PretrainingExample, index: number): number =>
  index === 0 && example.maskFirst ? 0 : 1

const encode = (tokenizer: PieceTokenizer, text: string): ReadonlyArray<number> => {
  const encoding = tokenizer.encode(text)
  if (encoding._tag !== "tokens") throw new Error(`the vocabulary cannot write ${JSON.stringify(text)}`)
  return encoding.tokens
}
