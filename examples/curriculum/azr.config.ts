/**
 * One curriculum of three environments: Python, a language of one's own, and one that is no language. Each has buffers, advantages and
 * metrics of its own; the policy is one. It takes a model that follows instructions in words: `policy` names the one to train.
 */
import { defineConfig } from "@azr/core"

const sql = {
  seeds: 1,
  proposedSeeds: 64,
  proposals: 32,
  tasks: 32,
  solve: 32,
  maxTokens: { propose: 4096, solve: 4096 },
}

export default defineConfig({
  preset: "fixed",
  environments: ["python", "../env-lua", "../env-sql"],
  // Kinds of the languages are those of the preset.
  kinds: { result: sql, query: sql },
})
