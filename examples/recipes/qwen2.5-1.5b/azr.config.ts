/** Qwen2.5-1.5B-Instruct with a LoRA adapter on one GPU: the paper's algorithm in batches a quarter of its size. Not run here: README.md. */
import { type RunConfig, defineConfig } from "@azr/core"

const kind: Partial<RunConfig.KindConfig> = {
  // The identity and what the model itself proposes first, 4 batches (§3.3.1); a small model may not find that many.
  proposedSeeds: 64,
  proposals: 16,
  tasks: 16,
  solve: 16,
  // The paper has 8,096: longer thoughts of a small model are mostly loops.
  maxTokens: { propose: 1024, solve: 2048 },
}

export default defineConfig({
  // The published rewards and advantages, without tasks that are known already.
  preset: "fixed",
  steps: 200,
  kinds: { deduction: kind, abduction: kind, induction: kind },
  // Rounds for the proposed seeds; a policy that is too weak begins with what it has after them.
  maxSeedRounds: 20,
  policy: {
    backend: "tinker",
    model: "Qwen/Qwen2.5-1.5B-Instruct",
    url: "http://127.0.0.1:8000",
    rank: 32,
    serverOptimizer: true,
    contextLength: 6144,
  },
  // Fewer tasks in a prompt (the paper shows 6): it fits the context.
  propose: { references: 3 },
  // One update a step from fresh samples: the ratio that PPO clips is 1.
  loss: { _tag: "importanceSampling" },
  // Ten times that of all parameters.
  optimizer: { learningRate: 1e-5 },
  evaluate: { every: 20 },
  checkpoint: { every: 20 },
})
