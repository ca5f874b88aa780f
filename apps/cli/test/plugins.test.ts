/** Rewards and advantages of the user's, from a configuration file to the rollouts, with the example that ships. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { RunEvent } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { azr, jsonLines, workspace } from "./azr.ts"

const example = fileURLToPath(new URL("../../../examples/rewards/azr.config.ts", import.meta.url))
const small = [
  "kinds.deduction.seeds=16",
  "kinds.deduction.proposals=8",
  "kinds.deduction.tasks=6",
  "kinds.abduction.proposals=4",
  "kinds.induction.proposals=0",
  "evaluate.suites=[]",
  "evaluate.devTasks=1",
  "estimate.samples=4",
  "checkpoint.every=1",
].flatMap((setting) => ["--set", setting])

const timeless = (run: string): ReadonlyArray<string> =>
  ["events.jsonl", "rollouts/step-000002.jsonl", "rollouts/step-000003.jsonl"].flatMap((file) =>
    jsonLines(readFileSync(join(run, file), "utf8")).map((line) =>
      JSON.stringify(line, (key, value: unknown) => (RunEvent.timeFields.includes(key) ? 0 : value)),
    ),
  )

interface Rollout {
  readonly role: string
  readonly task: number
  readonly outcome: string
  readonly tokens: number
  readonly reward: number | null
  readonly advantage: number | null
}

describe("plugins", { timeout: 480_000 }, () => {
  it("reward and judge a run, are kept in its configuration, and resume to the same", async () => {
    const folder = workspace()
    const run = join(folder, "runs", "mine")
    const trained = await azr(["train", example, "--name", "mine", "--steps", "3", ...small], folder)
    assert.strictEqual(trained.code, 0, trained.stderr)

    const saved = JSON.parse(readFileSync(join(run, "config.json"), "utf8"))
    assert.lengthOf(saved.plugins, 2)
    for (const name of saved.plugins) assert.isTrue(existsSync(name), name)
    assert.strictEqual(saved.reward.solve.shape, "brief")
    assert.deepStrictEqual(saved.advantage.solve, { _tag: "plugin", name: "median", options: { scale: 2 } })

    const answers = jsonLines(readFileSync(join(run, "rollouts/step-000001.jsonl"), "utf8"))
      .map((line) => line as unknown as Rollout)
      .filter(({ reward, role }) => role === "solve" && reward !== null)
    assert.isAbove(answers.length, 8)
    for (const { outcome, reward, tokens } of answers) {
      assert.closeTo(reward ?? 0, outcome === "correct" ? 64 / (64 + tokens) : 0, 1e-12)
    }
    // Against the median of four: the two in the middle are opposite, whatever the others are.
    for (const group of Map.groupBy(answers, ({ task }) => task).values()) {
      const [, second = 0, third = 0] = group
        .map(({ advantage }) => advantage ?? Number.NaN)
        .toSorted((a, b) => a - b)
      assert.closeTo(second + third, 0, 1e-9)
    }

    const before = timeless(run)
    const elsewhere = workspace()
    const resumed = await azr(["resume", run, "--from", "step-1"], elsewhere)
    assert.strictEqual(resumed.code, 0, resumed.stderr)
    assert.deepStrictEqual(timeless(run), before)
  })

  it("are refused by name before anything is written", async () => {
    const folder = workspace()
    writeFileSync(join(folder, "none.ts"), "export default { solveReward: { mine: () => 1 } }\n")
    const refused = async (...settings: ReadonlyArray<string>) => {
      const args = settings.flatMap((setting) => ["--set", setting])
      const run = await azr(["train", example, "--name", "refused", ...args], folder)
      assert.isFalse(existsSync(join(folder, "runs", "refused", "config.json")))
      return `${run.code} ${run.stderr}`
    }
    assert.match(await refused("reward.solve.shape=brif"), /2 .*there is no brif; did you mean brief\?/s)
    assert.match(
      await refused('plugins=["./none.ts"]'),
      /2 .*none\.ts is no plugin; expected export default definePlugin/s,
    )
    assert.match(await refused('plugins=["./missing.ts"]'), /2 .*missing\.ts cannot be loaded/s)
  })
})
