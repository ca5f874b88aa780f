/**
 * Builds the JavaScript executor component and writes it, compressed, to `artifacts/`: `pnpm build:executor`.
 *
 *     guest/*.ts ─ rolldown ▶ one script ─ componentize-qjs ▶ QuickJS and libraries ─ flatten ▶ one core module
 *                ─ run `seal`, limit the stack, freeze ▶ snapshot ─ meter ▶ fuel, virtual memory, marks
 *                ─ wrap ▶ component ─ brotli ▶ artifacts/
 *
 * One image serves every condition: QuickJS has no hash seed, and no address of it can be seen. The result is
 * not byte-reproducible (libraries around QuickJS draw random seeds when it starts, some hundred bytes of the
 * snapshot), which is why it is committed with its digest.
 */
import { mkdir, rm, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { flatten, freeze, installNpmTools, meter, packComponent, seal } from "@azr/wasm-host/build"
import { bundle } from "./bundle.ts"
import { limitStack } from "./stackLimit.ts"

const within = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const say = (text: string): void => void process.stdout.write(`${text}\n`)

/**
 * 64 MiB; and more recursion than the engine's own stack limit lets through. With steps of at most 16 units a
 * unit stands for as much time as in the Python executor: the interpreter's loop is one of thousands of
 * instructions.
 */
const LIMITS = { maximumPages: 1024, maximumDepth: 20_000, maximumStep: 16 }

const work = within("generated/executor")
const artifacts = within("artifacts")

await rm(work, { recursive: true, force: true })
await mkdir(work, { recursive: true })
await mkdir(artifacts, { recursive: true })
say("installing the toolchain")
const tools = await installNpmTools(new URL("toolchain/", import.meta.url), `${work}/toolchain`)
const componentizeQjs = tools.node("componentize-qjs", "cli.mjs")

say("componentize-qjs")
const script = `${work}/guest.js`
const component = `${work}/guest.wasm`
await writeFile(script, await bundle(within("guest/main.ts")))
await componentizeQjs([
  "--wit",
  within("guest/guest.wit"),
  "--js",
  script,
  "--sync",
  "--stub-wasi",
  "--output",
  component,
])
say("flatten")
const flat = await flatten(component, work, tools)
say("seal and meter")
const sealed = seal(flat)
const state = limitStack(flat, sealed.state)
const core = meter(freeze(flat, state), LIMITS)
say("wrap and compress")
const image = await packComponent(core, { artifacts, file: "executor-js.wasm.br", folder: work, tools })
const digests = {
  world: "azr:executor/executor",
  images: { a: { ...image, memoryBytes: state.memory.length } },
  ...LIMITS,
  tools: { ...tools.versions, node: process.versions.node },
  globals: (sealed.report as { readonly globals: ReadonlyArray<string> }).globals,
}
await writeFile(`${artifacts}/digests.json`, `${JSON.stringify(digests, null, 2)}\n`)
await rm(work, { recursive: true })
say(JSON.stringify(digests.images, null, 2))
