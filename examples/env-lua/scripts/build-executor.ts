/**
 * Builds the Lua executor component and writes it, compressed, to `artifacts/`: `pnpm build:executor`. npm is all it needs.
 *
 *     guest/*.ts, fengari, luaparse ─ rolldown ▶ one script ─ componentize-qjs ▶ QuickJS and libraries ─ flatten ▶ one core module
 *                                   ─ run `seal`, freeze ▶ snapshot ─ meter ▶ fuel, virtual memory, marks ─ wrap ▶ component
 */
import { mkdir, rm, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { flatten, freeze, installNpmTools, meter, packComponent, seal } from "@azr/wasm-host/build"
import { rolldown } from "rolldown"

const within = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const say = (text: string): void => void process.stdout.write(`${text}\n`)

const LIMITS = { maximumPages: 1024, maximumDepth: 20_000, maximumStep: 16 }
/** Slots of Lua's stack: as many nested calls as real Lua takes are more than the memory holds. */
const fengari = { LUAI_MAXSTACK: 40_000 }

/** Libraries that lead to a host, and would bring Node's modules along: no program gets them, so that nothing of them is built in. */
const absent = /\/fengari\/src\/(?:fengarilib|ldblib|linit|liolib|loadlib|loslib)\.js$/

const bundle = async (): Promise<string> => {
  const build = await rolldown({
    input: within("guest/main.ts"),
    platform: "neutral",
    resolve: { mainFields: ["module", "main"] },
    external: ["fs", "os"],
    plugins: [{ name: "absent", load: (id) => (absent.test(id) ? "module.exports = {}" : null) }],
    transform: { define: { "process.env.FENGARICONF": JSON.stringify(JSON.stringify(fengari)) } },
  })
  const { output } = await build.generate({ format: "esm", codeSplitting: false })
  return output[0].code
}

const work = within("generated/executor")
const artifacts = within("artifacts")

await rm(work, { recursive: true, force: true })
await mkdir(artifacts, { recursive: true })
say("installing the toolchain")
const tools = await installNpmTools(new URL("toolchain/", import.meta.url), `${work}/toolchain`)
say("componentize-qjs")
await writeFile(`${work}/guest.js`, await bundle())
await tools.node(
  "componentize-qjs",
  "cli.mjs",
)([
  "--wit",
  within("guest/guest.wit"),
  "--js",
  `${work}/guest.js`,
  "--sync",
  "--stub-wasi",
  "--output",
  `${work}/guest.wasm`,
])
say("flatten")
const flat = await flatten(`${work}/guest.wasm`, work, tools)
say("seal and meter")
const { state } = seal(flat)
const core = meter(freeze(flat, state), LIMITS)
say("wrap and compress")
const image = await packComponent(core, { artifacts, file: "executor-lua.wasm.br", folder: work, tools })
const digests = {
  world: "azr:executor/executor",
  images: { a: { ...image, memoryBytes: state.memory.length } },
  ...LIMITS,
  tools: { ...tools.versions, node: process.versions.node },
}
await writeFile(`${artifacts}/digests.json`, `${JSON.stringify(digests, null, 2)}\n`)
await rm(work, { recursive: true })
say(JSON.stringify(digests.images, null, 2))
