/**
 * An advantage estimator: reward less the median of the answers to the same task, so that one lucky answer among many wrong ones
 * stands out and does not make the others worse. `advantage.solve: { _tag: "plugin", name: "median", options: { scale: 2 } }`.
 */
import { definePlugin } from "@azr/core"

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return (low + high) / 2
}

export default definePlugin({
  advantages: {
    median: (batch, { scale = 1 }) => {
      const groupOf = ({ cell, group }: (typeof batch)[number]) => `${cell} ${group}`
      const groups = Map.groupBy(batch, groupOf)
      return batch.map((response) => {
        const rewards = groups.get(groupOf(response))?.map(({ reward }) => reward) ?? []
        return Number(scale) * (response.reward - median(rewards))
      })
    },
  },
})
