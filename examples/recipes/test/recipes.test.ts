/** What the recipes ask for is what their README says: `azr train --dry-run` prints it. */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const folder = fileURLToPath(new URL("..", import.meta.url))
const bin = path.join(path.dirname(fileURLToPath(import.meta.resolve("@azr/cli/package.json"))), "src/bin.ts")
const readme = readFileSync(path.join(folder, "README.md"), "utf8")

const dryRun = (recipe: string) => {
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [
      "--conditions=@azr/source",
      "--disable-warning=ExperimentalWarning",
      bin,
      "train",
      path.join(folder, recipe, "azr.config.ts"),
      "--dry-run",
    ],
    { encoding: "utf8" },
  )
  assert.strictEqual(status, 0, stderr)
  return { config: JSON.parse(stdout) as Record<string, Record<string, unknown>>, cost: stderr }
}

describe("recipes", { timeout: 600_000 }, () => {
  for (const [recipe, policy] of [
    ["paper-3b", { model: "Qwen/Qwen2.5-Coder-3B", rank: 0 }],
    ["qwen2.5-1.5b", { model: "Qwen/Qwen2.5-1.5B-Instruct", rank: 32 }],
    ["qwen2.5-0.5b", { model: "Qwen/Qwen2.5-0.5B-Instruct", rank: 32 }],
    ["smollm2-135m", { model: "smollm2-135m-instruct", rank: 8 }],
  ] as const) {
    it(`${recipe}: its settings are valid, and cost what the README says`, () => {
      const { config, cost } = dryRun(recipe)
      assert.deepInclude(config["policy"], { backend: "tinker", ...policy })
      const [step = "", run = ""] = cost.split("\n")
      assert.match(step, /proposals to validate and .* answers to judge; at most .* tokens sampled/u)
      assert.include(readme, step)
      assert.include(readme, run)
    })
  }
})
