/** Regularization: the entropy bonus, and the distance to a reference policy. */
import { Effect } from "effect"
import type { Datum, KlEstimator, Regularization } from "../../PolicyEngine.ts"
import { klEstimate } from "../../PolicyLoss.ts"
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
  refuses,
} from "./clause.ts"

const estimators: ReadonlyArray<KlEstimator> = ["k1", "k2", "k3"]
const none: Regularization = { entropy: 0, kl: null }

export const regularizationClauses = (options: PolicySuiteOptions): ReadonlyArray<PolicyClause> => {
  const { adam, tolerance } = options
  // What came before an update must not carry it on.
  const withoutMomentum = { ...adam, beta1: 0 }

  /** Lessons that reward nothing, so that regularization alone moves the policy. */
  const silent = Effect.fnUntraced(function* (engine: Engine) {
    const parts = yield* material(engine, options)
    return parts.flatMap(({ prompt, samples }) => samples.map((sample) => lesson(prompt, sample, 0)))
  })

  const withReference = Effect.fnUntraced(function* (engine: Engine, datums: ReadonlyArray<Datum>) {
    const scores = yield* engine.referenceLogprobs(datums.map(({ tokens }) => tokens))
    return datums.map((datum, i) => ({ ...datum, referenceLogprobs: scores[i] ?? [] }))
  })

  /** Moves the policy away from where it is. */
  const leave = Effect.fnUntraced(function* (engine: Engine, datums: ReadonlyArray<Datum>) {
    const rewarded = datums.map((datum, i) => ({
      ...datum,
      advantages: datum.weights.map((weight) => (weight === 0 ? 0 : i % 2 === 0 ? 1 : -1)),
    }))
    for (let i = 0; i < 4; i++) {
      yield* engine.forwardBackward(rewarded, importanceSampling)
      yield* engine.optimStep(adam)
    }
  })

  return [
    clause("a regularization that is not among its capabilities is refused by name", function* (engine) {
      const datums = yield* silent(engine)
      const { regularizations } = engine.capabilities
      if (!regularizations.includes("entropy")) {
        const asked = engine.forwardBackward(datums, importanceSampling, { ...none, entropy: 1 })
        yield* refuses(asked, "an entropy bonus", ["entropy"])
      }
      if (!regularizations.includes("kl")) {
        const kl = { estimator: "k3", coefficient: 1 } as const
        const asked = engine.forwardBackward(datums, importanceSampling, { ...none, kl })
        yield* refuses(asked, "a KL penalty in the loss", ["kl"])
      }
    }),

    clause("the entropy bonus is −coefficient · H per token, and raises the entropy", function* (engine) {
      if (!engine.capabilities.regularizations.includes("entropy")) return
      const datums = yield* silent(engine)
      // A policy that knows nothing has the largest entropy already.
      yield* leave(engine, datums)
      const plain = yield* engine.forwardBackward(datums, importanceSampling)
      const output = yield* engine.forwardBackward(datums, importanceSampling, { ...none, entropy: 0.5 })
      yield* engine.optimStep(withoutMomentum)
      const after = yield* engine.forwardBackward(datums, importanceSampling)
      const tokens = datums.flatMap(({ weights }) => weights.filter((weight) => weight !== 0)).length
      const expected = plain.loss - 0.5 * tokens * (plain.entropy ?? 0)
      yield* ensure(
        Math.abs(output.loss - expected) <= tolerance * Math.max(1, Math.abs(expected)),
        `the loss with the bonus is ${output.loss}, expected ${expected}`,
      )
      yield* ensure(
        (after.entropy ?? 0) > (plain.entropy ?? 0),
        `an entropy bonus moved the entropy from ${plain.entropy} to ${after.entropy}`,
      )
    }),

    clause("the reference policy stays what it was while the policy learns and loads", function* (engine) {
      const datums = yield* silent(engine)
      const sequences = datums.map(({ tokens }) => tokens)
      const start = yield* engine.save
      if (engine.capabilities.refuses?.includes("kl") === true) {
        return yield* refuses(engine.setReference(start), "a reference policy", ["kl"])
      }
      yield* engine.setReference(start)
      const before = yield* engine.logprobs(sequences)
      yield* leave(engine, datums)
      const moved = distance(yield* engine.logprobs(sequences), before)
      yield* ensure(moved > tolerance, "the policy did not move, so nothing can be told")
      const apart = distance(yield* engine.referenceLogprobs(sequences), before)
      yield* ensure(apart <= tolerance, `the reference policy moved by ${apart} as the policy learned`)
      const learned = yield* engine.save
      yield* engine.load(start)
      yield* engine.setReference(learned)
      const other = distance(yield* engine.referenceLogprobs(sequences), before)
      yield* ensure(other > tolerance, "another reference policy was given, but the first was used")
      const own = distance(yield* engine.logprobs(sequences), before)
      yield* ensure(own <= tolerance, `a reference policy moved the policy itself by ${own}`)
    }),

    clause("the KL penalty is coefficient · k per token, and pulls to the reference", function* (engine) {
      if (!engine.capabilities.regularizations.includes("kl")) return
      const plainly = yield* silent(engine)
      const sequences = plainly.map(({ tokens }) => tokens)
      yield* engine.setReference(yield* engine.save)
      yield* leave(engine, plainly)
      const away = yield* engine.save
      const datums = yield* withReference(engine, plainly)
      const reference = yield* engine.referenceLogprobs(sequences)
      const scores = yield* engine.logprobs(sequences)
      const plain = yield* engine.forwardBackward(datums, importanceSampling)
      for (const estimator of estimators) {
        yield* engine.load(away)
        const kl = { estimator, coefficient: 0.5 }
        const output = yield* engine.forwardBackward(datums, importanceSampling, { ...none, kl })
        const estimates = datums.flatMap(({ weights }, i) =>
          weights.flatMap((weight, t) =>
            weight === 0 ? [] : [klEstimate(estimator, scores[i]?.[t] ?? 0, reference[i]?.[t] ?? 0).value],
          ),
        )
        const sum = estimates.reduce((total, value) => total + value, 0)
        const expected = plain.loss + 0.5 * sum
        yield* ensure(
          Math.abs(output.loss - expected) <= tolerance * Math.max(1, Math.abs(expected)),
          `${estimator}: the loss is ${output.loss}, expected ${expected}`,
        )
        yield* ensure(
          Math.abs((output.kl ?? 0) - sum / estimates.length) <= tolerance,
          `${estimator}: the mean estimate is ${output.kl}, expected ${sum / estimates.length}`,
        )
        // k1 has the slope of the log-probability itself, whose mean is 0: it pulls nowhere.
        if (estimator === "k1") continue
        yield* engine.optimStep(withoutMomentum)
        const moved = yield* engine.logprobs(sequences)
        const gap = (rows: typeof moved) =>
          rows.flatMap((row, i) => row.map((value, t) => (value - (reference[i]?.[t] ?? 0)) ** 2))
        const squares = (rows: typeof moved) => gap(rows).reduce((total, value) => total + value, 0)
        yield* ensure(
          squares(moved) < squares(scores),
          `${estimator}: a penalty on the distance to the reference took it from ${squares(scores)} to ${squares(moved)}`,
        )
      }
    }),
  ]
}
