/** The whole loop with a policy that really learns: self-play has to make it better, and undoing its signs worse. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type AdamConfig, PolicyEngine } from "../../src/PolicyEngine.ts"
import type { RunConfig } from "../../src/RunConfig.ts"
import { step } from "../../src/selfplay/Step.ts"
import { heldOutOf } from "../../src/selfplay/Validate.ts"
import { ngramPolicy } from "../../src/testing/ngramPolicy.ts"
import { type Puzzle, puzzleText } from "../../src/testing/puzzleEnvironment.ts"
import { kinds, settings, stateOf, trackOf } from "./world.ts"

const puzzles: ReadonlyArray<Puzzle> = [0, 1, 2].flatMap((a) =>
  [0, 1, 2].flatMap((b) => (["+", "-", "*"] as const).map((operator) => ({ a, operator, b }))),
)
const vocabulary = "0123456789+-*=?>RNO "
const policy = ngramPolicy({ vocabulary, order: 4, contextLength: 40 })
const adam: AdamConfig = {
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0,
  gradClip: null,
}

const config = (...changes: ReadonlyArray<string>): RunConfig =>
  settings(
    "promptStyle=compact",
    "propose.references=0",
    "estimate.samples=8",
    "buffer.refuseDuplicates=false",
    "roleWeight.propose=0",
    "optimizer.learningRate=0.1",
    "optimizer.warmupSteps=0",
    "optimizer.finalShare=1",
    kinds(["result", { proposals: 24, tasks: 24, maxTokens: { propose: 5, solve: 4 } }]),
    ...changes,
  )

/** A policy that has learned the form of proposals and answers, and nothing of what is right: any small number. */
const pretrain = Effect.gen(function* () {
  const engine = yield* PolicyEngine
  const kind = trackOf(yield* stateOf(config(), { largest: 2 }), "result").kind
  const examples = puzzles.flatMap((puzzle) => [
    ...["-2", "-1", "0", "1", "2", "3", "4"].map(
      (answer) => [kind.solvePrompt(puzzle, "compact"), answer] as const,
    ),
    [kind.proposePrompt([], "compact"), puzzleText(puzzle).replaceAll(" ", "")] as const,
  ])
  const datums = yield* Effect.forEach(
    examples,
    Effect.fnUntraced(function* ([prompt, response]) {
      const before = yield* engine.tokenizer.encodePrompt(prompt)
      const after = yield* engine.tokenizer.encodePrompt([{ role: "user", content: response }])
      const tokens = [...before, ...after, vocabulary.length]
      return {
        tokens,
        weights: tokens.map((_, t) => (t < before.length ? 0 : 1 / examples.length)),
        advantages: tokens.map(() => 0),
        logprobs: tokens.map(() => 0),
      }
    }),
  )
  for (let i = 0; i < 60; i++) {
    yield* engine.forwardBackward(datums, { _tag: "crossEntropy" })
    yield* engine.optimStep(adam)
  }
  return yield* engine.save
}).pipe(Effect.scoped, Effect.provide(policy))

const pretrained = Effect.runSync(Effect.cached(pretrain))

/** Shares of correct answers, and the ratios of what was learned from, step by step. */
const play = (of: RunConfig, steps: number) =>
  Effect.gen(function* () {
    const state = yield* stateOf(of, { largest: 2 })
    const engine = yield* PolicyEngine
    yield* engine.load(yield* pretrained)
    const correct: Array<number> = []
    const ratios: Array<readonly [mean: number, most: number]> = []
    for (let i = 0; i < steps; i++) {
      const { metrics } = yield* step(state, heldOutOf(state.tracks))
      correct.push(metrics["solve/result/correct"] ?? 0)
      ratios.push([metrics["train/ratio"] ?? 0, metrics["train/ratioMax"] ?? 0])
    }
    return { correct, ratios }
  }).pipe(Effect.scoped, Effect.provide(policy))

describe("self-play", () => {
  it.effect("makes a policy that guesses one that knows", () =>
    Effect.gen(function* () {
      const { correct } = yield* play(config(), 40)
      assert.isBelow(correct[0] ?? 1, 0.3)
      assert.isAbove(correct.at(-1) ?? 0, 0.9)
    }),
  )

  it.effect.each([
    'advantage.solve={"_tag":"trrPlusPlus","epsilon":0.01,"deviation":"sample"}',
    'advantage.solve={"_tag":"trrPlusPlusTokens","epsilon":1e-8}',
    'advantage.solve={"_tag":"groupBaseline","epsilon":0.05}',
    'loss={"_tag":"ppo","clipLow":0.2,"clipHigh":0.28,"dualClip":3}',
    'loss={"_tag":"cispo","clipLow":0.2,"clipHigh":0.28}',
    'reduction={"_tag":"sequenceMean"}',
  ])("learns with %s", (change) =>
    Effect.gen(function* () {
      const { correct } = yield* play(config(change), 20)
      assert.isBelow(correct[0] ?? 1, 0.3)
      assert.isAbove(correct.at(-1) ?? 0, 0.45)
    }),
  )

  it.effect("learns from batches of the policy before, each token weighed by its ratio", () =>
    Effect.gen(function* () {
      const { correct, ratios } = yield* play(config("update.staleness=1", "steps=25"), 25)
      assert.isBelow(correct[0] ?? 1, 0.3)
      assert.isAbove(correct.at(-1) ?? 0, 0.45)
      // The first batch is of the policy that learns from it; no other is.
      const [first, ...others] = ratios
      assert.deepStrictEqual(first, [1, 1])
      assert.isTrue(others.every(([mean, most]) => mean !== 1 && most > 1))
    }),
  )

  it.effect("unlearns where right is punished", () =>
    Effect.gen(function* () {
      const { correct } = yield* play(config("reward.solve.correct=-1", "reward.solve.wrong=1"), 15)
      assert.isBelow(correct.at(-1) ?? 1, 0.05)
    }),
  )
})
