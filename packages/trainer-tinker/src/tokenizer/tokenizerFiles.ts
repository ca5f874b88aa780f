/** The files that a tokenizer is read from, named as on the Hugging Face Hub and by `save_pretrained`. */
import type { PolicyEngine } from "@azr/core"
import { Result, Schema } from "effect"
import { TokenizerFileError } from "./TokenizerError.ts"

export const requiredFiles: ReadonlyArray<string> = ["tokenizer.json", "tokenizer_config.json"]
/** Read where they are there. A `chat_template.jinja` goes before the template in `tokenizer_config.json`. */
export const optionalFiles: ReadonlyArray<string> = [
  "chat_template.jinja",
  "generation_config.json",
  "config.json",
]

/** A token outside the vocabulary of the byte pairs. */
export const AddedToken = Schema.Struct({
  id: Schema.Int,
  content: Schema.NonEmptyString,
  special: Schema.Boolean,
  single_word: Schema.Boolean,
  lstrip: Schema.Boolean,
  rstrip: Schema.Boolean,
})
export type AddedToken = typeof AddedToken.Type

const TokenizerJson = Schema.Struct({
  added_tokens: Schema.Array(AddedToken),
  model: Schema.Struct({ type: Schema.String, vocab: Schema.Record(Schema.String, Schema.Int) }),
  decoder: Schema.Struct({ type: Schema.String }),
})

/** Named tokens are texts, or texts with flags that `tokenizer.json` has too. */
const TokenName = Schema.Union([Schema.String, Schema.Struct({ content: Schema.String })])
const OptionalToken = Schema.optionalKey(Schema.NullOr(TokenName))

const TokenizerConfig = Schema.Struct({
  bos_token: OptionalToken,
  eos_token: OptionalToken,
  pad_token: OptionalToken,
  unk_token: OptionalToken,
  added_tokens_decoder: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.Struct({ content: Schema.String })),
  ),
  chat_template: Schema.optionalKey(
    Schema.NullOr(
      Schema.Union([
        Schema.String,
        Schema.Array(Schema.Struct({ name: Schema.String, template: Schema.String })),
      ]),
    ),
  ),
})

const GenerationConfig = Schema.Struct({
  eos_token_id: Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.Int, Schema.Array(Schema.Int)]))),
})

const ModelConfig = Schema.Struct({
  model_type: Schema.optionalKey(Schema.String),
  _name_or_path: Schema.optionalKey(Schema.NullOr(Schema.String)),
  max_position_embeddings: Schema.optionalKey(Schema.NullOr(Schema.Int)),
})

export interface TokenizerFiles {
  /** `tokenizer.json` whole. */
  readonly tokenizer: Readonly<Record<string, unknown>>
  readonly addedTokens: ReadonlyArray<AddedToken>
  /** Ids of the byte pairs; in some models of added tokens, too. */
  readonly vocabulary: Readonly<Record<string, number>>
  /** `bos_token` and the like, by name. */
  readonly namedTokens: Readonly<Record<"bos_token" | "eos_token" | "pad_token" | "unk_token", string | null>>
  /** Jinja; null where the model has none. */
  readonly chatTemplate: string | null
  /** Ids that end a generation, as its configuration has them. */
  readonly endOfSequence: ReadonlyArray<number>
  readonly modelType: string | null
  readonly nameOrPath: string | null
  /** Longest sequence of the model, in tokens; null where `config.json` does not say. */
  readonly contextLength: number | null
}

export const readTokenizerFiles = (
  files: ReadonlyArray<PolicyEngine.PolicyFile>,
): Result.Result<TokenizerFiles, TokenizerFileError> =>
  Result.gen(function* () {
    for (const file of requiredFiles) {
      if (!files.some(({ name }) => name === file)) {
        return yield* invalid(
          file,
          `there is none among ${files.map(({ name }) => name).join(", ") || "no files"}; it lies beside the model's weights on the Hub, and tokenizer.save_pretrained(FOLDER) in Python writes it`,
        )
      }
    }
    const json = yield* readJson(files, "tokenizer.json")
    const tokenizer = yield* decode("tokenizer.json", TokenizerJson, json)
    if (tokenizer.model.type !== "BPE" || tokenizer.decoder.type !== "ByteLevel") {
      return yield* invalid(
        "tokenizer.json",
        `is ${tokenizer.model.type} with decoder ${tokenizer.decoder.type}; only byte-level BPE is read, which every family here has`,
      )
    }
    const config = yield* decode(
      "tokenizer_config.json",
      TokenizerConfig,
      yield* readJson(files, "tokenizer_config.json"),
    )
    for (const [id, { content }] of Object.entries(config.added_tokens_decoder ?? {})) {
      if (!tokenizer.added_tokens.some((token) => String(token.id) === id && token.content === content)) {
        return yield* invalid(
          "tokenizer_config.json",
          `has ${JSON.stringify(content)} as token ${id}, tokenizer.json has not; take both from the same model`,
        )
      }
    }
    const generation = yield* decode(
      "generation_config.json",
      GenerationConfig,
      yield* readJson(files, "generation_config.json"),
    )
    const model = yield* decode("config.json", ModelConfig, yield* readJson(files, "config.json"))
    const jinja = yield* readText(files, "chat_template.jinja")
    const { chat_template: inline } = config
    const named = (token: typeof TokenName.Type | null | undefined) =>
      typeof token === "string" ? token : (token?.content ?? null)
    return {
      tokenizer: json,
      addedTokens: tokenizer.added_tokens,
      vocabulary: tokenizer.model.vocab,
      namedTokens: {
        bos_token: named(config.bos_token),
        eos_token: named(config.eos_token),
        pad_token: named(config.pad_token),
        unk_token: named(config.unk_token),
      },
      chatTemplate:
        jinja ??
        (typeof inline === "string"
          ? inline
          : (inline?.find(({ name }) => name === "default")?.template ?? null)),
      endOfSequence: [generation.eos_token_id ?? []].flat(),
      modelType: model.model_type ?? null,
      nameOrPath: model["_name_or_path"] ?? null,
      contextLength: model.max_position_embeddings ?? null,
    }
  })

const invalid = (file: string, what: string): Result.Result<never, TokenizerFileError> =>
  Result.fail(new TokenizerFileError({ file, message: `${file}: ${what}` }))

/** Null: there is no such file. */
const readText = (
  files: ReadonlyArray<PolicyEngine.PolicyFile>,
  name: string,
): Result.Result<string | null, TokenizerFileError> => {
  const file = files.find((candidate) => candidate.name === name)
  if (file === undefined) return Result.succeed(null)
  try {
    return Result.succeed(new TextDecoder("utf-8", { fatal: true }).decode(file.bytes))
  } catch {
    return invalid(name, "is no UTF-8 text; fetch it again")
  }
}

/** An optional file that is not there reads as an empty object. */
const readJson = (
  files: ReadonlyArray<PolicyEngine.PolicyFile>,
  name: string,
): Result.Result<Readonly<Record<string, unknown>>, TokenizerFileError> =>
  Result.flatMap(readText(files, name), (text) => {
    try {
      const json: unknown = JSON.parse(text ?? "{}")
      if (typeof json === "object" && json !== null && !Array.isArray(json)) {
        return Result.succeed(json as Readonly<Record<string, unknown>>)
      }
    } catch {
      // What follows is true of it.
    }
    return invalid(name, "is no JSON object, or cut; fetch it again")
  })

const decode = <S extends Schema.Decoder<unknown>>(
  file: string,
  schema: S,
  json: unknown,
): Result.Result<S["Type"], TokenizerFileError> =>
  Result.mapError(
    Schema.decodeUnknownResult(schema)(json),
    ({ message }) =>
      new TokenizerFileError({ file, message: `${file}: ${message}; is it of a Hugging Face tokenizer?` }),
  )
