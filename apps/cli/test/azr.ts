/** Runs the real command in a child process, as a user's shell would. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A fresh folder to work in. */
export const workspace = (): string => mkdtempSync(join(tmpdir(), "azr-cli-"))

export const start = (
  args: ReadonlyArray<string>,
  cwd: string,
  env: Readonly<Record<string, string | undefined>> = {},
): ChildProcess =>
  spawn(
    process.execPath,
    ["--conditions=@azr/source", "--disable-warning=ExperimentalWarning", bin, ...args],
    {
      cwd,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...env },
    },
  )

export const ended = (child: ChildProcess, input = ""): Promise<Ended> =>
  new Promise((resolve, reject) => {
    let stdout = ""
    let stderr = ""
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text))
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text))
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, stdout, stderr }))
    child.stdin?.end(input)
  })

export const azr = (args: ReadonlyArray<string>, cwd: string, input = ""): Promise<Ended> =>
  ended(start(args, cwd), input)

export const jsonLines = (text: string): ReadonlyArray<Record<string, unknown>> =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
