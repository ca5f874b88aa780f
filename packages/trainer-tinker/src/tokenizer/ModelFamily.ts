/** What differs from one family of models to the next: how its turns are written, what ends a response, which is which. */
import { Result } from "effect"
import { ModelFamilyError, SpecialTokenError } from "./TokenizerError.ts"
import type { TokenizerFiles } from "./tokenizerFiles.ts"

/**
 * How a model is asked. `chat`: by its chat template. `plain`: as a text that it continues, for base models, which have
 * seen no turns.
 */
export type PromptForm = "chat" | "plain"

export interface ModelFamily {
  readonly id: string
  /** `model_type` in `config.json`. */
  readonly modelTypes: ReadonlyArray<string>
  /** Names of its models. */
  readonly names: RegExp
  /** Whether a model of this name was trained on turns. */
  readonly isChat: (name: string) => boolean
  /** Special tokens that its chat template writes for a user's turn. */
  readonly turnTokens: ReadonlyArray<string>
  /** Special tokens that end a response, besides those that the files name. */
  readonly stopTokens: Readonly<Record<PromptForm, ReadonlyArray<string>>>
  /** Special token before a plain text; null is none. */
  readonly textStart: string | null
  /** Variables of its template, besides messages and named tokens. */
  readonly variables: (options: { readonly thinking: boolean }) => Readonly<Record<string, unknown>>
}

const chatMl = {
  turnTokens: ["<|im_start|>", "<|im_end|>"],
  stopTokens: { chat: ["<|im_end|>", "<|endoftext|>"], plain: ["<|endoftext|>"] },
  textStart: null,
  variables: () => ({}),
} satisfies Partial<ModelFamily>

const isInstruct = (name: string): boolean => /-instruct\b/iu.test(name)

/** The families that are known, in the order in which files without a telling name are tried. */
export const modelFamilies: ReadonlyArray<ModelFamily> = [
  { ...chatMl, id: "qwen2.5", modelTypes: ["qwen2"], names: /qwen-?2\.5(?!-coder)/iu, isChat: isInstruct },
  { ...chatMl, id: "qwen2.5-coder", modelTypes: ["qwen2"], names: /qwen-?2\.5-coder/iu, isChat: isInstruct },
  {
    ...chatMl,
    id: "qwen3",
    modelTypes: ["qwen3", "qwen3_moe"],
    names: /qwen-?3(?![\d.])/iu,
    isChat: (name) => !/-base\b/iu.test(name),
    // Off, the template opens and closes an empty thought, which a prompt that asks for one contradicts.
    variables: ({ thinking }) => ({ enable_thinking: thinking }),
  },
  {
    id: "llama3",
    modelTypes: ["llama"],
    names: /llama-?3/iu,
    isChat: isInstruct,
    turnTokens: ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    stopTokens: { chat: ["<|eot_id|>", "<|end_of_text|>"], plain: ["<|end_of_text|>"] },
    textStart: "<|begin_of_text|>",
    // 3.1 and 3.2 write a date into the system turn: this one is 3.1's own, so that a prompt is the same on every day.
    variables: () => ({ date_string: "26 Jul 2024" }),
  },
  { ...chatMl, id: "smollm2", modelTypes: ["llama"], names: /smollm-?2/iu, isChat: isInstruct },
]

/** Special tokens a family cannot do without. */
const tokensOf = ({ stopTokens, textStart, turnTokens }: ModelFamily, form: PromptForm) => [
  ...(form === "chat" ? turnTokens : textStart === null ? [] : [textStart]),
  ...stopTokens[form],
]

/**
 * The family of a model, by its name, else by `model_type` and the special tokens its tokenizer has, and the form it is asked
 * in. A name in `config.json` counts where the given one is of no family.
 */
export const detectFamily = (
  files: TokenizerFiles,
  model: string,
  form: PromptForm | null,
  families: ReadonlyArray<ModelFamily>,
): Result.Result<
  { readonly family: ModelFamily; readonly form: PromptForm },
  ModelFamilyError | SpecialTokenError
> => {
  const { chatTemplate, modelType, nameOrPath } = files
  const special = new Set(files.addedTokens.filter((token) => token.special).map(({ content }) => content))
  const lacking = (family: ModelFamily, as: PromptForm) =>
    tokensOf(family, as).find((token) => !special.has(token))
  for (const path of [model, nameOrPath ?? ""]) {
    const name = path.split("/").findLast((part) => part !== "") ?? ""
    const family = families.find(({ names }) => names.test(name))
    if (family === undefined) continue
    if (modelType !== null && !family.modelTypes.includes(modelType)) {
      return Result.fail(
        new ModelFamilyError({
          model,
          message: `${name} is a name of ${family.id}, but the model_type in config.json is ${modelType}; take all files from one model`,
        }),
      )
    }
    const chosen = form ?? (family.isChat(name) ? "chat" : "plain")
    const token = lacking(family, chosen)
    return token === undefined
      ? Result.succeed({ family, form: chosen })
      : Result.fail(missing(token, `${family.id} needs it`))
  }
  const chosen = form ?? (chatTemplate === null ? "plain" : "chat")
  const family = families.find(
    (candidate) =>
      (modelType === null || candidate.modelTypes.includes(modelType)) &&
      lacking(candidate, chosen) === undefined &&
      // Both forms: a plain text alone shows too little to tell families apart.
      lacking(candidate, "chat") === undefined,
  )
  return family === undefined
    ? Result.fail(
        new ModelFamilyError({
          model,
          message: `${model} is of no known family: its name, its model_type ${modelType ?? "(no config.json)"} and its special tokens are none of ${families.map(({ id }) => id).join(", ")}; add an entry for it to modelFamilies`,
        }),
      )
    : Result.succeed({ family, form: chosen })
}

export const missing = (token: string, why: string): SpecialTokenError =>
  new SpecialTokenError({
    token,
    message: `${token} is none of the special tokens in tokenizer.json, and ${why}; are the files of one model?`,
  })
