/**
 * The gradient that a server holds until the next update, and what it takes to make it the plain sum.
 *
 * A mean over N sequences is a sum when each counts N times; but N is known only when the update comes. The sequences of one call are
 * sent as if it were the only one. Where more calls follow, each sequence is sent once more before the update, with what it
 * lacks: the gradient at the same weights is linear in that factor.
 */
import type { PolicyEngine } from "@azr/core"
import { Effect } from "effect"
import type { Model } from "./TinkerClient.ts"
import type { TinkerError } from "./TinkerError.ts"
import { type Reduction, wireDatum, wireLoss } from "./sumOfLosses.ts"
import type { TrainingOutput } from "./wire/training.ts"

interface Sent {
  readonly datum: PolicyEngine.Datum
  readonly loss: PolicyEngine.LossConfig
  /** How often it counts on the server so far. */
  readonly factor: number
}

export class PendingGradient {
  readonly #reduction: Reduction
  #sent: Array<Sent> = []
  /** Sequences on the server, those that were sent again included. */
  #sequences = 0

  constructor(reduction: Reduction) {
    this.#reduction = reduction
  }

  get isEmpty(): boolean {
    return this.#sequences === 0
  }

  add(
    model: Model,
    datums: ReadonlyArray<PolicyEngine.Datum>,
    loss: PolicyEngine.LossConfig,
  ): Effect.Effect<TrainingOutput, TinkerError> {
    const factor = this.#reduction === "sum" ? 1 : this.#sequences + datums.length
    return this.#send(
      model,
      datums.map((datum) => ({ datum, loss, factor })),
      loss,
    )
  }

  /** Makes the sum of what was added, however many calls it took. */
  settle(model: Model): Effect.Effect<void, TinkerError> {
    if (this.#reduction === "sum" || this.#sent.every(({ factor }) => factor === this.#sequences)) {
      return Effect.void
    }
    const before = this.#sent.filter(({ datum }) => datum.weights.some((weight) => weight !== 0))
    const sequences = this.#sequences + before.length
    const lacking = before.map((sent) => ({ ...sent, factor: sequences - sent.factor }))
    const losses = Map.groupBy(lacking, ({ loss }) => JSON.stringify(loss))
    return Effect.forEach(losses.values(), (group) => {
      const [first] = group
      return first === undefined ? Effect.void : this.#send(model, group, first.loss)
    })
  }

  clear(): void {
    this.#sent = []
    this.#sequences = 0
  }

  #send(model: Model, group: ReadonlyArray<Sent>, loss: PolicyEngine.LossConfig) {
    return Effect.suspend(() => {
      this.#sent.push(...group)
      this.#sequences += group.length
      return model.forwardBackward({
        data: group.map(({ datum, factor }) => wireDatum(datum, loss, this.#reduction, factor)),
        ...wireLoss(loss, this.#reduction),
        forwardOnly: false,
      })
    })
  }
}
