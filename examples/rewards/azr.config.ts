/** The nano preset with a reward and an advantage estimator of one's own: `azr train examples/rewards/azr.config.ts`. */
import { defineConfig } from "@azr/core"

export default defineConfig({
  preset: "nano",
  plugins: ["./brief.ts", "./median.ts"],
  reward: { solve: { shape: "brief" } },
  advantage: { solve: { _tag: "plugin", name: "median", options: { scale: 2 } } },
})
