/** From the losses of tokens to the loss of a batch. */
import { Schema } from "effect"
import { PositiveCount } from "./ranges.ts"

/**
 * How token losses of a batch become one number. The batch is what is learned from: N responses with a non-zero advantage,
 * or with a regularization of the loss all that were rewarded. `tokenMean`: mean over all their tokens (DAPO); `sequenceMean`: mean over responses of their token means
 * (GRPO); `constant`: sum over tokens divided by N · `length` (Dr.GRPO).
 */
export const Reduction = Schema.TaggedUnion({
  tokenMean: {},
  sequenceMean: {},
  constant: { length: PositiveCount },
})
export type Reduction = typeof Reduction.Type

/** The weight of every response token of each sequence, so that the sum of weighted losses is the reduction. */
export const reductionWeights = (
  reduction: Reduction,
  responseLengths: ReadonlyArray<number>,
): ReadonlyArray<number> => {
  const sequences = responseLengths.length
  switch (reduction._tag) {
    case "tokenMean": {
      const tokens = responseLengths.reduce((sum, length) => sum + length, 0)
      return responseLengths.map(() => (tokens === 0 ? 0 : 1 / tokens))
    }
    case "sequenceMean":
      return responseLengths.map((length) => (length === 0 ? 0 : 1 / (sequences * length)))
    case "constant":
      return responseLengths.map(() => 1 / (sequences * reduction.length))
  }
}
