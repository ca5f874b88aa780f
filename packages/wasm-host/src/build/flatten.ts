/**
 * One core module out of the many that a componentizer makes (an interpreter, libc, the bindings, each a
 * dynamic library).
 *
 * The wiring is read off jco's own glue: instantiate the component once and match every import by identity
 * with an earlier module's export. Then the imports are renamed to say so, and binaryen's `wasm-merge` links
 * the modules for good. One module instantiates 70 times faster than 38 and is what the metering needs to see
 * all code at once.
 *
 * A componentizer that stubs WASI does it with a second component whose functions trap. The adapters between
 * the two need state of the component model, which only the glue has, and so would the stubs: both are left
 * out, and whatever is imported from them becomes a function that traps at once.
 */
import { createHash } from "node:crypto"
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { type WasmModule, WebAssembly } from "../webAssembly.ts"
import {
  concat,
  name,
  Reader,
  readSections,
  type Section,
  SectionId,
  unsigned,
  writeModule,
} from "../wasm/binary.ts"
import { exposeState } from "./snapshot.ts"
import type { Linker } from "./tools.ts"
import { importedTypes, readDescription, trapModule } from "./trapModule.ts"

/** The function that the component exports. */
const ENTRY = "run"

/** Where an import comes from: an export of an earlier module. */
type Source = readonly [module: string, name: string]

interface Linked {
  readonly label: string
  readonly bytes: Uint8Array
  /** For each import, what it is wired to. */
  readonly wiring: ReadonlyArray<Source>
  /** A module of the functions that come from outside, when there are any; its label is `trapsOf(label)`. */
  readonly traps: Uint8Array | null
}

const trapsOf = (label: string): string => `${label}traps`

/** The core module of the component at `path`, its state exposed. `folder` is for what arises on the way. */
export const flatten = async (path: string, folder: string, tools: Linker): Promise<Uint8Array> => {
  const glue = join(folder, "glue")
  await tools.transpile(path, glue)
  const linked = join(folder, "linked")
  await mkdir(linked, { recursive: true })
  const mergeArguments: Array<string> = []
  const add = async (label: string, bytes: Uint8Array): Promise<void> => {
    const file = join(linked, `${label}.wasm`)
    await writeFile(file, bytes)
    mergeArguments.push(file, label)
  }
  for (const { bytes, label, traps, wiring } of await readWiring(glue)) {
    if (traps !== null) await add(trapsOf(label), traps)
    await add(
      label,
      mapSection(bytes, SectionId.import, (body) => rewire(body, wiring)),
    )
  }
  const merged = join(folder, "merged.wasm")
  await tools.wasmMerge([...mergeArguments, "-o", merged, "--all-features", "--rename-export-conflicts"])
  await writeFile(merged, interfaceOnly(await readFile(merged)))
  // Drops what the interface does not need, and folds constant globals so that nothing is computed at
  // instantiation.
  const trimmed = join(folder, "trimmed.wasm")
  const passes = ["propagate-globals-globally", "simplify-globals", "remove-unused-module-elements"]
  await tools.wasmOpt([merged, "-o", trimmed, "--all-features", ...passes.map((pass) => `--${pass}`)])
  // What was linked from many libraries is optimised as a whole for the first time.
  const optimised = join(folder, "optimised.wasm")
  await tools.wasmOpt([trimmed, "-o", optimised, "--all-features", "-O3"])
  return exposeState(await readFile(optimised))
}

/** Runs jco's glue and records where every import of every core module comes from. */
const readWiring = async (folder: string): Promise<ReadonlyArray<Linked>> => {
  const compiled = new Map<string, WasmModule>()
  const bytesOf = new Map<WasmModule, Uint8Array>()
  for (const file of await readdir(folder)) {
    if (!file.endsWith(".wasm")) continue
    const bytes = await readFile(join(folder, file))
    const module = new WebAssembly.Module(new Uint8Array(bytes))
    compiled.set(file, module)
    bytesOf.set(module, bytes)
  }
  const owner = new Map<unknown, Source>()
  const modules: Array<Linked> = []
  let bindings = ""
  const guest = join(folder, "guest.js")
  // By its content: a folder that is built a second time has other glue at the same place.
  const digest = createHash("sha256")
    .update(await readFile(guest))
    .digest("hex")
  const { instantiate } = await import(`${pathToFileURL(guest).href}?${digest}`)
  instantiate(
    (file: string) => compiled.get(file),
    {},
    (module: WasmModule, imports: Record<string, Record<string, unknown>>) => {
      const instance = new WebAssembly.Instance(module, imports)
      const bytes = bytesOf.get(module)
      if (bytes === undefined) throw new Error("flatten: the glue instantiated a module that is not a file")
      const sources = WebAssembly.Module.imports(module).map((entry) =>
        owner.get(imports[entry.module]?.[entry.name]),
      )
      const linked = link(`m${modules.length}`, bytes, sources)
      if (linked === null) return instance
      modules.push(linked)
      if (ENTRY in instance.exports) bindings = linked.label
      for (const [exportName, value] of Object.entries(instance.exports)) {
        if (!owner.has(value)) owner.set(value, [linked.label, exportName])
      }
      return instance
    },
  )
  return connected(modules, bindings)
}

/** Null for an adapter between components: it imports state, not only functions, from the glue. */
const link = (
  label: string,
  bytes: Uint8Array,
  sources: ReadonlyArray<Source | undefined>,
): Linked | null => {
  const types = importedTypes(bytes)
  const trapping: Array<number> = []
  const wiring: Array<Source> = []
  for (const [index, source] of sources.entries()) {
    const type = types[index] ?? null
    if (source === undefined && type === null) return null
    wiring.push(source ?? [trapsOf(label), String(trapping.push(type!) - 1)])
  }
  return { label, bytes, wiring, traps: trapping.length === 0 ? null : trapModule(bytes, trapping) }
}

/** The modules that hang together with the one called `root`. The others belong to components of stubs. */
const connected = (modules: ReadonlyArray<Linked>, root: string): ReadonlyArray<Linked> => {
  const reached = new Set<string>()
  const reach = (label: string): void => {
    if (reached.has(label)) return
    reached.add(label)
    for (const { label: other, wiring } of modules) {
      for (const [source] of wiring) {
        if (source === label) reach(other)
        if (other === label) reach(source)
      }
    }
  }
  reach(root)
  return modules.filter(({ label }) => reached.has(label))
}

const mapSection = (module: Uint8Array, id: number, change: (body: Uint8Array) => Uint8Array): Uint8Array =>
  writeModule(
    readSections(module).map((section): Section =>
      section.id === id ? { id, body: change(section.body) } : section,
    ),
  )

/** An import section with the module and field names replaced. */
const rewire = (body: Uint8Array, wiring: ReadonlyArray<Source>): Uint8Array => {
  const reader = new Reader(body)
  const parts: Array<Uint8Array> = [unsigned(reader.unsigned())]
  for (const [module, field] of wiring) {
    reader.take(reader.unsigned())
    reader.take(reader.unsigned())
    const start = reader.position
    readDescription(reader)
    parts.push(name(module), name(field), body.subarray(start, reader.position))
  }
  return concat(parts)
}

/** A core module that exports nothing but what the component's interface is made of. */
export const interfaceOnly = (module: Uint8Array): Uint8Array =>
  mapSection(module, SectionId.export, keepInterface)

const INTERFACE = new Set(["memory", ENTRY, "cabi_post_run"])

/** An export section with nothing but the component's interface. */
const keepInterface = (body: Uint8Array): Uint8Array => {
  const reader = new Reader(body)
  const kept: Array<Uint8Array> = []
  let realloc: Uint8Array | null = null
  for (let count = reader.unsigned(); count > 0; count--) {
    const start = reader.position
    const label = new TextDecoder().decode(reader.take(reader.unsigned()))
    const target = reader.position
    reader.byte()
    reader.skipNumber()
    if (INTERFACE.has(label)) kept.push(body.subarray(start, reader.position))
    // Each library has its own; the bindings come last and theirs is the component's.
    if (label.startsWith("cabi_realloc")) realloc = body.subarray(target, reader.position)
  }
  if (realloc === null || kept.length !== INTERFACE.size)
    throw new Error("the interface of the component is incomplete")
  kept.push(concat([name("cabi_realloc"), realloc]))
  return concat([unsigned(kept.length), ...kept])
}
