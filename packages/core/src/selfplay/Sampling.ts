/** Sampling as the stages use it: timed, and refusing what a diverged policy gives. */
import { Effect } from "effect"
import { PolicyEngine, PolicyError, type SampleRequest } from "../PolicyEngine.ts"
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
