/** A rehearsal: a whole run without a model. `npx azr train azr.config.ts`. For a model, take `preset: "paper"` and its engine. */
import { defineConfig } from "@azr/core"

const kind = {
  seeds: 8,
  proposedSeeds: 0,
  proposals: 4,
  tasks: 2,
  solve: 4,
  maxTokens: { propose: 4096, solve: 4096 },
}

export default defineConfig({
  preset: "nano",
  steps: 3,
  environments: ["."],
  promptStyle: "full",
  kinds: { deduction: kind, abduction: kind, induction: kind, error: kind },
  policy: { backend: "script", model: "./test/policy.ts" },
})
