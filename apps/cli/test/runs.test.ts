import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { azr, jsonLines, workspace } from "./azr.ts"
import { writeRun } from "./runWriter.ts"

describe("azr runs", { timeout: 60_000 }, () => {
  let folder = ""
  beforeAll(async () => {
    folder = workspace()
    await writeRun(folder, "alpha", { dev: { 0: 2, 3: 4 }, at: 3000 })
    await writeRun(folder, "beta", {
      dev: { 0: 2, 2: 9, 3: 7 },
      end: "failed",
      at: 2000,
      settings: ["seed=7", "estimate.samples=4"],
      versions: { azr: "2" },
    })
    await writeRun(folder, "gamma", { dev: { 0: 1 }, end: null, at: 1000 })
    mkdirSync(join(folder, "runs/broken"))
    writeFileSync(join(folder, "runs/broken/config.json"), "{")
    mkdirSync(join(folder, "runs/no-run"))
  })
  const names = (text: string) => jsonLines(text).map(({ name }) => name)
  const list = async (...flags: ReadonlyArray<string>) => {
    const { code, stdout } = await azr(["runs", "list", "--json", ...flags], folder)
    assert.strictEqual(code, 0)
    return names(stdout)
  }

  it("lists what is a run, in the order asked for", async () => {
    assert.deepStrictEqual(await list(), ["alpha", "beta", "broken", "gamma"])
    assert.deepStrictEqual(await list("--sort", "best"), ["beta", "alpha", "gamma", "broken"])
    assert.deepStrictEqual(await list("--sort", "age"), ["alpha", "beta", "gamma", "broken"])
    assert.deepStrictEqual((await list("--sort", "disk")).at(-1), "broken")
    assert.deepStrictEqual(await list("--status", "failed", "--status", "unfinished"), ["beta", "gamma"])
    const { stderr, stdout } = await azr(["runs"], folder)
    assert.match(stdout, /^beta +failed +3\/3 +90% +2 /m)
    assert.match(stdout, /^broken +unreadable/m)
    assert.include(stderr, "broken: config.json: not JSON")
    const none = await azr(["runs", "--status", "running"], folder)
    assert.strictEqual(none.stdout, "")
    assert.include(none.stderr, "none of the 4 runs in runs is running")
  })

  it("shows the best checkpoint, a failure, and a torn line", async () => {
    const beta = await azr(["runs", "show", "beta"], folder)
    assert.match(beta.stdout, /^status +failed at step 3: why$/m)
    assert.match(beta.stdout, /^checkpoints +0, 1, 2 \(best\), 3$/m)
    writeFileSync(join(folder, "runs/gamma/events.jsonl"), '{"_tag":"Ste', { flag: "a" })
    const gamma = await azr(["runs", "show", "gamma"], folder)
    assert.match(gamma.stdout, /^status +unfinished at step 3 \(the log ends in a torn line, left out\)$/m)
    writeFileSync(
      join(folder, "runs/gamma/run.lock"),
      JSON.stringify({ pid: process.pid, host: hostname(), began: "", token: "t" }),
    )
    assert.include((await azr(["runs", "show", "gamma"], folder)).stdout, "running at step 3")
  })

  it("says how a run went, in windows of steps", async () => {
    const { code, stderr, stdout } = await azr(["runs", "show", "alpha", "--every", "2", "--json"], folder)
    assert.strictEqual(code, 0, stderr)
    const windows = jsonLines(stdout)
    assert.deepStrictEqual(
      windows.map(({ from, memory, to }) => [from, to, memory]),
      [
        [1, 2, 4e6],
        [3, 3, 3e6],
      ],
    )
    assert.deepInclude(windows[0], { tokens: 150, rollouts: 0 })
    assert.deepInclude(windows[0]?.["seconds"], { total: 1.5, train: 0.75 })
    const log = readFileSync(join(folder, "runs/alpha/events.jsonl"), "utf8").split("\n")
    const last = log.findLast((line) => line.includes('"StepCompleted"')) ?? ""
    assert.strictEqual(windows[1]?.["events"], last.length + 1)
    const table = await azr(["runs", "show", "alpha", "--every", "2"], folder)
    assert.match(table.stdout, /^1–2 +4\.0 MB +1\.50 .* 150 +10000 /mu)
    assert.match(table.stdout, /^3–3 +3\.0 MB +3\.00 .* 300 +10000 /mu)
    assert.match(
      table.stdout,
      /Predicted by --dry-run: at most \d+ kB of events and \d+ kB of rollouts a step/u,
    )
    assert.strictEqual((await azr(["runs", "show", "alpha", "--every", "0"], folder)).code, 2)
  })

  it("says how two differ: settings, versions, results", async () => {
    const { stdout } = await azr(["runs", "diff", "alpha", "beta"], folder)
    assert.match(stdout, /^settings +alpha +beta\nseed +0 +7\nestimate\.samples +8 +4\n/)
    assert.match(stdout, /^azr +1 +2$/m)
    assert.match(stdout, /^status +completed +failed$/m)
    assert.match(stdout, /^python-nano\/deduction-2 +dev +40% +3 +70% +3 +\+30\.0$/m)
    assert.match(stdout, /^python-nano\/deduction-2 +test +50% +3 +–$/m)
    const [json] = jsonLines((await azr(["runs", "diff", "alpha", "beta", "--json"], folder)).stdout)
    assert.deepStrictEqual(json?.["config"], [
      { key: "seed", a: "0", b: "7" },
      { key: "estimate.samples", a: "8", b: "4" },
    ])
    const same = await azr(["runs", "diff", "alpha", "alpha"], folder)
    assert.include(same.stdout, "settings: the same")
  })
})

describe("azr runs rm", { timeout: 60_000 }, () => {
  it("removes what it is told to, when it is told so", async () => {
    const folder = workspace()
    for (const name of ["a", "b", "c"]) await writeRun(folder, name)
    writeFileSync(join(folder, "runs/a/events.index.json"), "what a long log gets")
    const asked = await azr(["runs", "rm", "a", "b"], folder)
    assert.strictEqual(asked.code, 2)
    assert.include(asked.stderr, "azr runs rm --yes a b")
    const removed = await azr(["runs", "rm", "--yes", "a", "b"], folder)
    assert.strictEqual(removed.stdout, `removed ${join("runs", "a")}\nremoved ${join("runs", "b")}\n`)
    assert.deepStrictEqual(readdirSync(join(folder, "runs")), ["c"])
  })

  it("leaves alone what is no run, holds more than a run, is a link, or is being written", async () => {
    const folder = workspace()
    await writeRun(folder, "busy")
    await writeRun(folder, "mine")
    await writeRun(folder, "linked")
    mkdirSync(join(folder, "precious"))
    writeFileSync(join(folder, "precious/config.json"), '{"name":"of another program"}')
    writeFileSync(join(folder, "runs/mine/notes.md"), "")
    symlinkSync(join(folder, "runs/linked"), join(folder, "runs/link"))
    const lock = { pid: process.pid, host: hostname(), began: "", token: "t" }
    writeFileSync(join(folder, "runs/busy/run.lock"), JSON.stringify(lock))
    for (const [name, reason] of [
      ["precious", "not that of a run"],
      ["mine", "notes.md"],
      ["link", "it is a link to elsewhere"],
      ["busy", `process ${process.pid}`],
      ["nowhere", "no such run"],
      [".", "no such run"],
      ["..", "no such run"],
    ] as const) {
      const { code, stderr } = await azr(["runs", "rm", "--yes", name], folder)
      assert.notStrictEqual(code, 0, name)
      assert.include(stderr, reason)
    }
    for (const file of [
      "precious/config.json",
      "runs/mine/notes.md",
      "runs/linked/config.json",
      "runs/busy/config.json",
    ])
      assert.isTrue(existsSync(join(folder, file)), file)
  })

  it("removes links inside of a run, not what they lead to", async () => {
    const folder = workspace()
    await writeRun(folder, "a")
    mkdirSync(join(folder, "elsewhere"))
    writeFileSync(join(folder, "elsewhere/file"), "precious")
    symlinkSync(join(folder, "elsewhere"), join(folder, "runs/a/rollouts/link"))
    assert.strictEqual((await azr(["runs", "rm", "--yes", "a"], folder)).code, 0)
    assert.deepStrictEqual(readdirSync(join(folder, "elsewhere")), ["file"])
  })
})

describe("a damaged run", { timeout: 60_000 }, () => {
  it("is not resumed from another checkpoint silently: what is wrong is named, and what can be used", async () => {
    const folder = workspace()
    await writeRun(folder, "a", { end: "interrupted" })
    const file = (name: string) => join(folder, "runs/a", name)
    truncateSync(file("checkpoints/step-000003/policy.safetensors"), 5)
    writeFileSync(file("checkpoints/step-000002/state.json"), '{"step":1}')
    for (const args of [
      ["resume", "a"],
      ["resume", "a", "--from", "latest"],
      ["eval", "a"],
    ]) {
      const { code, stderr } = await azr(args, folder)
      assert.strictEqual(code, 1)
      const flag = args[0] === "eval" ? "--step" : "--from"
      assert.include(
        stderr,
        `azr: checkpoints/step-000003/policy.safetensors: 5 bytes where the manifest says 4000: whole are those of step 0, step 1: ${flag} step-1`,
      )
    }
    const edited = await azr(["resume", "a", "--from", "step-2"], folder)
    assert.include(edited.stderr, "checkpoints/step-000002/state.json: its content is not what was saved")
    truncateSync(file("metrics.jsonl"), 10)
    const cut = await azr(["resume", "a", "--from", "1"], folder)
    assert.include(cut.stderr, "metrics.jsonl: 10 bytes where the checkpoint says")
    assert.include(cut.stderr, "--from step-0")
    const none = await azr(["resume", "a", "--from", "step-9"], folder)
    assert.strictEqual(none.code, 2)
    assert.include(none.stderr, "no checkpoint at step 9; there are: 0, 1, 2, 3")
    const slip = await azr(["resume", "a", "--from", "lates"], folder)
    assert.include(slip.stderr, "--from lates names no checkpoint, e.g. step-40")
  })
})
