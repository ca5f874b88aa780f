import { readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { RunConfig, RunEvent } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { stepBytes } from "../src/cost.ts"
import { azr, ended, jsonLines, start, workspace } from "./azr.ts"

/** A run small enough for a test, with every stage real. */
const small = [
  "--set",
  "kinds.deduction.seeds=16",
  "--set",
  "kinds.deduction.proposals=8",
  "--set",
  "evaluate.devTasks=5",
  "--set",
  'evaluate.suites=["deduction-2","abduction-2","induction-2"]',
  "--set",
  "estimate.samples=4",
]

/** A log without what depends on the clock. */
const timeless = (file: string): ReadonlyArray<string> =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) =>
      JSON.stringify(JSON.parse(line), (key, value: unknown) =>
        RunEvent.timeFields.includes(key) ? undefined : value,
      ),
    )

describe("azr train", { timeout: 120_000 }, () => {
  it("gives the same events for the same seed, with one executor worker and with two", async () => {
    const folder = workspace()
    for (const [name, workers] of [
      ["one", 1],
      ["two", 2],
    ] as const) {
      const run = await azr(
        [
          "train",
          "--name",
          name,
          "--steps",
          "3",
          "--seed",
          "5",
          ...small,
          "--set",
          `executor.workers=${workers}`,
        ],
        folder,
      )
      assert.strictEqual(run.code, 0, run.stderr)
      assert.include(run.stdout, "held-out suite")
    }
    const [one, two] = ["one", "two"].map((name) =>
      timeless(join(folder, "runs", name, "events.jsonl")).slice(1),
    )
    assert.isAbove(one?.length ?? 0, 30)
    assert.deepStrictEqual(one, two)

    // The logs are as long as a dry run says, at most, and not much shorter.
    const config = RunConfig.parse(JSON.parse(readFileSync(join(folder, "runs/one/config.json"), "utf8")))
    const bound = stepBytes(Result.getOrThrow(config))
    const history = await azr(["runs", "show", "one", "--every", "1", "--json"], folder)
    for (const { events, rollouts } of jsonLines(history.stdout)) {
      for (const [bytes, most] of [
        [Number(events), bound.events],
        [Number(rollouts), bound.rollouts],
      ] as const) {
        assert.isAtMost(bytes, most)
        assert.isAbove(bytes, most / 5)
      }
    }
  })

  it("is listed and read after kill -9, and resumes to what an undisturbed run does", async () => {
    const folder = workspace()
    const settings = [
      "--steps",
      "6",
      "--seed",
      "1",
      ...small,
      "--set",
      "checkpoint.every=2",
      "--set",
      "evaluate.every=2",
    ]
    const child = start(["train", "--name", "killed", ...settings, "--json"], folder)
    const killed = ended(child)
    let seen = ""
    child.stdout?.on("data", (text: string) => {
      seen += text
      if (seen.includes('"StepCompleted"') && (seen.match(/"StepCompleted"/g) ?? []).length >= 3)
        child.kill("SIGKILL")
    })
    await killed
    const listed = await azr(["runs", "list", "--json"], folder)
    assert.strictEqual(listed.code, 0)
    assert.strictEqual(jsonLines(listed.stdout)[0]?.["status"], "unfinished")
    assert.strictEqual((await azr(["runs", "show", "killed"], folder)).code, 0)

    const resumed = await azr(["resume", "killed"], folder)
    assert.strictEqual(resumed.code, 0, resumed.stderr)
    assert.strictEqual((await azr(["train", "--name", "whole", ...settings], folder)).code, 0)
    const again = await azr(["resume", "whole"], folder)
    assert.strictEqual(again.code, 0)
    assert.include(again.stderr, "nothing to resume")
    for (const log of ["events.jsonl", "metrics.jsonl"]) {
      assert.deepStrictEqual(
        timeless(join(folder, "runs", "killed", log)),
        timeless(join(folder, "runs", "whole", log)),
      )
    }
    assert.deepStrictEqual(
      readdirSync(join(folder, "runs", "killed", "rollouts")),
      readdirSync(join(folder, "runs", "whole", "rollouts")),
    )
  })

  it("trains longer than it was begun for, as if it had been begun so", async () => {
    const folder = workspace()
    const settings = [...small, "--set", "evaluate.every=2", "--set", "optimizer.finalShare=1"]
    const train = (name: string, steps: number) =>
      azr(["train", "--name", name, "--steps", String(steps), ...settings], folder)
    const codes = [
      await train("short", 2),
      await train("long", 4),
      await azr(["resume", "short", "--steps", "4"], folder),
    ].map(({ code }) => code)
    assert.deepStrictEqual(codes, [0, 0, 0])
    const of = (name: string, file: string) => join(folder, "runs", name, file)
    assert.strictEqual(
      readFileSync(of("short", "config.json"), "utf8"),
      readFileSync(of("long", "config.json"), "utf8"),
    )
    // The first event holds the configuration that the run was begun with.
    const [short, long] = ["short", "long"].map((name) => timeless(of(name, "events.jsonl")).slice(1))
    assert.deepStrictEqual(short, long)
    assert.match((await azr(["runs", "show", "short"], folder)).stdout, /^begun for +2 steps$/m)

    const complete = await azr(["resume", "short"], folder)
    assert.match(complete.stderr, /nothing to resume.*resume runs\/short --steps N/)
    const back = await azr(["resume", "short", "--steps", "3"], folder)
    assert.deepStrictEqual([back.code, back.stdout], [2, ""])
    assert.include(back.stderr, "at step 4 already")
    assert.strictEqual(
      (JSON.parse(readFileSync(of("short", "config.json"), "utf8")) as { steps: number }).steps,
      4,
    )
  })

  it("stops in order on Ctrl-C: finishes the step, saves, and says how to continue", async () => {
    const folder = workspace()
    const child = start(["train", "--name", "stopped", "--steps", "500", ...small], folder)
    const stopped = ended(child)
    child.stderr?.on("data", (text: string) => {
      if (!text.includes("step   1/500")) return
      // Twice at once is one press: npm passes on what the terminal already sent.
      child.kill("SIGINT")
      child.kill("SIGINT")
    })
    const { code, stdout } = await stopped
    assert.strictEqual(code, 130)
    assert.include(stdout, `azr resume ${join("runs", "stopped")}`)
    const [run] = jsonLines((await azr(["runs", "list", "--json"], folder)).stdout)
    assert.strictEqual(run?.["status"], "interrupted")
    assert.include(run?.["checkpoints"] as ReadonlyArray<unknown>, run?.["step"])
    const evaluated = await azr(
      ["eval", "stopped", "--split", "dev", "--suite", "deduction-2", "--json"],
      folder,
    )
    assert.strictEqual(jsonLines(evaluated.stdout)[0]?.["suite"], "deduction-2")
  })
})
