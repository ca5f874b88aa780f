/** SmolLM2-135M-Instruct with a LoRA adapter on a SkyRL server on this machine's CPU: one small step of everything. README.md says what came of it. */
import { type RunConfig, defineConfig } from "@azr/core"

const kind: Partial<RunConfig.KindConfig> = {
  // The identity.
  seeds: 1,
  proposedSeeds: 0,
  proposals: 8,
  tasks: 2,
  solve: 4,
  maxTokens: { propose: 96, solve: 80 },
}

export default defineConfig({
  preset: "fixed",
  // A model of this size keeps to no form that is only described.
  promptStyle: "fewShot",
  steps: 1,
  kinds: { deduction: kind, abduction: kind, induction: null },
  propose: { references: 0, temperature: 0.7 },
  estimate: { samples: 2 },
  solve: { from: "both", temperature: 0.7 },
  // Rewards alone are learned from.
  entropyBonus: 0,
  policy: {
    backend: "tinker",
    model: "smollm2-135m-instruct",
    url: "http://127.0.0.1:8000",
    rank: 8,
    // Longer sequences take more memory than they are worth on a CPU.
    contextLength: 2048,
  },
  // SkyRL on JAX clips no gradient.
  optimizer: { learningRate: 1e-4, gradClip: null },
  evaluate: { every: 0 },
  checkpoint: { every: 1 },
})
