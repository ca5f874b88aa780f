/**
 * One core module out of the 38 that componentize-py makes (CPython, libc, the bindings, each a dynamic library).
 *
 * The wiring is read off jco's own glue: instantiate the component once and match every import by identity with
 * an earlier module's export. Then the imports are renamed to say so, and binaryen's `wasm-merge` links the
 * modules for good. One module instantiates 70 times faster than 38 and is what the metering needs to see all
 * code at once.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import {
  concat,
  exposeState,
  name,
  Reader,
  readSections,
  type Section,
  SectionId,
  unsigned,
  type WasmModule,
  WebAssembly,
  writeModule,
} from "@azr/wasm-host/build"
import type { Toolchain } from "./toolchain.ts"

interface Linked {
  readonly bytes: Uint8Array
  /** For each import, the module and export it is wired to. */
  readonly wiring: ReadonlyArray<readonly [module: string, name: string]>
}

/** The core module of the component at `path`, its state exposed. `folder` is for what arises on the way. */
export const flatten = async (path: string, folder: string, tools: Toolchain): Promise<Uint8Array> => {
  const glue = join(folder, "glue")
  await tools.jco([
    "transpile",
    path,
    "--instantiation",
    "sync",
    "--quiet",
    "--name",
    "guest",
    "--out-dir",
    glue,
  ])
  const linked = join(folder, "linked")
  await mkdir(linked, { recursive: true })
  const mergeArguments: Array<string> = []
  for (const [index, { bytes, wiring }] of (await readWiring(glue)).entries()) {
    const file = join(linked, `m${index}.wasm`)
    await writeFile(
      file,
      mapSection(bytes, SectionId.import, (body) => rewire(body, wiring)),
    )
    mergeArguments.push(file, `m${index}`)
  }
  const merged = join(folder, "merged.wasm")
  await tools.wasmMerge([...mergeArguments, "-o", merged, "--all-features", "--rename-export-conflicts"])
  await writeFile(merged, mapSection(await readFile(merged), SectionId.export, keepInterface))
  // Drops what the interface does not need, and folds constant globals so that nothing is computed at instantiation.
  const trimmed = join(folder, "trimmed.wasm")
  const passes = ["propagate-globals-globally", "simplify-globals", "remove-unused-module-elements"]
  await tools.wasmOpt([merged, "-o", trimmed, "--all-features", ...passes.map((pass) => `--${pass}`)])
  return exposeState(await readFile(trimmed))
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
  const owner = new Map<unknown, readonly [string, string]>()
  const modules: Array<Linked> = []
  const { instantiate } = await import(pathToFileURL(join(folder, "guest.js")).href)
  instantiate(
    (file: string) => compiled.get(file),
    {},
    (module: WasmModule, imports: Record<string, Record<string, unknown>>) => {
      const instance = new WebAssembly.Instance(module, imports)
      const wiring = WebAssembly.Module.imports(module).map((entry) => {
        const source = owner.get(imports[entry.module]?.[entry.name])
        if (source === undefined)
          throw new Error(`flatten: import ${entry.module}.${entry.name} comes from outside`)
        return source
      })
      for (const [exportName, value] of Object.entries(instance.exports)) {
        if (!owner.has(value)) owner.set(value, [`m${modules.length}`, exportName])
      }
      const bytes = bytesOf.get(module)
      if (bytes === undefined) throw new Error("flatten: the glue instantiated a module that is not a file")
      modules.push({ bytes, wiring })
      return instance
    },
  )
  return modules
}

const mapSection = (module: Uint8Array, id: number, change: (body: Uint8Array) => Uint8Array): Uint8Array =>
  writeModule(
    readSections(module).map((section): Section =>
      section.id === id ? { id, body: change(section.body) } : section,
    ),
  )

/** An import section with the module and field names replaced. */
const rewire = (body: Uint8Array, wiring: Linked["wiring"]): Uint8Array => {
  const reader = new Reader(body)
  const parts: Array<Uint8Array> = [unsigned(reader.unsigned())]
  for (const [module, field] of wiring) {
    reader.take(reader.unsigned())
    reader.take(reader.unsigned())
    const start = reader.position
    skipDescription(reader)
    parts.push(name(module), name(field), body.subarray(start, reader.position))
  }
  return concat(parts)
}

const skipDescription = (reader: Reader): void => {
  const kind = reader.byte()
  if (kind === 0) reader.skipNumber()
  else if (kind === 1) {
    reader.byte()
    skipLimits(reader)
  } else if (kind === 2) skipLimits(reader)
  else if (kind === 3) reader.take(2)
  else throw new Error(`flatten: import of kind ${kind}`)
}

const skipLimits = (reader: Reader): void => {
  const flags = reader.unsigned()
  reader.skipNumber()
  if ((flags & 1) !== 0) reader.skipNumber()
}

const INTERFACE = new Set(["memory", "run", "cabi_post_run"])

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
    throw new Error("flatten: the interface is incomplete")
  kept.push(concat([name("cabi_realloc"), realloc]))
  return concat([unsigned(kept.length), ...kept])
}
