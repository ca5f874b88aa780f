import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import {
  type Datum,
  PolicyEngine,
  PolicyError,
  type PolicyFile,
  type Sample,
  type SampleRequest,
} from "../../src/PolicyEngine.ts"
import { ngramPolicy } from "../../src/testing/ngramPolicy.ts"
import { policyClauses } from "../../src/testing/policyClauses.ts"
import { policySuite } from "../../src/testing/policySuite.ts"

const engine = ngramPolicy({ vocabulary: "0123456789+= ", order: 3, contextLength: 40 })
const prompts = [[{ role: "user", content: "1+2=" }], [{ role: "user", content: "12 + 7 = " }]] as const

policySuite("ngram policy", engine, { prompts })

type Service = PolicyEngine["Service"]

/** One mistake an engine can make, as a change of one that makes none. */
interface Mistake {
  readonly clause: string
  readonly what: string
  readonly make: (good: Service) => Partial<Service>
}

const eachSample = (
  good: Service,
  change: (sample: Sample, request: SampleRequest) => Sample,
): Partial<Service> => ({
  sample: (requests) =>
    Effect.map(good.sample(requests), (all) =>
      all.map((samples, i) => samples.map((sample) => change(sample, requests[i] as SampleRequest))),
    ),
})

/** Samples requests as they should not be. */
const eachRequest = (
  good: Service,
  change: (request: SampleRequest, index: number) => SampleRequest,
): Partial<Service> => ({
  sample: (requests) => good.sample(requests.map(change)),
})

const eachDatum = (
  good: Service,
  change: (datum: Datum, index: number, datums: ReadonlyArray<Datum>) => Datum,
): Partial<Service> => ({
  forwardBackward: (datums, loss, regularization) =>
    good.forwardBackward(datums.map(change), loss, regularization),
})

const mistakes = (): ReadonlyArray<Mistake> => {
  let calls = 0
  const pending: Array<ReadonlyArray<Datum>> = []
  return [
    {
      clause: "reads prompts",
      what: "a prompt with a growing preamble",
      make: (good) => ({
        tokenizer: {
          ...good.tokenizer,
          encodePrompt: (prompt) =>
            Effect.map(good.tokenizer.encodePrompt(prompt), (tokens) => [
              ...Array<number>(calls++ % 3).fill(1),
              ...tokens,
            ]),
        },
      }),
    },
    {
      clause: "one entry a request",
      what: "samples in reverse",
      make: (good) => ({
        sample: (requests) => Effect.map(good.sample(requests), (all) => all.toReversed()),
      }),
    },
    {
      clause: "the same seed",
      what: "a seed that is forgotten",
      make: (good) => eachRequest(good, (request) => ({ ...request, seeds: request.seeds.map(() => 1) })),
    },
    {
      clause: "the same seed",
      what: "a seed that counts calls",
      make: (good) =>
        eachRequest(good, (request) => ({
          ...request,
          seeds: request.seeds.map((seed) => seed + 1000 * calls++),
        })),
    },
    {
      clause: "what else is in the batch",
      what: "a seed that depends on the place in the batch",
      make: (good) =>
        eachRequest(good, (request, index) => ({
          ...request,
          seeds: request.seeds.map((seed) => seed + 1000 * index),
        })),
    },
    {
      clause: "temperature 0",
      what: "greedy by name only",
      make: (good) =>
        eachRequest(good, (request) => ({ ...request, temperature: Math.max(0.9, request.temperature) })),
    },
    {
      clause: "responses stop",
      what: "one token too many",
      make: (good) => eachRequest(good, (request) => ({ ...request, maxTokens: request.maxTokens + 1 })),
    },
    {
      clause: "responses stop",
      what: "a stop token that is cut off",
      make: (good) => eachSample(good, (sample) => ({ ...sample, tokens: sample.tokens.slice(0, -1) })),
    },
    {
      clause: "responses stop",
      what: "a wrong reason",
      make: (good) => eachSample(good, (sample) => ({ ...sample, stopReason: "length" })),
    },
    {
      clause: "at temperature 1",
      what: "log-probabilities at the sampling temperature",
      make: (good) =>
        eachSample(good, (sample, { temperature }) => ({
          ...sample,
          logprobs: sample.logprobs.map((x) => x / Math.max(0.1, temperature)),
        })),
    },
    {
      clause: "at temperature 1",
      what: "scores shifted by one",
      make: (good) => ({
        logprobs: (sequences) =>
          Effect.map(good.logprobs(sequences), (rows) => rows.map((row) => [...row.slice(1), 0])),
      }),
    },
    {
      clause: "reports Σ weight",
      what: "a mean for a loss",
      make: (good) => ({
        forwardBackward: (datums, loss) =>
          Effect.map(good.forwardBackward(datums, loss), (output) => ({
            ...output,
            loss: output.loss / Math.max(1, datums.length),
          })),
      }),
    },
    {
      clause: "reports Σ weight",
      what: "another loss than asked for",
      make: (good) => ({
        forwardBackward: (datums, loss) =>
          good.forwardBackward(datums, loss._tag === "ppo" ? { ...loss, dualClip: null } : loss),
      }),
    },
    {
      clause: "gradients are summed",
      what: "a mean over datums",
      make: (good) =>
        eachDatum(good, (datum, _, datums) => ({
          ...datum,
          weights: datum.weights.map((weight) => weight / datums.length),
        })),
    },
    {
      clause: "gradients are summed",
      what: "only the last call",
      make: (good) => ({
        forwardBackward: (datums, loss) =>
          Effect.gen(function* () {
            yield* good.load(yield* good.save)
            return yield* good.forwardBackward(datums, loss)
          }),
      }),
    },
    {
      clause: "clears the gradient",
      what: "a gradient that stays",
      make: (good) => ({
        forwardBackward: (datums, loss) => {
          if (datums.length > 0) pending[0] = datums
          return good.forwardBackward(datums, loss)
        },
        optimStep: (adam) =>
          Effect.gen(function* () {
            const output = yield* good.optimStep(adam)
            yield* good.forwardBackward(pending[0] ?? [], { _tag: "importanceSampling" })
            return output
          }),
      }),
    },
    {
      clause: "change nothing",
      what: "weights that are ignored",
      make: (good) =>
        eachDatum(good, (datum) => ({ ...datum, weights: datum.weights.map((_, t) => (t === 0 ? 0 : 1)) })),
    },
    {
      clause: "change nothing",
      what: "a learning rate with a floor",
      make: (good) => ({
        optimStep: (adam) => good.optimStep({ ...adam, learningRate: adam.learningRate + 1e-3 }),
      }),
    },
    {
      clause: "a positive advantage",
      what: "descent where ascent is meant",
      make: (good) =>
        eachDatum(good, (datum) => ({
          ...datum,
          advantages: datum.advantages.map((advantage) => -advantage),
        })),
    },
    {
      clause: "a positive advantage",
      what: "negative advantages clipped away",
      make: (good) =>
        eachDatum(good, (datum) => ({
          ...datum,
          advantages: datum.advantages.map((advantage) => Math.max(0, advantage)),
        })),
    },
    {
      clause: "weight 0 teach nothing",
      what: "advantages summed over the prompt as well",
      make: (good) =>
        eachDatum(good, (datum) => {
          const spread = datum.advantages.reduce((sum, advantage) => sum + advantage, 0)
          return {
            ...datum,
            advantages: datum.advantages.map((advantage, t) => advantage + (t % 2) * spread),
          }
        }),
    },
    {
      clause: "the same datums",
      what: "dropout",
      make: (good) =>
        eachDatum(good, (datum) =>
          calls++ % 3 === 0 ? { ...datum, weights: datum.weights.map(() => 0) } : datum,
        ),
    },
    {
      clause: "a loss that is not",
      what: "a loss silently replaced",
      make: (good) => ({ capabilities: { ...good.capabilities, losses: ["importanceSampling"] } }),
    },
    {
      clause: "settings out of range",
      what: "a temperature that is clamped",
      make: (good) =>
        eachRequest(good, (request) => ({ ...request, temperature: Math.max(0, request.temperature) })),
    },
    {
      clause: "settings out of range",
      what: "a learning rate that is mended",
      make: (good) => ({
        optimStep: (adam) => good.optimStep({ ...adam, learningRate: adam.learningRate || 0 }),
      }),
    },
    {
      clause: "do not fit its tokens",
      what: "short arrays filled up",
      make: (good) =>
        eachDatum(good, (datum) => ({
          ...datum,
          advantages: datum.tokens.map((_, t) => datum.advantages[t] ?? 0),
        })),
    },
    {
      clause: "do not fit its tokens",
      what: "a first weight that is dropped",
      make: (good) => eachDatum(good, (datum) => ({ ...datum, weights: datum.weights.with(0, 0) })),
    },
    {
      clause: "exceeds the context",
      what: "a prompt cut at the front",
      make: (good) => eachRequest(good, (request) => ({ ...request, prompt: request.prompt.slice(-20) })),
    },
    {
      clause: "exceeds the context",
      what: "a refusal without numbers",
      make: (good) => ({
        logprobs: (sequences) =>
          Effect.mapError(
            good.logprobs(sequences),
            ({ operation }) => new PolicyError({ operation, message: "too long" }),
          ),
      }),
    },
    {
      clause: "save and load are exact",
      what: "an optimizer that is not saved",
      make: (good) => ({
        load: (files) =>
          good.load(
            files.map(({ bytes, name }) => {
              const saved: { rows: ReadonlyArray<ReadonlyArray<unknown>> } = JSON.parse(
                new TextDecoder().decode(bytes),
              )
              const rows = saved.rows.map(([context, logits]) => [
                context,
                logits,
                (logits as ReadonlyArray<number>).map(() => 0),
                (logits as ReadonlyArray<number>).map(() => 0),
              ])
              return { name, bytes: new TextEncoder().encode(JSON.stringify({ ...saved, rows })) }
            }),
          ),
      }),
    },
    {
      clause: "save and load are exact",
      what: "a load that does nothing",
      make: () => ({ load: () => Effect.void }),
    },
    {
      clause: "names of their own",
      what: "a name of the checkpoint's",
      make: (good) => ({
        save: Effect.map(good.save, (files) => [...files, { name: "state.json", bytes: new Uint8Array() }]),
      }),
    },
    {
      clause: "names of their own",
      what: "bytes that change",
      make: (good) => ({
        save: Effect.map(good.save, (files) => [
          ...files,
          { name: "noise", bytes: new Uint8Array([calls++ % 7]) },
        ]),
      }),
    },
    {
      clause: "load drops a gradient",
      what: "a gradient that survives loading",
      make: (good) => ({
        forwardBackward: (datums, loss) => {
          pending[1] = [...(pending[1] ?? []), ...datums]
          return Effect.map(good.forwardBackward(datums, loss), (output) => output)
        },
        optimStep: (adam) => {
          pending[1] = []
          return good.optimStep(adam)
        },
        load: (files) =>
          Effect.andThen(
            good.load(files),
            good.forwardBackward(pending[1] ?? [], { _tag: "importanceSampling" }),
          ),
      }),
    },
    {
      clause: "regularization that is not among",
      what: "a bonus that is dropped without a word",
      make: (good) => ({
        capabilities: { ...good.capabilities, regularizations: [] },
        forwardBackward: (datums, loss) => good.forwardBackward(datums, loss),
      }),
    },
    {
      clause: "entropy bonus is",
      what: "a bonus of the wrong sign",
      make: (good) => ({
        forwardBackward: (datums, loss, regularization) =>
          good.forwardBackward(
            datums,
            loss,
            regularization && { ...regularization, entropy: -regularization.entropy },
          ),
      }),
    },
    {
      clause: "reference policy stays",
      what: "the policy itself as the reference",
      make: (good) => ({ referenceLogprobs: (sequences) => good.logprobs(sequences) }),
    },
    {
      clause: "KL penalty is",
      what: "one estimator for all",
      make: (good) => ({
        forwardBackward: (datums, loss, regularization) =>
          good.forwardBackward(
            datums,
            loss,
            regularization?.kl
              ? { ...regularization, kl: { ...regularization.kl, estimator: "k2" } }
              : regularization,
          ),
      }),
    },
    {
      clause: "a frozen sampler stays",
      what: "a frozen sampler that follows the weights",
      make: (good) => ({ frozenSampler: Effect.succeed(good.sample) }),
    },
    {
      clause: "no policy are refused",
      what: "broken files ignored",
      make: (good) => ({ load: (files) => Effect.ignore(good.load(files)) }),
    },
    {
      clause: "policies that are retained",
      what: "a policy removed that is named",
      make: (good) => {
        let named: ReadonlyArray<string> = []
        const textOf = (files: ReadonlyArray<PolicyFile>) => new TextDecoder().decode(files[0]?.bytes)
        return {
          retain: (policies) => Effect.map(policies, (all) => void (named = all.slice(1).map(textOf))),
          load: (files) =>
            named.length === 0 || named.includes(textOf(files))
              ? good.load(files)
              : Effect.fail(new PolicyError({ operation: "load", message: "it is gone" })),
        }
      },
    },
    {
      clause: "policies that are retained",
      what: "all removed where none could be read",
      make: (good) => {
        let gone = false
        return {
          retain: (policies) =>
            Effect.asVoid(Effect.tapError(policies, () => Effect.sync(() => (gone = true)))),
          load: (files) =>
            gone
              ? Effect.fail(new PolicyError({ operation: "load", message: "it is gone" }))
              : good.load(files),
        }
      },
    },
  ]
}

/** Titles of the clauses that an engine breaks, among those whose titles hold a text. */
const brokenBy = (service: Service, about: string) =>
  Effect.filter(
    policyClauses({ prompts }).filter(({ title }) => title.includes(about)),
    ({ check }) =>
      Effect.map(Effect.exit(Effect.provideService(check, PolicyEngine, service)), Exit.isFailure),
  )

describe("the suite notices", () => {
  for (const mistake of mistakes()) {
    it.effect(`${mistake.what} (${mistake.clause})`, () =>
      Effect.gen(function* () {
        const good = yield* PolicyEngine
        assert.lengthOf(yield* brokenBy({ ...good, ...mistake.make(good) }, mistake.clause), 1)
      }).pipe(Effect.provide(Layer.fresh(engine))),
    )
  }

  it.effect("nothing in an engine without mistakes", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* brokenBy(yield* PolicyEngine, ""), [])
    }).pipe(Effect.provide(Layer.fresh(engine))),
  )

  it("every clause has a mistake that it is for", () => {
    const unproved = policyClauses({ prompts }).filter(
      ({ title }) => !mistakes().some(({ clause }) => title.includes(clause)),
    )
    assert.deepStrictEqual(
      unproved.map(({ title }) => title),
      [],
    )
  })
})
