/** A reward for answers that are right in few tokens: `reward.solve.shape: "brief"`. */
import { Reward, definePlugin } from "@azr/core"

/** Tokens for which a right answer is worth half of what it would be at once. */
const patience = 64

export default definePlugin({
  solveRewards: {
    brief: ({ share, tokens, verdict }, settings) => {
      const reward = Reward.solverReward(settings, verdict, share)
      return reward > 0 ? (reward * patience) / (patience + tokens) : reward
    },
  },
})
