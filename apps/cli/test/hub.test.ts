/**
 * `--hub` against a server with the Hub's paths, redirects, digests and refusals, as its client and its documentation have them;
 * the Hub itself is no part of the tests.
 */
import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { type IncomingMessage, type ServerResponse, createServer } from "node:http"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { ended, jsonLines, start, workspace } from "./azr.ts"

const content = readFileSync(fileURLToPath(new URL("fixtures/suites/cruxeval.jsonl", import.meta.url)))
const sha256 = createHash("sha256").update(content).digest("hex")
const gitDigest = createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex")
const edited = Buffer.concat([content.subarray(0, -1), Buffer.from(" ")])

interface Seen {
  readonly origin: "hub" | "store"
  readonly url: string
  readonly authorization: string | undefined
}
const requests: Array<Seen> = []
const listening = (
  origin: Seen["origin"],
  answer: (request: IncomingMessage, response: ServerResponse) => void,
) =>
  createServer((request, response) => {
    requests.push({ origin, url: request.url ?? "", authorization: request.headers.authorization })
    answer(request, response)
  })

/** Sends what a range asks for, or all. */
const send = (
  { headers: { range } }: IncomingMessage,
  response: ServerResponse,
  etag: string,
  body: Uint8Array,
  lasting = Infinity,
) => {
  const [, from, to] = /bytes=(\d+)-(\d+)/u.exec(range ?? "") ?? []
  const part = from === undefined ? body : body.subarray(Number(from), Number(to) + 1)
  response.writeHead(from === undefined ? 200 : 206, {
    etag: `"${etag}"`,
    "content-length": part.length,
    "content-type": "application/octet-stream",
    ...(from === undefined ? {} : { "content-range": `bytes ${from}-${to}/${body.length}` }),
  })
  if (part.length <= lasting) return response.end(part)
  return response.write(part.subarray(0, lasting), () => response.destroy())
}

const prefix = "/datasets/owner/set/resolve/main/"
const cached = "/api/resolve-cache/datasets/owner/set/0123/"
const store = listening("store", (request, response) =>
  // A store of its own has digests of its own.
  send(request, response, "5d41402abc4b2a76b9719d911017c592-1", content),
)
const hub = listening("hub", (request, response) => {
  const url = request.url ?? ""
  const file = url.slice(url.startsWith(cached) ? cached.length : prefix.length)
  const refuse = (status: number, code: string, error: string) =>
    response
      .writeHead(status, { "x-error-code": code, "content-type": "application/json" })
      .end(JSON.stringify({ error }))
  if (url.startsWith(cached)) {
    if (file === "edited.jsonl") return send(request, response, gitDigest, edited)
    if (file === "cut.jsonl") return send(request, response, gitDigest, content, 100)
    return send(request, response, gitDigest, content)
  }
  if (url.startsWith("/datasets/owner/private/")) {
    if (request.headers.authorization === "Bearer hf_reader")
      return send(request, response, gitDigest, content)
    return refuse(401, "RepoNotFound", "Invalid username or password.")
  }
  if (!url.startsWith(prefix)) return refuse(401, "RepoNotFound", "Invalid username or password.")
  switch (file) {
    case "test.jsonl":
    case "edited.jsonl":
    case "cut.jsonl":
      // A file of git.
      return response.writeHead(307, { location: `${cached}${file}` }).end()
    case "large.jsonl":
      // A file that is stored in pieces: who knows how is told where, all others are sent to the whole.
      if (request.headers.accept?.includes("application/vnd.xet-fileinfo+json") === true) {
        return response
          .writeHead(200, {
            "content-type": "application/vnd.xet-fileinfo+json",
            "x-linked-size": content.length,
            "x-linked-etag": `"${sha256}"`,
            "x-xet-hash": sha256,
            link: `<${endpoint}/token>; rel="xet-auth", <${endpoint}/reconstruction>; rel="xet-reconstruction-info"`,
          })
          .end("{}")
      }
      return response.writeHead(302, { location: `${storeAddress}/large?signature=1` }).end()
    case "lfs.jsonl":
      return response
        .writeHead(302, { location: `${storeAddress}/lfs?signature=1`, "x-linked-etag": `"${sha256}"` })
        .end()
    case "busy.jsonl":
      return response.writeHead(503).end("overloaded")
    default:
      return refuse(404, "EntryNotFound", "Entry not found")
  }
})
let endpoint = ""
let storeAddress = ""

const addressOf = async (server: ReturnType<typeof createServer>) => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
}
beforeAll(async () => {
  endpoint = await addressOf(hub)
  storeAddress = await addressOf(store)
})
afterAll(() => {
  hub.close()
  store.close()
})

const gold = (folder: string, name: string, environment: Readonly<Record<string, string>> = {}) =>
  ended(
    start(["eval", "--policy", "gold", "--hub", name, "--json"], folder, {
      HF_ENDPOINT: endpoint,
      HF_TOKEN: undefined,
      ...environment,
    }),
  )

describe("azr eval --hub", { timeout: 240_000 }, () => {
  it("fetches a file once, keeps its checksum, and refuses it when it has changed", async () => {
    const folder = workspace()
    const first = await gold(folder, "owner/set:test.jsonl")
    assert.strictEqual(first.code, 0, first.stderr)
    assert.deepInclude(jsonLines(first.stdout)[0], { suite: "test", tasks: 2 })
    const file = join(folder, "suites/owner+set/main/test.jsonl")
    assert.deepStrictEqual(readFileSync(file), content)
    assert.strictEqual(readFileSync(`${file}.sha256`, "utf8"), `${sha256}\n`)
    const asked = requests.length
    assert.strictEqual((await gold(folder, "owner/set:test.jsonl")).code, 0)
    assert.strictEqual(requests.length, asked)
    writeFileSync(file, "changed")
    const changed = await gold(folder, "owner/set:test.jsonl")
    assert.strictEqual(changed.code, 1)
    assert.include(changed.stderr, "is not what was downloaded")
  })

  it.each(["large", "lfs"])("follows the Hub to where it stores a %s file", async (name) => {
    const folder = workspace()
    const { code, stderr, stdout } = await gold(folder, `owner/set:${name}.jsonl`)
    assert.strictEqual(code, 0, stderr)
    assert.deepInclude(jsonLines(stdout)[0], { suite: name, tasks: 2 })
    assert.deepStrictEqual(readFileSync(join(folder, `suites/owner+set/main/${name}.jsonl`)), content)
    assert.include(stderr, `${content.length} bytes, sha256 ${sha256}`)
    assert.isTrue(requests.some(({ origin, url }) => origin === "store" && url === `/${name}?signature=1`))
  })

  it("takes HF_TOKEN to a data set that is not open, and to no other server", async () => {
    const folder = workspace()
    const denied = await gold(folder, "owner/private:test.jsonl")
    assert.strictEqual(denied.code, 1)
    assert.match(denied.stderr, /not open to everybody: HF_TOKEN may hold a token that can read it \(401\)/u)
    const token = { HF_TOKEN: "hf_reader" }
    const allowed = await gold(folder, "owner/private:test.jsonl", token)
    assert.strictEqual(allowed.code, 0, allowed.stderr)
    requests.length = 0
    assert.strictEqual((await gold(folder, "owner/set:large.jsonl", token)).code, 0)
    for (const { authorization, origin } of requests)
      assert.strictEqual(authorization, origin === "hub" ? "Bearer hf_reader" : undefined)
    assert.isTrue(requests.some(({ origin }) => origin === "store"))
  })

  it.each([
    ["owner/set:other.jsonl", /other\.jsonl: there is no such file/u],
    ["owner/none:test.jsonl", /there is no such repository, or it is not open/u],
    ["owner/set:busy.jsonl", /503/u],
    ["owner/set:cut.jsonl", /terminated|100 of \d+ bytes came/u],
    ["owner/set:edited.jsonl", /is not what the Hub has \([\da-f]{40}\); try again/u],
  ])("%s: says why, in a line, and keeps nothing", async (name, reason) => {
    const folder = workspace()
    const { code, stderr, stdout } = await gold(folder, name)
    assert.strictEqual(code, 1)
    assert.strictEqual(stdout, "")
    const line = stderr.trimEnd().split("\n").at(-1) ?? ""
    assert.match(line, reason)
    assert.include(line, "fetch the file by other means and give it to --suite")
    assert.isFalse(existsSync(join(folder, "suites")))
  })

  it("says so where there is no Hub", async () => {
    const folder = workspace()
    const { code, stderr } = await gold(folder, "owner/set:test.jsonl", { HF_ENDPOINT: "http://127.0.0.1:9" })
    assert.strictEqual(code, 1)
    assert.include(stderr, "fetch the file by other means")
    assert.isFalse(existsSync(join(folder, "suites")))
  })
})
