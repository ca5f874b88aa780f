/**
 * Tools from npm that build executors. They are large and needed by whoever changes a guest only: a package has them among its
 * development dependencies (`npmTools`), or installs them for a build alone, away from a workspace, in the exact versions of a
 * `package.json` and its lock (`installNpmTools`).
 */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { cp, mkdir, readFile, writeFile } from "node:fs/promises"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { promisify } from "node:util"

const execute = promisify(execFile)

export type Tool = (options: ReadonlyArray<string>) => Promise<void>

/**
 * The tools that link a component's modules and wrap the result: jco's transpiler, and binaryen's merger and optimiser.
 */
export interface Linker {
  /** Writes the core modules of the component at a path, and `guest.js` that instantiates them, into a folder. */
  readonly transpile: (component: string, folder: string) => Promise<void>
  /** The component of a core module, for a world of a WIT text. */
  readonly wrap: (core: Uint8Array, wit: string, world: string) => Promise<Uint8Array>
  readonly wasmMerge: Tool
  readonly wasmOpt: Tool
}

export interface NpmTools extends Linker {
  /** Runs a script of an installed package under the Node that runs this. */
  readonly node: (name: string, ...path: ReadonlyArray<string>) => Tool
  readonly versions: Readonly<Record<string, string>>
}

/** Runs a command that finds, as `node`, the one that runs this. */
export const runTool = async (
  command: string,
  options: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`
  await execute(command, options, {
    env: { ...process.env, ...environment, PATH: path },
    maxBuffer: 2 ** 26,
  })
}

/** A package as a module of `folder` would find it: in its `node_modules` or in those of a folder above. */
const packageFolder = (name: string, folder: string): string => {
  for (let at = folder; ; at = dirname(at)) {
    const found = join(at, "node_modules", name)
    if (existsSync(join(found, "package.json"))) return found
    if (at === dirname(at)) throw new Error(`${name} is not installed in ${folder}`)
  }
}

/** The tools among packages that are installed for `folder`. jco-transpile and binaryen must be among them. */
export const npmTools = async (folder: string, names: ReadonlyArray<string>): Promise<NpmTools> => {
  const folders = new Map(names.map((name) => [name, packageFolder(name, folder)]))
  const versions = await Promise.all(
    [...folders].map(async ([name, at]): Promise<readonly [string, string]> => {
      const { version } = JSON.parse(await readFile(join(at, "package.json"), "utf8"))
      return [name, version]
    }),
  )
  const node = (name: string, ...path: ReadonlyArray<string>): Tool => {
    const script = join(folders.get(name) ?? packageFolder(name, folder), ...path)
    // binaryen's compiled code recurses deeper than the default stack allows.
    return (options) => runTool(process.execPath, ["--stack-size=8000", script, ...options])
  }
  const jco = (file: string) =>
    import(pathToFileURL(join(packageFolder("@bytecodealliance/jco-transpile", folder), "dist", file)).href)
  return {
    node,
    transpile: async (component, out) => {
      const { transpileBytes } = await jco("index.js")
      const { files } = await transpileBytes(await readFile(component), {
        name: "guest",
        instantiation: "sync",
      })
      await mkdir(out, { recursive: true })
      for (const [name, content] of Object.entries(files as Record<string, Uint8Array>)) {
        await mkdir(dirname(join(out, name)), { recursive: true })
        await writeFile(join(out, name), content)
      }
    },
    wrap: async (core, witSource, world) => {
      const { componentEmbed, componentNew } = await jco("wasm-tools.js")
      return componentNew(await componentEmbed({ binary: core, witSource, world }))
    },
    wasmMerge: node("binaryen", "bin", "wasm-merge"),
    wasmOpt: node("binaryen", "bin", "wasm-opt"),
    versions: Object.fromEntries(versions),
  }
}

/** Installs what `pins`, a folder with a `package.json` and its lock, names. jco-transpile and binaryen must be among it. */
export const installNpmTools = async (pins: URL, folder: string): Promise<NpmTools> => {
  await mkdir(folder, { recursive: true })
  await cp(fileURLToPath(pins), folder, { recursive: true })
  await execute("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
  })
  const { dependencies } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"))
  return npmTools(folder, Object.keys(dependencies))
}
