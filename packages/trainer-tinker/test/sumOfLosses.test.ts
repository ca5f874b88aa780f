import { PolicyEngine, PolicyLoss, RandomStreams } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { TrainingRequest } from "../src/index.ts"
import { openEngine, startToy } from "./toy.ts"

const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, gradClip: null }
/** What the toy server gives for every token. */
const LOGPROB = -1

const losses: ReadonlyArray<PolicyEngine.LossConfig> = [
  { _tag: "crossEntropy" },
  { _tag: "importanceSampling" },
  { _tag: "ppo", clipLow: 0.2, clipHigh: 0.28, dualClip: null },
  { _tag: "cispo", clipLow: 0.2, clipHigh: 0.28 },
]

/** Sequences of many lengths, told apart by their first token; one without any weight. */
const batch = (stream: RandomStreams.RandomStream, first: number, count: number) =>
  Array.from({ length: count }, (_, index): PolicyEngine.Datum => {
    const prompt = stream.integer(1, 6)
    const response = stream.integer(1, 12)
    const on = (value: () => number) => [
      ...Array.from({ length: prompt }, () => 0),
      ...Array.from({ length: response }, value),
    ]
    return {
      tokens: [first + index, ...Array.from({ length: prompt + response - 1 }, () => stream.integer(0, 50))],
      weights: on(() => (index === 1 ? 0 : stream.float() + 0.01)),
      advantages: on(() => stream.float() * 4 - 2),
      logprobs: on(() => -2 * stream.float()),
    }
  })

type Weights = Map<number, ReadonlyArray<number>>

const clamp = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high)

/** dℓ/dlp by the servers' formulas. */
const slope = (
  { lossFn, lossFnConfig }: TrainingRequest,
  weight: number,
  advantage: number,
  old: number,
): number => {
  const ratio = Math.exp(LOGPROB - old)
  const low = lossFnConfig["clip_low_threshold"] ?? 0.8
  const high = lossFnConfig["clip_high_threshold"] ?? 1.2
  switch (lossFn) {
    case "cross_entropy":
      return -weight
    case "importance_sampling":
      return -weight * ratio * advantage
    case "ppo":
      return clamp(ratio, low, high) * advantage < ratio * advantage ? 0 : -weight * ratio * advantage
    case "cispo":
      return -weight * clamp(ratio, low, high) * advantage
  }
  throw new Error(lossFn)
}

/** What each token counts in the gradient of one update, by the first token of its sequence. */
const received = (update: ReadonlyArray<TrainingRequest>, reduction: "sum" | "meanOfMeans"): Weights => {
  const total: Weights = new Map()
  const sequences = update.reduce((sum, { data }) => sum + data.length, 0)
  for (const request of update) {
    for (const { inputs, tokens } of request.data) {
      const { advantages = [], logprobs = [], weights = tokens.map(() => 1) } = inputs
      const mass = weights.reduce((sum, weight) => sum + weight, 0)
      const scale = reduction === "sum" ? 1 : mass === 0 ? 0 : 1 / (mass * sequences)
      const before = total.get(tokens[0] as number) ?? tokens.map(() => 0)
      total.set(
        tokens[0] as number,
        tokens.map(
          (_, t) =>
            (before[t] as number) +
            scale * slope(request, weights[t] as number, advantages[t] as number, logprobs[t] as number),
        ),
      )
    }
  }
  return total
}

/** The same by the contract: the sum of weight · loss. */
const expected = (datums: ReadonlyArray<PolicyEngine.Datum>, loss: PolicyEngine.LossConfig): Weights =>
  new Map(
    datums.map(({ advantages, logprobs, tokens, weights }) => [
      tokens[0] as number,
      weights
        .map((weight, t) =>
          weight === 0
            ? 0
            : weight *
              PolicyLoss.tokenLoss(loss, LOGPROB, logprobs[t] as number, advantages[t] as number).slope,
        )
        .slice(1),
    ]),
  )

const farthest = (a: Weights, b: Weights): number =>
  Math.max(
    ...[...b].flatMap(([first, row]) =>
      row.map((value, t) => Math.abs(value - (a.get(first)?.[t] ?? Number.NaN))),
    ),
  )

describe("the sum of losses", { timeout: 60_000 }, () => {
  for (const reduction of ["sum", "meanOfMeans"] as const) {
    for (const wire of ["protobuf", "json"] as const) {
      it.live(`is what a server of ${reduction} computes from what it is sent as ${wire}, step by step`, () =>
        Effect.gen(function* () {
          const server = yield* startToy({ reduction, wire, contextLength: 64 })
          const engine = yield* openEngine(server.url)
          const stream = new RandomStreams.RandomStream([1, 2, 3, 4])
          for (let step = 0; step < 5; step++) {
            for (const loss of losses) {
              const datums = batch(stream, 1000, 3 + step)
              yield* engine.forwardBackward(datums, loss)
              yield* engine.optimStep(adam)
              const update = server.model.updates.at(-1) ?? []
              assert.isBelow(farthest(received(update, reduction), expected(datums, loss)), 1e-5)
            }
          }
        }).pipe(Effect.scoped),
      )
    }

    it.live(`is the same from several calls and several losses, by ${reduction}`, () =>
      Effect.gen(function* () {
        const server = yield* startToy({ reduction })
        const engine = yield* openEngine(server.url)
        const stream = new RandomStreams.RandomStream([5, 6, 7, 8])
        const whole: Weights = new Map()
        for (const [index, loss] of losses.entries()) {
          const datums = batch(stream, 1000 * (index + 1), 2 + index)
          yield* engine.forwardBackward(datums, loss)
          for (const [first, row] of expected(datums, loss)) whole.set(first, row)
        }
        yield* engine.optimStep(adam)
        assert.isBelow(farthest(received(server.model.updates.at(-1) ?? [], reduction), whole), 1e-5)
        // The next update begins with nothing.
        const datums = batch(stream, 1, 2)
        yield* engine.forwardBackward(datums, losses[1] as PolicyEngine.LossConfig)
        yield* engine.optimStep(adam)
        const next = received(server.model.updates.at(-1) ?? [], reduction)
        assert.isBelow(farthest(next, expected(datums, losses[1] as PolicyEngine.LossConfig)), 1e-5)
        assert.strictEqual(next.size, 2)
      }).pipe(Effect.scoped),
    )
  }
})
