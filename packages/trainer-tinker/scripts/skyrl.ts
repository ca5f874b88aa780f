/**
 * A SkyRL server on this machine's CPU, from PyPI: for tests, and to try the Tinker engine without a GPU.
 *
 *     pnpm skyrl test                               the suites of `skyrl/test` against a server of their own: pnpm test:skyrl
 *     pnpm skyrl serve [tiny|smollm2|FOLDER]        a server until Ctrl-C
 *         [--port 8000] [--state FOLDER]
 *     pnpm skyrl model tiny|smollm2                 makes the model and prints its folder
 *     pnpm skyrl lock                               pins the Python packages anew
 *
 * Needs Python 3.12 or newer, 1.3 GB, and the first time PyPI.
 */
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import os from "node:os"
import path from "node:path"
import { parseArgs } from "node:util"
import {
  generated,
  lock,
  type ModelName,
  modelNames,
  prepareModel,
  SkyrlUnavailable,
  sources,
} from "../skyrl/prepare.ts"
import { freePort, startServer } from "../skyrl/SkyrlServer.ts"

const usage =
  "usage: pnpm skyrl test [FILE …] | serve [tiny|smollm2|FOLDER] [--port N] [--state FOLDER] | model NAME | lock"

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

const isModel = (name: string): name is ModelName => (modelNames as ReadonlyArray<string>).includes(name)

const modelFolder = (name: string): string => {
  if (isModel(name)) return prepareModel(name)
  if (existsSync(path.join(name, "config.json"))) return path.resolve(name)
  throw new SkyrlUnavailable(`${name} is neither ${modelNames.join(" nor ")} nor a folder with a config.json`)
}

const serve = async (name: string, port: number, state: string): Promise<number> => {
  const model = modelFolder(name)
  const server = await startServer({ model, port, state })
  process.stderr.write(
    `skyrl: serving ${model} at ${server.url}, state and log in ${state}; Ctrl-C ends it\n`,
  )
  let asked = false
  for (const signal of signals) {
    process.on(signal, () => {
      asked = true
      void server.stop()
    })
  }
  const code = await server.ended
  if (asked) return 0
  process.stderr.write(`skyrl: the server ended by itself with exit code ${code}, see its log\n`)
  return 1
}

/** Runs vitest on `skyrl/test`, with a server of the tiny model for all suites. */
const test = async (files: ReadonlyArray<string>): Promise<number> => {
  const state = mkdtempSync(path.join(os.tmpdir(), "azr-skyrl-"))
  const model = prepareModel("tiny")
  process.stderr.write("skyrl: starting a server for the suites\n")
  const server = await startServer({ model, state, port: await freePort() })
  const vitest = path.join(sources, "..", "node_modules", "vitest", "vitest.mjs")
  const options = [
    "--config",
    "../../vitest.config.ts",
    "--root",
    "skyrl",
    "--no-file-parallelism",
    "--hookTimeout=1800000",
  ]
  const child = spawn(process.execPath, [vitest, "run", ...options, "--reporter=verbose", ...files], {
    cwd: path.join(sources, ".."),
    env: { ...process.env, TINKER_BASE_URL: server.url },
    stdio: "inherit",
  })
  for (const signal of signals) process.on(signal, () => void child.kill(signal))
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code, signal) =>
      resolve(signal === null ? (code ?? 1) : 128 + os.constants.signals[signal]),
    )
  })
  await server.stop()
  if (code === 0) rmSync(state, { recursive: true })
  else process.stderr.write(`skyrl: the server's log is ${path.join(state, "server.log")}\n`)
  return code
}

const main = async (): Promise<number> => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { port: { type: "string", default: "8000" }, state: { type: "string" } },
  })
  const [command, ...names] = positionals
  const [name] = names
  switch (command) {
    case "test":
      return test(names)
    case "serve":
      return serve(name ?? "tiny", Number(values.port), values.state ?? path.join(generated, "state"))
    case "model":
      if (name === undefined || !isModel(name)) throw new SkyrlUnavailable(usage)
      process.stdout.write(`${prepareModel(name)}\n`)
      return 0
    case "lock":
      lock()
      return 0
    default:
      throw new SkyrlUnavailable(usage)
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof SkyrlUnavailable)) throw error
  process.stderr.write(`skyrl: ${error.message}\n`)
  process.exitCode = 1
}
