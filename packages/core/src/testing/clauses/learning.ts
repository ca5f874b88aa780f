/** Learning: engines sum what they are given, and an update moves the policy where the loss says. */
import type { Datum, LossConfig } from "../../PolicyEngine.ts"
import { tokenLoss } from "../../PolicyLoss.ts"
import {
  type Engine,
  type PolicyClause,
  type PolicySuiteOptions,
  clause,
  distance,
  ensure,
  importanceSampling,
  lesson,
  material,
  scaled,
} from "./clause.ts"
import { Effect } from "effect"

const losses: ReadonlyArray<LossConfig> = [
  { _tag: "crossEntropy" },
  importanceSampling,
  { _tag: "ppo", clipLow: 0.2, clipHigh: 0.28, dualClip: 3 },
  { _tag: "cispo", clipLow: 0.2, clipHigh: 0.28 },
]

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)

/** Σ weight · loss and the share of weighted tokens that were clipped, from the engine's own log-probabilities. */
const expectedOutput = (
  datums: ReadonlyArray<Datum>,
  logprobs: ReadonlyArray<ReadonlyArray<number>>,
  loss: LossConfig,
) => {
  const weighted = datums.flatMap((datum, i) =>
    datum.tokens.flatMap((_, t) => {
      const weight = datum.weights[t] ?? 0
      if (weight === 0) return []
      return [
        {
          weight,
          ...tokenLoss(loss, logprobs[i]?.[t] ?? 0, datum.logprobs[t] ?? 0, datum.advantages[t] ?? 0),
        },
      ]
    }),
  )
  return {
    loss: sum(weighted.map(({ loss: value, weight }) => weight * value)),
    clippedShare: weighted.filter(({ clipped }) => clipped).length / Math.max(1, weighted.length),
  }
}

/** Dual clip is a setting that an engine may refuse by name. */
const withOrWithoutDualClip = (engine: Engine, datums: ReadonlyArray<Datum>, loss: LossConfig) => {
  const under = (used: LossConfig) =>
    Effect.map(engine.forwardBackward(datums, used), (output) => ({ loss: used, output }))
  return under(loss).pipe(
    Effect.catchIf(
      ({ message }) => loss._tag === "ppo" && message.includes("dualClip"),
      (error) => (loss._tag === "ppo" ? under({ ...loss, dualClip: null }) : Effect.fail(error)),
    ),
  )
}

export const learningClauses = (options: PolicySuiteOptions): ReadonlyArray<PolicyClause> => {
  const { adam, tolerance } = options

  /** One lesson a sample of both prompts, with advantages of both signs; and all sequences, to see what moved. */
  const prepare = Effect.fnUntraced(function* (engine: Engine) {
    const parts = yield* material(engine, options)
    return {
      datums: parts.flatMap(({ prompt, samples }) =>
        samples.map((sample, i) => lesson(prompt, sample, [1, -0.5, 0.25, -2][i] ?? 0)),
      ),
      probe: parts.flatMap(({ sequences }) => sequences),
    }
  })

  /** Log-probabilities of the probe after updates from the present state, to which it returns. */
  const after = Effect.fnUntraced(function* (
    engine: Engine,
    probe: ReadonlyArray<ReadonlyArray<number>>,
    update: Effect.Effect<unknown, Effect.Error<ReturnType<Engine["optimStep"]>>>,
  ) {
    const before = yield* engine.save
    yield* update
    const logprobs = yield* engine.logprobs(probe)
    yield* engine.load(before)
    return logprobs
  })

  const learn = (engine: Engine, ...batches: ReadonlyArray<ReadonlyArray<Datum>>) =>
    Effect.andThen(
      Effect.forEach(batches, (batch) => engine.forwardBackward(batch, importanceSampling)),
      engine.optimStep(adam),
    )

  return [
    clause(
      "forwardBackward reports Σ weight · loss, its log-probabilities and its clipping",
      function* (engine) {
        const { datums } = yield* prepare(engine)
        // Old log-probabilities that are off, so that ratios differ from 1 and clipping has something to do.
        const stale = datums.map((datum, i) => ({
          ...datum,
          logprobs: datum.logprobs.map((logprob, t) => logprob + (((i + t) % 5) - 2) * 0.8),
        }))
        const scores = yield* engine.logprobs(stale.map(({ tokens }) => tokens))
        for (const asked of losses.filter(({ _tag }) => engine.capabilities.losses.includes(_tag))) {
          const { loss, output } = yield* withOrWithoutDualClip(engine, stale, asked)
          const apart = distance(output.logprobs, scores)
          yield* ensure(
            apart <= tolerance,
            `${loss._tag}: log-probabilities differ from those of \`logprobs\` by ${apart}`,
          )
          const expected = expectedOutput(stale, output.logprobs, loss)
          yield* ensure(
            Math.abs(output.loss - expected.loss) <= tolerance * Math.max(1, Math.abs(expected.loss)),
            `${loss._tag}: the loss is ${output.loss}, the sum over its tokens ${expected.loss}`,
          )
          yield* ensure(
            output.clippedShare === null || Math.abs(output.clippedShare - expected.clippedShare) < 1e-6,
            `${loss._tag}: ${output.clippedShare} of the tokens are said to be clipped, it is ${expected.clippedShare}`,
          )
          yield* ensure(output.entropy === null || output.entropy >= 0, `the entropy is ${output.entropy}`)
        }
        const nothing = yield* engine.forwardBackward([], importanceSampling)
        yield* ensure(nothing.loss === 0 && nothing.logprobs.length === 0, "no datums gave a loss")
      },
    ),

    clause("gradients are summed, over datums and over calls, until optimStep", function* (engine) {
      const { datums, probe } = yield* prepare(engine)
      const [a, b] = [datums.slice(0, 2), datums.slice(2)]
      const together = yield* after(engine, probe, learn(engine, [...a, ...b]))
      const apart = distance(yield* after(engine, probe, learn(engine, a, b)), together)
      yield* ensure(apart <= tolerance, `two calls and one call with the same datums differ by ${apart}`)
      const last = distance(yield* after(engine, probe, learn(engine, b)), together)
      yield* ensure(last > tolerance, "only the last call of forwardBackward counted")

      // Adam hardly sees a common scale; a scale of one part against the rest it does.
      const repeated = yield* after(engine, probe, learn(engine, [...a, ...a, ...a], b))
      const weighed = yield* after(
        engine,
        probe,
        learn(
          engine,
          a.map((datum) => scaled(datum, 3)),
          b,
        ),
      )
      const unequal = distance(repeated, weighed)
      yield* ensure(
        unequal <= tolerance,
        `three times a datum and weight 3 on it differ by ${unequal}: not a sum`,
      )

      yield* engine.forwardBackward(datums, importanceSampling)
      const once = (yield* engine.optimStep({ ...adam, learningRate: 0 })).gradNorm
      yield* engine.forwardBackward(datums, importanceSampling)
      yield* engine.forwardBackward(datums, importanceSampling)
      const twice = (yield* engine.optimStep({ ...adam, learningRate: 0 })).gradNorm
      yield* ensure(
        once === null || twice === null || Math.abs(twice / once - 2) < 1e-3,
        `the norm before clipping went from ${once} to ${twice} where the gradient doubled`,
      )
    }),

    clause("optimStep clears the gradient", function* (engine) {
      const { datums, probe } = yield* prepare(engine)
      const [a, b] = [datums.slice(0, 2), datums.slice(2)]
      yield* learn(engine, a)
      const between = yield* engine.save
      yield* learn(engine, b)
      const next = yield* engine.logprobs(probe)
      // Loading drops a gradient for certain; what optimStep left behind would make the difference.
      yield* engine.load(between)
      yield* learn(engine, b)
      const apart = distance(yield* engine.logprobs(probe), next)
      yield* ensure(apart <= tolerance, `a gradient that was applied moved the next update by ${apart}`)
    }),

    clause("advantage 0, weight 0 and learning rate 0 change nothing", function* (engine) {
      const { datums, probe } = yield* prepare(engine)
      const before = yield* engine.logprobs(probe)
      const silent = datums.map((datum) => ({ ...datum, advantages: datum.advantages.map(() => 0) }))
      const weightless = datums.map((datum) => scaled(datum, 0))
      const idle = Effect.andThen(
        engine.forwardBackward(datums, importanceSampling),
        engine.optimStep({ ...adam, learningRate: 0 }),
      )
      for (const [what, update] of [
        ["advantages of 0", learn(engine, silent)],
        ["weights of 0", learn(engine, weightless)],
        ["a learning rate of 0", idle],
      ] as const) {
        const moved = distance(yield* after(engine, probe, update), before)
        yield* ensure(moved <= tolerance, `${what} moved log-probabilities by ${moved}`)
      }
    }),

    clause("a positive advantage makes a response likelier, a negative one less likely", function* (engine) {
      const [part] = yield* material(engine, options)
      const { prompt = [], samples = [] } = part ?? {}
      for (const sample of samples.slice(0, 2)) {
        for (const advantage of [1, -1]) {
          const trained = yield* after(
            engine,
            [[...prompt, ...sample.tokens]],
            learn(engine, [lesson(prompt, sample, advantage)]),
          )
          const gain = sum(trained[0]?.slice(prompt.length) ?? []) - sum(sample.logprobs)
          yield* ensure(
            gain * advantage > 0,
            `advantage ${advantage} changed the log-probability of its response by ${gain}`,
          )
        }
      }
    }),

    clause("tokens of weight 0 teach nothing, whatever stands at them", function* (engine) {
      const { datums, probe } = yield* prepare(engine)
      const littered = datums.map((datum) => ({
        ...datum,
        advantages: datum.advantages.map((value, t) => (datum.weights[t] === 0 ? 7 : value)),
        logprobs: datum.logprobs.map((value, t) => (datum.weights[t] === 0 ? -3 : value)),
      }))
      const plain = yield* after(engine, probe, learn(engine, datums))
      const moved = distance(yield* after(engine, probe, learn(engine, littered)), plain)
      yield* ensure(moved <= tolerance, `advantages on the prompt changed the update by ${moved}`)
    }),

    clause("the same datums on the same weights give the same update", function* (engine) {
      const { datums, probe } = yield* prepare(engine)
      const once = yield* after(engine, probe, learn(engine, datums))
      const apart = distance(yield* after(engine, probe, learn(engine, datums)), once)
      const allowed = engine.capabilities.deterministic ? 0 : tolerance
      yield* ensure(apart <= allowed, `two equal updates differ by ${apart}`)
    }),
  ]
}
