/**
 * An executor out of a guest in JavaScript, run by QuickJS:
 *
 *     one script ─ componentize-qjs ▶ QuickJS and libraries ─ flatten ▶ one core module
 *                ─ run `seal`, limit the stack, freeze ▶ snapshot ─ meter ▶ fuel, virtual memory, marks
 *                ─ wrap ▶ component ─ brotli ▶ artifacts/
 *
 * One image serves every condition: QuickJS has no hash seed, and no address of it can be seen. The result is not
 * byte-reproducible (libraries around QuickJS draw random seeds when it starts, some hundred bytes of the snapshot), which is why
 * it is committed with its digest.
 */
import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { flatten } from "./flatten.ts"
import { type MeterOptions, meter } from "./meter.ts"
import { type PackedImage, packComponent } from "./pack.ts"
import { seal } from "./seal.ts"
import { freeze } from "./snapshot.ts"
import { limitStack } from "./stackLimit.ts"
import type { NpmTools } from "./tools.ts"

/** The packages that it takes, for `npmTools`. */
export const quickJsTools: ReadonlyArray<string> = [
  "@bytecodealliance/jco-transpile",
  "binaryen",
  "componentize-qjs",
]

export interface QuickJsGuest {
  /** The guest as one ES module without imports. It exports `run`, and answers `{"op": "seal"}` before the snapshot. */
  readonly script: string
  /** A request that recurses until the engine ends it, see `limitStack`. */
  readonly stackProbe: object
  readonly limits: MeterOptions
  /** Folder for the result: the component and `digests.json`. */
  readonly artifacts: URL
  /** Name of the component in it, e.g. `executor-js.wasm.br`. */
  readonly file: string
  /** Folder for what arises on the way; emptied before, removed afterwards. */
  readonly work: URL
  readonly tools: NpmTools
  /** Told what is being done. */
  readonly say: (text: string) => void
}

const wit = fileURLToPath(new URL("../../wit/guest.wit", import.meta.url))

/** Writes the executor and says what it is. Some ten seconds. */
export const buildQuickJsExecutor = async (guest: QuickJsGuest): Promise<PackedImage> => {
  const { limits, say, tools } = guest
  const [work, artifacts] = [fileURLToPath(guest.work), fileURLToPath(guest.artifacts)]
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  await mkdir(artifacts, { recursive: true })
  say("componentize-qjs")
  const script = join(work, "guest.js")
  const component = join(work, "guest.wasm")
  await writeFile(script, guest.script)
  const componentize = tools.node("componentize-qjs", "cli.mjs")
  await componentize(["--wit", wit, "--js", script, "--sync", "--stub-wasi", "--output", component])
  say("flatten")
  const flat = await flatten(component, work, tools)
  say("seal and meter")
  const sealed = seal(flat)
  const state = limitStack(flat, sealed.state, guest.stackProbe)
  const core = meter(freeze(flat, state), limits)
  say("wrap and compress")
  const image = await packComponent(core, { artifacts, file: guest.file, tools })
  const digests = {
    world: "azr:executor/executor",
    images: { a: { ...image, memoryBytes: state.memory.length } },
    ...limits,
    tools: { ...tools.versions, node: process.versions.node },
    ...(sealed.report as object),
  }
  await writeFile(join(artifacts, "digests.json"), `${JSON.stringify(digests, null, 2)}\n`)
  await rm(work, { recursive: true })
  return image
}
