/**
 * What servers accept and answer without a word, and must not: a missing array counts as zeros or ones, a short one is filled up.
 * Each check gives what is wrong, in words; null is nothing.
 */
import type { SampleResult } from "./messages.ts"
import type { TrainingOutput, WireDatum } from "./training.ts"

/** A log-probability may be above 0 by rounding. */
const SLACK = 1e-3

export const datumProblem = ({ inputs, tokens }: WireDatum): string | null => {
  if (tokens.length === 0) return "there are no tokens"
  if (inputs["target_tokens"] === undefined) return "target_tokens are missing"
  for (const [name, values] of Object.entries(inputs)) {
    if (values.length !== tokens.length) return `${values.length} ${name} for ${tokens.length} tokens`
    const wrong = values.findIndex((value) => !Number.isFinite(value))
    if (wrong >= 0) return `${name}[${wrong}] is ${values[wrong]}`
  }
  return null
}

export const outputsProblem = (
  data: ReadonlyArray<WireDatum>,
  { outputs }: TrainingOutput,
): string | null => {
  if (outputs.length !== data.length) return `${outputs.length} outputs for ${data.length} datums`
  for (const [index, { tokens }] of data.entries()) {
    const logprobs = outputs[index]?.["logprobs"]
    if (logprobs === undefined) return `the output of datum ${index} has no logprobs`
    if (logprobs.length !== tokens.length)
      return `${logprobs.length} logprobs for the ${tokens.length} tokens of datum ${index}`
    const wrong = logprobs.findIndex((value) => !(Number.isFinite(value) && value <= SLACK))
    if (wrong >= 0) return `logprobs[${wrong}] of datum ${index} is ${logprobs[wrong]}`
  }
  return null
}

export const samplesProblem = (
  samples: number,
  maxTokens: number,
  sequences: SampleResult["sequences"],
): string | null => {
  if (sequences.length !== samples) return `${sequences.length} sequences where ${samples} were asked for`
  for (const [index, { logprobs, stop_reason, tokens }] of sequences.entries()) {
    if (tokens.length === 0) return `sequence ${index} has no tokens, not even the one that stops it`
    if (tokens.length > maxTokens)
      return `sequence ${index} has ${tokens.length} tokens where ${maxTokens} were asked for`
    if (logprobs.length !== tokens.length)
      return `${logprobs.length} logprobs for the ${tokens.length} tokens of sequence ${index}`
    const wrong = logprobs.findIndex((value) => !(Number.isFinite(value) && value <= SLACK))
    if (wrong >= 0) return `logprobs[${wrong}] of sequence ${index} is ${logprobs[wrong]}`
    if (stop_reason === "length" && tokens.length < maxTokens)
      return `sequence ${index} stopped by length after ${tokens.length} of ${maxTokens} tokens`
  }
  return null
}
