/**
 * Tools that build executors and that a package installs for that alone, away from the workspace: they are
 * large and needed by whoever changes a guest only. Exact versions: the `package.json` and `package-lock.json` of the
 * folder that is given.
 */
import { execFile } from "node:child_process"
import { cp, mkdir, readFile } from "node:fs/promises"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const execute = promisify(execFile)

export type Tool = (options: ReadonlyArray<string>) => Promise<void>

/**
 * The tools that link a component's modules and wrap the result: jco, and binaryen's merger and optimiser.
 */
export interface Linker {
  readonly jco: Tool
  readonly wasmMerge: Tool
  readonly wasmOpt: Tool
}

export interface NpmTools extends Linker {
  /** Runs a script of an installed package under the Node that runs this. */
  readonly node: (...path: ReadonlyArray<string>) => Tool
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

/** Installs what `pins`, a folder with a `package.json` and its lock, names. jco and binaryen must be among it. */
export const installNpmTools = async (pins: URL, folder: string): Promise<NpmTools> => {
  await mkdir(folder, { recursive: true })
  await cp(fileURLToPath(pins), folder, { recursive: true })
  await execute("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
  })
  const node = (...path: ReadonlyArray<string>): Tool => {
    const script = join(folder, "node_modules", ...path)
    // binaryen's compiled code recurses deeper than the default stack allows.
    return (options) => runTool(process.execPath, ["--stack-size=8000", script, ...options])
  }
  const { dependencies } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"))
  return {
    node,
    jco: node("@bytecodealliance", "jco", "dist", "jco.js"),
    wasmMerge: node("binaryen", "bin", "wasm-merge"),
    wasmOpt: node("binaryen", "bin", "wasm-opt"),
    versions: dependencies,
  }
}
