/** The comparison of a tokenizer with Python's `tokenizers` and `transformers`: what is asked, and what the answer has to be. */
import { type PolicyEngine, RandomStreams } from "@azr/core"
import { Effect, Schema } from "effect"
import type { HuggingFaceTokenizer } from "./HuggingFaceTokenizer.ts"

/** Answers one question in JSON on its standard input. */
export const pythonCheck: URL = new URL("../../python/check_tokenizer.py", import.meta.url)

const Tokens = Schema.Array(Schema.Array(Schema.Int))

export const PythonAnswer = Schema.Union([
  Schema.Struct({ missing: Schema.String }),
  Schema.Struct({
    version: Schema.String,
    prompts: Tokens,
    hostile: Tokens,
    texts: Tokens,
    samples: Schema.Array(Schema.String),
  }),
])
export type PythonAnswer = typeof PythonAnswer.Type

export interface PythonComparison {
  /** A line of JSON for the script. */
  readonly question: Readonly<Record<string, unknown>>
  /** What is not the same, in words; empty where Python reads and writes as we do. */
  readonly problems: (
    answer: Exclude<PythonAnswer, { readonly missing: string }>,
  ) => Effect.Effect<ReadonlyArray<string>, PolicyEngine.PolicyError>
}

/**
 * Compares, by a seed: 60 prompts, with and without a system turn, 40 whose messages are made of control tokens and their parts, 200
 * texts of all kinds, and 200 samples, of which half are random tokens.
 */
export const pythonComparison = (
  tokenizer: HuggingFaceTokenizer,
  folder: string,
  seed: number,
): PythonComparison => {
  const random = new RandomStreams.RandomStreams(seed).get("tokenizer/check")
  const times = <A>(count: number, make: () => A): ReadonlyArray<A> => Array.from({ length: count }, make)
  const text = () =>
    times(random.integer(1, 12), () => random.pick(textParts)).join(random.pick(["", " ", "\n", "\t"]))
  const turns = (content: () => string) => (): PolicyEngine.Prompt => [
    ...(random.integer(0, 2) === 0 ? [{ role: "system" as const, content: content() }] : []),
    { role: "user", content: content() },
  ]
  const { controlTokens } = tokenizer
  const attack = () => {
    const part = () => {
      const token = random.pick(controlTokens)
      return random.pick([token, token, token.slice(0, random.integer(1, token.length)), "user\n", " "])
    }
    // Templates may trim: the ends are not part of what is compared.
    return `a${times(random.integer(1, 6), part).join("")}b`
  }
  const prompts = tokenizer.form === "chat" ? times(60, turns(text)) : []
  const hostile = tokenizer.form === "chat" ? times(40, turns(attack)) : []
  const texts = [...times(160, text), ...times(40, attack)]
  const samples = [
    ...texts.slice(0, 100).map((part) => {
      const tokens = tokenizer.encodeText(part)
      return tokens.slice(0, random.integer(0, tokens.length))
    }),
    ...times(100, () =>
      times(random.integer(1, 40), () => random.integer(0, tokenizer.vocabularySize - 1)).filter(
        (token) => !tokenizer.stopTokens.includes(token),
      ),
    ),
  ]
  return {
    question: {
      folder,
      controls: controlTokens,
      variables: tokenizer.family.variables({ thinking: tokenizer.thinking }),
      prompts,
      hostile,
      texts,
      samples,
    },
    problems: (answer) =>
      Effect.gen(function* () {
        const problems: Array<string> = []
        const compare = (what: string, source: unknown, ours: unknown, theirs: unknown) => {
          if (JSON.stringify(ours) === JSON.stringify(theirs)) return
          problems.push(
            `${what} ${JSON.stringify(source)}: ${JSON.stringify(ours)}, but ${JSON.stringify(theirs)} in Python`,
          )
        }
        for (const [kind, asked] of [
          ["prompts", prompts],
          ["hostile", hostile],
        ] as const) {
          for (const [index, prompt] of asked.entries()) {
            compare("the prompt", prompt, yield* tokenizer.encodePrompt(prompt), answer[kind][index])
          }
        }
        texts.forEach((part, index) =>
          compare("the text", part, tokenizer.encodeText(part), answer.texts[index]),
        )
        samples.forEach((sample, index) =>
          compare("the sample", sample, tokenizer.decode(sample), answer.samples[index]),
        )
        return problems
      }),
  }
}

/** What tokenizers are known to disagree about, and what prompts are made of. */
const textParts: ReadonlyArray<string> = [
  "def f(a: int, b=[1, 2, 3]):\n    return sorted(set(a), key=lambda x: -x)[:b]",
  "if x not in {'k': 0.5}:\n\t\traise ValueError(f'{x!r}')\r\n",
  "```python\nf(1234567890, -0.001, 1e-9)\n```",
  "<think>\nIt's 3 + 4; we'll don't, I'M, they'Re 're\n</think>\n<answer>7</answer>",
  "The quick brown fox",
  "naïve café, Ünïcödé, ﬁ ½ ² Ⅳ, ١٢٣ ४५६",
  "漢字かな交じり文、한국어 글",
  "Привет мир, γειά, שלום, مرحبا",
  "e\u0301 o\u0308 \u212b \u1e9b\u0323",
  "👩‍👩‍👧‍👦 🇫🇷 👍🏽 \u{1f600}",
  "𝛼𝛽 𠀀 \u{10ffff}",
  // Between other characters: templates may trim, and Python's strip leaves a byte order mark that JavaScript's trim takes.
  "\u200b\ufeff\u00a0\u3000\u2028 \u200d",
  "a \u0085 \ufeff \ufeff1\u00852 b",
  "    ",
  "\n\n\n",
  " \n \n",
  "\t",
  "!?!?...---===>>>",
  "a_b__c CamelCase snake_case kebab-case",
  "0x1F 0b101 1_000 3.14j",
]
