/**
 * Kills a training again and again, with SIGKILL: at operations on its files (before, half-way, after: in an append, in a
 * checkpoint, in a clean-up) and at moments in its steps. Each time it is resumed; when it is complete, every log must be that
 * of an undisturbed run, time fields apart, and every checkpoint must hold the same bytes.
 *
 *     pnpm kill --kills 50
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { RandomStreams, RunEvent } from "@azr/core"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { CheckFailed } from "../src/exitCodes.ts"
import { Output } from "../src/Output.ts"
import { type Moment, type Operation, trapVariable } from "./kill/trap.ts"
import { runScript, seedFlag, stop } from "./stress/script.ts"

const bin = path.join(import.meta.dirname, "../src/bin.ts")
const trap = path.join(import.meta.dirname, "kill/trap.ts")

/** Every stage, seeding by the policy too, and checkpoints, evaluations and removals at different steps. */
const settings = [
  "steps=9",
  "maxSeedRounds=2",
  "kinds.deduction.seeds=16",
  "kinds.deduction.proposals=8",
  "kinds.deduction.proposedSeeds=12",
  "estimate.samples=4",
  "evaluate.every=4",
  "evaluate.devTasks=5",
  'evaluate.suites=["deduction-2","abduction-2","induction-2"]',
  "checkpoint.every=2",
  "checkpoint.keep=2",
].flatMap((setting) => ["--set", setting])

interface Blow {
  readonly what: string
  readonly environment: Readonly<Record<string, string>>
  /** Kill from outside, so long after so many steps are done. */
  readonly after: { readonly steps: number; readonly milliseconds: number } | null
}

/** How many operations of a kind a short training makes, about, and when one of them can be cut. */
const reach = {
  append: [30, ["before", "middle", "after"]],
  write: [40, ["before", "middle", "after"]],
  sync: [40, ["before", "after"]],
  rename: [12, ["before", "after"]],
  remove: [12, ["before", "after"]],
  truncate: [2, ["before", "after"]],
  mkdir: [8, ["before", "after"]],
} as const satisfies Record<Operation, readonly [number, ReadonlyArray<Moment>]>
const others = ["sync", "rename", "remove", "truncate", "mkdir"] as const

const chooseBlow = (random: ReturnType<RandomStreams.RandomStreams["get"]>, run: string): Blow => {
  const choice = random.pick(["step", "step", "append", "append", "write", "write", ...others] as const)
  if (choice === "step") {
    const after = { steps: random.integer(0, 4), milliseconds: random.integer(0, 400) }
    return { what: `step: ${after.milliseconds} ms after ${after.steps}`, environment: {}, after }
  }
  const [most, possible] = reach[choice]
  const number = random.integer(1, most)
  const moment = random.pick(possible)
  return {
    what: `${choice}: ${moment} number ${number}`,
    environment: { [trapVariable]: `${choice}:${number}:${moment}:${run}` },
    after: null,
  }
}

const azr = (args: ReadonlyArray<string>, cwd: string, blow: Blow | null): ChildProcess =>
  spawn(
    process.execPath,
    ["--conditions=@azr/source", "--disable-warning=ExperimentalWarning", "--import", trap, bin, ...args],
    { cwd, env: { ...process.env, NO_COLOR: "1", ...blow?.environment }, stdio: ["ignore", "pipe", "pipe"] },
  )

type End = "killed" | "completed" | { readonly code: number | null; readonly stderr: string }

const ended = (child: ChildProcess, blow: Blow | null): Promise<End> =>
  new Promise((resolve, reject) => {
    let stderr = ""
    let steps = 0
    const strike = () => {
      if (blow?.after === null || blow?.after === undefined || steps < blow.after.steps) return
      setTimeout(() => child.kill("SIGKILL"), blow.after.milliseconds)
    }
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const done = text.split('"_tag":"StepCompleted"').length - 1
      steps += done
      if (done > 0 || text.includes('"RunStarted"')) strike()
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr = (stderr + text).slice(-2000)))
    child.on("error", reject)
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve("killed")
      else resolve(code === 0 ? "completed" : { code, stderr })
    })
  })

const timeless = (file: string): string =>
  readFileSync(file, "utf8")
    .split("\n")
    .map((line) =>
      line === ""
        ? ""
        : JSON.stringify(JSON.parse(line), (key, value: unknown) =>
            RunEvent.timeFields.includes(key) ? 0 : value,
          ),
    )
    .join("\n")

/** Everything that a run leaves, by file: logs as text without time, the files of checkpoints by their digest. */
const record = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry): readonly [string, string] => {
        const file = path.join(entry.parentPath, entry.name)
        const name = path.relative(folder, file)
        if (name.endsWith(".jsonl")) return [name, timeless(file)]
        if (entry.name !== "manifest.json")
          return [name, createHash("sha256").update(readFileSync(file)).digest("hex")]
        // Where the logs stood depends on how many digits the times have.
        const { offsets: _, ...manifest } = JSON.parse(readFileSync(file, "utf8")) as {
          readonly offsets: unknown
        }
        return [name, JSON.stringify(manifest)]
      }),
  )

const differing = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): ReadonlyArray<string> =>
  [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name)).toSorted()

const kill = Command.make(
  "kill",
  {
    kills: Flag.Int("kills").pipe(Flag.withDescription("How often (default 50)"), Flag.withDefault(50)),
    minutes: Flag.Finite("minutes").pipe(
      Flag.withDescription("Begin no further kill after so long (default: no end)"),
      Flag.withDefault(Infinity),
    ),
    seed: seedFlag,
  },
  Effect.fn("kill")(function* ({ kills, minutes, seed }) {
    const began = performance.now()
    const goesOn = () => !stop.asked && performance.now() - began < 60_000 * minutes
    const output = yield* Output
    const random = new RandomStreams.RandomStreams(seed).get("kill")
    const folder = mkdtempSync(path.join(tmpdir(), "azr-kill-"))
    const train = (name: string) => ["train", "--name", name, "--json", "--seed", String(seed), ...settings]
    const run = (args: ReadonlyArray<string>, blow: Blow | null) =>
      Effect.promise(() => ended(azr(args, folder, blow), blow))

    yield* output.progress("an undisturbed run …")
    const reference = yield* run(train("whole"), null)
    if (reference !== "completed") return yield* new CheckFailed({ message: JSON.stringify(reference) })
    const expected = record(path.join(folder, "runs/whole"))

    let done = 0
    const failures: Array<string> = []
    const blows: Record<string, number> = {}
    let runs = 0
    for (let number = 1; done < kills && goesOn(); number++) {
      const name = `run-${number}`
      const place = path.join(folder, "runs", name)
      for (let complete = false; !complete;) {
        const blow: Blow | null = done < kills && goesOn() ? chooseBlow(random, name) : null
        const begun = existsSync(path.join(place, "config.json"))
        const end = yield* run(begun ? ["resume", name, "--json"] : train(name), blow)
        if (end === "killed") {
          done += 1
          const kind = blow?.what.split(":", 1)[0] ?? ""
          blows[kind] = (blows[kind] ?? 0) + 1
          yield* output.progress(`kill ${done}/${kills}  ${name}  ${blow?.what ?? ""}`)
        } else if (end === "completed") complete = true
        else {
          failures.push(`${name}: exit ${end.code} after "${blow?.what ?? "no kill"}": ${end.stderr}`)
          break
        }
      }
      runs += 1
      if (failures.length > 0) break
      const different = differing(record(place), expected)
      if (different.length > 0) failures.push(`${name} in ${folder} differs: ${different.join(", ")}`)
      else rmSync(place, { recursive: true })
    }
    for (const failure of failures) yield* output.result(failure)
    yield* output.result(
      JSON.stringify({
        seed,
        kills: done,
        blows,
        runs,
        filesCompared: expected.size,
        differences: failures.length,
      }),
    )
    if (failures.length > 0)
      return yield* new CheckFailed({ message: `${failures.length} runs are not exact` })
    rmSync(folder, { recursive: true })
  }),
).pipe(Command.withDescription("Kill and resume a training, and compare it with an undisturbed one"))

runScript(Command.run(kill, { version: "0.0.0" }))
