import { createServer } from "node:http"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { azr, ended, jsonLines, start, workspace } from "./azr.ts"

/** A byte-level vocabulary without merges, and Qwen2.5's tokens and template as far as one user's turn needs them. */
const special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter(
  (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174,
)
const symbols = [
  ...bytes.map((byte) => String.fromCodePoint(byte)),
  ...Array.from({ length: 256 - bytes.length }, (_, index) => String.fromCodePoint(256 + index)),
]
const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false }
const files: Readonly<Record<string, string>> = {
  "tokenizer.json": JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content, index) => ({
      id: 256 + index,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(symbols.map((symbol, id) => [symbol, id])),
      merges: [],
    },
  }),
  "tokenizer_config.json": JSON.stringify({
    eos_token: "<|im_end|>",
    tokenizer_class: "PreTrainedTokenizerFast",
  }),
  "chat_template.jinja":
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n",
}

const requests: Array<{ readonly url: string; readonly authorization: string | undefined }> = []
/** What of the Hub's protocol downloads of plain files need. It is no proof that the real one agrees. */
const server = createServer((request, response) => {
  requests.push({ url: request.url ?? "", authorization: request.headers.authorization })
  const [, repository = "", file = ""] =
    /^\/([\w.-]+\/[\w.-]+)\/resolve\/main\/(.*)$/u.exec(request.url ?? "") ?? []
  const text = repository.startsWith("Qwen/") ? files[file] : undefined
  if (text === undefined) {
    response.writeHead(404, { "x-error-code": "EntryNotFound" }).end()
    return
  }
  const content = Buffer.from(text)
  const [, from, to] = /bytes=(\d+)-(\d+)/u.exec(request.headers.range ?? "") ?? []
  const part = from === undefined ? content : content.subarray(Number(from), Number(to) + 1)
  response
    .writeHead(from === undefined ? 200 : 206, {
      etag: '"fixture"',
      "content-length": part.length,
      "content-type": "application/octet-stream",
      ...(from === undefined ? {} : { "content-range": `bytes ${from}-${to}/${content.length}` }),
    })
    .end(part)
})
let endpoint = ""

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  endpoint = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
})
afterAll(() => {
  server.close()
})

const fetching = (folder: string, model: string) =>
  ended(
    start(["tokenizer", model, "--hub", "--no-check", "--json"], folder, {
      HF_ENDPOINT: endpoint,
      HF_TOKEN: "hf_secret",
    }),
  )

describe("azr tokenizer", { timeout: 600_000 }, () => {
  it("shows how the model of a folder is asked", async () => {
    const folder = workspace()
    mkdirSync(join(folder, "mine"))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "mine", name), text)
    const chat = await azr(["tokenizer", "mine", "--no-check", "--json"], folder)
    assert.strictEqual(chat.code, 0, chat.stderr)
    assert.deepInclude(jsonLines(chat.stdout)[0], {
      folder: "mine",
      family: "qwen2.5",
      form: "chat",
      stopTokens: [
        { id: 256, token: "<|endoftext|>" },
        { id: 258, token: "<|im_end|>" },
      ],
      vocabulary: 259,
      controlTokens: special,
      contextLength: null,
    })
    assert.include(chat.stdout, String.raw`<|im_start|>user\nWhat is`)
    const plain = await azr(["tokenizer", "mine", "--no-check", "--form", "plain"], folder)
    assert.include(plain.stdout, "qwen2.5, asked in plain form")
    assert.include(plain.stdout, String.raw`\nAssistant: <think>`)
    // Where Python cannot be asked, the check says that it was left out.
    const left = await azr(["tokenizer", "mine", "--python", "no-such-python"], folder)
    assert.strictEqual(left.code, 0)
    assert.include(left.stderr, "check left out: no-such-python")
  })

  it("names what is missing, and what to do", async () => {
    const folder = workspace()
    const unknown = await azr(["tokenizer", "Qwen/Qwen2.5-3B"], folder)
    assert.strictEqual(unknown.code, 2)
    assert.include(unknown.stderr, "tokenizer Qwen/Qwen2.5-3B --hub fetches it, without weights")
    mkdirSync(join(folder, "empty"))
    const empty = await azr(["tokenizer", "empty"], folder)
    assert.strictEqual(empty.code, 1)
    assert.include(empty.stderr, "tokenizer.json: there is none among no files")
  })

  it("fetches a model's tokenizer once, only when asked, and tells its token to nobody else", async () => {
    const folder = workspace()
    const model = "Qwen/Qwen2.5-0.5B-Instruct"
    const first = await fetching(folder, model)
    assert.strictEqual(first.code, 0, first.stderr)
    assert.deepInclude(jsonLines(first.stdout)[0], { family: "qwen2.5", form: "chat" })
    const kept = join(folder, "models/Qwen+Qwen2.5-0.5B-Instruct/main")
    assert.strictEqual(readFileSync(join(kept, "tokenizer.json"), "utf8"), files["tokenizer.json"])
    assert.isFalse(existsSync(join(kept, "generation_config.json")))
    assert.isTrue(requests.every(({ authorization }) => authorization === "Bearer hf_secret"))
    assert.notInclude(first.stderr + first.stdout, "hf_secret")
    // From now on without the Hub.
    const asked = requests.length
    const again = await azr(["tokenizer", model, "--no-check", "--json"], folder)
    assert.strictEqual(again.stdout, first.stdout)
    assert.strictEqual(requests.length, asked)
    writeFileSync(join(kept, "tokenizer.json"), "{}")
    const changed = await fetching(folder, model)
    assert.strictEqual(changed.code, 1)
    assert.include(changed.stderr, "is not what was downloaded")
  })

  it("is what a run on a server needs first", async () => {
    const folder = workspace()
    mkdirSync(join(folder, "mine"))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "mine", name), text)
    const train = (...settings: ReadonlyArray<string>) =>
      azr(
        [
          "train",
          "--preset=paper",
          ...["policy.url=http://127.0.0.1:9", ...settings].map((text) => `--set=${text}`),
        ],
        folder,
      )
    const without = await train("policy.model=Qwen/Qwen2.5-0.5B-Instruct")
    assert.strictEqual(without.code, 2, without.stderr)
    assert.include(without.stderr, "tokenizer Qwen/Qwen2.5-0.5B-Instruct --hub")
    const foreign = await train("policy.model=Qwen/Qwen3-4B", "policy.tokenizer=no-such-folder")
    assert.include(foreign.stderr, "there is no folder no-such-folder")
    // With one it asks the server, which is not there.
    const withOne = await train("policy.model=Qwen/Qwen2.5-0.5B-Instruct", "policy.tokenizer=mine")
    assert.strictEqual(withOne.code, 4, withOne.stderr)
    assert.include(withOne.stderr, "127.0.0.1:9")
  })

  it("says when the Hub has no such model, or nobody is there", async () => {
    const folder = workspace()
    const absent = await fetching(folder, "nobody/nothing")
    assert.strictEqual(absent.code, 1)
    assert.include(absent.stderr, "nobody/nothing:tokenizer.json: the repository has no such file")
    const nowhere = await ended(
      start(["tokenizer", "Qwen/Qwen3-4B", "--hub"], folder, { HF_ENDPOINT: "http://127.0.0.1:9" }),
    )
    assert.strictEqual(nowhere.code, 1)
    assert.include(nowhere.stderr, "by other means and name their folder")
    assert.isFalse(existsSync(join(folder, "models")))
  })
})
