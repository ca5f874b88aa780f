/** Sampling as the stages use it: timed, and refusing what a diverged policy gives. */
import { Effect } from "effect"
import { PolicyEngine, PolicyError, type Sample, type SampleRequest } from "../PolicyEngine.ts"
import { timed } from "./Stopwatch.ts"

/**
 * Samples every request and goes on with what each has come to; results in order of the requests. An engine that serves
 * requests side by side is asked for each alone, and nothing waits for the others; any other is given all of them at once.
 */
export const sampleEach = Effect.fnUntraced(function* <Request extends SampleRequest, A, E, R>(
  requests: ReadonlyArray<Request>,
  goOn: (samples: ReadonlyArray<Sample>, request: Request) => Effect.Effect<A, E, R>,
) {
  const engine = yield* PolicyEngine
  if (engine.capabilities.sideBySide) {
    return yield* Effect.forEach(
      requests,
      (request) => Effect.flatMap(sampleAll(engine, [request]), ([samples]) => goOn(samples ?? [], request)),
      { concurrency: "unbounded" },
    )
  }
  const all = yield* sampleAll(engine, requests)
  return yield* Effect.forEach(requests, (request, index) => goOn(all[index] ?? [], request), {
    concurrency: "unbounded",
  })
})

const sampleAll = Effect.fnUntraced(function* (
  engine: PolicyEngine["Service"],
  requests: ReadonlyArray<SampleRequest>,
) {
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
