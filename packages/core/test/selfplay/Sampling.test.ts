import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import { PolicyEngine, type Sample, type SampleRequest } from "../../src/PolicyEngine.ts"
import { sampleEach } from "../../src/selfplay/Sampling.ts"
import { step } from "../../src/selfplay/Step.ts"
import { heldOutOf } from "../../src/selfplay/Validate.ts"
import { scriptedPolicy } from "../../src/testing/scriptedPolicy.ts"
import { kinds, overKinds, seeded, settings, stateOf } from "./world.ts"

/** A scripted policy with another way of sampling. */
const policy = (sideBySide: boolean, around: (sample: PolicyEngine["Service"]["sample"]) => typeof sample) =>
  Layer.effect(
    PolicyEngine,
    Effect.map(PolicyEngine, (engine) =>
      PolicyEngine.of({
        ...engine,
        capabilities: { ...engine.capabilities, sideBySide },
        sample: around(engine.sample),
      }),
    ),
  ).pipe(Layer.provide(scriptedPolicy(seeded)))

const request = (seed: number): SampleRequest => ({
  prompt: [87],
  seeds: [seed],
  maxTokens: 9,
  temperature: 1,
})

describe("sampleEach", () => {
  it.effect("gives an engine all requests at once, or each alone where it serves them side by side", () =>
    Effect.gen(function* () {
      for (const sideBySide of [false, true]) {
        const calls: Array<number> = []
        const counting = policy(sideBySide, (sample) => (requests) => {
          calls.push(requests.length)
          return sample(requests)
        })
        const seeds = yield* sampleEach([3, 1, 2].map(request), (_, { seeds: [seed] }) =>
          Effect.succeed(seed),
        ).pipe(Effect.provide(counting))
        assert.deepStrictEqual(seeds, [3, 1, 2])
        assert.deepStrictEqual(calls, sideBySide ? [1, 1, 1] : [3])
      }
    }),
  )

  it.effect("goes on with a response while another is still sampled", () =>
    Effect.gen(function* () {
      const second = yield* Deferred.make<ReadonlyArray<Sample>>()
      // The first request is served only once somebody went on with the second.
      const waiting = policy(
        true,
        (sample) => (requests) =>
          requests[0]?.seeds[0] === 1
            ? Effect.andThen(Deferred.await(second), sample(requests))
            : sample(requests),
      )
      const order: Array<number> = []
      yield* sampleEach([1, 2].map(request), (samples, { seeds: [seed = 0] }) => {
        order.push(seed)
        return Deferred.succeed(second, samples)
      }).pipe(Effect.provide(waiting))
      assert.deepStrictEqual(order, [2, 1])
    }),
  )

  // Delays are real.
  it.live("changes nothing of a step, in whatever order responses come", () =>
    Effect.gen(function* () {
      const config = settings(
        kinds(
          ["result", { proposals: 8, tasks: 3, seeds: 0 }],
          ["operand", { proposals: 6, tasks: 2, seeds: 0 }],
        ),
        "solve.from=both",
        overKinds,
      )
      const played = (engine: Layer.Layer<PolicyEngine>) =>
        Effect.gen(function* () {
          const state = yield* stateOf(config)
          const results = []
          for (let index = 0; index < 3; index++) {
            const { seconds: _, ...result } = yield* step(state, heldOutOf(state.tracks))
            results.push({ rollouts: result.rollouts, tasks: result.tasks, metrics: result.metrics })
          }
          return results
        }).pipe(Effect.provide(engine))
      const together = yield* played(policy(false, (sample) => sample))
      // Later requests overtake earlier ones.
      let count = 0
      const shuffled = yield* played(
        policy(true, (sample) => (requests) => Effect.delay(sample(requests), (count++ * 7) % 5)),
      )
      assert.deepStrictEqual(shuffled, together)
      assert.isAbove(together.flatMap(({ rollouts }) => rollouts).length, 20)
    }),
  )
})
