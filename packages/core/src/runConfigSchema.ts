/** The shape of a run's configuration. A setting that decides something about the algorithm is in here, and nowhere else. */
import { Effect, Schema } from "effect"
import { AdvantageConfig } from "./Advantage.ts"
import { PromptStyle } from "./Environment.ts"
import { AdamConfig, KlEstimator, LossConfig } from "./PolicyEngine.ts"
import { Count, NonNegative, PositiveCount, Share } from "./ranges.ts"
import { Reduction } from "./Reduction.ts"
import { RewardConfig } from "./Reward.ts"
import { BufferConfig, BufferMix } from "./TaskBuffer.ts"

/** What a step does for one kind of task. */
export const KindConfig = Schema.Struct({
  /** Tasks of the environment, or of `seedFile`, that its buffer starts with. */
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
  maxTokens: Schema.Struct({ propose: PositiveCount, solve: PositiveCount }),
})
export type KindConfig = typeof KindConfig.Type

const CompositeFunctions = Schema.Struct({ least: PositiveCount, most: PositiveCount }).check(
  Schema.makeFilter(({ least, most }) => (least <= most ? undefined : `least ${least} is over most ${most}`)),
)

/** Proposals that have to call the programs of references (released code: composite functions). */
export const CompositeConfig = Schema.Struct({
  /** Share of such proposals in the end: `compositeChance`. */
  chance: Share,
  /** How many functions one is given, uniformly between. */
  functions: CompositeFunctions,
  /** The last step without them. */
  from: Count,
  /** Steps from there until they have their full share; 0: the next one has it. */
  over: Count,
})
export type CompositeConfig = typeof CompositeConfig.Type

/**
 * An environment by the id of a built-in one, the path of a module or of a package's folder, or the name of a package; with options
 * for one that takes them.
 */
export const EnvironmentReference = Schema.Union([
  Schema.String,
  Schema.Tuple([Schema.String, Schema.Record(Schema.String, Schema.Json)]),
])
export type EnvironmentReference = typeof EnvironmentReference.Type

/** Raised when a saved configuration can no longer be read as it was meant. */
export const configVersion = 2

export const RunConfig = Schema.Struct({
  version: Schema.Literal(configVersion),
  /** The preset this configuration began with. */
  preset: Schema.String,
  seed: Count,
  steps: Count,
  /** Environments of the curriculum. */
  environments: Schema.NonEmptyArray(EnvironmentReference),
  /** Modules whose rewards and advantage estimators can be named below, by path or package. */
  plugins: Schema.Array(Schema.String).pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
  /** Kinds of task, by id, in each environment that has them. */
  kinds: Schema.Record(Schema.String, KindConfig),
  promptStyle: PromptStyle,
  policy: Schema.Struct({
    /** A local engine, or `tinker`: a model on a server. */
    backend: Schema.String,
    /** `nano` is the embedded one; else a file of weights, or what a server calls the model. */
    model: Schema.String,
    /** Threads of a local engine; null is one a core. */
    workers: Schema.NullOr(PositiveCount),
    /** Address of the server; null is the one in TINKER_BASE_URL. Its key is in TINKER_API_KEY, never here. */
    url: Schema.NullOr(Schema.String),
    /** Rank of the LoRA adapter that is trained on a server; 0 is all parameters, where the server can. */
    rank: Count,
    /** Longest prompt plus response on a server, in tokens; null is what the server or the model says. */
    contextLength: Schema.NullOr(PositiveCount),
    /** How a server reduces losses, for the same update on each; null is what is measured. */
    reduction: Schema.NullOr(Schema.Literals(["sum", "meanOfMeans"])),
    /** Whether a server that takes nothing but a learning rate may use its own betas, epsilon, decay and clipping. */
    serverOptimizer: Schema.Boolean,
    /** Of a model on a server: a folder with its `tokenizer.json`, or owner/name of the Hub; null is that of `model`. */
    tokenizer: Schema.NullOr(Schema.String),
    /** How that model is asked: by its chat template, or as a text that it continues; null is by its name. */
    promptForm: Schema.NullOr(Schema.Literals(["chat", "plain"])),
    /** Whether it is asked to think, if it can do without. */
    thinking: Schema.Boolean,
  }),
  executor: Schema.Struct({
    /** `auto` is the fastest host that works here; results are the same on each. */
    host: Schema.Literals(["auto", "v8", "wasmtime"]),
    /** Threads; null is one a core. */
    workers: Schema.NullOr(PositiveCount),
  }),
  /** A file of programs with inputs, whose tasks take the place of the environments' own seeds; null is those. */
  seedFile: Schema.NullOr(
    Schema.Struct({
      path: Schema.String,
      /** Of its content, in hexadecimal; absent until it is read. */
      sha256: Schema.optionalKey(Schema.String),
    }),
    // Configurations of before had no such setting.
  ).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
  /** Most rounds of proposals for the `proposedSeeds`; a policy that is too weak begins with what it has after them. */
  maxSeedRounds: Count,
  propose: Schema.Struct({
    /** Reference tasks in a prompt. */
    references: Count,
    mix: BufferMix,
    temperature: NonNegative,
    /** At most this many tasks of one family (one program) a step; null is no cap. */
    familyCap: Schema.NullOr(PositiveCount),
    /** Whether proposals are learned from. */
    train: Schema.Boolean,
    /** The last step that proposes; null is the last of the run. With 0 only the rounds of seeding do. */
    steps: Schema.NullOr(Count),
    /** Proposals on top of references, for the kinds that have them; null is none. */
    composite: Schema.NullOr(CompositeConfig),
  }),
  estimate: Schema.Struct({
    /** Monte-Carlo answers a task. */
    samples: PositiveCount,
    temperature: NonNegative,
  }),
  solve: Schema.Struct({
    /** What the solver learns from: the estimate's answers, tasks drawn from the buffer, or both. */
    from: Schema.Literals(["estimate", "buffer", "both"]),
    /** Answers to a task that was drawn from the buffer. */
    samples: PositiveCount,
    /** Whether the environment's seeds are among the tasks that are drawn. */
    seeds: Schema.Boolean,
    mix: BufferMix,
    temperature: NonNegative,
  }),
  reward: RewardConfig,
  advantage: Schema.Struct({ propose: AdvantageConfig, solve: AdvantageConfig }),
  /** Factor on the advantages of a role. */
  roleWeight: Schema.Struct({ propose: Schema.Finite, solve: Schema.Finite }),
  loss: LossConfig,
  /**
   * Coefficient of the entropy bonus, per token and in nats; 0 is off. Where an engine has none of its own, each token's advantage gets
   * −coefficient · its log-probability when sampled: the same gradient in the mean, with the noise of sampling.
   */
  entropyBonus: NonNegative,
  /**
   * Penalty for leaving the policy that the run began with; null is off. `loss` adds it to each token's loss; `reward` takes
   * coefficient · Σ k over the tokens of a response, as sampled, from the response's reward. In the loss k1 has no gradient in the
   * mean, and is refused (`PolicyLoss.ts`).
   */
  kl: Schema.NullOr(
    Schema.Struct({
      estimator: KlEstimator,
      coefficient: NonNegative,
      in: Schema.Literals(["loss", "reward"]),
    }),
  ),
  update: Schema.Struct({
    /** Passes over what a step learns from. */
    epochs: PositiveCount,
    /** Responses of one optimizer step, drawn without repetition in each pass; null is all of them. */
    miniBatch: Schema.NullOr(PositiveCount),
    /**
     * By how many steps the policy that a batch is sampled from may lag behind the one that learns from it. 0: a step samples, then
     * learns. 1: while it learns, the next step's batch is sampled from the policy before; the loss weighs each token by the ratio
     * of the two (Noukhovitch et al. 2024, arXiv 2410.18252; AReaL, 2505.24298; LlamaRL, 2505.24034). Never more than 1.
     */
    staleness: Schema.Literals([0, 1]).pipe(Schema.withDecodingDefaultKey(Effect.succeed(0 as const))),
  }),
  reduction: Reduction,
  optimizer: Schema.Struct({
    ...AdamConfig.fields,
    /** Steps over which the learning rate rises linearly from 0. */
    warmupSteps: Count,
    /** Share of the learning rate that is left at the last step, after a linear fall; 1 is constant. */
    finalShare: Share,
  }),
  buffer: BufferConfig,
  evaluate: Schema.Struct({
    /** Steps between evaluations on the dev suites; 0 is only before and after. */
    every: Count,
    /** Suites by id, e.g. `deduction-3`; empty is all of the environment. */
    suites: Schema.Array(Schema.String),
    /** At most this many tasks of a suite; null is all. The test suites are always whole. */
    devTasks: Schema.NullOr(PositiveCount),
  }),
  checkpoint: Schema.Struct({
    /** Steps between checkpoints; 0 is only at the end. */
    every: Count,
    /** How many of the latest are kept. */
    keep: PositiveCount,
  }),
})
export type RunConfig = typeof RunConfig.Type
