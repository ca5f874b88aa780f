/**
 * CPU seconds of `azr runs show` by the length of a made-up run, beside those of a command that reads no run.
 *
 *     pnpm showCost 1000 10000
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { writeSyntheticRun } from "../src/bench/dashboard/syntheticRun.ts"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
/** Proposals and answers of a step: a seventh of the events, in bytes, of the nano preset. */
const rollouts = 120
const rounds = 5
const tell = "data:text/javascript,process.on('exit',()=>console.error(JSON.stringify(process.cpuUsage())))"

/** The least of some rounds: what else the machine does only ever adds. */
const cpuSeconds = (args: ReadonlyArray<string>): number => {
  const costs = Array.from({ length: rounds }, () => {
    const child = spawnSync(process.execPath, [...process.execArgv, `--import=${tell}`, bin, ...args], {
      encoding: "utf8",
    })
    if (child.status !== 0) throw new Error(child.stderr)
    const { system, user } = JSON.parse(child.stderr.trimEnd().split("\n").at(-1) ?? "") as NodeJS.CpuUsage
    return (user + system) / 1e6
  })
  return Math.min(...costs)
}

const folder = mkdtempSync(join(tmpdir(), "azr-show-"))
try {
  const start = cpuSeconds(["runs", "--runs-dir", folder])
  process.stdout.write(`no run: ${start.toFixed(2)} s\n`)
  for (const steps of process.argv.slice(2).map(Number)) {
    const run = join(folder, String(steps))
    await Effect.runPromise(
      writeSyntheticRun({ folder: run, steps, rollouts }).pipe(Effect.provide(NodeServices.layer)),
    )
    const seconds = cpuSeconds(["runs", "show", run])
    const megabytes = statSync(join(run, "events.jsonl")).size / 1e6
    const each = (1000 * (seconds - start)) / megabytes
    process.stdout.write(
      `${steps} steps, ${megabytes.toFixed(0)} MB of events: ${seconds.toFixed(2)} s, ${each.toFixed(2)} ms/MB\n`,
    )
  }
} finally {
  rmSync(folder, { recursive: true })
}
