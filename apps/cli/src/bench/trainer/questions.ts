/** What `azr bench trainer` and its contestants say to each other, in lines of JSON. The Python one keeps to it as well. */
import { Schema } from "effect"

export const engineNames = ["wasm", "tfjs-cuda", "tfjs-node"] as const

/** First line to a contestant. Files, as they are megabytes. */
export const Opening = Schema.Struct({
  engine: Schema.Literals([...engineNames, "pytorch"]),
  threads: Schema.Int,
  /** A checkpoint. */
  policy: Schema.String,
  /** A `Workload`. */
  workload: Schema.String,
})

export const Workload = Schema.Struct({
  sequences: Schema.Array(
    Schema.Struct({ tokens: Schema.Array(Schema.Int), weights: Schema.Array(Schema.Finite) }),
  ),
  /** All of one length. */
  prompts: Schema.Array(Schema.Array(Schema.Int)),
  samplesPerPrompt: Schema.Int,
  /** Every sample has exactly so many: the model of a benchmark has no stop token. */
  maxTokens: Schema.Int,
  adam: Schema.Struct({
    learningRate: Schema.Finite,
    beta1: Schema.Finite,
    beta2: Schema.Finite,
    epsilon: Schema.Finite,
    weightDecay: Schema.Finite,
    gradClip: Schema.Finite,
  }),
})

export const Unavailable = Schema.Struct({ unavailable: Schema.String })
/** The loss of the first update: contestants that do the same work find the same. */
export const Greeting = Schema.Struct({ version: Schema.String, loss: Schema.Finite })

/** The same work again until the time is over. */
export const Question = Schema.Struct({ work: Schema.Literals(["train", "sample"]), seconds: Schema.Finite })
export const Round = Schema.Struct({
  tokens: Schema.Int,
  seconds: Schema.Finite,
  cpuSeconds: Schema.Finite,
})
