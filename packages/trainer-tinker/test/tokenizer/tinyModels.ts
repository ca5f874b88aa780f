/**
 * Files of tiny models, one a family: a byte-level vocabulary of 256 bytes and a few merges, the family's special tokens, and its
 * chat template as published, less what concerns tools.
 */
import type { PolicyEngine } from "@azr/core"

/** The printable character that byte-level BPE writes each byte as (GPT-2). */
export const byteSymbols: ReadonlyArray<string> = (() => {
  const isPrintable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++))
})()

/** Pairs, in the order in which they are merged; Ġ is a space and Ċ a line's end. */
const merges = [
  "Ċ Ċ",
  "Ġ t",
  "h e",
  "Ġt he",
  "i n",
  "r e",
  "Ġ re",
  "< |",
  "| >",
  "t h",
  "Ã ©",
  "Ù ¡",
  "1 2",
  "Ġ 3",
  "Ġ Ġ",
].map((merge) => merge.split(" ") as [string, string])

/** By id. */
const pieces = [...byteSymbols, ...merges.map((pair) => pair.join(""))]

const qwenSplitting = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

const byWords = {
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex: qwenSplitting }, behavior: "Isolated", invert: false },
    { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
  ],
}

const byDigits = {
  type: "Sequence",
  pretokenizers: [
    { type: "Digits", individual_digits: true },
    { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  ],
}

const chatMl = `{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}`

const qwen25 = `{%- if messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- else %}
    {{- '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
`

const qwen3 = `{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set content = message.content %}
        {%- if '</think>' in message.content %}
            {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}`

const llama3 = `{{- bos_token }}
{%- if not date_string is defined %}
    {%- set date_string = strftime_now("%d %b %Y") %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{{- "Cutting Knowledge Date: December 2023\\n" }}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
`

export interface TinyModel {
  readonly name: string
  readonly modelType: string
  readonly special: ReadonlyArray<string>
  /** Added tokens that are not marked special. */
  readonly added: ReadonlyArray<string>
  readonly named: Readonly<Record<string, string | null>>
  readonly endOfSequence: ReadonlyArray<string>
  readonly template: string
  readonly splitting: unknown
}

const qwenTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>"]
const qwenNamed = { bos_token: null, eos_token: "<|im_end|>", pad_token: "<|endoftext|>" }
const qwenAdded = ["<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|file_sep|>"]

export const tinyModels = {
  "qwen2.5": {
    name: "Qwen/Qwen2.5-0.5B-Instruct",
    modelType: "qwen2",
    special: qwenTokens,
    added: qwenAdded,
    named: qwenNamed,
    endOfSequence: ["<|im_end|>", "<|endoftext|>"],
    template: qwen25,
    splitting: byWords,
  },
  "qwen2.5-coder": {
    name: "Qwen/Qwen2.5-Coder-3B-Instruct",
    modelType: "qwen2",
    special: qwenTokens,
    added: qwenAdded,
    named: qwenNamed,
    endOfSequence: ["<|im_end|>", "<|endoftext|>"],
    template: qwen25,
    splitting: byWords,
  },
  qwen3: {
    name: "Qwen/Qwen3-4B",
    modelType: "qwen3",
    special: qwenTokens,
    added: [...qwenAdded, "<think>", "</think>"],
    named: qwenNamed,
    endOfSequence: ["<|im_end|>", "<|endoftext|>"],
    template: qwen3,
    splitting: byWords,
  },
  llama3: {
    name: "meta-llama/Llama-3.1-8B-Instruct",
    modelType: "llama",
    special: [
      "<|begin_of_text|>",
      "<|end_of_text|>",
      "<|start_header_id|>",
      "<|end_header_id|>",
      "<|eom_id|>",
      "<|eot_id|>",
      "<|reserved_special_token_1|>",
      "<|reserved_special_token_10|>",
    ],
    added: [],
    named: { bos_token: "<|begin_of_text|>", eos_token: "<|eot_id|>" },
    endOfSequence: ["<|end_of_text|>", "<|eom_id|>", "<|eot_id|>"],
    template: llama3,
    splitting: byWords,
  },
  smollm2: {
    name: "HuggingFaceTB/SmolLM2-135M-Instruct",
    modelType: "llama",
    special: ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>", "<file_sep>"],
    added: [],
    named: { bos_token: "<|im_start|>", eos_token: "<|im_end|>", pad_token: "<|im_end|>" },
    endOfSequence: ["<|im_end|>"],
    template: chatMl,
    splitting: byDigits,
  },
} as const satisfies Record<string, TinyModel>

const addedTokens = ({ added, special }: TinyModel) =>
  [...special, ...added].map((content, index) => ({
    id: pieces.length + index,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: index < special.length,
  }))

/** The id of an added token. */
export const tokenId = (model: TinyModel, token: string): number => {
  const found = addedTokens(model).find(({ content }) => content === token)
  if (found === undefined) throw new Error(`no ${token}`)
  return found.id
}

/** Text that tokens stand for, stop tokens and all others spelled out. */
export const spell = (model: TinyModel, tokens: ReadonlyArray<number>): string => {
  const bytes = tokens.flatMap((token): ReadonlyArray<number> => {
    const piece = pieces[token]
    return piece === undefined
      ? [...new TextEncoder().encode(addedTokens(model)[token - pieces.length]?.content)]
      : Array.from(piece, (symbol) => byteSymbols.indexOf(symbol))
  })
  return new TextDecoder().decode(new Uint8Array(bytes))
}

/** Ids of pieces of the vocabulary, e.g. `["Ċ", "ĊĊ"]`. */
export const pieceIds = (...texts: ReadonlyArray<string>): ReadonlyArray<number> =>
  texts.map((text) => {
    if (!pieces.includes(text)) throw new Error(`no piece ${text}`)
    return pieces.indexOf(text)
  })

export const tokenizerJson = (model: TinyModel) => ({
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: addedTokens(model),
  normalizer: { type: "NFC" },
  pre_tokenizer: model.splitting,
  post_processor: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
  decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
  model: {
    type: "BPE",
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: "",
    end_of_word_suffix: "",
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
    merges,
  },
})

/** A file of JSON or text. */
export const file = (name: string, content: unknown): PolicyEngine.PolicyFile => ({
  name,
  bytes: new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content)),
})

export const tinyFiles = (model: TinyModel): ReadonlyArray<PolicyEngine.PolicyFile> => [
  file("tokenizer.json", tokenizerJson(model)),
  file("tokenizer_config.json", {
    ...model.named,
    added_tokens_decoder: Object.fromEntries(addedTokens(model).map(({ id, ...token }) => [id, token])),
    clean_up_tokenization_spaces: true,
    model_max_length: 32_768,
    tokenizer_class: "PreTrainedTokenizerFast",
    chat_template: model.template,
  }),
  file("generation_config.json", {
    eos_token_id: model.endOfSequence.map((token) => tokenId(model, token)),
  }),
  file("config.json", { model_type: model.modelType, max_position_embeddings: 4096 }),
]
