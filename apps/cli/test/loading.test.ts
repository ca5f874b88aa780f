/** Environments by name: built in, modules, folders and packages, with options; and what is said of those that cannot be loaded. */
import { spawnSync } from "node:child_process"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { azr, jsonLines, workspace } from "./azr.ts"

const loader = fileURLToPath(new URL("fixtures/load.ts", import.meta.url))
const core = fileURLToPath(new URL("../../../packages/core", import.meta.url))

const write = (folder: string, files: Readonly<Record<string, string | object>>) => {
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content))
  }
}

/** Loads each, in one process. */
const load = (
  folder: string,
  ...references: ReadonlyArray<readonly [string, object?]>
): ReadonlyArray<string> => {
  const { stderr, stdout } = spawnSync(
    process.execPath,
    ["--conditions=@azr/source", loader, JSON.stringify(references)],
    { cwd: folder, encoding: "utf8" },
  )
  assert.strictEqual(stderr, "")
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as string)
}

/** A module that is an environment, apart from what is put over it. */
const source = (over: string): string => `
  import { Effect, Layer, Schema } from "effect"
  const kind = { id: "sum", taskSchema: Schema.Int, answerSchema: Schema.Int, references: { from: ["sum"], given: false }, composite: null }
  for (const name of ["proposePrompt", "parseProposal", "validate", "solvePrompt", "parseAnswer", "verify", "partial", "goldResponse",
    "identity", "reveals", "family", "region", "split", "describe", "facets", "distance", "measureTask", "measureResponse"]) kind[name] = () => {}
  const environment = {
    id: "sums", apiVersion: 1, title: "Sums", styles: ["full"], kinds: [kind], seeds: () => [], suites: Effect.succeed([]), layer: Layer.empty,
  }
  ${over}`

const whole = source("export default environment")
const manifest = (name: string, entry = "./index.js") => ({
  name,
  version: "1.2.3",
  type: "module",
  exports: { ".": entry },
})

/** `digits` has a default, `base` has none. */
const withOptions = source(`
  export default {
    options: Schema.Struct({
      digits: Schema.Int.annotate({ description: "Digits of a number" }).pipe(Schema.withDecodingDefaultKey(Effect.succeed(3))),
      mode: Schema.Literals(["easy", "hard"]).pipe(Schema.withDecodingDefaultKey(Effect.succeed("easy"))),
    }),
    make: ({ digits, mode }) => ({ ...environment, id: "sums-" + digits + "-" + mode }),
  }`)

describe("an environment is loaded", { timeout: 60_000 }, () => {
  it("by id, as a module, as a folder, as a package near the folder, with options", () => {
    const folder = workspace()
    write(folder, {
      "mine.mjs": whole,
      "typed.ts": `const id: string = "typed"\n${source("export default { ...environment, id }")}`,
      "lib/package.json": manifest("lib", "./main.js"),
      "lib/main.js": source('export default { ...environment, id: "lib" }'),
      "sources/package.json": {
        ...manifest("sources"),
        exports: { ".": { "@azr/source": "./src/x.ts", default: "./x.js" } },
      },
      "sources/src/x.ts": source('export default { ...environment, id: "from-source" }'),
      "plain/package.json": { name: "plain", type: "module", main: "m.js" },
      "plain/m.js": source('export default { ...environment, id: "plain" }'),
      "node_modules/azr-lox/package.json": {
        ...manifest("azr-lox"),
        exports: { ".": { import: "./index.js" }, "./hard": "./hard.js" },
      },
      "node_modules/azr-lox/index.js": source('export default { ...environment, id: "lox" }'),
      "node_modules/azr-lox/hard.js": source('export default { ...environment, id: "lox-hard" }'),
      "options.mjs": withOptions,
    })
    const below = join(folder, "deep/er")
    mkdirSync(below, { recursive: true })
    assert.deepStrictEqual(
      load(
        below,
        ["python-nano"],
        ["@azr/env-js"],
        ["../../mine.mjs"],
        ["../../typed.ts"],
        ["../../lib"],
        ["../../sources"],
        [join(folder, "plain")],
        ["azr-lox"],
        ["azr-lox/hard"],
        ["../../options.mjs"],
        ["../../options.mjs", { digits: 5, mode: "hard" }],
      ),
      [
        "python-nano",
        "javascript",
        "sums",
        "typed",
        "lib",
        "from-source",
        "plain",
        "lox",
        "lox-hard",
        "sums-3-easy",
        "sums-5-hard",
      ],
    )
  })

  it("or refused, with the package, the file, what is missing and what may be meant", () => {
    const folder = workspace()
    write(folder, {
      "package.json": { name: "mine", type: "module", dependencies: { "azr-lox": "1.2.3" } },
      "none.mjs": source("export const enviroment = environment"),
      "empty.mjs": "",
      "throws.mjs": "throw new Error('boom')",
      "imports.mjs": "import 'left-pad'",
      "version.mjs": source("export default { ...environment, apiVersion: 2 }"),
      "member.mjs": source("const { seeds, ...rest } = environment; export default { ...rest, seed: seeds }"),
      "kind.mjs": source("delete kind.verify; kind.veryfy = () => {}; export default environment"),
      "type.mjs": source("kind.taskSchema = {}; export default environment"),
      "folder/readme": "",
      "options.mjs": withOptions,
      "mine.mjs": whole,
      "node_modules/typed/package.json": manifest("typed", "./index.ts"),
      "node_modules/typed/index.ts": whole,
    })
    const expected: ReadonlyArray<readonly [readonly [string, object?], ReadonlyArray<string>]> = [
      [
        ["none.mjs"],
        [
          "none.mjs is no environment: it has no default export",
          "export default enviroment",
          join(folder, "none.mjs"),
        ],
      ],
      [["empty.mjs"], ["it exports nothing; write export default"]],
      [["throws.mjs"], ["throws.mjs cannot be loaded: boom"]],
      [["imports.mjs"], ["imports.mjs cannot be loaded: Cannot find package 'left-pad'"]],
      [["version.mjs"], ["apiVersion is 2, this azr speaks 1", join(folder, "version.mjs")]],
      [["member.mjs"], ["the environment has no member seeds, a function; is seed meant to be it?"]],
      [["kind.mjs"], ["kind sum has no member verify, a function; is veryfy meant to be it?"]],
      [["type.mjs"], ["taskSchema of kind sum is not a Schema"]],
      [["./folder"], ["folder is a folder without a package.json"]],
      [["./nowhere"], ["nowhere cannot be loaded: there is no such file or folder"]],
      [["azr-lx"], ["no environment azr-lx; did you mean azr-lox?", folder]],
      [["pythn"], ["no environment pythn; did you mean python?", "python-nano"]],
      [["typed"], ["typed cannot be loaded", "a package that is installed has to export JavaScript"]],
      [["mine.mjs", { digits: 3 }], ["mine.mjs takes no options"]],
      [
        ["options.mjs", { digit: 3 }],
        ["options.mjs has no option digit", "did you mean digits? It takes: digits"],
      ],
      [
        ["options.mjs", { digits: "3" }],
        ["options.mjs does not take these options", "digits"],
      ],
    ]
    const messages = load(folder, ...expected.map(([reference]) => reference))
    for (const [index, [[name], parts]] of expected.entries()) {
      for (const part of parts) assert.include(messages[index] ?? "", part, name)
    }
  })

  it("only with the copies of effect and core that the command has", () => {
    const folder = workspace()
    write(folder, {
      "effect/node_modules/effect/package.json": { ...manifest("effect"), version: "3.0.0" },
      "effect/node_modules/effect/index.js": "export const Effect = {}, Layer = {}, Schema = {}",
      "effect/index.mjs": whole,
      "core/node_modules/@azr/core/package.json": manifest("@azr/core"),
      "core/node_modules/@azr/core/index.js": "export {}",
      "core/node_modules/between/package.json": manifest("between"),
      "core/node_modules/between/index.js": 'import "@azr/core"',
      "core/index.mjs": `import "between"\n${whole}`,
      "linked/index.mjs": `import "@azr/core"\n${whole}`,
    })
    mkdirSync(join(folder, "linked/node_modules/@azr"), { recursive: true })
    symlinkSync(core, join(folder, "linked/node_modules/@azr/core"))
    const [effect, ours, linked] = load(
      folder,
      ["./effect/index.mjs"],
      ["./core/index.mjs"],
      ["./linked/index.mjs"],
    )
    assert.include(
      effect,
      `its own copy of effect, ${join(folder, "effect/node_modules/effect")} (3.0.0), beside`,
    )
    assert.include(
      ours,
      `its own copy of @azr/core, ${join(folder, "core/node_modules/@azr/core")} (1.2.3), beside`,
    )
    assert.include(ours, "npx azr")
    assert.strictEqual(linked, "sums")
  })
})

describe("azr env", { timeout: 60_000 }, () => {
  it("shows the options that an environment takes", async () => {
    const folder = workspace()
    write(folder, { "options.mjs": withOptions })
    const { stdout } = await azr(["env", "info", "options.mjs", "--options", '{"digits": 4}'], folder)
    assert.match(stdout, /^environment +sums-4-easy$/m)
    assert.match(stdout, /^option +digits +integer, 3 without it: Digits of a number$/m)
    assert.match(stdout, /^option +mode +"easy" or "hard", "easy" without it$/m)
  })

  it("installs a packed package into a folder of its own", async () => {
    const folder = workspace()
    write(folder, {
      "pack/package.json": {
        ...manifest("azr-packed"),
        peerDependencies: { effect: "4.1.0", "@azr/core": "*" },
        // What this command, which runs from sources itself, must not take of a package that is installed.
        exports: { "@azr/source": "./index.ts", default: "./index.js" },
      },
      "pack/index.js": whole,
      "pack/index.ts": whole,
    })
    spawnSync("npm", ["pack", "--pack-destination", folder], { cwd: join(folder, "pack") })
    const { code, stderr, stdout } = await azr(
      ["env", "test", "azr-packed-1.2.3.tgz", "--filter", "E1", "--json"],
      folder,
    )
    assert.deepInclude(jsonLines(stdout)[0], { environment: "sums", id: "E1", status: "holds" })
    assert.include(stderr, "installing azr-packed-1.2.3.tgz into a temporary folder")
    assert.strictEqual(code, 0)
    const missing = await azr(["env", "test", "azr-none.tgz"], folder)
    assert.include(missing.stderr, "there is no file azr-none.tgz")
  })
})

describe("a run's configuration", { timeout: 60_000 }, () => {
  it("keeps references that mean the same from any folder", async () => {
    const folder = workspace()
    write(folder, {
      "configs/azr.config.ts": `export default { preset: "fixed", environments: ["python", "@azr/env-js", ["../mine", { digits: 4 }]] }`,
      "mine/package.json": manifest("mine"),
      "mine/index.js": withOptions,
    })
    const { stdout } = await azr(["train", "configs/azr.config.ts", "--dry-run"], folder)
    assert.deepStrictEqual((JSON.parse(stdout) as { environments: unknown }).environments, [
      "python",
      join(folder, "configs/node_modules/@azr/env-js"),
      [join(folder, "mine"), { digits: 4 }],
    ])
  })
})
