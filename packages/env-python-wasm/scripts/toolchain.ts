/**
 * The tools that rebuild the executor: componentize-py (pip), jco-transpile and binaryen (npm). Exact versions:
 * `toolchain/`.
 */
import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { installNpmTools, type Linker, runTool } from "@azr/wasm-host/build"

const execute = promisify(execFile)
const pins = new URL("toolchain/", import.meta.url)

export interface Toolchain extends Linker {
  readonly componentize: (
    options: ReadonlyArray<string>,
    environment: Record<string, string>,
  ) => Promise<void>
  readonly versions: Readonly<Record<string, string>>
}

export const installToolchain = async (folder: string): Promise<Toolchain> => {
  const npm = await installNpmTools(pins, folder)
  await execute("python3", ["-m", "venv", join(folder, "venv")])
  const python = (name: string): string => join(folder, "venv", "bin", name)
  const requirements = join(folder, "requirements.txt")
  await execute(python("pip"), ["install", "--quiet", "--requirement", requirements])
  const [name, version] = (await readFile(requirements, "utf8")).trim().split("==")
  return {
    ...npm,
    componentize: (options, environment) =>
      runTool(python("componentize-py"), ["--quiet", ...options], environment),
    versions: { [String(name)]: String(version), ...npm.versions },
  }
}
