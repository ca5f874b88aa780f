/** Refusals: nothing is ignored, cut or guessed silently; a `PolicyError` names what was wrong and how long it was. */
import { type LossConfig } from "../../PolicyEngine.ts"
import {
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

const losses: ReadonlyArray<LossConfig> = [
  { _tag: "crossEntropy" },
  importanceSampling,
  { _tag: "ppo", clipLow: 0.2, clipHigh: 0.2, dualClip: null },
  { _tag: "cispo", clipLow: 0.2, clipHigh: 0.2 },
]

export const refusalClauses = (options: PolicySuiteOptions): ReadonlyArray<PolicyClause> => [
  clause("a loss that is not among its capabilities is refused by name", function* (engine) {
    const [part] = yield* material(engine, options)
    const datums = (part?.samples ?? []).map((sample) => lesson(part?.prompt ?? [], sample, 1))
    yield* ensure(engine.capabilities.losses.length > 0, "an engine without losses cannot learn")
    for (const loss of losses.filter(({ _tag }) => !engine.capabilities.losses.includes(_tag))) {
      yield* refuses(engine.forwardBackward(datums, loss), `loss ${loss._tag}`, [loss._tag])
    }
  }),

  clause("settings out of range are refused by name", function* (engine) {
    const [part] = yield* material(engine, options)
    const request = { prompt: part?.prompt ?? [], seeds: [1], maxTokens: options.maxTokens, temperature: 1 }
    yield* refuses(engine.sample([{ ...request, temperature: -1 }]), "temperature −1", ["temperature"])
    yield* refuses(engine.sample([{ ...request, maxTokens: 0 }]), "maxTokens 0", ["maxTokens"])
    const adam = { ...options.adam, learningRate: Number.NaN }
    yield* refuses(engine.optimStep(adam), "a learning rate of NaN", ["learningRate"])
  }),

  clause("arrays of a datum that do not fit its tokens are refused, with both lengths", function* (engine) {
    const [part] = yield* material(engine, options)
    const { prompt = [], samples = [], sequences = [] } = part ?? {}
    const [good, ...others] = samples.map((sample) => lesson(prompt, sample, 1))
    if (good === undefined) return
    const length = good.tokens.length
    const before = yield* engine.logprobs(sequences)
    for (const name of ["weights", "advantages", "logprobs"] as const) {
      const short = { ...good, [name]: good[name].slice(1) }
      yield* refuses(engine.forwardBackward([...others, short], importanceSampling), `${name} too short`, [
        name,
        length,
        length - 1,
      ])
      const spoilt = { ...good, [name]: good[name].with(length - 1, Number.NaN) }
      yield* refuses(engine.forwardBackward([spoilt], importanceSampling), `NaN in ${name}`, [name])
    }
    const first = { ...good, weights: good.weights.with(0, 1) }
    yield* refuses(engine.forwardBackward([first], importanceSampling), "a weight on the first token", [
      "weights",
    ])
    // What stood beside a refused datum must not have been learned from.
    yield* engine.optimStep(options.adam)
    const moved = distance(yield* engine.logprobs(sequences), before)
    yield* ensure(moved <= options.tolerance, `refused datums moved log-probabilities by ${moved}`)
  }),

  clause("what exceeds the context is refused, with its length and the limit", function* (engine) {
    const { contextLength } = engine.capabilities
    const [part] = yield* material(engine, options)
    const token = part?.prompt[0] ?? 0
    const tokens = (length: number) => Array.from({ length }, () => token)
    const request = { seeds: [1], maxTokens: 4, temperature: 1 }
    const full = contextLength - 3
    yield* refuses(
      engine.sample([{ ...request, prompt: tokens(full) }]),
      "a prompt without room for maxTokens",
      [full, contextLength],
    )
    const over = contextLength + 1
    yield* refuses(engine.logprobs([tokens(over)]), "a sequence longer than the context", [
      over,
      contextLength,
    ])
    const datum = {
      tokens: tokens(over),
      weights: tokens(over).map(() => 0),
      advantages: tokens(over).map(() => 0),
      logprobs: tokens(over).map(() => 0),
    }
    yield* refuses(engine.forwardBackward([datum], importanceSampling), "a datum longer than the context", [
      over,
      contextLength,
    ])
    yield* engine.sample([{ ...request, prompt: tokens(contextLength - 4) }])
  }),
]
