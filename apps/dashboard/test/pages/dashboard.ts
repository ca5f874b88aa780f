/** The real thing: `azr` as a process, a run that it trained, a Chromium. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { hostname, tmpdir } from "node:os"
import path from "node:path"
import { type Browser, chromium } from "playwright-core"

const azr = path.join(import.meta.dirname, "../../../../azr")

/** Why the page tests cannot run here; null where they can. */
export const chromiumPath: string | undefined = [
  process.env["AZR_CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((file) => file !== undefined && existsSync(file))

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath ?? "",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  })

export class Dashboard {
  readonly url: string
  /** What the command printed: the address with the token. */
  readonly link: string
  readonly #process: ChildProcess

  private constructor(url: string, link: string, child: ChildProcess) {
    this.url = url
    this.link = link
    this.#process = child
  }

  /** Port 0 lets the system choose one. */
  static start(runsDir: string, port = 0): Promise<Dashboard> {
    const child = spawn(azr, ["dashboard", "--runs-dir", runsDir, "--port", String(port)], {
      stdio: ["ignore", "pipe", "pipe"],
    })
    return new Promise((resolve, reject) => {
      let output = ""
      const read = (chunk: Buffer) => {
        output += chunk.toString("utf8")
        const [link, url] = /(http:\/\/127\.0\.0\.1:\d+)\/#token=[\w-]+/u.exec(output) ?? []
        if (link !== undefined && url !== undefined) resolve(new Dashboard(url, link, child))
      }
      child.stdout.on("data", read)
      child.stderr.on("data", read)
      child.once("exit", (code) => reject(new Error(`azr dashboard ended with ${code}: ${output}`)))
    })
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  /** As a crash would end it. */
  kill(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) return resolve()
      this.#process.once("exit", () => resolve())
      this.#process.kill("SIGKILL")
    })
  }
}

export const hostile = {
  script: `<script>globalThis.owned = 1</script><img src=x onerror="globalThis.owned = 1">`,
  ansi: "\u001b[31mred\u001b]0;title\u0007",
  bidi: "a\u202egnp.exe\u2066",
  long: `L${"x".repeat(1_000_000)}`,
  surrogate: "half \ud800 pair",
}

const readLines = (file: string): Array<Record<string, unknown>> =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>)

/** Lone surrogates stay escaped, as JSON.stringify writes them. */
const writeLines = (file: string, lines: ReadonlyArray<unknown>): void =>
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""))

/** Steps of the run `long`, and the rollouts of each. */
export const long = { steps: 5, rollouts: 20_000 }

/** Makes this process the one that writes to a run, as far as anyone can tell. */
const hold = (run: string): void =>
  writeFileSync(
    path.join(run, "run.lock"),
    JSON.stringify({ pid: process.pid, host: hostname(), began: "", token: "pages" }),
  )

/**
 * A folder of runs: `real`, as the trainer left it; and copies of it as a crash, a hostile policy, a later version or a
 * start would leave it.
 */
export const makeRuns = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "azr-pages-"))
  const settings = [
    "evaluate.every=3",
    "evaluate.devTasks=20",
    `evaluate.suites=["deduction-2","abduction-2"]`,
  ]
  execFileSync(
    azr,
    [
      "train",
      "--runs-dir",
      folder,
      "--name",
      "real",
      "--steps",
      "6",
      ...settings.flatMap((setting) => ["--set", setting]),
    ],
    { stdio: "ignore" },
  )
  const copy = (
    name: string,
    change: (events: Array<Record<string, unknown>>) => ReadonlyArray<unknown>,
  ): string => {
    const run = path.join(folder, name)
    cpSync(path.join(folder, "real"), run, { recursive: true })
    const events = path.join(run, "events.jsonl")
    writeLines(events, change(readLines(events)))
    return run
  }
  copy("other", (events) => events)
  copy("newer", (events) => [...events.slice(0, -1), { _tag: "Dreamed", at: Date.now() }])
  copy("crashed", (events) => events.filter(({ _tag }) => _tag !== "RunEnded"))
  const seeding = copy("seeding", (events) => events.slice(0, 20))
  hold(seeding)
  rmSync(path.join(seeding, "rollouts"), { recursive: true })
  const live = copy("live", (events) =>
    events
      .slice(
        0,
        events.findLastIndex(({ _tag }) => _tag === "StepCompleted"),
      )
      .filter(({ _tag }) => _tag !== "RunEnded"),
  )
  hold(live)
  const lengthened = path.join(
    copy("long", (events) => events),
    "rollouts",
  )
  for (let step = 1; step <= long.steps; step++) {
    const file = path.join(lengthened, `step-${String(step).padStart(6, "0")}.jsonl`)
    const lines = readFileSync(file, "utf8").trimEnd().split("\n")
    const repeated = Array.from({ length: long.rollouts }, (_, index) => `${lines[index % lines.length]}\n`)
    writeFileSync(file, repeated.join(""))
  }
  rmSync(path.join(lengthened, "step-000006.jsonl"))
  const texts = Object.values(hostile)
  const program = [hostile.script, hostile.ansi, hostile.bidi, hostile.surrogate].join(" ")
  const bad = copy("hostile", (events) =>
    events.map((event) => {
      if (event["_tag"] !== "TaskAdded") return event
      const record = event["record"] as { readonly task: object }
      return { ...event, record: { ...record, task: { ...record.task, program } } }
    }),
  )
  const rollouts = path.join(bad, "rollouts")
  const [first = ""] = readdirSync(rollouts).sort()
  writeLines(
    path.join(rollouts, first),
    readLines(path.join(rollouts, first)).map((rollout, i) => {
      const text = texts[i]
      return text === undefined ? rollout : { ...rollout, prompt: text, response: text, reason: text }
    }),
  )
  return folder
}

/** A training as a user starts it: a process that can be killed. */
export const startAzr = (folder: string, ...args: ReadonlyArray<string>): ChildProcess =>
  spawn(azr, [...args, "--runs-dir", folder], { stdio: "ignore" })

/** The settings of a run whose steps are short. */
export const shortSteps: ReadonlyArray<string> = [
  "kinds.deduction.seeds=16",
  "kinds.deduction.proposals=8",
  "evaluate.devTasks=5",
  'evaluate.suites=["deduction-2"]',
].flatMap((setting) => ["--set", setting])

/** The last step of `real`, as a process that trains would write it to `live`. */
export const lastStep = (folder: string): string => {
  const event = readLines(path.join(folder, "real", "events.jsonl")).findLast(
    ({ _tag }) => _tag === "StepCompleted",
  )
  return `${JSON.stringify({ ...event, at: Date.now() })}\n`
}

export const emptyFolder = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "azr-pages-"))
  mkdirSync(folder, { recursive: true })
  return folder
}
