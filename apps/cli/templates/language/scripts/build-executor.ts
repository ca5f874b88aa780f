/**
 * Compiles the guest to a WebAssembly component without imports, `artifacts/executor.wasm.br`: `npm run build:executor`, half a
 * minute. Commit the result with its `digests.json`: two builds are not the same bytes.
 */
import { fileURLToPath } from "node:url"
import { buildQuickJsExecutor, npmTools, quickJsTools } from "@azr/wasm-host/build"
import { rolldown } from "rolldown"

const root = new URL("../", import.meta.url)
const at = (path: string): string => fileURLToPath(new URL(path, root))

/** The guest's modules as one script. */
const build = await rolldown({ input: at("guest/main.ts"), platform: "neutral" })
const { output } = await build.generate({ format: "esm", codeSplitting: false })

const image = await buildQuickJsExecutor({
  script: output[0].code,
  stackProbe: { op: "recurse" },
  // 64 MiB of memory; more recursion than the engine's own limit of stack lets through; fuel of 16 units a step at most.
  limits: { maximumPages: 1024, maximumDepth: 20_000, maximumStep: 16 },
  artifacts: new URL("artifacts/", root),
  file: "executor.wasm.br",
  work: new URL("generated/executor/", root),
  tools: await npmTools(at("."), quickJsTools),
  say: (text) => void process.stdout.write(`${text}\n`),
})
process.stdout.write(`artifacts/${image.file}: ${image.compressedBytes} bytes\n`)
