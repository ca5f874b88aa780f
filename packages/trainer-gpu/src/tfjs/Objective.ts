/** The loss of a call of `forwardBackward`: from the log-probabilities of its batches to their slopes and its sums. */
import type { PolicyEngine } from "@azr/core"
import * as PolicyLoss from "@azr/core/PolicyLoss"
import type { Sequence, TrainOutput } from "../Engine.ts"
import type { Predictions } from "./GptModel.ts"
import type { PaddedBatch } from "./PaddedBatch.ts"

export class Objective {
  readonly #sequences: ReadonlyArray<Sequence>
  readonly #loss: PolicyEngine.LossConfig
  readonly #entropy: number
  readonly #kl: PolicyEngine.Regularization["kl"]
  readonly #logprobs: ReadonlyArray<Array<number>>
  readonly #sums = { loss: 0, weighted: 0, entropy: 0, clipped: 0, kl: 0 }

  constructor(
    sequences: ReadonlyArray<Sequence>,
    loss: PolicyEngine.LossConfig,
    regularization: PolicyEngine.Regularization = { entropy: 0, kl: null },
  ) {
    this.#sequences = sequences
    this.#loss = loss
    this.#entropy = regularization.entropy
    this.#kl = regularization.kl
    this.#logprobs = sequences.map(({ tokens }) => tokens.map(() => 0))
  }

  get needsReference(): boolean {
    return this.#kl !== null
  }

  /** dL/dlogprob and dL/dentropy of the rows of a batch, which is added to the output. */
  slopes(
    batch: PaddedBatch,
    { entropies, logprobs }: Pick<Predictions, "entropies" | "logprobs">,
  ): { readonly slopes: Float32Array; readonly bonuses: Float32Array | null } {
    const slopes = new Float32Array(logprobs.length)
    const bonuses = this.#entropy === 0 ? null : new Float32Array(logprobs.length)
    const sums = this.#sums
    batch.eachRow((row, s, t) => {
      const sequence = this.#sequences[s] as Sequence
      const logprob = logprobs[row] as number
      const entropy = entropies[row] as number
      const weight = sequence.weights?.[t] ?? 0
      ;(this.#logprobs[s] as Array<number>)[t] = logprob
      if (weight === 0) return
      const { clipped, loss, slope } = PolicyLoss.tokenLoss(
        this.#loss,
        logprob,
        sequence.logprobs?.[t] ?? 0,
        sequence.advantages?.[t] ?? 0,
      )
      const kl = this.#distance(logprob, sequence.referenceLogprobs?.[t] ?? 0)
      slopes[row] = weight * (slope + kl.coefficient * kl.slope)
      if (bonuses !== null) bonuses[row] = -weight * this.#entropy
      sums.loss += weight * (loss - this.#entropy * entropy + kl.coefficient * kl.value)
      sums.weighted += 1
      sums.entropy += entropy
      sums.clipped += clipped ? 1 : 0
      sums.kl += kl.value
    })
    return { slopes, bonuses }
  }

  output(): TrainOutput {
    const { clipped, entropy, kl, loss, weighted } = this.#sums
    const share = (sum: number) => (weighted === 0 ? 0 : sum / weighted)
    return {
      loss,
      logprobs: this.#logprobs,
      entropy: share(entropy),
      clippedShare: share(clipped),
      kl: this.needsReference ? share(kl) : null,
    }
  }

  #distance(logprob: number, reference: number) {
    if (this.#kl === null) return { coefficient: 0, value: 0, slope: 0 }
    return {
      coefficient: this.#kl.coefficient,
      ...PolicyLoss.klEstimate(this.#kl.estimator, logprob, reference),
    }
  }
}
