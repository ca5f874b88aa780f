/**
 * Everything a run was told, resolved: presets and overrides in, one plain JSON object out, saved verbatim as
 * `config.json`. No default is hidden elsewhere: a setting that decides something about the algorithm is in here.
 */
import { Result, Schema } from "effect"
import { AdvantageConfig } from "./Advantage.ts"
import { PromptStyle } from "./Environment.ts"
import { AdamConfig, KlEstimator, LossConfig } from "./PolicyEngine.ts"
import { Reduction } from "./Reduction.ts"
import { RewardConfig } from "./Reward.ts"
import { BufferConfig, BufferMix } from "./TaskBuffer.ts"
import { code, nano, paper } from "./presets.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Positive = Schema.Int.check(Schema.isGreaterThan(0))
const Temperature = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/** What a step does for one kind of task. */
export const KindConfig = Schema.Struct({
  /** Tasks of the environment that its buffer starts with. */
  seeds: Count,
  /** Tasks that the first policy proposes before the first step, without being trained (paper, §3.3.1). */
  proposedSeeds: Count,
  /** Proposals sampled a step. */
  proposals: Count,
  /** How many of the valid ones, in order, are estimated and rewarded; further ones only enter the buffer. */
  tasks: Count,
  /** Tasks drawn from the buffer for the solver a step, where `solve.from` uses the buffer. */
  solve: Count,
  /** Longest response, in tokens. */
  maxTokens: Schema.Struct({ propose: Positive, solve: Positive }),
})
export type KindConfig = typeof KindConfig.Type

export const RunConfig = Schema.Struct({
  /** The preset this configuration began with. */
  preset: Schema.String,
  seed: Count,
  steps: Count,
  /** Environments of the curriculum, by id. */
  environments: Schema.NonEmptyArray(Schema.String),
  /** Kinds of task, by id, in each environment that has them. */
  kinds: Schema.Record(Schema.String, KindConfig),
  promptStyle: PromptStyle,
  policy: Schema.Struct({
    backend: Schema.String,
    /** `nano` is the embedded one; else a folder or file that the backend reads. */
    checkpoint: Schema.String,
    /** Threads; null is one a core. */
    workers: Schema.NullOr(Positive),
  }),
  executor: Schema.Struct({
    /** `auto` is the fastest host that works here; results are the same on each. */
    host: Schema.Literals(["auto", "v8", "wasmtime"]),
    /** Threads; null is one a core. */
    workers: Schema.NullOr(Positive),
  }),
  /** Most rounds of proposals for the `proposedSeeds`; a policy that is too weak begins with what it has after them. */
  maxSeedRounds: Count,
  propose: Schema.Struct({
    /** Reference tasks in a prompt. */
    references: Count,
    mix: BufferMix,
    temperature: Temperature,
    /** At most this many tasks of one family (one program) a step; null is no cap. */
    familyCap: Schema.NullOr(Positive),
    /** Whether proposals are learned from. */
    train: Schema.Boolean,
    /** The last step that proposes; null is the last of the run. With 0 only the rounds of seeding do. */
    steps: Schema.NullOr(Count),
  }),
  estimate: Schema.Struct({
    /** Monte-Carlo answers a task. */
    samples: Positive,
    temperature: Temperature,
  }),
  solve: Schema.Struct({
    /** What the solver learns from: the estimate's answers, tasks drawn from the buffer, or both. */
    from: Schema.Literals(["estimate", "buffer", "both"]),
    /** Answers to a task that was drawn from the buffer. */
    samples: Positive,
    /** Whether the environment's seeds are among the tasks that are drawn. */
    seeds: Schema.Boolean,
    mix: BufferMix,
    temperature: Temperature,
  }),
  reward: RewardConfig,
  advantage: Schema.Struct({ propose: AdvantageConfig, solve: AdvantageConfig }),
  /** Factor on the advantages of a role. */
  roleWeight: Schema.Struct({ propose: Schema.Finite, solve: Schema.Finite }),
  loss: LossConfig,
  /** Coefficient of the entropy bonus, per token and in nats; 0 is off. */
  entropyBonus: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)),
  /**
   * Penalty for leaving the policy that the run began with; null is off. `loss` adds it to each token's loss; `reward` takes
   * coefficient · Σ k over the tokens of a response, as sampled, from the response's reward.
   */
  kl: Schema.NullOr(
    Schema.Struct({
      estimator: KlEstimator,
      coefficient: Schema.Finite,
      in: Schema.Literals(["loss", "reward"]),
    }),
  ),
  update: Schema.Struct({
    /** Passes over what a step learns from. */
    epochs: Positive,
    /** Responses of one optimizer step, drawn without repetition in each pass; null is all of them. */
    miniBatch: Schema.NullOr(Positive),
  }),
  reduction: Reduction,
  optimizer: Schema.Struct({
    ...AdamConfig.fields,
    /** Steps over which the learning rate rises linearly from 0. */
    warmupSteps: Count,
    /** Share of the learning rate that is left at the last step, after a linear fall; 1 is constant. */
    finalShare: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
  }),
  buffer: BufferConfig,
  evaluate: Schema.Struct({
    /** Steps between evaluations on the dev suites; 0 is only before and after. */
    every: Count,
    /** Suites by id, e.g. `deduction-3`; empty is all of the environment. */
    suites: Schema.Array(Schema.String),
    /** At most this many tasks of a suite; null is all. The test suites are always whole. */
    devTasks: Schema.NullOr(Positive),
  }),
  checkpoint: Schema.Struct({
    /** Steps between checkpoints; 0 is only at the end. */
    every: Count,
    /** How many of the latest are kept. */
    keep: Positive,
  }),
})
export type RunConfig = typeof RunConfig.Type

/** A configuration that cannot be used; the message names the key, what was found and the nearest valid key. */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  message: Schema.String,
}) {}

const decode = Schema.decodeUnknownResult(RunConfig, {
  errors: "all",
  onExcessProperty: "error",
  reportInput: true,
})

/** Reads a complete configuration, e.g. a `config.json`. Unknown keys are errors. */
export const parse = (input: unknown): Result.Result<RunConfig, ConfigError> => {
  const unknown = unknownKey(input, nano, [])
  if (unknown !== null) return Result.fail(new ConfigError({ message: unknown }))
  return Result.mapError(decode(input), (error) => new ConfigError({ message: error.message }))
}

/**
 * Applies `--set a.b=c` texts to a configuration. A value is JSON where it reads as JSON, else a string; `null` is null.
 */
export const withSettings = (
  config: RunConfig,
  settings: ReadonlyArray<string>,
): Result.Result<RunConfig, ConfigError> => {
  let changed: unknown = config
  for (const setting of settings) {
    const at = setting.indexOf("=")
    if (at < 1)
      return Result.fail(new ConfigError({ message: `expected key=value, got ${JSON.stringify(setting)}` }))
    changed = assign(changed, setting.slice(0, at).split("."), readSetting(setting.slice(at + 1)))
  }
  return parse(changed)
}

const readSetting = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const isRecord = (input: unknown): input is Record<string, unknown> =>
  typeof input === "object" && input !== null && !Array.isArray(input)

const assign = (target: unknown, path: ReadonlyArray<string>, value: unknown): unknown => {
  const [key, ...rest] = path
  if (key === undefined) return value
  const record = isRecord(target) ? target : {}
  return { ...record, [key]: assign(record[key], rest, value) }
}

/** Keys whose content depends on a tag, or may be null: which keys are known there is for Schema to say. */
const open = new Set([
  "loss",
  "reduction",
  "kl",
  "advantage.propose",
  "advantage.solve",
  "reward.propose.zone",
  "reward.propose.coverage",
  "reward.propose.intrinsic",
])

const unknownKey = (input: unknown, model: unknown, path: ReadonlyArray<string>): string | null => {
  const where = path.join(".")
  if (!isRecord(input) || !isRecord(model) || open.has(where)) return null
  // Kinds are named by the environment; what is in one is in each.
  const named = where === "kinds"
  for (const key of Object.keys(input)) {
    if (!named && !Object.hasOwn(model, key)) {
      const valid = Object.keys(model)
      const name = [...path, key].join(".")
      const meant = [...path, nearest(key, valid)].join(".")
      return `unknown setting ${name}; did you mean ${meant}? Valid here: ${valid.join(", ")}`
    }
    const below = unknownKey(input[key], named ? nano.kinds["deduction"] : model[key], [...path, key])
    if (below !== null) return below
  }
  return null
}

/** The candidate with the smallest edit distance (Levenshtein). */
export const nearest = (word: string, candidates: ReadonlyArray<string>): string =>
  candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)[0]?.candidate ?? word

const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}

export { nano }
export const presets: Readonly<Record<string, RunConfig>> = { nano, paper, code }

/** The learning rate at a step, counted from 1. */
export const learningRateAt = (config: RunConfig, step: number): number => {
  const { finalShare, learningRate, warmupSteps } = config.optimizer
  const warmup = warmupSteps === 0 ? 1 : Math.min(1, step / warmupSteps)
  const decay = 1 - (1 - finalShare) * Math.min(1, (step - 1) / Math.max(1, config.steps - 1))
  return learningRate * warmup * decay
}
