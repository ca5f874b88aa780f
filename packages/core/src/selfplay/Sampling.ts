/** Sampling as the stages use it: timed, and refusing what a diverged policy gives. */
import { Effect } from "effect"
import { type Capabilities, PolicyEngine, PolicyError, type SampleRequest } from "../PolicyEngine.ts"
import { timed } from "./Stopwatch.ts"

export const sample = Effect.fnUntraced(function* (requests: ReadonlyArray<SampleRequest>) {
  const engine = yield* PolicyEngine
  const samples = yield* timed("generate", engine.sample(requests))
  const broken = samples.flat().find(({ logprobs }) => !logprobs.every(Number.isFinite))
  if (broken !== undefined) {
    return yield* new PolicyError({
      operation: "sample",
      message:
        "a sampled log-probability is not finite: the policy has diverged; try a lower optimizer.learningRate",
    })
  }
  return samples
})

/** Why a prompt cannot be asked, in words; null: it can. What a policy proposes may make longer prompts than it can read. */
export const misfit = (
  { contextLength }: Pick<Capabilities, "contextLength">,
  { maxTokens, prompt }: Pick<SampleRequest, "prompt" | "maxTokens">,
): string | null =>
  prompt.length + maxTokens <= contextLength
    ? null
    : `a prompt of ${prompt.length} tokens and an answer of ${maxTokens} do not fit the context of ${contextLength}`
