/** Checks of what an engine is asked, against the model's configuration. Each throws an `InvalidRequest` in words. */
import type { PolicyEngine } from "@azr/core"
import { InvalidRequest, type Sequence } from "./Engine.ts"
import type { ModelConfig } from "./model/ModelConfig.ts"

const LEAST_TEMPERATURE = 0.001

export const checkSampleRequest = (
  config: ModelConfig,
  request: PolicyEngine.SampleRequest,
  index: number,
): void => {
  const { prompt, seeds, maxTokens, temperature } = request
  const refuse = (problem: string): never => {
    throw new InvalidRequest(`request ${index}: ${problem}`)
  }
  checkTokens(config, prompt, `request ${index}, prompt`)
  if (prompt.length === 0) refuse("the prompt is empty")
  if (!(Number.isInteger(maxTokens) && maxTokens >= 1)) refuse(`maxTokens ${maxTokens} must be at least 1`)
  if (prompt.length + maxTokens > config.context) {
    refuse(
      `${prompt.length} prompt tokens and maxTokens ${maxTokens} exceed the context of ${config.context}`,
    )
  }
  // Logits are divided by it in float32: anything smaller is greedy but for overflow.
  if (!(temperature === 0 || (temperature >= LEAST_TEMPERATURE && temperature < Infinity))) {
    refuse(`temperature ${temperature} must be 0 or at least ${LEAST_TEMPERATURE}`)
  }
  const wrong = seeds.find((seed) => !(Number.isSafeInteger(seed) && seed >= 0))
  if (wrong !== undefined) refuse(`seed ${wrong} must be an integer from 0 to 2^53 - 1`)
}

export const checkSequence = (
  config: ModelConfig,
  sequence: Sequence,
  index: number,
  needsReference: boolean,
): void => {
  const { tokens, weights, positionOffset = 0, statementOffset = 0 } = sequence
  const refuse = (problem: string): never => {
    throw new InvalidRequest(`datum ${index}: ${problem}`)
  }
  checkTokens(config, tokens, `datum ${index}`)
  if (needsReference && sequence.referenceLogprobs === undefined) {
    refuse("a KL penalty needs referenceLogprobs")
  }
  for (const name of ["weights", "advantages", "logprobs", "referenceLogprobs"] as const) {
    const values = sequence[name]
    if (values === undefined) continue
    if (values.length !== tokens.length) refuse(`${values.length} ${name} for ${tokens.length} tokens`)
    const at = values.findIndex((value) => !Number.isFinite(value))
    if (at >= 0) refuse(`${name}[${at}] is ${values[at]}`)
  }
  if ((weights?.[0] ?? 0) !== 0) refuse(`weights[0] is ${weights?.[0]}, but nothing predicts the first token`)
  for (const offset of [positionOffset, statementOffset]) {
    if (!(Number.isInteger(offset) && offset >= 0)) refuse(`offset ${offset} must be an integer of 0 or more`)
  }
}

export const checkTokens = (config: ModelConfig, tokens: ReadonlyArray<number>, what: string): void => {
  const { context, vocabulary } = config
  if (tokens.length > context) {
    throw new InvalidRequest(`${what}: ${tokens.length} tokens exceed the context of ${context}`)
  }
  const size = vocabulary.pieces.length
  const wrong = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < size))
  if (wrong !== undefined)
    throw new InvalidRequest(`${what}: token ${wrong} is not in the vocabulary of ${size}`)
}

export const checkAdam = (adam: PolicyEngine.AdamConfig): void => {
  const { learningRate, beta1, beta2, epsilon, weightDecay, gradClip } = adam
  const rules: ReadonlyArray<readonly [name: string, value: number, allowed: boolean]> = [
    ["learningRate", learningRate, learningRate >= 0],
    ["beta1", beta1, beta1 >= 0 && beta1 < 1],
    ["beta2", beta2, beta2 >= 0 && beta2 < 1],
    ["epsilon", epsilon, epsilon > 0],
    ["weightDecay", weightDecay, weightDecay >= 0],
    ["gradClip", gradClip ?? 1, gradClip === null || gradClip > 0],
  ]
  for (const [name, value, allowed] of rules) {
    if (!(allowed && Number.isFinite(value))) throw new InvalidRequest(`${name} is ${value}`)
  }
}
