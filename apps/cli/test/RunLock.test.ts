import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { holdRun, runLockOwner } from "../src/RunLock.ts"
import { workspace } from "./azr.ts"

const holder = join(import.meta.dirname, "fixtures/holder.ts")

/** A process that tries to hold the folder once it is told to, and keeps what it has until its input ends. */
const contend = (folder: string, user: { readonly uid?: number } = {}) => {
  const child = spawn(process.execPath, ["--conditions=@azr/source", holder, folder], {
    stdio: ["pipe", "pipe", "inherit"],
    ...user,
  })
  const said = once(child.stdout.setEncoding("utf8"), "data").then(([text]) => String(text).trimEnd())
  const closed = once(child, "close")
  return {
    child,
    begin: () => {
      child.stdin.write("go\n")
      return said
    },
    end: () => {
      child.stdin.end()
      return closed
    },
    kill: () => {
      child.kill("SIGKILL")
      return closed
    },
  }
}

/** Root may write anywhere, so its tests let another user try. */
const nobody = process.geteuid?.() === 0 ? { uid: 65_534 } : {}

const lockOf = (folder: string) => join(folder, "run.lock")
const attempt = (folder: string) => Effect.runPromise(Effect.result(Effect.scoped(holdRun(folder))))

describe("run.lock", { timeout: 60_000 }, () => {
  it("is one process's: another is refused by the owner's pid, until it is gone", async () => {
    const folder = join(workspace(), "run")
    const [first, second] = [contend(folder), contend(folder)]
    assert.strictEqual(await first.begin(), "held")
    const owner = runLockOwner(folder)
    assert.deepStrictEqual([owner?.pid, owner?.host], [first.child.pid, hostname()])
    const refusal = await second.begin()
    assert.include(refusal, `process ${first.child.pid} on ${hostname()} is writing to this run`)
    await Promise.all([first.end(), second.end()])
    assert.isFalse(existsSync(lockOf(folder)))
    assert.strictEqual((await attempt(folder))._tag, "Success")
  })

  it("of a process that was killed is taken over, by exactly one of many", async () => {
    for (let round = 0; round < 3; round++) {
      const folder = join(workspace(), "run")
      const dead = contend(folder)
      assert.strictEqual(await dead.begin(), "held")
      await dead.kill()
      assert.isTrue(existsSync(lockOf(folder)))
      assert.isNull(runLockOwner(folder))
      const rivals = Array.from({ length: 5 }, () => contend(folder))
      const answers = await Promise.all(rivals.map((rival) => rival.begin()))
      assert.lengthOf(
        answers.filter((answer) => answer === "held"),
        1,
        answers.join("\n"),
      )
      await Promise.all(rivals.map((rival) => rival.end()))
      assert.deepStrictEqual(readdirSync(folder), [])
    }
  })

  it.skipIf(process.platform !== "linux")("of a zombie is taken over", async () => {
    const folder = workspace()
    // The shell becomes a program that never asks how its child ended.
    const parent = spawn("sh", ["-c", "sleep 1 & echo $!; exec sleep 60"], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    try {
      const pid = Number(await once(parent.stdout.setEncoding("utf8"), "data").then(([text]) => text))
      // It ends after the shell has become that program.
      while (!readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      process.kill(pid, 0)
      writeFileSync(lockOf(folder), JSON.stringify({ pid, host: hostname(), began: "", token: "t" }))
      assert.isNull(runLockOwner(folder))
      assert.strictEqual((await attempt(folder))._tag, "Success")
    } finally {
      parent.kill("SIGKILL")
    }
  })

  it("of a pid that belongs to another process by now is taken over", async () => {
    const folder = workspace()
    const owner = { pid: process.pid, host: hostname(), began: "1", token: "t" }
    writeFileSync(lockOf(folder), JSON.stringify(owner))
    assert.strictEqual((await attempt(folder))._tag, process.platform === "linux" ? "Success" : "Failure")
  })

  it("of another machine, or one that cannot be read, is left alone and named", async () => {
    for (const content of [JSON.stringify({ pid: 1, host: "elsewhere", began: "", token: "t" }), "{"]) {
      const folder = workspace()
      writeFileSync(lockOf(folder), content)
      const refused = await attempt(folder)
      assert.include(
        refused._tag === "Failure" ? refused.failure.message : "",
        `if it is gone, remove ${lockOf(folder)}`,
      )
      assert.strictEqual(readFileSync(lockOf(folder), "utf8"), content)
    }
  })

  it("is refused in plain words where no folder can be", async () => {
    const folder = workspace()
    writeFileSync(join(folder, "file"), "")
    const refusals = {
      [join(folder, "file")]: "there is a file where a folder is needed",
      [join(folder, "file/run")]: "there is a file where a folder is needed",
      [join(folder, "file/runs/run")]: "there is a file where a folder is needed",
      ...(existsSync("/proc/self") ? { "/proc/run": "no folder can be made there" } : {}),
    }
    for (const [place, reason] of Object.entries(refusals)) {
      const refused = await attempt(place)
      assert(refused._tag === "Failure")
      assert.strictEqual(refused.failure.message, `${place}: ${reason}; choose another with --runs-dir`)
    }
    assert.deepStrictEqual(readdirSync(folder), ["file"])
  })

  it("is refused in plain words in a folder that belongs to somebody else", async () => {
    const folder = workspace()
    chmodSync(folder, 0o555)
    const other = contend(join(folder, "run"), nobody)
    const refusal = await other.begin()
    await other.end()
    assert.include(refusal, "permission denied: the folder cannot be written; choose another with --runs-dir")
  })

  it("takes the folders along that it made, unless something was put there", async () => {
    const folder = workspace()
    await attempt(join(folder, "some/runs/run"))
    assert.deepStrictEqual(readdirSync(folder), [])
    mkdirSync(join(folder, "runs"))
    await attempt(join(folder, "runs/run"))
    assert.deepStrictEqual(readdirSync(folder), ["runs"])
    const used = join(folder, "used/run")
    await Effect.runPromise(
      Effect.scoped(
        Effect.tap(holdRun(used), () => Effect.sync(() => writeFileSync(join(used, "config.json"), ""))),
      ),
    )
    assert.deepStrictEqual(readdirSync(used), ["config.json"])
  })
})
