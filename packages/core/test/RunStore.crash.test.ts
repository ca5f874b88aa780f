/** What is left of a run whose process was killed, or whose disk was full, at any moment. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import path from "node:path"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { RandomStreams } from "../src/RandomStreams.ts"
import { nano } from "../src/RunConfig.ts"
import { readCheckpoint } from "../src/RunStore.ts"
import { eventsOf, policyOf } from "./runWriter.ts"
import { readRun } from "./store/newRun.ts"

const writer = path.join(import.meta.dirname, "runWriter.ts")
const nodeArguments = (folder: string) => ["--conditions=@azr/source", writer, folder]

/** A mount that nobody else sees needs a namespace, which not every machine gives. */
const namespace = process.geteuid?.() === 0 ? ["-m"] : ["-U", "-r", "-m"]
const mayMount =
  spawnSync("unshare", [...namespace, "mount", "-t", "tmpfs", "tmpfs", import.meta.dirname]).status === 0
const mountLeftOut = mayMount ? "" : " (left out: this machine lets nobody mount a file system)"

/** Waits for a line of the child's output; rejects with all of it when the child ends first. */
const said = (child: ChildProcess, line: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let output = ""
    const hear = (chunk: unknown) => {
      output += String(chunk)
      if (output.includes(`${line}\n`)) resolve()
    }
    child.stdout?.on("data", hear)
    child.stderr?.on("data", hear)
    child.on("close", () => reject(new Error(`the writer ended: ${output}`)))
  })

/** Starts a writer, waits until it says so, then kills it after some milliseconds. */
const writeAndKill = (folder: string, when: string, milliseconds: number): Effect.Effect<void> =>
  Effect.promise(async () => {
    const child = spawn(process.execPath, nodeArguments(folder), { stdio: ["ignore", "pipe", "pipe"] })
    const closed = once(child, "close")
    await said(child, when)
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    child.kill("SIGKILL")
    const [, signal] = await closed
    assert.strictEqual(signal, "SIGKILL")
  })

/** Everything that can be read is what was written, and every listed checkpoint is complete. */
const inspect = Effect.fnUntraced(function* (folder: string) {
  const { checkpoints, config, events, torn } = yield* readRun(folder)
  assert.deepStrictEqual(config, nano)
  const expected = Array.from({ length: Math.ceil(events.length / 3) }, (_, i) => eventsOf(i + 1)).flat()
  assert.deepStrictEqual(events, expected.slice(0, events.length))
  for (const step of checkpoints) {
    const { manifest, policy, state } = yield* readCheckpoint(folder, step)
    assert.deepStrictEqual(state, { step })
    for (const [index, file] of policyOf(step).entries()) {
      assert.strictEqual(policy[index]?.name, file.name)
      assert.isTrue(
        Buffer.from(file.bytes).equals(policy[index]?.bytes ?? Buffer.of()),
        `${file.name} of step ${step}`,
      )
    }
    const lines = events.slice(0, 3 * step).map((event) => `${JSON.stringify(event)}\n`)
    assert.lengthOf(lines, 3 * step)
    assert.strictEqual(manifest.offsets.events, Buffer.byteLength(lines.join("")))
  }
  return { checkpoints, torn }
})

layer(Layer.merge(NodeFileSystem.layer, NodePath.layer), { excludeTestServices: true })(
  "a run folder",
  (it) => {
    describe("survives", () => {
      it.effect(
        "kill -9 at 15 random moments, each followed by a resume",
        () =>
          Effect.gen(function* () {
            const fs = yield* FileSystem.FileSystem
            const folder = `${yield* fs.makeTempDirectoryScoped({ prefix: "azr-kill-" })}/run`
            const moments = new RandomStreams(9).get("kill")
            let last = 0
            for (let round = 0; round < 15; round++) {
              // While it cuts logs and removes checkpoints; at its first writes; behind a checkpoint, for progress.
              const when = (["resuming", "writing", "saved"] as const)[round % 3] ?? "saved"
              const milliseconds = moments.integer(0, when === "resuming" ? 10 : 60)
              yield* writeAndKill(folder, round === 0 ? "writing" : when, milliseconds)
              const { checkpoints } = yield* inspect(folder)
              const latest = checkpoints.at(-1) ?? -1
              assert.strictEqual(checkpoints[0], 0)
              assert.isAtLeast(latest, last, "a later checkpoint was lost")
              last = latest
            }
            assert.isAtLeast(last, 10)
          }),
        60_000,
      )

      it.effect("a full disk: a typed error, and everything before it", () =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const folder = `${yield* fs.makeTempDirectoryScoped({ prefix: "azr-full-" })}/run`
          // No file may grow beyond 2,000 blocks of 512 bytes: the log of events is the first to need more.
          const child = spawn(
            "sh",
            ["-c", 'ulimit -f 2000; exec "$0" "$@"', process.execPath, ...nodeArguments(folder)],
            {
              stdio: ["ignore", "pipe", "inherit"],
            },
          )
          let output = ""
          child.stdout.on("data", (chunk) => (output += String(chunk)))
          const [code] = yield* Effect.promise(() => once(child, "close"))
          assert.strictEqual(code, 1)
          const error: unknown = JSON.parse(output.trimEnd().split("\n").at(-1) ?? "")
          assert.include(error, { _tag: "RunStoreError", file: "events.jsonl" })
          const { checkpoints, torn } = yield* inspect(folder)
          // What went in of the last lines went out again.
          assert.isFalse(torn)
          assert.isAtLeast(checkpoints.length, 2)
        }),
      )

      it.effect.skipIf(!mayMount)(
        `a full file system: a typed error, the last checkpoint whole, and room again${mountLeftOut}`,
        () =>
          Effect.gen(function* () {
            const fs = yield* FileSystem.FileSystem
            const parent = yield* fs.makeTempDirectoryScoped({ prefix: "azr-full-" })
            yield* fs.makeDirectory(`${parent}/disk`)
            // The file system goes with its namespace, so that the folder is copied out of it.
            const script =
              'mount -t tmpfs -o size=5m tmpfs "$0/disk" && shift; "$@"; code=$?; cp -r "$0/disk/run" "$0/run"; exit $code'
            const child = spawn(
              "unshare",
              [
                ...namespace,
                "sh",
                "-c",
                script,
                parent,
                "",
                process.execPath,
                ...nodeArguments(`${parent}/disk/run`),
              ],
              { stdio: ["ignore", "pipe", "inherit"] },
            )
            let output = ""
            child.stdout.on("data", (chunk) => (output += String(chunk)))
            const [code] = yield* Effect.promise(() => once(child, "close"))
            assert.strictEqual(code, 1)
            const error: unknown = JSON.parse(output.trimEnd().split("\n").at(-1) ?? "")
            assert.include(error, { _tag: "RunStoreError" })
            assert.match((error as { readonly message: string }).message, /^the disk is full/u)
            const { checkpoints, torn } = yield* inspect(`${parent}/run`)
            assert.isFalse(torn)
            assert.isAtLeast(checkpoints.length, 2)
            const left = yield* fs.readDirectory(`${parent}/run/checkpoints`)
            assert.lengthOf(left, checkpoints.length)
            yield* writeAndKill(`${parent}/run`, "saved", 0)
            const latest = (yield* inspect(`${parent}/run`)).checkpoints.at(-1) ?? 0
            assert.isAbove(latest, checkpoints.at(-1) ?? 0)
          }),
      )
    })
  },
)
