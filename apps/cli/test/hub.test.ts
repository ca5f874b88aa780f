import { createServer } from "node:http"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { ended, jsonLines, start, workspace } from "./azr.ts"

const content = readFileSync(fileURLToPath(new URL("fixtures/suites/cruxeval.jsonl", import.meta.url)))

/** What of the Hub's protocol a download of one plain file needs. It is no proof that the real one agrees. */
const requests: Array<string> = []
const server = createServer((request, response) => {
  requests.push(request.url ?? "")
  if (request.url !== "/datasets/owner/set/resolve/main/test.jsonl") {
    response.writeHead(404, { "x-error-code": "EntryNotFound" }).end()
    return
  }
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

const gold = (folder: string, name: string, at = endpoint) =>
  ended(start(["eval", "--policy", "gold", "--hub", name, "--json"], folder, { HF_ENDPOINT: at }))

describe("azr eval --hub", { timeout: 120_000 }, () => {
  it("fetches a file once, keeps its checksum, and refuses it when it has changed", async () => {
    const folder = workspace()
    const first = await gold(folder, "owner/set:test.jsonl")
    assert.strictEqual(first.code, 0, first.stderr)
    assert.deepInclude(jsonLines(first.stdout)[0], { suite: "test", tasks: 2 })
    const file = join(folder, "suites/owner+set/main/test.jsonl")
    assert.deepStrictEqual(readFileSync(file), content)
    const asked = requests.length
    assert.strictEqual((await gold(folder, "owner/set:test.jsonl")).code, 0)
    assert.strictEqual(requests.length, asked)
    writeFileSync(file, "changed")
    const changed = await gold(folder, "owner/set:test.jsonl")
    assert.strictEqual(changed.code, 1)
    assert.include(changed.stderr, "is not what was downloaded")
  })

  it("keeps nothing of a file that is not there, or a Hub that is not", async () => {
    const folder = workspace()
    const absent = await gold(folder, "owner/set:other.jsonl")
    assert.strictEqual(absent.code, 1)
    assert.include(absent.stderr, "owner/set:other.jsonl: there is no such file")
    const unreachable = await gold(folder, "owner/set:test.jsonl", "http://127.0.0.1:9")
    assert.strictEqual(unreachable.code, 1)
    assert.include(unreachable.stderr, "fetch the file by other means")
    assert.isFalse(existsSync(join(folder, "suites")))
  })
})
