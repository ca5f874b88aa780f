/** The real command on a real port: what its guard lets through, the examples of the documentation, kill and restart. */
import { execFile, type ChildProcess } from "node:child_process"
import { readFileSync } from "node:fs"
import { request } from "node:http"
import { connect } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { refusal } from "../../src/dashboard/guard.ts"
import { azr, start, workspace } from "../azr.ts"

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
}

const ask = (
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      let body = ""
      response.setEncoding("utf8").on("data", (text: string) => (body += text))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    sent.on("error", reject).end()
  })

interface Started {
  readonly child: ChildProcess
  readonly port: number
  readonly token: string
}

/** Starts the command and waits for its address. */
const dashboard = (folder: string, port: number): Promise<Started> =>
  new Promise((resolve, reject) => {
    const child = start(["dashboard", "--port", String(port)], folder)
    let text = ""
    child.stderr?.setEncoding("utf8").on("data", (part: string) => {
      text += part
      const found = /http:\/\/127\.0\.0\.1:(\d+)\/#token=([\w-]{24})\s/u.exec(text)
      if (found !== null) resolve({ child, port: Number(found[1]), token: found[2] ?? "" })
    })
    child.on("close", () => reject(new Error(text)))
  })

const killed = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.on("close", () => resolve())
    child.kill("SIGKILL")
  })

/** The first `message` of a run's stream. */
const firstChange = (
  port: number,
  path: string,
): Promise<{ readonly cursor: string; readonly reset: boolean }> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part
        const data = /^data: (\{.*\})$/mu.exec(text)?.[1]
        if (data === undefined) return
        sent.destroy()
        resolve(JSON.parse(data) as { cursor: string; reset: boolean })
      })
    })
    sent.on("error", reject).end()
  })

describe("azr dashboard", { timeout: 120_000 }, () => {
  const folder = workspace()
  let server: Started

  beforeAll(async () => {
    const small = ["kinds.deduction.seeds=16", "kinds.deduction.proposals=8", "evaluate.devTasks=5"]
    const suites = 'evaluate.suites=["deduction-2"]'
    const settings = [...small, suites].flatMap((setting) => ["--set", setting])
    const run = await azr(["train", "--name", "RUN", "--steps", "2", ...settings], folder)
    assert.strictEqual(run.code, 0, run.stderr)
    server = await dashboard(folder, 0)
  }, 120_000)
  afterAll(() => killed(server.child))

  it("answers its own page, and nobody else", async () => {
    const { port } = server
    const own = `127.0.0.1:${port}`
    const cases: ReadonlyArray<readonly [number, Readonly<Record<string, string>>]> = [
      [200, { host: own }],
      [200, { host: `localhost:${port}`, origin: `http://localhost:${port}` }],
      [200, { host: own, "sec-fetch-site": "same-origin" }],
      [200, { host: own, "sec-fetch-site": "none" }],
      [403, { host: `evil.example:${port}` }],
      [403, { host: "evil.example" }],
      [403, { host: "127.0.0.1" }],
      [403, { host: "127.0.0.1:1" }],
      [403, { host: `127.0.0.1.evil.example:${port}` }],
      [403, { host: `${own}@evil.example` }],
      [403, { host: own, origin: "http://evil.example" }],
      [403, { host: own, origin: "null" }],
      [403, { host: own, origin: `https://${own}` }],
      [403, { host: own, origin: "http://127.0.0.1:1" }],
      [403, { host: own, "sec-fetch-site": "cross-site" }],
      [403, { host: own, "sec-fetch-site": "same-site" }],
    ]
    for (const path of ["/api/runs", "/", "/api/openapi.json", "/assets/none.js", "/api/none"]) {
      for (const [status, headers] of cases) {
        const answer = await ask(port, path, headers)
        const wanted = status === 200 && path.includes("none") ? 404 : status
        assert.strictEqual(answer.status, wanted, `${path} ${JSON.stringify(headers)}`)
        assert.include(answer.headers["content-security-policy"], "default-src 'none'")
        assert.strictEqual(answer.headers["access-control-allow-origin"], undefined)
      }
    }
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      assert.strictEqual((await ask(port, "/api/runs", {}, method)).status, 405, method)
    }
  })

  it("asks a run to stop for nobody but a page that it served and that knows its token", async () => {
    const { port, token } = server
    const own = `127.0.0.1:${port}`
    const good = { host: own, origin: `http://${own}`, "sec-fetch-site": "same-origin", "x-azr-token": token }
    const cases: ReadonlyArray<readonly [number, Readonly<Record<string, string>>]> = [
      [403, { ...good, host: `evil.example:${port}` }],
      [403, { ...good, origin: "http://evil.example" }],
      [403, { ...good, origin: "null" }],
      [403, { ...good, origin: `https://${own}` }],
      [403, { ...good, origin: `http://127.0.0.1:${port + 1}` }],
      [403, { ...good, "sec-fetch-site": "cross-site" }],
      [403, { ...good, "sec-fetch-site": "same-site" }],
      [403, { ...good, "sec-fetch-site": "none" }],
      [
        403,
        { ...good, "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
      ],
      [403, { host: own, origin: `http://${own}` }],
      [403, { ...good, "x-azr-token": "" }],
      [403, { ...good, "x-azr-token": `${token}x` }],
      [403, { ...good, "x-azr-token": token.slice(1) }],
      // The run is complete: nothing is there to be asked.
      [409, good],
      [409, { host: own, "x-azr-token": token }],
    ]
    for (const [status, headers] of cases) {
      const answer = await ask(port, "/api/runs/RUN/stop", headers, "POST")
      assert.strictEqual(answer.status, status, JSON.stringify(headers))
      assert.strictEqual(answer.headers["access-control-allow-origin"], undefined)
    }
    assert.strictEqual((await ask(port, "/api/runs/NONE/stop", good, "POST")).status, 404)
    for (const [method, path] of [
      ["GET", "/api/runs/RUN/stop"],
      ["PUT", "/api/runs/RUN/stop"],
      ["OPTIONS", "/api/runs/RUN/stop"],
      ["POST", "/api/runs/RUN"],
      ["POST", "/api/runs/RUN/stop/"],
      ["POST", "/api/runs/a/b/stop"],
      ["POST", "/api/runs/RUN/stop?x"],
    ] as const) {
      const { status } = await ask(port, path, good, method)
      assert.strictEqual(status, method === "GET" ? 404 : 405, `${method} ${path}`)
    }
  })

  it("listens on the loopback address alone", async () => {
    const { networkInterfaces } = await import("node:os")
    const others = Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).flatMap(({ address, family, internal }) =>
        internal || family !== "IPv4" ? [] : [address],
      ),
    )
    for (const host of others) {
      const refused = await new Promise<boolean>((resolve) => {
        const socket = connect({ host, port: server.port }, () => resolve(false))
        socket.on("error", () => resolve(true))
      })
      assert.isTrue(refused, host)
    }
  })

  it("serves no file outside the page", async () => {
    for (const path of [
      "/../package.json",
      "/%2e%2e/package.json",
      "/..%2fpackage.json",
      "/assets/../../package.json",
    ]) {
      const { body, status } = await ask(server.port, path)
      assert.isTrue(status >= 400 || body.startsWith("<!doctype html>"), path)
    }
  })

  it("does what its documentation says", async () => {
    const file = fileURLToPath(new URL("../../../../docs/DASHBOARD.md", import.meta.url))
    const commands = [...readFileSync(file, "utf8").matchAll(/```sh\n(curl .*)\n```/gu)].map(
      ([, line]) => line ?? "",
    )
    assert.strictEqual(commands.length, 3)
    const answers = await Promise.all(
      commands.map(async (line) => {
        const { stdout } = await promisify(execFile)("sh", ["-c", line.replace(":4317", `:${server.port}`)])
        return JSON.parse(stdout) as unknown
      }),
    )
    const [runs, run, page] = answers as [
      ReadonlyArray<{ id: string; state: string; step: number }>,
      { series: Record<string, ReadonlyArray<number>>; alerts: ReadonlyArray<unknown> },
      { total: number; rows: ReadonlyArray<{ outcome: string }> },
    ]
    assert.deepStrictEqual(
      runs.map(({ id, state, step }) => ({ id, state, step })),
      [{ id: "RUN", state: "completed", step: 2 }],
    )
    assert.deepStrictEqual(Object.keys(run.series).toSorted(), ["solve/deduction/correct", "train/entropy"])
    assert.isTrue(page.rows.every(({ outcome }) => outcome === "invalid"))
    const lines = [1, 2].flatMap((step) =>
      readFileSync(join(folder, `runs/RUN/rollouts/step-00000${step}.jsonl`), "utf8").split("\n"),
    )
    const invalid = lines.filter(
      (line) => line.includes('"role":"propose"') && line.includes('"outcome":"invalid"'),
    )
    assert.strictEqual(page.total, invalid.length)
  })

  it("tells a client of its predecessor, killed at any time, to read again", async () => {
    const before = await firstChange(server.port, "/api/runs/RUN/stream")
    assert.isTrue(before.reset)
    await killed(server.child)
    server = await dashboard(folder, server.port)
    const after = await firstChange(server.port, `/api/runs/RUN/stream?since=${before.cursor}`)
    assert.isTrue(after.reset)
    assert.notStrictEqual(after.cursor, before.cursor)
  })

  it("says that its port is taken", async () => {
    const second = await azr(["dashboard", "--port", String(server.port)], folder)
    assert.strictEqual(second.code, 2)
    assert.include(second.stderr, "the port is taken")
  })

  it("is there while a run trains, and says where on stderr", async () => {
    const run = await azr(
      [
        "train",
        "--steps",
        "1",
        "--set",
        "evaluate.devTasks=2",
        "--set",
        'evaluate.suites=["deduction-2"]',
        "--dashboard=0",
        "--name",
        "watched",
      ],
      folder,
    )
    assert.strictEqual(run.code, 0, run.stderr)
    assert.match(run.stderr, /^dashboard +http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+$/mu)
    assert.notInclude(run.stdout, "http://")
  })
})

describe("guard", () => {
  it("on another address answers to addresses, never to names that it does not know", () => {
    const statusOf = (host: string) =>
      refusal({ method: "GET", url: "/", headers: { host } }, { host: "0.0.0.0", port: 80, token: "" })
        ?.status ?? 200
    assert.deepStrictEqual(
      ["10.0.0.7", "10.0.0.7:80", "[::1]", "0.0.0.0"].map(statusOf),
      [200, 200, 200, 200],
    )
    assert.deepStrictEqual(
      ["evil.example", "10.0.0.7:81", "10.0.0.7.evil.example", ""].map(statusOf),
      [403, 403, 403, 403],
    )
  })
})
