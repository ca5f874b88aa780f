/** A SkyRL server of one's own on 127.0.0.1, which ends with the process that started it. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, openSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { preparePython, SkyrlUnavailable, sources } from "./prepare.ts"

export interface ServerOptions {
  /** Model folder in the layout of Hugging Face. */
  readonly model: string
  /** Where checkpoints, data base and log are; a server that is started on it again knows the checkpoints. */
  readonly state: string
  readonly port: number
}

export interface SkyrlServer {
  readonly url: string
  readonly port: number
  /** What it has said so far. */
  readonly log: () => string
  /** Settles when it has ended, with its exit code. */
  readonly ended: Promise<number | null>
  /** Ends it as it would itself. */
  readonly stop: () => Promise<void>
  /** `kill -9` of the API and the engine at once. */
  readonly kill: () => Promise<void>
}

/** A port that nobody listens on now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on("error", reject)
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

/** Small enough for two cores. JAX compiles every shape anew: sequences that are trained on one by one have but few. */
const backendConfig = {
  max_lora_adapters: 8,
  max_lora_rank: 8,
  sample_max_num_sequences: 16,
  train_micro_batch_size: 1,
}

/** Starts a server and waits until it answers. It may still be loading its model then. */
export const startServer = async ({ model, port, state }: ServerOptions): Promise<SkyrlServer> => {
  mkdirSync(state, { recursive: true })
  const logFile = path.join(state, "server.log")
  const args = [path.join(sources, "serve.py"), "--model", model, "--state", state, "--port", String(port)]
  const child = spawn(preparePython(), [...args, "--backend-config", JSON.stringify(backendConfig)], {
    // What this process holds of the pipe is what keeps the server alive.
    stdio: ["pipe", "pipe", openSync(logFile, "a")],
  })
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  const log = () => readFileSync(logFile, "utf8")
  const group = await processGroup(child, ended, log)
  const url = `http://127.0.0.1:${port}`
  const server: SkyrlServer = {
    url,
    port,
    log,
    ended,
    stop: async () => {
      child.stdin?.end()
      await ended
    },
    kill: async () => {
      process.kill(-group, "SIGKILL")
      await ended
    },
  }
  await answers(server)
  return server
}

const failed = (what: string, log: () => string): SkyrlUnavailable =>
  new SkyrlUnavailable(
    `${what}; the last lines of its log:\n${log().trimEnd().split("\n").slice(-15).join("\n")}`,
  )

const processGroup = (child: ChildProcess, ended: Promise<unknown>, log: () => string): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once("error", reject)
    child.stdout?.once("data", (text: Buffer) => resolve(Number(text.toString())))
    void ended.then(() => reject(failed("the SkyRL server did not start", log)))
  })

const answers = async ({ ended, log, stop, url }: SkyrlServer): Promise<void> => {
  let isOver = false
  void ended.then(() => (isOver = true))
  const deadline = Date.now() + 300_000
  while (Date.now() < deadline) {
    if (isOver) throw failed("the SkyRL server ended before it was ready", log)
    const response = await fetch(`${url}/api/v1/healthz`).catch(() => null)
    if (response?.ok === true) return
    await sleep(250)
  }
  await stop()
  throw failed("the SkyRL server was not ready after 300 s", log)
}
