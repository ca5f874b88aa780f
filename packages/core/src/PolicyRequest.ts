/**
 * What is wrong with a request to a policy engine, in words; null is nothing. What every engine checks before anything changes: it
 * names the value, and both lengths where they do not fit.
 */
import { Schema, Struct } from "effect"
import { AdamConfig, type Datum, type SampleRequest } from "./PolicyEngine.ts"

const LEAST_TEMPERATURE = 0.001

export const lengthProblem = (length: number, contextLength: number): string | null =>
  length > contextLength ? `${length} tokens exceed the context of ${contextLength}` : null

type Asked = Pick<SampleRequest, "prompt" | "maxTokens">

const fits = ({ maxTokens, prompt }: Asked, contextLength: number): boolean =>
  prompt.length + maxTokens <= contextLength

/** Why a prompt cannot be asked at all. What a policy proposes may make longer prompts than it can read. */
export const misfit = (asked: Asked, contextLength: number): string | null =>
  fits(asked, contextLength)
    ? null
    : `a prompt of ${asked.prompt.length} tokens and an answer of ${asked.maxTokens} do not fit the context of ${contextLength}`

export const sampleProblem = (request: SampleRequest, contextLength: number): string | null => {
  const { prompt, seeds, maxTokens, temperature } = request
  const tooLong = lengthProblem(prompt.length, contextLength)
  if (tooLong !== null) return `prompt: ${tooLong}`
  if (prompt.length === 0) return "the prompt is empty"
  if (!(Number.isInteger(maxTokens) && maxTokens >= 1)) return `maxTokens ${maxTokens} must be at least 1`
  if (!fits(request, contextLength)) {
    return `${prompt.length} prompt tokens and maxTokens ${maxTokens} exceed the context of ${contextLength}`
  }
  // Logits are divided by it in float32: anything smaller is greedy but for overflow.
  if (!(temperature === 0 || (temperature >= LEAST_TEMPERATURE && temperature < Infinity))) {
    return `temperature ${temperature} must be 0 or at least ${LEAST_TEMPERATURE}`
  }
  const wrong = seeds.find((seed) => !(Number.isSafeInteger(seed) && seed >= 0))
  return wrong === undefined ? null : `seed ${wrong} must be an integer from 0 to 2^53 - 1`
}

/** Of a datum, or of one whose absent arrays mean 0 everywhere. */
export const datumProblem = (datum: Partial<Datum> & Pick<Datum, "tokens">): string | null => {
  const { tokens, weights } = datum
  for (const name of ["weights", "advantages", "logprobs", "referenceLogprobs"] as const) {
    const values = datum[name]
    if (values === undefined) continue
    if (values.length !== tokens.length) return `${values.length} ${name} for ${tokens.length} tokens`
    const at = values.findIndex((value) => !Number.isFinite(value))
    if (at >= 0) return `${name}[${at}] is ${values[at]}`
  }
  return (weights?.[0] ?? 0) === 0
    ? null
    : `weights[0] is ${weights?.[0]}, but nothing predicts the first token`
}

export const adamProblem = (adam: AdamConfig): string | null => {
  const wrong = Struct.keys(AdamConfig.fields).find((name) => !Schema.is(AdamConfig.fields[name])(adam[name]))
  return wrong === undefined ? null : `${wrong} is ${adam[wrong]}`
}
