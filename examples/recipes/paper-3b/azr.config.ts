/**
 * Absolute Zero as published (arXiv 2505.03335, §3 and its table of hyperparameters) on Qwen2.5-Coder-3B, all parameters trained.
 * Not run here: README.md.
 */
import { defineConfig } from "@azr/core"

export default defineConfig({
  // 500 steps of 3 kinds × 64 proposals and 64 drawn tasks, PPO, TRR++, the identity as the one seed: docs/ALGORITHM.md.
  preset: "paper",
  policy: {
    backend: "tinker",
    // A base model: asked with the paper's prompt (§3.1), as a text that it continues.
    model: "Qwen/Qwen2.5-Coder-3B",
    url: "http://127.0.0.1:8000",
    // All parameters, as in the paper.
    rank: 0,
    // SkyRL's own AdamW is the paper's: betas 0.9 and 0.999, decay 0.01, gradients clipped at 1. It takes the learning rate.
    serverOptimizer: true,
    // Of the released code (scripts/selfplay/coder3b.sh): prompts of 6,144 tokens and responses of 8,096.
    contextLength: 6144 + 8096,
  },
})
