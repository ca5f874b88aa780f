/** Node's own engine as an oracle: programs run in a child process, so that nothing of theirs touches the caller. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import type { Value } from "@azr/core"

/** One call of `f`. Arguments are canonical JSON. */
export interface NodeCall {
  readonly program: string
  readonly arguments: ReadonlyArray<Value.Json>
}

/** What it returned, as canonical JSON, the name of what it threw, or why its result has no canonical form. */
export type NodeAnswer = { readonly value: Value.Json } | { readonly error: string }

const child = fileURLToPath(new URL("child.ts", import.meta.url))

export const runInNode = async (calls: ReadonlyArray<NodeCall>): Promise<ReadonlyArray<NodeAnswer>> => {
  const running = spawn(process.execPath, ["--conditions=@azr/source", child], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  const output = text(running.stdout)
  const ended = once(running, "exit")
  // Where the child ends early, its exit code says so.
  running.stdin.on("error", () => {})
  running.stdin.end(calls.map((call) => `${JSON.stringify(call)}\n`).join(""))
  const [code] = await ended
  if (code !== 0) throw new Error(`Node's engine ended with exit code ${code}`)
  return (await output)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as NodeAnswer)
}
