/** Compares an exported folder, as `transformers` loads it, with the engine it came from. */
import { fileURLToPath } from "node:url"
import { PolicyEngine, RandomStreams } from "@azr/core"
import { type ModelConfig, PieceTokenizer, huggingFaceCheck } from "@azr/trainer-gpu"
import { Effect, Schema } from "effect"
import { startLineProcess } from "../LineProcess.ts"

/** Log-probabilities may differ by float32 rounding, and by no more. */
export const tolerance = 1e-4

const Greeting = Schema.Union([
  Schema.Struct({ version: Schema.String }),
  Schema.Struct({ missing: Schema.String }),
])
const Answer = Schema.Struct({
  logprobs: Schema.Array(Schema.Array(Schema.Finite)),
  tokens: Schema.Array(Schema.Struct({ ids: Schema.Array(Schema.Int), text: Schema.String })),
  greedy: Schema.Array(Schema.Array(Schema.Int)),
})

export interface Comparison {
  readonly version: string
  /** Largest difference of a log-probability, in nats, over `compared` of them. */
  readonly difference: number
  readonly compared: number
  /** What is not the same, in words; empty for a folder that can be trusted. */
  readonly problems: ReadonlyArray<string>
}

const continuation = 24

/**
 * Random sequences up to the context's length, and after four of their prefixes every token of the vocabulary: whole rows
 * of logits, up to the constant that a softmax takes away. Also the tokenizer, both ways, and greedy continuations.
 * A string says why there was no comparison.
 */
export const checkTransformers = Effect.fn("checkTransformers")(function* (
  python: string,
  folder: string,
  config: ModelConfig,
) {
  const engine = yield* PolicyEngine.PolicyEngine
  const { ask } = yield* startLineProcess(python, python, [fileURLToPath(huggingFaceCheck), folder])
  const greeting = yield* ask(Greeting)
  if ("missing" in greeting) return `${python} has no ${greeting.missing}`

  const random = new RandomStreams.RandomStreams(0).get("export/check")
  const { pieces, stops } = config.vocabulary
  const randomTokens = (length: number) => Array.from({ length }, () => random.integer(0, pieces.length - 1))
  const long = Array.from({ length: 8 }, () => randomTokens(random.integer(2, config.context)))
  const prefixes = long.slice(0, 4).map((sequence) => sequence.slice(0, Math.ceil(sequence.length / 2)))
  const sequences = [...long, ...prefixes.flatMap((prefix) => pieces.map((_, token) => [...prefix, token]))]
  const prompts = prefixes.map((prefix) => prefix.slice(0, config.context - continuation))
  const tokenizer = new PieceTokenizer(config.vocabulary)
  const texts = long.map((tokens) => tokenizer.decode(tokens))

  const answer = yield* ask(Answer, { sequences, texts, prompts, maxTokens: continuation })
  const expected = yield* engine.logprobs(sequences)
  let difference = 0
  let compared = 0
  for (const [index, row] of expected.entries()) {
    for (let t = 1; t < row.length; t++) {
      const other = answer.logprobs[index]?.[t - 1] ?? Number.NaN
      // A missing number is a difference like any other.
      difference = Math.max(difference, Number.isNaN(other) ? Infinity : Math.abs(other - (row[t] as number)))
      compared += 1
    }
  }
  const problems: Array<string> = []
  if (difference > tolerance)
    problems.push(`log-probabilities differ by up to ${difference.toExponential(1)}`)
  for (const [index, text] of texts.entries()) {
    const encoding = tokenizer.encode(text)
    const ids = encoding._tag === "tokens" ? encoding.tokens : []
    const read = answer.tokens[index]
    if (read?.ids.join() !== ids.join())
      problems.push(`the tokenizer reads ${JSON.stringify(text)} differently`)
    else if (read.text !== tokenizer.decode(ids))
      problems.push(`the tokenizer writes ${JSON.stringify(text)} differently`)
  }
  const greedy = yield* engine.sample(
    prompts.map((prompt) => ({ prompt, seeds: [0], maxTokens: continuation, temperature: 0 })),
  )
  for (const [index, [sample]] of greedy.entries()) {
    const other = answer.greedy[index] ?? []
    const end = other.findIndex((token) => stops.includes(token))
    if ((end < 0 ? other : other.slice(0, end + 1)).join() !== sample?.tokens.join()) {
      problems.push(`the greedy continuation of prompt ${index} differs`)
    }
  }
  return { version: greeting.version, difference, compared, problems } satisfies Comparison
}, Effect.scoped)
