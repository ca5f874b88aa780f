/** What `azr env new` writes. That it works where it is written is checked outside the repository: scripts/outside.mjs. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { scaffold, templates } from "../src/scaffold.ts"
import { azr, workspace } from "./azr.ts"

const read = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8")

/** The versions of the workspace. TypeScript 7 has another name in it. */
const catalog = (name: string): string | undefined =>
  new RegExp(
    `^  "?${name === "typescript" ? "@typescript/native" : name}"?: (?:npm:typescript@)?(.*)$`,
    "mu",
  ).exec(read("pnpm-workspace.yaml"))?.[1]

describe("a template", () => {
  for (const template of templates) {
    const files = scaffold(template, "big-lox", "/somewhere/big-lox", null)
    const file = (name: string) => files.find((each) => each.name === name)?.content ?? ""

    it(`${template} is named after the environment, wherever its name stands`, () => {
      for (const { content, name } of files)
        assert.notMatch(content, /my-language|My Language|my-tasks|My Tasks/u, name)
      assert.match(file("src/index.ts"), /id: "big-lox"/u)
      assert.match(file("README.md"), /^# Big Lox, /u)
      assert.match(file(".gitignore"), /^node_modules\/$/mu)
    })

    it(`${template} depends on exact versions, those of this repository, and shares effect and core`, () => {
      const manifest = JSON.parse(file("package.json")) as {
        readonly name: string
        readonly peerDependencies: Record<string, string>
        readonly devDependencies: Record<string, string>
      }
      assert.strictEqual(manifest.name, "azr-big-lox")
      assert.includeMembers(Object.keys(manifest.peerDependencies), ["@azr/core", "effect"])
      const { version } = JSON.parse(read("apps/cli/package.json")) as { readonly version: string }
      for (const [name, wanted] of Object.entries({
        ...manifest.peerDependencies,
        ...manifest.devDependencies,
      })) {
        const expected = name.startsWith("@azr/") ? version : (catalog(name) ?? wanted)
        assert.strictEqual(wanted, expected, name)
        assert.match(wanted, /^\d+\.\d+\.\d+$/u, name)
      }
    })
  }

  it("takes packed packages, all of them, by their paths", () => {
    const folder = workspace()
    for (const name of ["azr-core-0.0.0.tgz", "azr-cli-0.0.0.tgz", "azr-env-js-0.0.0.tgz", "readme"]) {
      writeFileSync(join(folder, name), "")
    }
    const manifest = scaffold("task", "sums", join(folder, "../sums"), folder).find(
      ({ name }) => name === "package.json",
    )
    const { devDependencies } = JSON.parse(manifest?.content ?? "") as {
      devDependencies: Record<string, string>
    }
    for (const name of ["core", "cli", "env-js"]) {
      assert.match(
        devDependencies[`@azr/${name}`] ?? "",
        new RegExp(`^file:\\.\\./azr-cli-.*/azr-${name}-0\\.0\\.0\\.tgz$`, "u"),
      )
    }
  })
})

describe("azr env new", { timeout: 120_000 }, () => {
  it("says what it would write, writes it, and never over anything", async () => {
    const folder = workspace()
    mkdirSync(join(folder, "packages"))
    writeFileSync(join(folder, "packages/azr-core-0.0.0.tgz"), "")
    const args = ["env", "new", "lox", "--template", "task", "--packages", "packages"]
    const dry = await azr([...args, "--dry-run"], folder)
    assert.isFalse(existsSync(join(folder, "lox")))
    const { code, stderr, stdout } = await azr(args, folder)
    assert.strictEqual(code, 0)
    assert.strictEqual(stdout, dry.stdout)
    for (const name of stdout.trim().split("\n")) assert.isTrue(existsSync(join(folder, name)), name)
    assert.include(stderr, "next:\n  cd lox && npm install\n  npm run build\n  npx azr env test .\n")
    const again = await azr(args, folder)
    assert.include(again.stderr, "lox/README.md is there already, and nothing is overwritten")
    assert.strictEqual(again.code, 2)
  })

  it.each([
    [
      ["Big_Lox", "--template", "task"],
      "Big_Lox is no id: words in lower case, joined by -; did you mean big-lox?",
    ],
    [["python", "--template", "task"], "python is the id of a built-in environment"],
    [["lox", "--template", "task"], "npm run pack -- ../azr-packages"],
    [["lox", "--template", "task", "--packages", "."], "there is no azr-core-….tgz in it"],
    [["lox", "--template", "tsk"], "language"],
  ])("refuses %j", async (args, message) => {
    const { code, stderr, stdout } = await azr(["env", "new", ...args], workspace())
    assert.include(`${stderr}${stdout}`, message)
    assert.strictEqual(code, 2)
  })
})
