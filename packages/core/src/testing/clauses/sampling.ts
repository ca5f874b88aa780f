/** Sampling and scoring: reproducible, within limits, and of one mind about log-probabilities. */
import { Effect } from "effect"
import type { Sample } from "../../PolicyEngine.ts"
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
  respond,
} from "./clause.ts"

const seeds = Array.from({ length: 16 }, (_, seed) => seed)

const sameTokens = (a: Sample | undefined, b: Sample | undefined): boolean =>
  JSON.stringify([a?.tokens, a?.stopReason]) === JSON.stringify([b?.tokens, b?.stopReason])

export const samplingClauses = (options: PolicySuiteOptions): ReadonlyArray<PolicyClause> => [
  clause("reads prompts the same every time, within the context", function* ({ capabilities, tokenizer }) {
    for (const prompt of options.prompts) {
      const tokens = yield* tokenizer.encodePrompt(prompt)
      const again = yield* tokenizer.encodePrompt(prompt)
      yield* ensure(tokens.length > 0, "a prompt has no tokens")
      yield* ensure(JSON.stringify(tokens) === JSON.stringify(again), "a prompt is read in two ways")
      yield* ensure(
        tokens.length + options.maxTokens <= capabilities.contextLength,
        `${tokens.length} tokens of prompt and ${options.maxTokens} of response do not fit the context`,
      )
    }
  }),

  clause("gives one entry a request and one sample a seed, in order", function* (engine) {
    const { maxTokens } = options
    const [first, second] = yield* material(engine, options)
    const requests = [first, second, first].map((of, index) => ({
      prompt: of?.prompt ?? [],
      seeds: [[1, 2, 3], [1], []][index] ?? [],
      maxTokens,
      temperature: 1,
    }))
    const samples = yield* engine.sample(requests)
    yield* ensure(
      JSON.stringify(samples.map((of) => of.length)) === "[3,1,0]",
      `3, 1 and 0 seeds gave ${samples.map((of) => of.length).join(", ")} samples`,
    )
    for (const [index, sample] of (samples[0] ?? []).entries()) {
      yield* ensure(sameTokens(sample, first?.samples[index]), "samples are not in the order of their seeds")
    }
    yield* ensure(
      sameTokens(samples[1]?.[0], second?.samples[0]),
      "samples are not in the order of their requests",
    )
    yield* ensure((yield* engine.sample([])).length === 0, "no requests gave samples")
  }),

  clause("the same seed gives the same sample, another seed another one", function* (engine) {
    const { maxTokens, tolerance } = options
    const [first] = yield* material(engine, options)
    const prompt = first?.prompt ?? []
    const once = yield* respond(engine, prompt, seeds, maxTokens, 1)
    const twice = yield* respond(engine, prompt, seeds, maxTokens, 1)
    for (const [index, sample] of once.entries()) {
      yield* ensure(sameTokens(sample, twice[index]), `seed ${index} gave two different samples`)
      const apart = distance([sample.logprobs], [twice[index]?.logprobs ?? []])
      const allowed = engine.capabilities.deterministic ? 0 : tolerance
      yield* ensure(apart <= allowed, `the log-probabilities of seed ${index} differ by ${apart}`)
    }
    const different = new Set(once.map(({ tokens }) => tokens.join()))
    yield* ensure(different.size > 1, `${seeds.length} seeds gave one and the same sample`)
  }),

  clause(
    "a frozen sampler stays with its weights while others are learned, or is refused",
    function* (engine) {
      const { adam, maxTokens, tolerance } = options
      if (!engine.capabilities.samplesWhileLearning) {
        return yield* refuses(engine.frozenSampler, "a frozen sampler", [])
      }
      const [first] = yield* material(engine, options)
      const prompt = first?.prompt ?? []
      const request = { prompt, seeds, maxTokens, temperature: 1 }
      const before = yield* respond(engine, prompt, seeds, maxTokens, 1)
      const frozen = yield* engine.frozenSampler
      const datums = before.map((sample, i) => lesson(prompt, sample, i % 2 === 0 ? 1 : -1))
      const [during] = yield* Effect.all(
        [
          frozen([request]),
          Effect.andThen(engine.forwardBackward(datums, importanceSampling), engine.optimStep(adam)),
        ],
        { concurrency: "unbounded" },
      )
      const after = yield* frozen([request])
      const allowed = engine.capabilities.deterministic ? 0 : tolerance
      for (const [when, [drawn = []]] of Object.entries({ during, after })) {
        for (const [index, sample] of before.entries()) {
          const apart = distance([drawn[index]?.logprobs ?? []], [sample.logprobs])
          yield* ensure(
            sameTokens(drawn[index], sample) && apart <= allowed,
            `${when} the update a frozen sampler gave another sample of seed ${index}, ${apart} apart`,
          )
        }
      }
      const now = yield* engine.logprobs(before.map(({ tokens }) => [...prompt, ...tokens]))
      const moved = distance(
        now.map((logprobs) => logprobs.slice(prompt.length)),
        before.map(({ logprobs }) => logprobs),
      )
      yield* ensure(moved > tolerance, "training moved nothing; take a larger learning rate")
    },
  ),

  clause("a sample does not depend on what else is in the batch", function* (engine) {
    const { maxTokens } = options
    const [first, second] = yield* material(engine, options)
    const request = { prompt: first?.prompt ?? [], maxTokens, temperature: 1 }
    const other = { prompt: second?.prompt ?? [], maxTokens, temperature: 0.7 }
    const crowd = yield* engine.sample([
      { ...other, seeds: [9, 8, 7] },
      { ...request, seeds: [4, 77, 2] },
      { ...request, seeds: [3], maxTokens: 1 },
      { ...other, seeds: [] },
      { ...request, seeds: [1] },
    ])
    const alone = first?.samples ?? []
    yield* ensure(sameTokens(crowd[1]?.[0], alone[3]), "seed 4 sampled differently in a larger batch")
    yield* ensure(sameTokens(crowd[1]?.[2], alone[1]), "seed 2 sampled differently in a larger batch")
    yield* ensure(sameTokens(crowd[4]?.[0], alone[0]), "seed 1 sampled differently in a larger batch")
    yield* ensure(
      crowd[2]?.[0]?.tokens[0] === alone[2]?.tokens[0],
      "a smaller maxTokens changed the first token",
    )
  }),

  clause("temperature 0 is greedy: no seed matters, and no first token is likelier", function* (engine) {
    const { maxTokens, tolerance } = options
    const [first] = yield* material(engine, options)
    const prompt = first?.prompt ?? []
    const greedy = yield* respond(engine, prompt, [1, 2, 3], maxTokens, 0)
    yield* ensure(
      greedy.every((sample) => sameTokens(sample, greedy[0])),
      "greedy samples differ by seed",
    )
    const best = greedy[0]?.logprobs[0] ?? -Infinity
    for (const { logprobs, tokens } of yield* respond(engine, prompt, seeds, 1, 1)) {
      const logprob = logprobs[0] ?? 0
      yield* ensure(
        logprob <= best + tolerance,
        `token ${tokens[0]} has log-probability ${logprob}, the greedy one ${best}`,
      )
    }
  }),

  clause("responses stop by themselves or at maxTokens, and say which", function* (engine) {
    const [first] = yield* material(engine, options)
    for (const maxTokens of [1, 2, options.maxTokens]) {
      for (const { logprobs, stopReason, tokens } of yield* respond(
        engine,
        first?.prompt ?? [],
        seeds,
        maxTokens,
        1,
      )) {
        yield* ensure(tokens.length > 0, "a response has no tokens, not even the one that stops it")
        yield* ensure(tokens.length <= maxTokens, `${tokens.length} tokens where maxTokens is ${maxTokens}`)
        yield* ensure(
          logprobs.length === tokens.length,
          `${logprobs.length} logprobs for ${tokens.length} tokens`,
        )
        yield* ensure(
          stopReason === "stop" || tokens.length === maxTokens,
          `stopped by length after ${tokens.length} of ${maxTokens} tokens`,
        )
        if (stopReason !== "stop") continue
        const { decode } = engine.tokenizer
        yield* ensure(decode(tokens) === decode(tokens.slice(0, -1)), "the stop token is part of the text")
      }
    }
  }),

  clause(
    "log-probabilities of samples are those at temperature 1, as `logprobs` computes them",
    function* (engine) {
      const { maxTokens, tolerance } = options
      for (const { prompt } of yield* material(engine, options)) {
        for (const temperature of [0, 0.5, 1]) {
          const samples = yield* respond(engine, prompt, [1, 2, 3], maxTokens, temperature)
          const scores = yield* engine.logprobs(samples.map(({ tokens }) => [...prompt, ...tokens]))
          for (const [index, sample] of samples.entries()) {
            const row = scores[index] ?? []
            yield* ensure(
              row.length === prompt.length + sample.tokens.length,
              "`logprobs` gives not one entry a token",
            )
            yield* ensure(row[0] === 0, `entry 0 is ${row[0]}: nothing predicts the first token`)
            yield* ensure(
              row.every((value) => value <= 0 && Number.isFinite(value)),
              "a log-probability is positive or not finite",
            )
            const apart = distance([row.slice(prompt.length)], [sample.logprobs])
            yield* ensure(
              apart <= tolerance,
              `sampled at temperature ${temperature} and scored they differ by ${apart}`,
            )
          }
        }
      }
      yield* ensure((yield* engine.logprobs([])).length === 0, "no sequences gave log-probabilities")
    },
  ),
]
