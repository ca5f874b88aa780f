/** A policy that is a script: any environment in a whole run, from a package near the configuration, continued from elsewhere. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { azr, workspace } from "./azr.ts"

const write = (folder: string, files: Readonly<Record<string, string>>) => {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
}

const kind = `{ seeds: 8, proposedSeeds: 0, proposals: 4, tasks: 2, solve: 4, maxTokens: { propose: 64, solve: 64 } }`

const files = {
  "node_modules/azr-sums/package.json": JSON.stringify({
    name: "azr-sums",
    version: "1.0.0",
    type: "module",
    exports: "./index.js",
  }),
  "node_modules/azr-sums/index.js": `
    import { puzzleEnvironment } from "@azr/core/testing"
    import { Effect, Schema } from "effect"
    export default {
      options: Schema.Struct({ largest: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(99))) }),
      make: (options) => puzzleEnvironment(options),
    }`,
  "policy.ts": `
    export default (prompt: string, seed: number): string => {
      const [, a, b] = /(\\d+) \\+ (\\d+) = \\?/u.exec(prompt) ?? []
      return prompt.startsWith("What") ? String(Number(a) + Number(b)) : \`\${seed % 9} + \${(seed >>> 4) % 9}\`
    }`,
  "azr.config.ts": `
    import { defineConfig } from "@azr/core"
    export default defineConfig({
      preset: "nano", steps: 2, promptStyle: "full", environments: [["azr-sums", { largest: 9 }]],
      kinds: { deduction: null, abduction: null, induction: null, result: ${kind} },
      policy: { backend: "script", model: "./policy.ts" },
    })`,
}

describe("policy backend script", { timeout: 180_000 }, () => {
  it("takes an environment of a package through a run, which is continued from another folder", async () => {
    const folder = workspace()
    write(folder, files)
    const first = await azr(["train", "azr.config.ts", "--name", "mine"], folder)
    assert.strictEqual(first.code, 0, first.stderr)
    assert.include(first.stderr, "azr-sums: result")
    const config = JSON.parse(readFileSync(join(folder, "runs/mine/config.json"), "utf8")) as {
      environments: unknown
    }
    assert.deepStrictEqual(config.environments, [[join(folder, "node_modules/azr-sums"), { largest: 9 }]])
    const rollouts = readFileSync(join(folder, "runs/mine/rollouts/step-000001.jsonl"), "utf8")
    assert.match(rollouts, /"role":"solve","environment":"puzzles".*"outcome":"correct"/u)
    assert.notMatch(rollouts, /"prompt":"[^"]*\d\d [-+*]/u, "the option was given")

    const elsewhere = workspace()
    const resumed = await azr(["resume", join(folder, "runs/mine"), "--steps", "3"], elsewhere)
    assert.strictEqual(resumed.code, 0, resumed.stderr)
    assert.include(resumed.stdout, "done at step 3 of 3")
    const exported = await azr(
      ["export", join(folder, "runs/mine"), "--what", "tasks", "--out", "-"],
      elsewhere,
    )
    assert.match(exported.stdout, /"environment":"puzzles"/u)
  })

  it("refuses what is no script", async () => {
    const folder = workspace()
    write(folder, { ...files, "policy.ts": "export const respond = 1" })
    const { code, stderr } = await azr(["train", "azr.config.ts"], folder)
    assert.include(stderr, "policy.ts has no function for its default export; backend script wants a module")
    assert.strictEqual(code, 1)
  })
})
