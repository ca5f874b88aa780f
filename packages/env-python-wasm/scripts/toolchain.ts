/**
 * The tools that rebuild the executor: componentize-py (pip), jco and binaryen (npm). They are large and needed
 * by whoever changes the guest only, so they are installed here and not with the workspace. Exact versions:
 * `toolchain/`.
 */
import { execFile } from "node:child_process"
import { cp, mkdir, readFile } from "node:fs/promises"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const execute = promisify(execFile)
const pins = fileURLToPath(new URL("toolchain/", import.meta.url))

export interface Toolchain {
  readonly componentize: (
    options: ReadonlyArray<string>,
    environment: Record<string, string>,
  ) => Promise<void>
  readonly jco: (options: ReadonlyArray<string>) => Promise<void>
  readonly wasmMerge: (options: ReadonlyArray<string>) => Promise<void>
  readonly wasmOpt: (options: ReadonlyArray<string>) => Promise<void>
  readonly versions: Readonly<Record<string, string>>
}

export const installToolchain = async (folder: string): Promise<Toolchain> => {
  await mkdir(folder, { recursive: true })
  await cp(pins, folder, { recursive: true })
  await execute("npm", ["install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"], {
    cwd: folder,
  })
  await execute("python3", ["-m", "venv", join(folder, "venv")])
  const python = (name: string): string => join(folder, "venv", "bin", name)
  await execute(python("pip"), ["install", "--quiet", "--requirement", join(folder, "requirements.txt")])
  // The tools of the npm packages are scripts that look for `node`: give them the one that runs this.
  const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`
  const run = async (command: string, options: ReadonlyArray<string>, environment = {}): Promise<void> => {
    await execute(command, options, {
      env: { ...process.env, ...environment, PATH: path },
      maxBuffer: 2 ** 26,
    })
  }
  const node = (...parts: ReadonlyArray<string>) => {
    const script = join(folder, "node_modules", ...parts)
    // binaryen's compiled code recurses deeper than the default stack allows.
    return (options: ReadonlyArray<string>) =>
      run(process.execPath, ["--stack-size=8000", script, ...options])
  }
  return {
    componentize: (options, environment) =>
      run(python("componentize-py"), ["--quiet", ...options], environment),
    jco: node("@bytecodealliance", "jco", "dist", "jco.js"),
    wasmMerge: node("binaryen", "bin", "wasm-merge"),
    wasmOpt: node("binaryen", "bin", "wasm-opt"),
    versions: await readPins(),
  }
}

const readPins = async (): Promise<Record<string, string>> => {
  const { dependencies } = JSON.parse(await readFile(join(pins, "package.json"), "utf8"))
  const [name, version] = (await readFile(join(pins, "requirements.txt"), "utf8")).trim().split("==")
  return { [String(name)]: String(version), ...dependencies }
}
