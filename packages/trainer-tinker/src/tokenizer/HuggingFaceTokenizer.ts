/**
 * The tokenizer of a language model from the Hugging Face Hub: byte-level BPE by `@huggingface/tokenizers`, chat templates by
 * `@huggingface/jinja`; both are JavaScript alone. Only a template writes control tokens: in a message their texts are read as any
 * other text is, so no task can end the user's turn.
 *
 * Covers: BPE with byte-level decoding (Qwen2.5, Qwen3, Llama 3, SmolLM2). Does not cover: SentencePiece, images, tools.
 */
import { PolicyEngine } from "@azr/core"
import { Tokenizer } from "@huggingface/tokenizers"
import { Effect, Result } from "effect"
import { type ChatTemplate, makeChatTemplate } from "./ChatTemplate.ts"
import { type ModelFamily, type PromptForm, detectFamily, missing } from "./ModelFamily.ts"
import { exactPreTokenizer } from "./preTokenizer.ts"
import { type TokenizerError, TokenizerFileError } from "./TokenizerError.ts"
import { type AddedToken, type TokenizerFiles, readTokenizerFiles } from "./tokenizerFiles.ts"

export interface HuggingFaceTokenizer extends PolicyEngine.Tokenizer {
  readonly family: ModelFamily
  readonly form: PromptForm
  /** Tokens that end a response, ascending. `decode` leaves them out. */
  readonly stopTokens: ReadonlyArray<number>
  /** Longest prompt plus response of the model; null where its files do not say. */
  readonly contextLength: number | null
  /** Whether its prompts ask it to think, where it can do without. */
  readonly thinking: boolean
  /** Ids of tokens are below this; a model may have rows above it, for none. */
  readonly vocabularySize: number
  /** Texts of the tokens that only a template writes. */
  readonly controlTokens: ReadonlyArray<string>
  /** Tokens of a text alone, never control tokens. */
  readonly encodeText: (text: string) => ReadonlyArray<number>
  /** The text of tokens, stop tokens included. */
  readonly spell: (tokens: ReadonlyArray<number>) => string
}

export interface TokenizerOptions {
  /** The model's name on the Hub, or its folder. Tells its family, and base models from those that chat. */
  readonly model: string
  /** Null: as the model was trained, by its name; without a telling one by whether there is a chat template. */
  readonly form: PromptForm | null
  /** For models that can think or not. */
  readonly thinking: boolean
  readonly families: ReadonlyArray<ModelFamily>
}

export const makeHuggingFaceTokenizer = (
  files: ReadonlyArray<PolicyEngine.PolicyFile>,
  options: TokenizerOptions,
): Result.Result<HuggingFaceTokenizer, TokenizerError> =>
  Result.gen(function* () {
    const read = yield* readTokenizerFiles(files)
    const { family, form } = yield* detectFamily(read, options.model, options.form, options.families)
    const controls = new Map<string, number>()
    for (const token of read.addedTokens.filter(isControl)) {
      if (token.lstrip || token.rstrip || token.single_word) {
        return yield* Result.fail(
          new TokenizerFileError({
            file: "tokenizer.json",
            message: `tokenizer.json: ${token.content} takes the spaces around it or only whole words (lstrip, rstrip, single_word), which is not supported; choose a model of ${options.families.map(({ id }) => id).join(", ")}`,
          }),
        )
      }
      controls.set(token.content, token.id)
    }
    const bytePairs = yield* makeBytePairs(read)
    const stopTokens = yield* findStopTokens(read, family, form)
    const encode =
      form === "chat"
        ? chatEncoder(
            yield* makeTemplate(read, [...controls.keys()], family, options.thinking),
            bytePairs.encode,
            controls,
          )
        : plainEncoder(
            bytePairs.encode,
            family.textStart === null ? [] : [controls.get(family.textStart) as number],
          )
    const controlTexts = new Map([...controls].map(([token, id]) => [id, token]))
    return {
      family,
      form,
      stopTokens,
      contextLength: read.contextLength,
      thinking: options.thinking,
      vocabularySize: sizeOf(read),
      controlTokens: [...controls.keys()],
      encodeText: bytePairs.encode,
      encodePrompt: encode,
      decode: makeDecoder(bytePairs.decode, controlTexts, stopTokens),
      spell: makeDecoder(bytePairs.decode, controlTexts, []),
    }
  })

/**
 * Whether a token steers the model and is never what a message says: special ones, and by their form those that some models
 * do not mark (`<|fim_prefix|>` of Qwen). `<think>` is none: prompts speak of it, and responses write it.
 */
const isControl = ({ content, special }: AddedToken): boolean => special || /^<\|.*\|>$/u.test(content)

const sizeOf = ({ addedTokens, vocabulary }: TokenizerFiles): number =>
  [...Object.values(vocabulary), ...addedTokens.map(({ id }) => id)].reduce(
    (size, id) => Math.max(size, id + 1),
    0,
  )

interface BytePairs {
  readonly encode: (text: string) => ReadonlyArray<number>
  /** Of ids without control tokens; those that no token has read as nothing. */
  readonly decode: (tokens: ReadonlyArray<number>) => string
}

/** The vocabulary without control tokens: to it, their texts are texts. */
const makeBytePairs = ({
  addedTokens,
  tokenizer,
  vocabulary,
}: TokenizerFiles): Result.Result<BytePairs, TokenizerFileError> => {
  const controls = new Set(addedTokens.filter(isControl).map(({ content }) => content))
  try {
    const bytePairs = new Tokenizer(
      {
        ...tokenizer,
        added_tokens: addedTokens.filter(({ content }) => !controls.has(content)),
        pre_tokenizer: exactPreTokenizer(tokenizer["pre_tokenizer"]),
        model: {
          ...(tokenizer["model"] as object),
          vocab: Object.fromEntries(Object.entries(vocabulary).filter(([token]) => !controls.has(token))),
        },
      },
      {},
    )
    return Result.succeed({
      encode: (text) => (text === "" ? [] : bytePairs.encode(text, { add_special_tokens: false }).ids),
      decode: (tokens) => {
        const known = tokens.filter((token) => bytePairs.id_to_token(token) !== undefined)
        // The spaces that other decoders clean up are part of a program.
        return known.length === 0 ? "" : bytePairs.decode(known, { clean_up_tokenization_spaces: false })
      },
    })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return Result.fail(
      new TokenizerFileError({
        file: "tokenizer.json",
        message: `tokenizer.json: ${why}; is it the file of the model as it was published?`,
      }),
    )
  }
}

/** What the family, the tokenizer and the generation configuration say ends a response. */
const findStopTokens = (
  { addedTokens, endOfSequence, namedTokens }: TokenizerFiles,
  family: ModelFamily,
  form: PromptForm,
) =>
  Result.gen(function* () {
    const special = addedTokens.filter((token) => token.special)
    const stops = new Set<number>()
    const named = namedTokens.eos_token === null ? [] : [namedTokens.eos_token]
    for (const token of [...family.stopTokens[form], ...named]) {
      const id = special.find(({ content }) => content === token)?.id
      if (id === undefined) return yield* Result.fail(missing(token, "it ends a response"))
      stops.add(id)
    }
    for (const id of endOfSequence) {
      if (!special.some((token) => token.id === id)) {
        return yield* Result.fail(missing(String(id), "eos_token_id of generation_config.json names it"))
      }
      stops.add(id)
    }
    return [...stops].toSorted((a, b) => a - b)
  })

const makeTemplate = (
  { chatTemplate, namedTokens }: TokenizerFiles,
  controlTokens: ReadonlyArray<string>,
  family: ModelFamily,
  thinking: boolean,
) => {
  if (chatTemplate === null) {
    return Result.fail(
      new TokenizerFileError({
        file: "chat_template.jinja",
        message:
          "chat_template.jinja: there is none, and no chat_template in tokenizer_config.json; add the model's own, or ask in plain form",
      }),
    )
  }
  const tokens = Object.entries(namedTokens).filter(([, token]) => token !== null)
  return makeChatTemplate(chatTemplate, {
    controlTokens,
    turnTokens: family.turnTokens,
    variables: { ...Object.fromEntries(tokens), ...family.variables({ thinking }) },
  })
}

type Encode = PolicyEngine.Tokenizer["encodePrompt"]

const chatEncoder =
  (template: ChatTemplate, encode: BytePairs["encode"], controls: ReadonlyMap<string, number>): Encode =>
  (prompt) =>
    Effect.fromResult(
      Result.mapBoth(template.render(prompt), {
        onFailure: ({ message }) => new PolicyEngine.PolicyError({ operation: "encodePrompt", message }),
        onSuccess: (sections) =>
          sections.flatMap((section) =>
            section._tag === "control" ? [controls.get(section.token) as number] : encode(section.text),
          ),
      }),
    )

/** How base models are asked (Absolute Zero's prompt, after DeepSeek-R1-Zero): a conversation to go on with, its thought begun. */
const plainEncoder =
  (encode: BytePairs["encode"], start: ReadonlyArray<number>): Encode =>
  (prompt) =>
    Effect.sync(() => [
      ...start,
      ...encode(
        [
          "A conversation between User and Assistant. The user asks a question, and the Assistant solves it.",
          "The assistant first thinks about the reasoning process in the mind and then provides the user with the answer.",
          "The reasoning process and answer are enclosed within <think> </think> and <answer> </answer> tags, respectively,",
          "i.e., <think> reasoning process here </think> <answer> answer here </answer>.",
          [...prompt.map(turnText), "Assistant: <think>"].join("\n"),
        ].join(" "),
      ),
    ])

const turnText = ({ content, role }: PolicyEngine.Prompt[number]): string =>
  `${role === "assistant" ? "Assistant" : "User"}: ${content}`

/** Bytes of a character that was cut read as U+FFFD; control tokens read as their texts, those left out as nothing. */
const makeDecoder =
  (
    decode: BytePairs["decode"],
    controls: ReadonlyMap<number, string>,
    leftOut: ReadonlyArray<number>,
  ): PolicyEngine.Tokenizer["decode"] =>
  (tokens) => {
    let text = ""
    let start = 0
    for (const [index, token] of tokens.entries()) {
      const control = controls.get(token)
      if (control === undefined) continue
      text += decode(tokens.slice(start, index)) + (leftOut.includes(token) ? "" : control)
      start = index + 1
    }
    return text + decode(tokens.slice(start))
  }
