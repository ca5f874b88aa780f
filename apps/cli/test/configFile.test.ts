import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { RunConfig } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { azr, workspace } from "./azr.ts"

const dryRun = async (folder: string, ...args: ReadonlyArray<string>) => {
  const { code, stderr, stdout } = await azr(["train", ...args, "--dry-run"], folder)
  return { code, stderr, config: code === 0 ? (JSON.parse(stdout) as RunConfig.RunConfig) : null }
}

describe("a configuration file", { timeout: 60_000 }, () => {
  it("is a typed module, anywhere; names in it are resolved from its folder, flags go over it", async () => {
    const folder = workspace()
    mkdirSync(join(folder, "configs"))
    writeFileSync(
      join(folder, "configs/mine.ts"),
      'export { pythonNano as default } from "@azr/env-python-wasm"',
    )
    writeFileSync(
      join(folder, "configs/azr.config.ts"),
      `import { defineConfig } from "@azr/core"
       const steps: number = 12
       export default defineConfig({
         preset: "nano", steps, seed: 5,
         environments: ["./mine.ts"],
         kinds: { induction: null, deduction: { proposals: 3 } },
         policy: { model: "../models/mine.safetensors" },
       })`,
    )
    const { config, stderr } = await dryRun(folder, "configs/azr.config.ts", "--seed", "6")
    assert.isNotNull(config)
    assert.deepStrictEqual(config.environments, [join(folder, "configs/mine.ts")])
    assert.strictEqual(config.policy.model, join(folder, "models/mine.safetensors"))
    assert.deepStrictEqual([config.steps, config.seed, config.version], [12, 6, 2])
    assert.deepStrictEqual(Object.keys(config.kinds), ["deduction", "abduction"])
    assert.strictEqual(config.kinds["deduction"]?.proposals, 3)
    // 3 and 34 proposals of at most 40 tokens; 3 · 8 and 24 · 8 answers of at most 72.
    assert.include(stderr, "37 proposals to validate and 216 answers to judge; at most 17,032 tokens sampled")
    assert.include(stderr, "253 responses trained on")
  })

  it("may be JSON, e.g. the config.json of another run", async () => {
    const folder = workspace()
    const { config } = await dryRun(folder, "--preset", "paper", "--set", "seed=4")
    writeFileSync(join(folder, "config.json"), JSON.stringify(config))
    assert.deepStrictEqual((await dryRun(folder, "config.json")).config, config)
  })

  it.each([
    [
      "unknown.ts",
      "export default { stpes: 3 }",
      "unknown.ts: unknown setting stpes; did you mean steps? Valid here: ",
    ],
    ["broken.ts", "export default {", "broken.ts cannot be loaded: "],
    [
      "empty.ts",
      "export const config = {}",
      "empty.ts has no default export; write export default defineConfig",
    ],
    ["no.json", "{", "no.json is not JSON"],
    ["preset.ts", 'export default { preset: "nan" }', 'no preset "nan"; did you mean nano?'],
  ])("%s is refused as usage", async (name, content, expected) => {
    const folder = workspace()
    writeFileSync(join(folder, name), content)
    const { code, stderr } = await dryRun(folder, name)
    assert.strictEqual(code, 2)
    assert.include(stderr, expected)
  })

  it("that is not there, or beside --preset, is refused", async () => {
    const folder = workspace()
    assert.include((await dryRun(folder, "none.ts")).stderr, "there is no file none.ts")
    const both = await dryRun(folder, "none.ts", "--preset", "nano")
    assert.include(both.stderr, 'name the preset in the file, preset: "nano"')
  })
})

describe("azr doctor with a configuration", { timeout: 60_000 }, () => {
  it("ends with 3 when something that it needs is not there, and names it", async () => {
    const folder = workspace()
    writeFileSync(
      join(folder, "azr.config.ts"),
      'export default { policy: { model: "./none.safetensors" }, environments: ["pyhton"], loss: { _tag: "importanceSampling" } }',
    )
    const { code, stderr, stdout } = await azr(["doctor", "azr.config.ts"], folder)
    assert.strictEqual(code, 3)
    assert.match(stdout, /^✓ node /m)
    assert.match(stdout, /^✗ policy wasm .*none\.safetensors is neither a readable file nor one of nano/m)
    assert.match(stdout, /^✗ environment pyhton +no environment pyhton; did you mean python\?/m)
    assert.match(stderr, /^azr: 3 of \d+ checks failed\n$/)
  })
})
