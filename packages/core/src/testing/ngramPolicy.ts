/**
 * The smallest policy that learns: a table of logits for each context of the last `order` characters, exact gradients,
 * AdamW in float64. It passes the policy suite, and it is quick enough to run the whole loop in a test.
 *
 * Covers: sampling, all four losses, save and load, all refusals. Does not cover: anything that generalises; an unseen
 * context predicts every token alike.
 */
import { Effect, Layer, Schema } from "effect"
import {
  type AdamConfig,
  type Capabilities,
  type Datum,
  type ForwardBackwardOutput,
  type LossConfig,
  PolicyEngine,
  PolicyError,
  type PolicyFile,
  type Regularization,
  type Sample,
  type SampleRequest,
} from "../PolicyEngine.ts"
import { klEstimate, tokenLoss } from "../PolicyLoss.ts"
import { adamProblem, datumProblem, lengthProblem, sampleProblem } from "../PolicyRequest.ts"
import { RandomStreams } from "../RandomStreams.ts"

export interface NgramPolicyOptions {
  /** Every character that prompts and responses may hold; its index is its token. One more token ends a response. */
  readonly vocabulary: string
  /** How many of the last tokens a prediction looks at, at least 1. */
  readonly order: number
  /** Longest prompt plus response, in tokens. */
  readonly contextLength: number
}

export const ngramPolicy = (options: NgramPolicyOptions): Layer.Layer<PolicyEngine> =>
  Layer.sync(PolicyEngine, () => {
    const model = new NgramModel(options)
    let reference: NgramModel | null = null
    const verb = <A>(operation: string, run: () => A): Effect.Effect<A, PolicyError> =>
      Effect.try({
        try: run,
        catch: (error) =>
          new PolicyError({ operation, message: error instanceof Error ? error.message : String(error) }),
      })
    return PolicyEngine.of({
      capabilities: model.capabilities,
      tokenizer: {
        encodePrompt: (prompt) =>
          verb("encodePrompt", () => model.encode(prompt.map(({ content }) => content).join("\n"))),
        decode: (tokens) => tokens.map((token) => options.vocabulary[token] ?? "").join(""),
      },
      sample: (requests) => verb("sample", () => requests.map((request) => model.sample(request))),
      frozenSampler: verb("frozenSampler", () => {
        const frozen = new NgramModel(options)
        frozen.load(model.save())
        return (requests) => verb("sample", () => requests.map((request) => frozen.sample(request)))
      }),
      logprobs: (sequences) => verb("logprobs", () => sequences.map((tokens) => model.logprobs(tokens))),
      referenceLogprobs: (sequences) =>
        verb("referenceLogprobs", () => {
          if (reference === null) throw new Error("there is no reference policy; setReference comes first")
          return sequences.map(reference.logprobs, reference)
        }),
      setReference: (files) =>
        verb("setReference", () => {
          const next = new NgramModel(options)
          next.load(files)
          reference = next
        }),
      forwardBackward: (datums, loss, regularization) =>
        verb("forwardBackward", () => model.forwardBackward(datums, loss, regularization)),
      optimStep: (adam) => verb("optimStep", () => ({ gradNorm: model.optimStep(adam) })),
      save: Effect.sync(() => model.save()),
      load: (files) => verb("load", () => model.load(files)),
      retain: () => Effect.void,
    })
  })

/** The parameters of one context: logits, their gradient, and Adam's two moments. */
interface Row {
  readonly logits: Float64Array
  readonly gradient: Float64Array
  readonly first: Float64Array
  readonly second: Float64Array
}

const Saved = Schema.Struct({
  vocabulary: Schema.String,
  order: Schema.Int,
  steps: Schema.Int,
  /** Context, then logits and Adam's moments. */
  rows: Schema.Array(
    Schema.Tuple([
      Schema.String,
      Schema.Array(Schema.Finite),
      Schema.Array(Schema.Finite),
      Schema.Array(Schema.Finite),
    ]),
  ),
})
const decodeSaved = Schema.decodeUnknownSync(Schema.fromJsonString(Saved))
const fileName = "policy.json"

class NgramModel {
  readonly #options: NgramPolicyOptions
  readonly #stop: number
  #rows = new Map<string, Row>()
  #steps = 0

  constructor(options: NgramPolicyOptions) {
    this.#options = options
    this.#stop = options.vocabulary.length
  }

  get capabilities(): Capabilities {
    const { contextLength, order, vocabulary } = this.#options
    return {
      backend: "ngram",
      description: `table of ${order}-grams over ${vocabulary.length} characters`,
      contextLength,
      losses: ["crossEntropy", "importanceSampling", "ppo", "cispo"],
      regularizations: ["entropy", "kl"],
      deterministic: true,
      sideBySide: false,
      samplesWhileLearning: true,
      parameters: (vocabulary.length + 1) ** (order + 1),
    }
  }

  encode(text: string): ReadonlyArray<number> {
    return Array.from(text, (character) => {
      const token = this.#options.vocabulary.indexOf(character)
      if (token < 0) throw new Error(`${JSON.stringify(character)} is not in the vocabulary`)
      return token
    })
  }

  sample(request: SampleRequest): ReadonlyArray<Sample> {
    refuse(sampleProblem(request, this.#options.contextLength))
    const { maxTokens, prompt, seeds, temperature } = request
    this.#checkTokens(prompt)
    return seeds.map((seed) => {
      const random = new RandomStreams(seed).get("sample")
      const tokens: Array<number> = []
      const logprobs: Array<number> = []
      while (tokens.length < maxTokens && tokens.at(-1) !== this.#stop) {
        const predicted = logSoftmax(this.#logitsAfter([...prompt, ...tokens]))
        const token =
          temperature === 0
            ? predicted.indexOf(Math.max(...predicted))
            : random.weighted(Array.from(predicted, (logprob) => Math.exp(logprob / temperature)))
        tokens.push(token)
        logprobs.push(predicted[token] as number)
      }
      return { tokens, logprobs, stopReason: tokens.at(-1) === this.#stop ? "stop" : "length" }
    })
  }

  logprobs(tokens: ReadonlyArray<number>): ReadonlyArray<number> {
    this.#checkTokens(tokens)
    return tokens.map((token, t) =>
      t === 0 ? 0 : (logSoftmax(this.#logitsAfter(tokens.slice(0, t)))[token] as number),
    )
  }

  forwardBackward(
    datums: ReadonlyArray<Datum>,
    loss: LossConfig,
    { entropy: bonus, kl }: Regularization = { entropy: 0, kl: null },
  ): ForwardBackwardOutput {
    // All are checked before any of them leaves a trace.
    for (const datum of datums) this.#checkDatum(datum, kl !== null)
    const totals = { loss: 0, entropy: 0, clipped: 0, kl: 0, tokens: 0 }
    const logprobs = datums.map((datum) => {
      const scores = this.logprobs(datum.tokens)
      for (const [t, weight] of datum.weights.entries()) {
        if (weight === 0) continue
        const context = datum.tokens.slice(0, t)
        const predicted = logSoftmax(this.#logitsAfter(context))
        const result = tokenLoss(
          loss,
          scores[t] as number,
          datum.logprobs[t] as number,
          datum.advantages[t] as number,
        )
        const distance =
          kl === null
            ? { value: 0, slope: 0 }
            : klEstimate(kl.estimator, scores[t] as number, datum.referenceLogprobs?.[t] as number)
        const coefficient = kl?.coefficient ?? 0
        const entropy = -predicted.reduce((sum, logprob) => sum + Math.exp(logprob) * logprob, 0)
        totals.loss += weight * (result.loss + coefficient * distance.value - bonus * entropy)
        totals.clipped += result.clipped ? 1 : 0
        totals.kl += distance.value
        totals.entropy += entropy
        totals.tokens += 1
        const slope = weight * (result.slope + coefficient * distance.slope)
        if (slope === 0 && bonus === 0) continue
        const { gradient } = this.#row(context)
        // d log p(token) / d logit_k is 1 for the token itself, less p(k); dH / d logit_k is −p(k)·(log p(k) + H).
        for (const [k, logprob] of predicted.entries()) {
          const p = Math.exp(logprob)
          const share = (k === datum.tokens[t] ? 1 : 0) - p
          gradient[k] = (gradient[k] as number) + slope * share + weight * bonus * p * (logprob + entropy)
        }
      }
      return scores
    })
    const mean = (total: number) => (totals.tokens === 0 ? null : total / totals.tokens)
    return {
      loss: totals.loss,
      logprobs,
      entropy: mean(totals.entropy),
      clippedShare: mean(totals.clipped),
      kl: kl === null ? null : mean(totals.kl),
    }
  }

  /** AdamW, Algorithm 2 of Loshchilov & Hutter 2019. Gives the norm of the gradient before clipping. */
  optimStep(adam: AdamConfig): number {
    refuse(adamProblem(adam))
    const { beta1, beta2, epsilon, gradClip, learningRate, weightDecay } = adam
    let squares = 0
    for (const { gradient } of this.#rows.values()) for (const g of gradient) squares += g * g
    const norm = Math.sqrt(squares)
    const scale = gradClip === null || norm <= gradClip ? 1 : gradClip / norm
    this.#steps += 1
    const [correction1, correction2] = [1 - beta1 ** this.#steps, 1 - beta2 ** this.#steps]
    for (const { first, gradient, logits, second } of this.#rows.values()) {
      for (let k = 0; k < logits.length; k++) {
        const g = (gradient[k] as number) * scale
        const m = beta1 * (first[k] as number) + (1 - beta1) * g
        const v = beta2 * (second[k] as number) + (1 - beta2) * g * g
        const logit = (logits[k] as number) * (1 - learningRate * weightDecay)
        first[k] = m
        second[k] = v
        logits[k] = logit - (learningRate * (m / correction1)) / (Math.sqrt(v / correction2) + epsilon)
      }
      gradient.fill(0)
    }
    return norm
  }

  save(): ReadonlyArray<PolicyFile> {
    const { order, vocabulary } = this.#options
    const rows = [...this.#rows]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([context, { first, logits, second }]) => [context, [...logits], [...first], [...second]])
    const text = JSON.stringify({ vocabulary, order, steps: this.#steps, rows })
    return [{ name: fileName, bytes: new TextEncoder().encode(text) }]
  }

  load(files: ReadonlyArray<PolicyFile>): void {
    const file = files.find(({ name }) => name === fileName)
    if (file === undefined) throw new Error(`there is no ${fileName}`)
    const { order, rows, steps, vocabulary } = decodeSaved(new TextDecoder().decode(file.bytes))
    if (vocabulary !== this.#options.vocabulary || order !== this.#options.order) {
      throw new Error(`${fileName} has another vocabulary or order`)
    }
    this.#steps = steps
    this.#rows = new Map(
      rows.map(([context, logits, first, second]) => [
        context,
        {
          logits: Float64Array.from(logits),
          gradient: new Float64Array(logits.length),
          first: Float64Array.from(first),
          second: Float64Array.from(second),
        },
      ]),
    )
  }

  #contextOf(tokens: ReadonlyArray<number>): string {
    return tokens.slice(-this.#options.order).join()
  }

  #logitsAfter(tokens: ReadonlyArray<number>): Float64Array {
    return this.#rows.get(this.#contextOf(tokens))?.logits ?? new Float64Array(this.#stop + 1)
  }

  #row(tokens: ReadonlyArray<number>): Row {
    const context = this.#contextOf(tokens)
    const known = this.#rows.get(context)
    if (known !== undefined) return known
    const zeros = () => new Float64Array(this.#stop + 1)
    const row = { logits: zeros(), gradient: zeros(), first: zeros(), second: zeros() }
    this.#rows.set(context, row)
    return row
  }

  #checkTokens(tokens: ReadonlyArray<number>): void {
    refuse(lengthProblem(tokens.length, this.#options.contextLength))
    const stranger = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token <= this.#stop))
    refuse(stranger === undefined ? null : `token ${stranger} is not in the vocabulary`)
  }

  #checkDatum(datum: Datum, needsReference: boolean): void {
    this.#checkTokens(datum.tokens)
    refuse(datumProblem(datum))
    refuse(
      needsReference && datum.referenceLogprobs === undefined ? "a KL penalty needs referenceLogprobs" : null,
    )
  }
}

const refuse = (problem: string | null): void => {
  if (problem !== null) throw new Error(problem)
}

const logSoftmax = (logits: Float64Array): Float64Array => {
  const largest = Math.max(...logits)
  const logSum = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0))
  return logits.map((logit) => logit - logSum)
}
