/**
 * CPU seconds of `azr runs show` by the length of a made-up run: when it is seen for the first time, or its index is gone, and
 * after that; beside those of a command that reads no run. 10,000 steps want 3.3 GB of disk while it runs.
 *
 *     pnpm showCost 1000 10000
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { RunStore } from "@azr/core"
import { Effect } from "effect"
import { writeSyntheticRun } from "../src/bench/dashboard/syntheticRun.ts"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
/** Proposals and answers of a step, as the nano preset has them. */
const rollouts = 840
const rounds = 5
const tell = "data:text/javascript,process.on('exit',()=>console.error(JSON.stringify(process.cpuUsage())))"

const folder = mkdtempSync(join(tmpdir(), "azr-show-"))
// As the launcher has it.
const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, ".compiled") }

/** The least of some rounds: what else the machine does only ever adds. */
const cpuSeconds = (args: ReadonlyArray<string>, before: () => void = () => {}): number => {
  const costs = Array.from({ length: rounds }, () => {
    before()
    const child = spawnSync(process.execPath, [...process.execArgv, `--import=${tell}`, bin, ...args], {
      encoding: "utf8",
      env,
    })
    if (child.status !== 0) throw new Error(child.stderr)
    const { system, user } = JSON.parse(child.stderr.trimEnd().split("\n").at(-1) ?? "") as NodeJS.CpuUsage
    return (user + system) / 1e6
  })
  return Math.min(...costs)
}

try {
  const start = cpuSeconds(["runs", "--runs-dir", folder])
  process.stdout.write(`no run: ${start.toFixed(2)} s\n`)
  for (const steps of process.argv.slice(2).map(Number)) {
    const run = join(folder, String(steps))
    await Effect.runPromise(
      writeSyntheticRun({ folder: run, steps, rollouts }).pipe(Effect.provide(NodeServices.layer)),
    )
    const megabytes = statSync(join(run, RunStore.logFile)).size / 1e6
    const first = cpuSeconds(["runs", "show", run], () => {
      for (const file of RunStore.indexFiles) rmSync(join(run, file), { force: true })
    })
    const again = cpuSeconds(["runs", "show", run])
    process.stdout.write(
      `${steps} steps, ${megabytes.toFixed(0)} MB of events: ${first.toFixed(2)} s without an index, ${again.toFixed(2)} s with it\n`,
    )
  }
} finally {
  rmSync(folder, { recursive: true })
}
