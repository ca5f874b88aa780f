/** `azr train` over `azr serve-policy`, as two processes. */
import type { ChildProcess } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { azr, ended, jsonLines, start, workspace } from "../azr.ts"

/** Serves the nano policy from a folder until it is ended. */
const serve = async (cwd: string, port = 0) => {
  const child = start(["serve-policy", "--port", String(port)], cwd)
  const url = await new Promise<string>((resolve, reject) => {
    let said = ""
    child.stderr?.on("data", (text: Buffer) => {
      said += text.toString()
      const found = /http:\/\/127\.0\.0\.1:\d+/u.exec(said)
      if (found !== null) resolve(found[0])
    })
    child.on("close", () => reject(new Error(said)))
  })
  return { child, url, end: () => new Promise((resolve) => child.on("close", resolve).kill("SIGKILL")) }
}

const settings = (url: string) => [
  "--backend",
  "tinker",
  "--steps",
  "50",
  "--seed",
  "1",
  ...[
    `policy.url=${url}`,
    "kinds.deduction.seeds=16",
    ...["deduction", "abduction", "induction"].flatMap((kind) => [
      `kinds.${kind}.proposals=4`,
      `kinds.${kind}.tasks=4`,
    ]),
    "evaluate.devTasks=1",
    'evaluate.suites=["induction-2"]',
    "estimate.samples=4",
    "checkpoint.every=2",
  ].flatMap((setting) => ["--set", setting]),
]

/** Runs a command that trains, and does something once, when so many steps are complete. */
const during = (
  args: ReadonlyArray<string>,
  folder: string,
  steps: number,
  act: (child: ChildProcess) => void,
) => {
  const child = start([...args, "--json"], folder)
  let seen = ""
  let acted = false
  child.stdout?.on("data", (text: Buffer) => {
    seen += text.toString()
    if (acted || (seen.match(/"StepCompleted"/gu)?.length ?? 0) < steps) return
    acted = true
    act(child)
  })
  return ended(child)
}
const stop = (child: ChildProcess) => child.kill("SIGINT")

/** The metrics of the first steps, without what the clock says. */
const firstSteps = (folder: string, run: string, steps: number): ReadonlyArray<Record<string, unknown>> =>
  jsonLines(readFileSync(join(folder, "runs", run, "metrics.jsonl"), "utf8"))
    .slice(0, steps)
    .map((metrics) => ({ ...metrics, at: null }))

/** Addresses of the weights that the server keeps. */
const keptIn = (folder: string): ReadonlyArray<string> =>
  globSync("served/*/*/*", { cwd: folder })
    .map((place) => place.replace("served/", "tinker://"))
    .toSorted()

/** Addresses that the checkpoints of a run name. */
const namedBy = (folder: string, run: string): ReadonlyArray<string> =>
  globSync(`runs/${run}/checkpoints/*/tinker.json`, { cwd: folder })
    .map((file): string => JSON.parse(readFileSync(join(folder, file), "utf8")).path)
    .toSorted()

/** A server before another one, which refuses to remove anything. */
const refusing = async (url: string) => {
  const proxy = createServer((incoming, answer) => {
    if (incoming.method === "DELETE") return void answer.writeHead(405).end('{"detail":"Method Not Allowed"}')
    const { headers, method } = incoming
    incoming.pipe(
      request(new URL(incoming.url ?? "", url), { method, headers }, (answered) => {
        answer.writeHead(answered.statusCode ?? 500, answered.headers)
        answered.pipe(answer)
      }),
    )
  })
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    end: () => proxy.close().closeAllConnections(),
  }
}

describe("a training on a server", { timeout: 600_000 }, () => {
  it("leaves on it the weights that its checkpoints name, and what another process had saved", async () => {
    const folder = workspace()
    const server = await serve(folder)
    const every = ["--set", "checkpoint.every=1", "--set", "checkpoint.keep=1"]
    const args = ["train", "--name", "small", ...settings(server.url), ...every]
    const stopped = await during(args, folder, 4, stop)
    assert.strictEqual(stopped.code, 130, stopped.stderr)
    const first = keptIn(folder)
    assert.deepStrictEqual(first, namedBy(folder, "small"))
    assert.isAtMost(first.length, 3)

    const resumed = await during(["resume", "small"], folder, 3, stop)
    assert.strictEqual(resumed.code, 130, resumed.stderr)
    const named = namedBy(folder, "small")
    assert.deepStrictEqual(keptIn(folder), [...new Set([...first, ...named])].toSorted())
    assert.isAbove(named.filter((address) => !first.includes(address)).length, 0)
    assert.notInclude(resumed.stderr, "warning")
    const anew = await during(["resume", "small", "--from", "step-0"], folder, 1, stop)
    assert.strictEqual(anew.code, 130, anew.stderr)
    await server.end()
  })

  it("goes on where the server removes nothing, and says so once", async () => {
    const folder = workspace()
    const server = await serve(folder)
    const proxy = await refusing(server.url)
    const every = ["--set", "checkpoint.every=1", "--set", "checkpoint.keep=1"]
    const args = ["train", "--name", "large", ...settings(proxy.url), ...every]
    const stopped = await during(args, folder, 4, stop)
    assert.strictEqual(stopped.code, 130, stopped.stderr)
    assert.lengthOf(
      stopped.stderr.match(/^warning: weights that nothing needs any more stay on the server: http/gmu) ?? [],
      1,
    )
    for (const event of jsonLines(stopped.stdout)) assert.property(event, "_tag")
    assert.includeMembers([...keptIn(folder)], [...namedBy(folder, "large")])
    assert.isAtLeast(keptIn(folder).length, 5)
    proxy.end()
    await server.end()
  })

  it("goes on from the last checkpoint when the server is killed in mid-step, as if it had not been", async () => {
    const folder = workspace()
    const first = await serve(folder)
    const whole = await during(["train", "--name", "whole", ...settings(first.url)], folder, 4, stop)
    assert.strictEqual(whole.code, 130, whole.stderr)
    assert.match(whole.stderr, /policy +nano, LoRA of rank 32, Tinker at http:\/\/127\.0\.0\.1/u)

    // Step 4 is under way, and step 3 not saved.
    let ending: Promise<unknown> = Promise.resolve()
    const failing = during(["train", "--name", "killed", ...settings(first.url)], folder, 3, () => {
      ending = first.end()
    })
    await new Promise((resolve) => first.child.on("close", resolve))
    await ending
    const second = await serve(folder, Number(new URL(first.url).port))
    const failed = await failing
    assert.strictEqual(failed.code, 1, failed.stderr)
    assert.match(failed.stderr, /azr: .*; azr resume goes on from the run's last checkpoint\n$/u)
    const resumed = await during(["resume", "killed"], folder, 2, stop)
    assert.strictEqual(resumed.code, 130, resumed.stderr)
    assert.include(resumed.stderr, "at step 2")
    await second.end()
    assert.deepStrictEqual(firstSteps(folder, "killed", 4), firstSteps(folder, "whole", 4))
  })

  it("leaves a run that is evaluated like any other, and whose weights are not there to be exported", async () => {
    const folder = workspace()
    const server = await serve(folder)
    const trained = await during(["train", "--name", "far", ...settings(server.url)], folder, 2, stop)
    assert.strictEqual(trained.code, 130, trained.stderr)

    const evaluate = (...args: ReadonlyArray<string>) =>
      azr(["eval", "far", "--suite", "induction-2", "--limit", "8", "--json", ...args], folder)
    const latest = await evaluate("--out", "latest")
    assert.strictEqual(latest.code, 0, latest.stderr)
    assert.include(latest.stderr, "evaluating runs/far, step 2 on 1 suite")
    assert.deepInclude(jsonLines(latest.stdout)[0], { suite: "induction-2", tasks: 8 })
    const first = await evaluate("--step", "0", "--out", "first")
    assert.strictEqual(first.code, 0, first.stderr)
    const filesOf = (out: string): Readonly<Record<string, string>> =>
      JSON.parse(readFileSync(join(folder, out, "manifest.json"), "utf8")).policy.files
    assert.deepStrictEqual(Object.keys(filesOf("latest")), ["tinker.json"])
    assert.notDeepEqual(filesOf("first"), filesOf("latest"))
    const other = await evaluate("--step", "0", "--out", "latest", "--resume")
    assert.strictEqual(other.code, 2)
    assert.include(other.stderr, "policy.step differs")

    const shown = await azr(["runs", "show", "far"], folder)
    assert.strictEqual(shown.code, 0, shown.stderr)
    const tasks = await azr(["export", "far", "--what", "tasks", "--out", "-"], folder)
    assert.strictEqual(tasks.code, 0, tasks.stderr)
    for (const elsewhere of [["export"], ["export", "--format", "hf"], ["serve-policy"]]) {
      const refused = await azr([...elsewhere, "far"], folder)
      assert.strictEqual(refused.code, 2)
      assert.match(refused.stderr, /^azr: runs\/far keeps its weights elsewhere: .*\n$/u)
    }
    await server.end()
    const alone = await evaluate()
    assert.strictEqual(alone.code, 4)
    assert.include(alone.stderr, "start a server")
  })

  it("learns while it samples with update.staleness=1, and goes on after kill -9 and Ctrl-C as if undisturbed", async () => {
    const folder = workspace()
    const server = await serve(folder)
    const args = [...settings(server.url), "--set", "update.staleness=1"]
    const whole = await during(["train", "--name", "whole", ...args], folder, 6, stop)
    assert.strictEqual(whole.code, 130, whole.stderr)

    const kill = (child: ChildProcess) => child.kill("SIGKILL")
    const killed = await during(["train", "--name", "ended", ...args], folder, 3, kill)
    assert.notStrictEqual(killed.code, 0)
    const stopped = await during(["resume", "ended"], folder, 1, stop)
    assert.strictEqual(stopped.code, 130, stopped.stderr)
    assert.include(stopped.stderr, "at step 2")
    const resumed = await during(["resume", "ended"], folder, 4, stop)
    assert.strictEqual(resumed.code, 130, resumed.stderr)
    await server.end()

    const steps = firstSteps(folder, "whole", 6)
    assert.deepStrictEqual(firstSteps(folder, "ended", 6), steps)
    assert.deepStrictEqual(
      steps.map((metrics) => metrics["train/staleness"]),
      [0, 1, 1, 1, 1, 1],
    )
    for (const step of [1, 2, 3, 4, 5, 6]) {
      const file = `rollouts/step-00000${step}.jsonl`
      const [ended, undisturbed] = ["ended", "whole"].map((run) =>
        readFileSync(join(folder, "runs", run, file), "utf8"),
      )
      assert.strictEqual(ended, undisturbed, file)
    }
    assert.match(resumed.stderr, /sampling \d+% training \d+% stale 1 ratio up to \d/u)
  })
})
