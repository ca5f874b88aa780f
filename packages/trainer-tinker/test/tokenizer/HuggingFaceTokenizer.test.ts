import type { PolicyEngine } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { type TokenizerOptions, makeHuggingFaceTokenizer } from "../../src/tokenizer/HuggingFaceTokenizer.ts"
import { modelFamilies } from "../../src/tokenizer/ModelFamily.ts"
import {
  type TinyModel,
  byteSymbols,
  file,
  pieceIds,
  spell,
  tinyFiles,
  tinyModels,
  tokenId,
  tokenizerJson,
} from "./tinyModels.ts"

const optionsOf = (model: TinyModel): TokenizerOptions => ({
  model: model.name,
  form: null,
  thinking: true,
  families: modelFamilies,
})

const read = (files: ReadonlyArray<PolicyEngine.PolicyFile>, options: TokenizerOptions) =>
  makeHuggingFaceTokenizer(files, options)

const tokenizerOf = (model: TinyModel, options: Partial<TokenizerOptions> = {}) =>
  Result.getOrThrow(read(tinyFiles(model), { ...optionsOf(model), ...options }))

const ask = (content: string): PolicyEngine.Prompt => [{ role: "user", content }]

const encode = (tokenizer: PolicyEngine.Tokenizer, prompt: PolicyEngine.Prompt) =>
  Effect.runSync(tokenizer.encodePrompt(prompt))

const all = Object.entries(tinyModels).map(([id, model]): [string, TinyModel] => [id, model])

const qwen25System =
  "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
const qwenTurn = "<|im_start|>user\nHi, the tree<|im_end|>\n<|im_start|>assistant\n"

const prompts: Readonly<Record<string, string>> = {
  "qwen2.5": qwen25System + qwenTurn,
  "qwen2.5-coder": qwen25System + qwenTurn,
  qwen3: qwenTurn,
  llama3:
    "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi, the tree<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
  smollm2:
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n" +
    qwenTurn,
}

const stops: Readonly<Record<string, ReadonlyArray<string>>> = {
  "qwen2.5": ["<|endoftext|>", "<|im_end|>"],
  "qwen2.5-coder": ["<|endoftext|>", "<|im_end|>"],
  qwen3: ["<|endoftext|>", "<|im_end|>"],
  llama3: ["<|end_of_text|>", "<|eom_id|>", "<|eot_id|>"],
  smollm2: ["<|endoftext|>", "<|im_end|>"],
}

describe("families", () => {
  it.each(all)("%s is asked by its template and stops at its tokens", (id, model) => {
    const tokenizer = tokenizerOf(model)
    assert.strictEqual(tokenizer.family.id, id)
    assert.strictEqual(tokenizer.form, "chat")
    assert.strictEqual(tokenizer.contextLength, 4096)
    assert.deepStrictEqual(
      tokenizer.stopTokens,
      stops[id]?.map((token) => tokenId(model, token)),
    )
    const tokens = encode(tokenizer, ask("Hi, the tree"))
    assert.strictEqual(spell(model, tokens), prompts[id])
    // Control tokens are one token each.
    const controls = prompts[id]?.match(/<\|\w+\|>/gu) ?? []
    assert.deepStrictEqual(
      tokens.filter((token) => token >= tokenId(model, model.special[0] as string)),
      controls.map((token) => tokenId(model, token)),
    )
  })

  it.each(all)("%s is known without a name, by its tokens", (id, model) => {
    const tokenizer = tokenizerOf(model, { model: "./fine-tuned" })
    // Only their names tell these two apart.
    assert.strictEqual(tokenizer.family.id, id === "qwen2.5-coder" ? "qwen2.5" : id)
    assert.strictEqual(tokenizer.form, "chat")
  })

  it("a name in config.json counts where the folder's says nothing", () => {
    const model = tinyModels["qwen2.5"]
    const files = [
      ...tinyFiles(model).filter(({ name }) => name !== "config.json"),
      file("config.json", { model_type: "qwen2", _name_or_path: "Qwen/Qwen2.5-Coder-7B" }),
    ]
    const tokenizer = Result.getOrThrow(read(files, { ...optionsOf(model), model: "/models/7b/" }))
    assert.strictEqual(tokenizer.family.id, "qwen2.5-coder")
    assert.strictEqual(tokenizer.form, "plain")
  })

  it("the files of another family than the name says are refused", () => {
    const error = Result.getOrThrow(
      Result.flip(read(tinyFiles(tinyModels.llama3), optionsOf(tinyModels.qwen3))),
    )
    assert.strictEqual(error._tag, "ModelFamilyError")
    assert.include(error.message, "the model_type in config.json is llama")
    const other = Result.getOrThrow(
      Result.flip(read(tinyFiles(tinyModels.smollm2), optionsOf(tinyModels.llama3))),
    )
    assert.strictEqual(other._tag, "SpecialTokenError")
    assert.include(other.message, "<|begin_of_text|> is none of the special tokens")
  })

  it("an unknown family is refused by the names of those that are known", () => {
    const model = tinyModels.qwen3
    const files = [
      ...tinyFiles(model).filter(({ name }) => name !== "config.json"),
      file("config.json", { model_type: "mamba" }),
    ]
    const error = Result.getOrThrow(Result.flip(read(files, { ...optionsOf(model), model: "other" })))
    assert.strictEqual(error._tag, "ModelFamilyError")
    assert.include(error.message, "qwen2.5, qwen2.5-coder, qwen3, llama3, smollm2")
  })

  it("Qwen3 begins a response with an empty thought where it is not to think", () => {
    const model = tinyModels.qwen3
    const text = (thinking: boolean) => spell(model, encode(tokenizerOf(model, { thinking }), ask("Hi")))
    assert.isTrue(text(true).endsWith("<|im_start|>assistant\n"))
    assert.isTrue(text(false).endsWith("<|im_start|>assistant\n<think>\n\n</think>\n\n"))
  })

  it("base models are asked with a text that they continue", () => {
    for (const [model, name, start] of [
      [tinyModels["qwen2.5-coder"], "Qwen/Qwen2.5-Coder-3B", ""],
      [tinyModels.qwen3, "Qwen/Qwen3-4B-Base", ""],
      [tinyModels.llama3, "meta-llama/Llama-3.1-8B", "<|begin_of_text|>"],
    ] as const) {
      const tokenizer = tokenizerOf(model, { model: name })
      assert.strictEqual(tokenizer.form, "plain")
      const text = spell(model, encode(tokenizer, ask("What is <|im_end|>?")))
      assert.isTrue(text.startsWith(`${start}A conversation between User and Assistant. The user asks`), text)
      assert.isTrue(text.endsWith("</answer>. User: What is <|im_end|>?\nAssistant: <think>"), text)
      assert.isAbove(encode(tokenizer, ask("<|im_end|>")).length, encode(tokenizer, ask("")).length + 3)
    }
  })

  it("base models read the turns of a conversation one after the other", () => {
    const model = tinyModels["qwen2.5-coder"]
    const tokenizer = tokenizerOf(model, { model: "Qwen/Qwen2.5-Coder-3B" })
    const prompt: PolicyEngine.Prompt = [
      ...ask("2 + 2?"),
      { role: "assistant", content: "<answer>4</answer>" },
      ...ask("3 + 3?"),
    ]
    const text = spell(model, encode(tokenizer, prompt))
    assert.isTrue(
      text.endsWith(
        "</answer>. User: 2 + 2?\nAssistant: <answer>4</answer>\nUser: 3 + 3?\nAssistant: <think>",
      ),
      text,
    )
  })

  it("a system turn takes the place of the template's own", () => {
    const model = tinyModels.smollm2
    const prompt: PolicyEngine.Prompt = [{ role: "system", content: "Be brief." }, ...ask("Hi")]
    assert.strictEqual(
      spell(model, encode(tokenizerOf(model), prompt)),
      "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    )
  })
})

describe("text of a message", () => {
  it("is merged with the template's text around it, as the model has learned to read it", () => {
    const model = tinyModels.qwen3
    const tokens = encode(tokenizerOf(model), ask("\nthe"))
    const start = tokens.indexOf(tokenId(model, "<|im_start|>"))
    const user = pieceIds("u", "s", "e", "r")
    assert.deepStrictEqual(tokens.slice(start + 1, start + 9), [
      ...user,
      ...pieceIds("ĊĊ", "t", "he"),
      tokenId(model, "<|im_end|>"),
    ])
  })

  it("is composed (NFC), and half of a surrogate pair reads as U+FFFD", () => {
    const model = tinyModels.qwen3
    const text = spell(model, encode(tokenizerOf(model), ask("e\u0301 \ud800")))
    assert.include(text, "\né \ufffd<|im_end|>")
  })

  it("is split as the reference implementation does, where the library does not", () => {
    const { encodeText } = tokenizerOf(tinyModels.smollm2)
    // Digits are one token each, those outside ASCII, too.
    assert.deepStrictEqual(encodeText("12١١"), pieceIds("1", "2", "Ù¡", "Ù¡"))
    // A byte order mark is no space, next line is one.
    assert.deepStrictEqual(encodeText("  \ufeff"), pieceIds("Ġ", "Ġ", "ï", "»", "¿"))
    assert.deepStrictEqual(encodeText("  \u0085"), pieceIds("ĠĠ", "Â", "ħ"))
  })

  it.each(all)("%s: never becomes a control token, whatever it says", (_, model) => {
    const tokenizer = tokenizerOf(model)
    const controls = [...model.special, ...model.added.filter((token) => token.startsWith("<|"))]
    const ids = new Set(controls.map((token) => tokenId(model, token)))
    const controlsIn = (tokens: ReadonlyArray<number>) => tokens.filter((token) => ids.has(token))
    const harmless = controlsIn(encode(tokenizer, ask("x")))
    const part = fc.oneof(
      fc.constantFrom(...controls),
      fc.constantFrom(...controls).chain((token) => fc.nat(token.length).map((cut) => token.slice(0, cut))),
      fc.constantFrom(...controls).chain((token) => fc.nat(token.length).map((cut) => token.slice(cut))),
      fc.constantFrom("user\n", "assistant", "\n", " ", "\u{f0000}", "\u{f0001}", "x"),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const content = `a${parts.join("")}b`
        const tokens = encode(tokenizer, ask(content))
        assert.deepStrictEqual(controlsIn(tokens), harmless)
        assert.include(spell(model, tokens), content)
      }),
      { numRuns: 300, seed: 3 },
    )
  })

  it("keeps other added tokens whole: prompts speak of <think>", () => {
    const model = tinyModels.qwen3
    const tokens = encode(tokenizerOf(model), ask("between <think> and </think>"))
    assert.include(tokens, tokenId(model, "<think>"))
    assert.include(tokens, tokenId(model, "</think>"))
  })
})

describe("decode", () => {
  const model = tinyModels.qwen3
  const { decode } = tokenizerOf(model)
  const bytes = (text: string) => [...new TextEncoder().encode(text)]

  it("gives every text back, spaces before punctuation and byte order marks included", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        assert.strictEqual(decode(bytes(text)), text)
      }),
    )
    const text = "\ufefff( x ) . do n't , it 's"
    assert.strictEqual(decode(bytes(text)), text)
  })

  it("reads a response that is cut inside a character up to that character", () => {
    const text = "né → 漢字 𝛼!"
    const tokens = bytes(text)
    for (let length = 0; length <= tokens.length; length++) {
      const read = decode(tokens.slice(0, length))
      assert.isTrue(text.startsWith(read.replace(/\ufffd+$/u, "")), read)
      // Whole characters are there as soon as their last byte is.
      const whole = new TextDecoder().decode(new Uint8Array(tokens.slice(0, length)))
      assert.strictEqual(read, whole)
    }
  })

  it("does not join bytes over a token between them", () => {
    const [first, second] = bytes("é") as [number, number]
    assert.strictEqual(decode([first, tokenId(model, "<think>"), second]), "\ufffd<think>\ufffd")
    assert.strictEqual(
      decode([first, tokenId(model, "<|vision_start|>"), second]),
      "\ufffd<|vision_start|>\ufffd",
    )
  })

  it("leaves out stop tokens and ids without a token, and nothing else", () => {
    const answer = bytes("<answer>1</answer>")
    const think = tokenId(model, "</think>")
    assert.strictEqual(decode([think, ...answer, tokenId(model, "<|im_end|>")]), "</think><answer>1</answer>")
    assert.strictEqual(decode([...answer, tokenId(model, "<|endoftext|>")]), "<answer>1</answer>")
    assert.strictEqual(decode([999_999, ...answer, -1]), "<answer>1</answer>")
    assert.strictEqual(decode([tokenId(model, "<|im_start|>")]), "<|im_start|>")
    assert.strictEqual(decode([]), "")
  })
})

describe("files that cannot be used", () => {
  const model = tinyModels["qwen2.5"]
  const without = (name: string, ...instead: ReadonlyArray<PolicyEngine.PolicyFile>) => [
    ...tinyFiles(model).filter((candidate) => candidate.name !== name),
    ...instead,
  ]
  const config = (changes: Record<string, unknown>) =>
    without(
      "tokenizer_config.json",
      file("tokenizer_config.json", { ...model.named, chat_template: model.template, ...changes }),
    )
  const refusal = (files: ReadonlyArray<PolicyEngine.PolicyFile>, options: Partial<TokenizerOptions> = {}) =>
    Result.getOrThrow(Result.flip(read(files, { ...optionsOf(model), ...options })))

  it("one that is missing is named, with where it comes from", () => {
    const error = refusal(without("tokenizer.json"))
    assert.deepInclude(error, { _tag: "TokenizerFileError", file: "tokenizer.json" })
    assert.include(error.message, "tokenizer.save_pretrained(FOLDER)")
  })

  it("broken or foreign ones are named", () => {
    const whole = JSON.stringify(tokenizerJson(model))
    const cut = refusal(without("tokenizer.json", file("tokenizer.json", whole.slice(0, -9))))
    assert.include(cut.message, "tokenizer.json: is no JSON object, or cut")
    const binary = refusal(
      without("tokenizer.json", { name: "tokenizer.json", bytes: new Uint8Array([0x7b, 0xff]) }),
    )
    assert.include(binary.message, "is no UTF-8 text")
    const foreign = refusal(
      without(
        "tokenizer.json",
        file("tokenizer.json", { ...tokenizerJson(model), decoder: { type: "Metaspace" } }),
      ),
    )
    assert.include(foreign.message, "only byte-level BPE")
    const unlike = refusal(without("tokenizer.json", file("tokenizer.json", { model: {} })))
    assert.include(unlike.message, "is it of a Hugging Face tokenizer?")
  })

  it("of two models are told apart", () => {
    const error = refusal(config({ added_tokens_decoder: { "7": { content: "<|im_end|>" } } }))
    assert.include(error.message, 'has "<|im_end|>" as token 7, tokenizer.json has not')
  })

  it("special tokens that are missing, or not special, are named", () => {
    const eos = refusal(config({ eos_token: "</s>" }))
    assert.deepInclude(eos, { _tag: "SpecialTokenError", token: "</s>" })
    const id = refusal(
      without("generation_config.json", file("generation_config.json", { eos_token_id: [1, 2] })),
    )
    assert.deepInclude(id, { _tag: "SpecialTokenError", token: "1" })
    const json = tokenizerJson(model)
    const plain = json.added_tokens.map((token) =>
      token.content === "<|im_end|>" ? { ...token, special: false } : token,
    )
    const ordinary = refusal(
      without("tokenizer.json", file("tokenizer.json", { ...json, added_tokens: plain })),
    )
    assert.deepInclude(ordinary, { _tag: "SpecialTokenError", token: "<|im_end|>" })
  })

  it("control tokens that take spaces around them are refused", () => {
    const json = tokenizerJson(model)
    const added = json.added_tokens.map((token) => ({ ...token, rstrip: token.content === "<|im_end|>" }))
    const error = refusal(without("tokenizer.json", file("tokenizer.json", { ...json, added_tokens: added })))
    assert.include(error.message, "<|im_end|> takes the spaces around it")
  })

  it("without a chat template there is the plain form alone", () => {
    const error = refusal(config({ chat_template: null }))
    assert.deepInclude(error, { _tag: "TokenizerFileError", file: "chat_template.jinja" })
    const plain = read(config({ chat_template: null }), { ...optionsOf(model), form: "plain" })
    assert.strictEqual(Result.getOrThrow(plain).form, "plain")
    // A name that tells nothing leaves the choice to the files.
    const unnamed = read(config({ chat_template: null }), { ...optionsOf(model), model: "mine" })
    assert.strictEqual(Result.getOrThrow(unnamed).form, "plain")
  })

  it("chat_template.jinja goes before tokenizer_config.json, and of several there the default is taken", () => {
    const other = model.template.replaceAll("Qwen", "Quill")
    const jinja = Result.getOrThrow(
      read([...tinyFiles(model), file("chat_template.jinja", other)], optionsOf(model)),
    )
    assert.include(spell(model, encode(jinja, ask("Hi"))), "You are Quill")
    const several = [
      { name: "tool_use", template: "{{ raise_exception('tools') }}" },
      { name: "default", template: other },
    ]
    const named = Result.getOrThrow(read(config({ chat_template: several }), optionsOf(model)))
    assert.include(spell(model, encode(named, ask("Hi"))), "You are Quill")
  })

  it("templates that cannot be read, fail, ask the clock or are of another model are named before anything is sampled", () => {
    for (const [template, why] of [
      ["{% for message in messages %}", "the chat template cannot be read: "],
      ["{{ raise_exception('Only tools!') }}", "the chat template fails: Only tools!"],
      [`${model.template}{{ strftime_now('%d %b %Y') }}`, "today's date"],
      ["[INST] {{ messages[0].content }} [/INST]", "writes no <|im_start|> around a message"],
      ["<|im_start|>user\n<|im_end|>", "leaves out what the user says"],
      ["<|im_start|>user\n{{ messages[0].content }}|><|im_end|>", "could complete it"],
      ["<|im_start|>user\n<|{{ messages[0].content }}<|im_end|>", "could complete it"],
    ] as const) {
      const error = refusal(config({ chat_template: template }))
      assert.strictEqual(error._tag, "ChatTemplateError", template)
      assert.include(error.message, why)
    }
  })

  it("a template that fails at a later prompt is an error of the policy", () => {
    const picky = `{%- if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{%- endif %}${model.template}`
    const tokenizer = Result.getOrThrow(read(config({ chat_template: picky }), optionsOf(model)))
    const error = Effect.runSync(Effect.flip(tokenizer.encodePrompt([{ role: "system", content: "" }])))
    assert.deepInclude(error, { _tag: "PolicyError", operation: "encodePrompt" })
    assert.include(error.message, "System role not supported")
  })
})

it("the test's own bytes are those of the library", () => {
  assert.strictEqual(new Set(byteSymbols).size, 256)
  assert.strictEqual(byteSymbols[0x20], "Ġ")
  assert.strictEqual(byteSymbols[0x0a], "Ċ")
})
