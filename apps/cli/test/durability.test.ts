/** What becomes of a training that is killed, or whose disk is full or read-only: with the real command. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { RunEvent } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { azr, bin, ended, jsonLines, start, workspace } from "./azr.ts"

const settings = [
  "--steps",
  "3",
  ...[
    "kinds.deduction.seeds=16",
    "kinds.deduction.proposals=8",
    "evaluate.devTasks=5",
    'evaluate.suites=["deduction-2"]',
    "estimate.samples=4",
    "checkpoint.every=1",
  ].flatMap((setting) => ["--set", setting]),
]

const timeless = (file: string): string =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) =>
      JSON.stringify(JSON.parse(line), (key, value: unknown) =>
        RunEvent.timeFields.includes(key) ? 0 : value,
      ),
    )
    .join("\n")

/** Kills a training as soon as it has told of an event. */
const killAt = async (folder: string, event: string, args: ReadonlyArray<string>) => {
  const child = start([...args, "--json"], folder)
  const over = ended(child)
  child.stdout?.on("data", (text: string) => {
    if (text.includes(`"_tag":"${event}"`)) child.kill("SIGKILL")
  })
  assert.isNull((await over).code, "it was too fast")
}

describe("a run", { timeout: 180_000 }, () => {
  it("killed before its first checkpoint starts again in its folder; while it runs, a second process is refused", async () => {
    const folder = workspace()
    await killAt(folder, "RunStarted", ["train", "--name", "killed", ...settings])
    assert.isFalse(existsSync(join(folder, "runs/killed/checkpoints")))
    assert.isTrue(existsSync(join(folder, "runs/killed/run.lock")))

    const child = start(["resume", "killed"], folder)
    const resumed = ended(child)
    let seen = ""
    const others = new Promise<ReadonlyArray<Awaited<ReturnType<typeof azr>>>>((resolve) => {
      child.stderr?.on("data", (text: string) => {
        if (seen.includes("seeded") || !(seen += text).includes("seeded")) return
        // It holds still, so that the others come before its end on any machine.
        child.kill("SIGSTOP")
        void Promise.all([azr(["resume", "killed"], folder), azr(["runs", "--json"], folder)]).then(
          (results) => {
            child.kill("SIGCONT")
            resolve(results)
          },
        )
      })
    })
    const { code, stderr } = await resumed
    assert.strictEqual(code, 0, stderr)
    assert.include(stderr, "from the start: it has no checkpoint")
    const [refused, listed] = await others
    assert.isDefined(refused)
    assert.strictEqual(refused.code, 1)
    assert.include(refused.stderr, `process ${child.pid} on`)
    const [row] = jsonLines(listed?.stdout ?? "")
    assert.strictEqual(row?.["status"], "running")

    assert.strictEqual((await azr(["train", "--name", "whole", ...settings], folder)).code, 0)
    for (const log of ["events.jsonl", "metrics.jsonl"]) {
      assert.strictEqual(
        timeless(join(folder, "runs/killed", log)),
        timeless(join(folder, "runs/whole", log)),
      )
    }
    assert.deepStrictEqual(readdirSync(join(folder, "runs/killed")), readdirSync(join(folder, "runs/whole")))
  })

  const namespace = process.geteuid?.() === 0 ? ["-m"] : ["-U", "-r", "-m"]
  const mayMount =
    spawnSync("unshare", [...namespace, "mount", "-t", "tmpfs", "tmpfs", import.meta.dirname]).status === 0
  const leftOut = mayMount ? "" : " (left out: this machine lets nobody mount a file system)"

  it.skipIf(!mayMount)(
    `on a disk that fills up ends with a plain error, and goes on from its last checkpoint${leftOut}`,
    async () => {
      const folder = workspace()
      mkdirSync(join(folder, "disk"))
      // Room for two checkpoints and half of another. The file system goes with its namespace, so the run is copied out.
      const script =
        'mount -t tmpfs -o size=7m tmpfs disk && "$@"; code=$?; mkdir runs && cp -r disk/full runs; exit $code'
      const args = [
        "--conditions=@azr/source",
        "--disable-warning=ExperimentalWarning",
        bin,
        "train",
        "--runs-dir",
        "disk",
        "--name",
        "full",
        ...settings,
      ]
      const full = spawnSync("unshare", [...namespace, "sh", "-c", script, "sh", process.execPath, ...args], {
        cwd: folder,
        encoding: "utf8",
      })
      assert.strictEqual(full.status, 1, full.stderr)
      assert.match(
        full.stderr,
        /^azr: .*: the disk is full; free some space\. What was saved before is intact$/m,
      )
      assert.include(full.stderr, `resume ${join("disk", "full")}`)
      rmSync(join(folder, "runs/full/run.lock"), { force: true })
      const { code, stderr } = await azr(["resume", "full"], folder)
      assert.strictEqual(code, 0, stderr)
      assert.match(stderr, /resuming .* at step [01]\n/)
    },
  )

  it.skipIf(!mayMount)(`on a read-only file system is refused before it begins${leftOut}`, () => {
    const folder = workspace()
    mkdirSync(join(folder, "disk"))
    const script = 'mount -t tmpfs -o ro tmpfs disk && exec "$@"'
    const args = ["--conditions=@azr/source", bin, "train", "--runs-dir", "disk", "--name", "no", ...settings]
    const refused = spawnSync(
      "unshare",
      [...namespace, "sh", "-c", script, "sh", process.execPath, ...args],
      {
        cwd: folder,
        encoding: "utf8",
      },
    )
    assert.strictEqual(refused.status, 1, refused.stderr)
    assert.include(
      refused.stderr,
      `azr: ${join("disk", "no")}: the file system is read-only; choose another folder with --runs-dir\n`,
    )
  })
})
