/**
 * Builds the Python executor component and writes it, compressed, to `artifacts/`: `pnpm build:executor`.
 *
 *     guest/*.py ─ componentize-py ▶ 38 core modules ─ flatten ▶ one ─ run `seal`, immortal, freeze ▶ snapshot
 *                ─ meter ▶ fuel, virtual memory, marks ─ wrap ▶ component ─ brotli ▶ artifacts/
 *
 * Needs python3 with venv and pip. The result is not byte-reproducible (componentize-py is not), which is why it is
 * committed with its digest. Two images differ in their hash seed, which is drawn when componentize-py starts the
 * interpreter; the second serves the determinism check, so they must not keep the strings of a set in the same order.
 */
import { mkdir, rm, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { flatten, freeze, meter, packComponent, seal } from "@azr/wasm-host/build"
import { immortal } from "./immortal.ts"
import { installToolchain, type Toolchain } from "./toolchain.ts"

const within = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** 128 MiB; and more recursion than CPython's own stack checks let through in ordinary code. */
const LIMITS = { maximumPages: 2048, maximumDepth: 20_000 }

/** What the guest says about itself. */
interface SealReport {
  readonly python: string
  /** Importable modules. */
  readonly modules: ReadonlyArray<string>
  /** The elements of a set of one-letter strings, whose order depends on the hash seed. */
  readonly order: ReadonlyArray<string>
}

const work = within("generated/executor")
const guest = within("guest")

const buildImage = async (tools: Toolchain, image: string) => {
  const folder = `${work}/${image}`
  await mkdir(folder, { recursive: true })
  say(`image ${image}: componentize-py`)
  const guestComponent = `${folder}/guest.wasm`
  await tools.componentize(
    [
      "--wit-path",
      `${guest}/guest.wit`,
      "--world",
      "guest",
      "componentize",
      "--stub-wasi",
      "--python-path",
      guest,
      "app",
      "--output",
      guestComponent,
    ],
    { PYTHONDONTWRITEBYTECODE: "1" },
  )
  say(`image ${image}: flatten`)
  const flat = await flatten(guestComponent, folder, tools)
  say(`image ${image}: seal and meter`)
  const { state, report } = seal(flat)
  const core = meter(freeze(flat, immortal(flat, state)), LIMITS)
  say(`image ${image}: wrap and compress`)
  const packed = await packComponent(core, {
    artifacts: within("artifacts"),
    file: `executor-py-${image}.wasm.br`,
    tools,
  })
  return { report: report as SealReport, digest: { ...packed, memoryBytes: state.memory.length } }
}

await rm(work, { recursive: true, force: true })
await mkdir(work, { recursive: true })
await mkdir(within("artifacts"), { recursive: true })
say("installing the toolchain")
const tools = await installToolchain(`${work}/toolchain`)
const [a, first] = await Promise.all([buildImage(tools, "a"), buildImage(tools, "b")])
let b = first
while (`${a.report.order}` === `${b.report.order}`) {
  say("both images keep the strings of a set in the same order: image b again")
  b = await buildImage(tools, "b")
}
const digests = {
  world: "azr:executor/executor",
  images: { a: a.digest, b: b.digest },
  ...LIMITS,
  python: a.report.python,
  tools: { ...tools.versions, node: process.versions.node },
  modules: a.report.modules,
}
await writeFile(within("artifacts/digests.json"), `${JSON.stringify(digests, null, 2)}\n`)
await rm(work, { recursive: true })
say(JSON.stringify(digests.images, null, 2))
