/**
 * The model once more, in float64 on a tape of scalars: written from its definition, sharing no code with the engine,
 * slow and obvious. Gradients come from the tape alone.
 */
import type { PolicyEngine } from "@azr/core"
import * as PolicyLoss from "@azr/core/PolicyLoss"
import type { ModelConfig, Sequence } from "../src/index.ts"

/** Scalars that know their parents and the partial derivatives towards them. A scalar is its index. */
class Tape {
  readonly values: Array<number> = []
  readonly #parents: Array<readonly [number, number]> = []
  readonly #partials: Array<readonly [number, number]> = []

  leaf(value: number): number {
    return this.#push(value, 0, 0, 0, 0)
  }

  add(a: number, b: number): number {
    return this.#push(this.value(a) + this.value(b), a, b, 1, 1)
  }

  multiply(a: number, b: number): number {
    return this.#push(this.value(a) * this.value(b), a, b, this.value(b), this.value(a))
  }

  scale(a: number, factor: number): number {
    return this.#push(this.value(a) * factor, a, a, factor, 0)
  }

  exp(a: number): number {
    const value = Math.exp(this.value(a))
    return this.#push(value, a, a, value, 0)
  }

  log(a: number): number {
    return this.#push(Math.log(this.value(a)), a, a, 1 / this.value(a), 0)
  }

  power(a: number, exponent: number): number {
    const x = this.value(a)
    return this.#push(x ** exponent, a, a, exponent * x ** (exponent - 1), 0)
  }

  squaredRelu(a: number): number {
    const x = Math.max(0, this.value(a))
    return this.#push(x * x, a, a, 2 * x, 0)
  }

  sum(terms: ReadonlyArray<number>): number {
    return terms.reduce((total, term) => this.add(total, term))
  }

  dot(a: ReadonlyArray<number>, b: ReadonlyArray<number>): number {
    return this.sum(a.map((x, i) => this.multiply(x, b[i] as number)))
  }

  value(a: number): number {
    return this.values[a] as number
  }

  /** d(Σ seeds · scalars) / d(every scalar). */
  backward(seeds: ReadonlyArray<readonly [scalar: number, seed: number]>): Float64Array {
    const gradients = new Float64Array(this.values.length)
    for (const [scalar, seed] of seeds) gradients[scalar] = (gradients[scalar] as number) + seed
    for (let i = this.values.length - 1; i >= 0; i--) {
      const [a, b] = this.#parents[i] as readonly [number, number]
      const [da, db] = this.#partials[i] as readonly [number, number]
      const gradient = gradients[i] as number
      if (da !== 0) gradients[a] = (gradients[a] as number) + gradient * da
      if (db !== 0) gradients[b] = (gradients[b] as number) + gradient * db
    }
    return gradients
  }

  #push(value: number, a: number, b: number, da: number, db: number): number {
    this.#parents.push([a, b])
    this.#partials.push([da, db])
    return this.values.push(value) - 1
  }
}

export interface Reference {
  readonly loss: number
  /** As `PolicyEngine.logprobs`. */
  readonly logprobs: ReadonlyArray<ReadonlyArray<number>>
  /** Entropy of the prediction of every token, 0 for the first. */
  readonly entropies: ReadonlyArray<ReadonlyArray<number>>
  readonly gradient: ReadonlyMap<string, Float64Array>
}

export const reference = (
  config: ModelConfig,
  parameters: ReadonlyMap<string, ArrayLike<number>>,
  sequences: ReadonlyArray<Sequence>,
  loss: PolicyEngine.LossConfig,
  { entropy: bonus, kl }: PolicyEngine.Regularization = { entropy: 0, kl: null },
): Reference => {
  const tape = new Tape()
  const leaves = new Map(
    [...parameters].map(([name, values]) => [name, Array.from(values, (value) => tape.leaf(value))] as const),
  )
  const vector = (name: string): ReadonlyArray<number> => leaves.get(name) as ReadonlyArray<number>
  const row = (name: string, index: number, size: number) =>
    vector(name).slice(index * size, (index + 1) * size)

  const { width, heads, layers } = config
  const headSize = width / heads
  const plus = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
    a.map((x, i) => tape.add(x, b[i] as number))
  const linear = (name: string, x: ReadonlyArray<number>) => {
    const outputs = vector(`${name}.weight`).length / x.length
    return Array.from({ length: outputs }, (_, o) => tape.dot(row(`${name}.weight`, o, x.length), x))
  }
  const norm = (name: string, x: ReadonlyArray<number>) => {
    const mean = tape.scale(tape.sum(x), 1 / width)
    const centred = x.map((value) => tape.add(value, tape.scale(mean, -1)))
    const variance = tape.scale(tape.dot(centred, centred), 1 / width)
    const inverse = tape.power(tape.add(variance, tape.leaf(1e-5)), -0.5)
    const weight = vector(`${name}.weight`)
    const bias = vector(`${name}.bias`)
    return centred.map((value, i) =>
      tape.add(tape.multiply(tape.multiply(value, inverse), weight[i] as number), bias[i] as number),
    )
  }
  const softmax = (logits: ReadonlyArray<number>) => {
    const exps = logits.map((logit) => tape.exp(logit))
    const inverse = tape.power(tape.sum(exps), -1)
    return exps.map((e) => tape.multiply(e, inverse))
  }

  let total = 0
  const seeds: Array<readonly [number, number]> = []
  const logprobs: Array<ReadonlyArray<number>> = []
  const entropies: Array<ReadonlyArray<number>> = []
  for (const sequence of sequences) {
    const { tokens, positionOffset = 0, statementOffset = 0 } = sequence
    const inputs = tokens.slice(0, -1)
    const features = featureRows(config, inputs, statementOffset)
    let stream = inputs.map((token, t) => {
      const position = Math.min(t + positionOffset, config.context - 1)
      let x = plus(row("embed.token.weight", token, width), row("embed.position.weight", position, width))
      config.features.forEach((feature, f) => {
        x = plus(x, row(`embed.${feature.table}.weight`, features[f]?.[t] as number, width))
      })
      return x
    })
    for (let layer = 0; layer < layers; layer++) {
      const block = `blocks.${layer}`
      const qkv = stream.map((x) => linear(`${block}.attention.qkv`, norm(`${block}.norm1`, x)))
      const part = (t: number, which: number, head: number) => {
        const first = which * width + head * headSize
        return (qkv[t] as ReadonlyArray<number>).slice(first, first + headSize)
      }
      const attended = stream.map((_, t) =>
        Array.from({ length: heads }, (_, head) => {
          const scores = Array.from({ length: t + 1 }, (_, s) =>
            tape.scale(tape.dot(part(t, 0, head), part(s, 1, head)), 1 / Math.sqrt(headSize)),
          )
          const weights = softmax(scores)
          return Array.from({ length: headSize }, (_, i) =>
            tape.sum(weights.map((weight, s) => tape.multiply(weight, part(s, 2, head)[i] as number))),
          )
        }).flat(),
      )
      stream = stream.map((x, t) =>
        plus(x, linear(`${block}.attention.out`, attended[t] as ReadonlyArray<number>)),
      )
      stream = stream.map((x) => {
        const hidden = linear(`${block}.mlp.up`, norm(`${block}.norm2`, x)).map((u) => tape.squaredRelu(u))
        return plus(x, linear(`${block}.mlp.down`, hidden))
      })
    }
    const sequenceLogprobs = [0]
    const sequenceEntropies = [0]
    stream.forEach((x, t) => {
      const probabilities = softmax(linear("embed.token", norm("norm", x)))
      const logprob = tape.log(probabilities[tokens[t + 1] as number] as number)
      const value = tape.value(logprob)
      sequenceLogprobs.push(value)
      sequenceEntropies.push(
        -probabilities.reduce((sum, p) => sum + tape.value(p) * Math.log(tape.value(p)), 0),
      )
      const weight = sequence.weights?.[t + 1] ?? 0
      const sampled = sequence.logprobs?.[t + 1] ?? 0
      const token = PolicyLoss.tokenLoss(loss, value, sampled, sequence.advantages?.[t + 1] ?? 0)
      total += weight * token.loss
      seeds.push([logprob, weight * token.slope])
      if (weight === 0) return
      if (bonus !== 0) {
        const entropy = tape.scale(tape.sum(probabilities.map((p) => tape.multiply(p, tape.log(p)))), -1)
        total -= weight * bonus * tape.value(entropy)
        seeds.push([entropy, -weight * bonus])
      }
      if (kl !== null) {
        const d = tape.add(logprob, tape.leaf(-(sequence.referenceLogprobs?.[t + 1] as number)))
        const estimate = {
          k1: () => d,
          k2: () => tape.scale(tape.multiply(d, d), 1 / 2),
          k3: () => tape.sum([tape.exp(tape.scale(d, -1)), tape.leaf(-1), d]),
        }[kl.estimator]()
        total += weight * kl.coefficient * tape.value(estimate)
        seeds.push([estimate, weight * kl.coefficient])
      }
    })
    logprobs.push(sequenceLogprobs)
    entropies.push(sequenceEntropies)
  }
  const gradients = tape.backward(seeds)
  const gradient = new Map(
    [...leaves].map(([name, scalars]) => [
      name,
      Float64Array.from(scalars, (scalar) => gradients[scalar] as number),
    ]),
  )
  return { loss: total, logprobs, entropies, gradient }
}

/** Rows of each feature for each token, from the definition in `ModelConfig.ts`: looking back from every token. */
const featureRows = (
  config: ModelConfig,
  tokens: ReadonlyArray<number>,
  statementOffset: number,
): ReadonlyArray<ReadonlyArray<number>> =>
  config.features.map((feature) =>
    tokens.map((_, t) => {
      const past = tokens.slice(0, t + 1)
      const last = feature.size - 1
      if (feature._tag === "listIndex") {
        const open = past.lastIndexOf(feature.open)
        const closed = past.indexOf(feature.close, Math.max(open, 0))
        const inside = open >= 0 && (closed < 0 || closed === t)
        return inside ? Math.min(t - open + 1, last) : 0
      }
      if (feature._tag === "lastMarker") {
        const marker = past.findLast((token) => feature.markers.some(([known]) => known === token))
        return feature.markers.find(([known]) => known === marker)?.[1] ?? 0
      }
      return Math.min(statementCount(feature, past) + statementOffset, last)
    }),
  )

/** The count at the last of these tokens, by recursion over the marker that set it. */
const statementCount = (
  feature: Extract<ModelConfig["features"][number], { readonly _tag: "statementCount" }>,
  past: ReadonlyArray<number>,
): number => {
  const [ups, downs] = [new Map(feature.markers), new Map(feature.descending)]
  const at = past.findLastIndex((token) => ups.has(token) || downs.has(token))
  const separators = past.slice(at + 1).filter((token) => token === feature.separator).length
  const above = downs.get(past[at] ?? -1)
  if (above === undefined) return (ups.get(past[at] ?? -1) ?? 0) + separators
  const before = past.slice(0, at).map((_, t) => {
    const counted = past.slice(0, t + 1)
    const marker = counted.findLast((token) => ups.has(token) || downs.has(token))
    // Only counts that went up are statements of something.
    return marker !== undefined && downs.has(marker) ? 0 : statementCount(feature, counted)
  })
  return Math.max(0, Math.max(0, ...before) + above - separators)
}
