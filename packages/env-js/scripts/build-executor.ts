/**
 * Builds the JavaScript executor component and writes it, compressed, to `artifacts/`: `pnpm build:executor`. The guest's modules
 * become one script (`bundle.ts`), the rest is `buildQuickJsExecutor`.
 */
import { fileURLToPath } from "node:url"
import { buildQuickJsExecutor, installNpmTools } from "@azr/wasm-host/build"
import { bundle } from "./bundle.ts"

const at = (path: string): URL => new URL(`../${path}`, import.meta.url)
const say = (text: string): void => void process.stdout.write(`${text}\n`)

/**
 * 64 MiB; and more recursion than the engine's own stack limit lets through. With steps of at most 16 units a
 * unit stands for as much time as in the Python executor: the interpreter's loop is one of thousands of
 * instructions.
 */
const limits = { maximumPages: 1024, maximumDepth: 20_000, maximumStep: 16 }

const stackProbe = {
  op: "run",
  program:
    "const g = (n) => g(n + 1) + 1\nfunction f() { try { return g(0) } catch (error) { return error.name } }",
  entry: "f",
  args: [],
  entropy: 0,
  outputBytes: 100,
}

say("installing the toolchain")
const tools = await installNpmTools(
  new URL("toolchain/", import.meta.url),
  fileURLToPath(at("generated/toolchain")),
)
const script = await bundle(fileURLToPath(at("guest/main.ts")))
const file = "executor-js.wasm.br"
const image = await buildQuickJsExecutor({
  script,
  stackProbe,
  limits,
  artifacts: at("artifacts/"),
  file,
  work: at("generated/executor/"),
  tools,
  say,
})
say(JSON.stringify(image, null, 2))
