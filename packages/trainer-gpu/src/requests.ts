/** Checks of what an engine is asked, against the model's configuration. Each throws an `InvalidRequest` in words. */
import { type PolicyEngine, PolicyRequest } from "@azr/core"
import { InvalidRequest, type Sequence } from "./Engine.ts"
import type { ModelConfig } from "./model/ModelConfig.ts"

const refuse = (what: string, problem: string | null): void => {
  if (problem !== null) throw new InvalidRequest(`${what}: ${problem}`)
}

export const checkSampleRequest = (
  config: ModelConfig,
  request: PolicyEngine.SampleRequest,
  index: number,
): void => {
  refuse(`request ${index}`, PolicyRequest.sampleProblem(request, config.context))
  checkTokens(config, request.prompt, `request ${index}, prompt`)
}

export const checkSequence = (
  config: ModelConfig,
  sequence: Sequence,
  index: number,
  needsReference: boolean,
): void => {
  const { tokens, positionOffset = 0, statementOffset = 0 } = sequence
  const what = `datum ${index}`
  checkTokens(config, tokens, what)
  if (needsReference && sequence.referenceLogprobs === undefined) {
    refuse(what, "a KL penalty needs referenceLogprobs")
  }
  refuse(what, PolicyRequest.datumProblem(sequence))
  for (const offset of [positionOffset, statementOffset]) {
    if (!(Number.isInteger(offset) && offset >= 0)) {
      refuse(what, `offset ${offset} must be an integer of 0 or more`)
    }
  }
}

export const checkTokens = (config: ModelConfig, tokens: ReadonlyArray<number>, what: string): void => {
  const { context, vocabulary } = config
  refuse(what, PolicyRequest.lengthProblem(tokens.length, context))
  const size = vocabulary.pieces.length
  const wrong = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < size))
  if (wrong !== undefined) refuse(what, `token ${wrong} is not in the vocabulary of ${size}`)
}

export const checkAdam = (adam: PolicyEngine.AdamConfig): void => {
  const problem = PolicyRequest.adamProblem(adam)
  if (problem !== null) throw new InvalidRequest(problem)
}
