/**
 * The named configurations that a run can begin with. `nano` is the default. `paper` is Absolute Zero as published
 * (arXiv 2505.03335, §3 and its table of hyperparameters), `code` as released (commit a82124e), where the two differ, `fixed`
 * the published one with duplicates refused.
 *
 * docs/ALGORITHM.md has every difference; `pnpm document:presets` writes it there.
 */
import { presets as rewards } from "./Reward.ts"
import { type KindConfig, type RunConfig, configVersion } from "./runConfigSchema.ts"

/** Of engines on a server. */
const server = {
  url: null,
  rank: 32,
  contextLength: null,
  reduction: null,
  serverOptimizer: false,
  tokenizer: null,
  promptForm: null,
  thinking: true,
} as const

/** The embedded default: a 0.2 M parameter policy on straight-line Python programs, on a laptop's CPU. */
export const nano: RunConfig = {
  version: configVersion,
  preset: "nano",
  seed: 0,
  steps: 160,
  environments: ["python-nano"],
  plugins: [],
  kinds: {
    deduction: {
      seeds: 256,
      proposedSeeds: 0,
      proposals: 68,
      tasks: 48,
      solve: 0,
      maxTokens: { propose: 40, solve: 72 },
    },
    abduction: {
      seeds: 0,
      proposedSeeds: 0,
      proposals: 34,
      tasks: 24,
      solve: 0,
      maxTokens: { propose: 40, solve: 72 },
    },
    induction: {
      seeds: 0,
      proposedSeeds: 0,
      proposals: 9,
      tasks: 6,
      solve: 0,
      maxTokens: { propose: 40, solve: 26 },
    },
  },
  promptStyle: "compact",
  policy: { backend: "wasm", model: "nano", workers: null, ...server },
  executor: { host: "auto", workers: null },
  seedFile: null,
  maxSeedRounds: 0,
  propose: {
    references: 1,
    mix: "uniform",
    temperature: 1,
    familyCap: 4,
    train: true,
    steps: null,
    composite: null,
  },
  estimate: { samples: 8, temperature: 1 },
  solve: { from: "estimate", samples: 1, seeds: true, mix: "uniform", temperature: 1 },
  reward: {
    propose: {
      shape: "standard",
      badFormat: -0.5,
      invalid: -0.5,
      duplicate: 0,
      unsolved: 0,
      alwaysSolved: 0,
      learnability: "oneMinus",
      zone: null,
      intrinsic: null,
      coverage: { decay: 0.97, exponent: 0.5 },
    },
    solve: { shape: "standard", correct: 1, wrong: 0, badFormat: 0, partial: false },
  },
  advantage: {
    propose: { _tag: "trrPlusPlus", epsilon: 0.02, deviation: "population" },
    solve: { _tag: "groupBaseline", epsilon: 0.05 },
  },
  roleWeight: { propose: 0.5, solve: 1 },
  loss: { _tag: "importanceSampling" },
  entropyBonus: 0,
  kl: null,
  update: { epochs: 1, miniBatch: null, staleness: 0 },
  reduction: { _tag: "tokenMean" },
  optimizer: {
    learningRate: 3e-4,
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-8,
    weightDecay: 0,
    gradClip: 1,
    warmupSteps: 30,
    finalShare: 0.1,
  },
  buffer: { capacity: 2048, evict: "oldest", admit: "all", keepSeeds: 64, refuseDuplicates: true },
  evaluate: { every: 40, suites: [], devTasks: 100 },
  checkpoint: { every: 40, keep: 3 },
}

/** B of the paper: tasks of a cell. */
const batch = 64

const kind: KindConfig = {
  seeds: 1,
  // Four batches, from the policy that the run begins with.
  proposedSeeds: 4 * batch,
  proposals: batch,
  tasks: batch,
  solve: batch,
  maxTokens: { propose: 8096, solve: 8096 },
}

export const paper: RunConfig = {
  version: configVersion,
  preset: "paper",
  seed: 0,
  steps: 500,
  environments: ["python"],
  plugins: [],
  kinds: { deduction: kind, abduction: kind, induction: kind },
  promptStyle: "full",
  policy: { backend: "tinker", model: "Qwen/Qwen2.5-Coder-7B", workers: null, ...server },
  executor: { host: "auto", workers: null },
  seedFile: null,
  maxSeedRounds: 100,
  propose: {
    references: 6,
    mix: "uniform",
    temperature: 1,
    familyCap: null,
    train: true,
    steps: null,
    composite: null,
  },
  estimate: { samples: 8, temperature: 1 },
  solve: { from: "buffer", samples: 1, seeds: true, mix: "uniform", temperature: 1 },
  reward: rewards.paper,
  advantage: {
    propose: { _tag: "trrPlusPlus", epsilon: 1e-8, deviation: "population" },
    solve: { _tag: "trrPlusPlus", epsilon: 1e-8, deviation: "population" },
  },
  roleWeight: { propose: 1, solve: 1 },
  loss: { _tag: "ppo", clipLow: 0.2, clipHigh: 0.2, dualClip: null },
  entropyBonus: 0.001,
  kl: null,
  update: { epochs: 1, miniBatch: null, staleness: 0 },
  reduction: { _tag: "tokenMean" },
  optimizer: {
    learningRate: 1e-6,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.01,
    gradClip: 1,
    warmupSteps: 0,
    finalShare: 1,
  },
  buffer: { capacity: 16_384, evict: "oldest", admit: "all", keepSeeds: 0, refuseDuplicates: false },
  evaluate: { every: 10, suites: [], devTasks: null },
  checkpoint: { every: 10, keep: 3 },
}

export const code: RunConfig = {
  ...paper,
  preset: "code",
  // Tasks that nobody or everybody solves are punished.
  reward: rewards.code,
  // Whitened over tokens; with the newest tasks first, and buffers that stop changing once they are full.
  advantage: {
    propose: { _tag: "trrPlusPlusTokens", epsilon: 1e-8 },
    solve: { _tag: "trrPlusPlusTokens", epsilon: 1e-8 },
  },
  solve: { ...paper.solve, mix: "maxNew" },
  buffer: { ...paper.buffer, evict: "newest" },
  loss: { _tag: "ppo", clipLow: 0.2, clipHigh: 0.2, dualClip: 3 },
  entropyBonus: 0,
  update: { epochs: 1, miniBatch: 128, staleness: 0 },
}

export const fixed: RunConfig = {
  ...paper,
  preset: "fixed",
  reward: rewards.fixed,
  // A buffer of near-identical programs teaches little: a program and input that are known are worth what an invalid one is.
  buffer: { ...paper.buffer, refuseDuplicates: true },
}
