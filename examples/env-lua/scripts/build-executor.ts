/** Builds the Lua executor component and writes it, compressed, to `artifacts/`: `pnpm build:executor`. npm is all it needs. */
import { fileURLToPath } from "node:url"
import { buildQuickJsExecutor, installNpmTools } from "@azr/wasm-host/build"
import { rolldown } from "rolldown"

const at = (path: string): URL => new URL(`../${path}`, import.meta.url)
const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** 64 MiB; a unit of fuel stands for as much time as with the other interpreters of loops that are thousands of instructions long. */
const limits = { maximumPages: 1024, maximumDepth: 20_000, maximumStep: 16 }
/** Slots of Lua's stack, one or more for each nested call: more would not fit into the memory. */
const fengari = { LUAI_MAXSTACK: 40_000 }
/** Libraries that lead to a host, and would bring Node's modules along: no program gets them, so that nothing of them is built in. */
const absent = /\/fengari\/src\/(?:fengarilib|ldblib|linit|liolib|loadlib|loslib)\.js$/

const build = await rolldown({
  input: fileURLToPath(at("guest/main.ts")),
  platform: "neutral",
  resolve: { mainFields: ["module", "main"], conditionNames: ["@azr/source", "import", "default"] },
  // Asked for under Node only.
  external: ["fs", "os"],
  plugins: [{ name: "absent", load: (id) => (absent.test(id) ? "module.exports = {}" : null) }],
  transform: { define: { "process.env.FENGARICONF": JSON.stringify(JSON.stringify(fengari)) } },
})
const { output } = await build.generate({ format: "esm", codeSplitting: false })

say("installing the toolchain")
const image = await buildQuickJsExecutor({
  script: output[0].code,
  stackProbe: { op: "recurse" },
  limits,
  artifacts: at("artifacts/"),
  file: "executor-lua.wasm.br",
  work: at("generated/executor/"),
  tools: await installNpmTools(at("scripts/toolchain/"), fileURLToPath(at("generated/toolchain"))),
  say,
})
say(JSON.stringify(image, null, 2))
