/** A rehearsal: a whole run without a model. `npx azr train azr.config.ts`. For a model, take `preset: "paper"` and its engine. */
import { defineConfig } from "@azr/core"

const kind = {
  seeds: 16,
  proposedSeeds: 0,
  proposals: 4,
  tasks: 2,
  solve: 4,
  maxTokens: { propose: 512, solve: 512 },
}

export default defineConfig({
  preset: "nano",
  steps: 3,
  environments: [[".", { largest: 20 }]],
  promptStyle: "full",
  kinds: { deduction: null, abduction: null, induction: null, result: kind, operand: kind },
  policy: { backend: "script", model: "./test/policy.ts" },
})
