/** `azr train` on a SkyRL server of its own, with Python programs: to the end, and through a `kill -9` of the server. */
import { type ChildProcess, spawn } from "node:child_process"
import { globSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { prepareModel } from "../prepare.ts"
import { freePort, type ServerOptions, type SkyrlServer, startServer } from "../SkyrlServer.ts"
import { timeout } from "./tiny.ts"

const azr = path.join(import.meta.dirname, "..", "..", "..", "..", "azr")

const kind = {
  seeds: 1,
  proposedSeeds: 0,
  proposals: 4,
  tasks: 2,
  solve: 2,
  maxTokens: { propose: 8, solve: 8 },
}
const config = {
  preset: "paper",
  steps: 5,
  kinds: { deduction: kind, abduction: kind, induction: null },
  policy: { model: "tiny", rank: 8, contextLength: 2048 },
  maxSeedRounds: 0,
  propose: { references: 1 },
  estimate: { samples: 2 },
  entropyBonus: 0,
  optimizer: { learningRate: 1e-3, gradClip: null },
  evaluate: { every: 0 },
  checkpoint: { every: 2, keep: 1 },
}

interface Ended {
  readonly code: number | null
  readonly stderr: string
}

describe("azr train on a SkyRL server", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "azr-skyrl-train-"))
  let options: ServerOptions
  let server: SkyrlServer

  beforeAll(async () => {
    const model = prepareModel("tiny")
    options = { model, state: path.join(folder, "server"), port: await freePort() }
    server = await startServer(options)
    const policy = { ...config.policy, tokenizer: model, url: server.url }
    writeFileSync(path.join(folder, "azr.json"), JSON.stringify({ ...config, policy }))
  }, timeout)

  afterAll(() => server.stop())

  const start = (...args: ReadonlyArray<string>) => {
    const child = spawn(azr, [...args, "--json"], { cwd: folder, env: { ...process.env, NO_COLOR: "1" } })
    child.stdout.setEncoding("utf8")
    let stderr = ""
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("error", reject)
      child.on("close", (code) => resolve({ code, stderr }))
    })
    return { child, ended }
  }

  /** Settles when a run has told of this many steps. */
  const steps = (child: ChildProcess, count: number): Promise<void> =>
    new Promise((resolve) => {
      let said = ""
      child.stdout?.on("data", (text: string) => {
        said += text
        if ((said.match(/"_tag":"StepCompleted"/gu)?.length ?? 0) >= count) resolve()
      })
    })

  const read = (run: string, file: string): ReadonlyArray<Record<string, unknown>> =>
    readFileSync(path.join(folder, "runs", run, file), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))

  /** What the server has on its disk, as the addresses of weights. */
  const kept = () =>
    globSync("*/**/*.tar.gz", { cwd: path.join(options.state, "checkpoints") })
      .map(
        (file) =>
          `tinker://${file.replace(/\.tar\.gz$/u, "").replace(/^([^/]+)\/([^/]+)$/u, "$1/weights/$2")}`,
      )
      .toSorted()
  const named = (run: string) =>
    globSync(`runs/${run}/checkpoints/*/tinker.json`, { cwd: folder })
      .map((file): string => JSON.parse(readFileSync(path.join(folder, file), "utf8")).path)
      .toSorted()

  const metrics = (run: string) => read(run, "metrics.jsonl") as ReadonlyArray<Record<string, number>>

  it("proposes, runs, solves and learns, in five steps", { timeout }, async () => {
    const { code, stderr } = await start("train", "azr.json", "--name", "whole").ended
    assert.strictEqual(code, 0, stderr)
    assert.match(stderr, /tiny, LoRA of rank 8, SkyRL \(JAX\) at/u)
    const rows = metrics("whole")
    assert.deepStrictEqual(
      rows.map(({ step }) => step),
      [1, 2, 3, 4, 5],
    )
    for (const row of rows) {
      assert.isAbove(row["train/gradNorm"] ?? 0, 0)
    }
    const added = read("whole", "events.jsonl").filter(({ _tag }) => _tag === "TaskAdded")
    assert.isAbove(added.length, 5, "programs that ran")
    // Steps 0 and 5: what was saved between them has gone, and so have the weights of all samplers.
    assert.lengthOf(named("whole"), 2)
    assert.deepStrictEqual(kept(), named("whole"))
  })

  it(
    "goes on after the server was killed between a gradient and its update, with no step lost or doubled",
    { timeout },
    async () => {
      const { child, ended } = start("train", "azr.json", "--name", "killed")
      await steps(child, 3)
      const gradients = () => server.log().split("/api/v1/forward_backward").length
      const before = gradients()
      // Of step 4; what is saved is step 2.
      while (gradients() === before) await sleep(20)
      await server.kill()
      const failed = await ended
      assert.strictEqual(failed.code, 1, failed.stderr)
      assert.match(failed.stderr, /azr resume goes on from the run's last checkpoint/u)

      server = await startServer(options)
      const resumed = await start("resume", "killed").ended
      assert.strictEqual(resumed.code, 0, resumed.stderr)
      assert.include(resumed.stderr, "at step 2")
      const [whole, killed] = [metrics("whole"), metrics("killed")]
      assert.deepStrictEqual(
        killed.map(({ step }) => step),
        [1, 2, 3, 4, 5],
      )
      // The same gradients at the same weights: an update that was lost or made twice would change all that follow.
      for (const [index, row] of killed.entries()) {
        const expected = whole[index]?.["train/gradNorm"] ?? Number.NaN
        assert.closeTo(row["train/gradNorm"] ?? 0, expected, 1e-3 * expected, `step ${index + 1}`)
      }
    },
  )
})
