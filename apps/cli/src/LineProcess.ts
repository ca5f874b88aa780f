/**
 * A child process that is spoken to in lines of JSON: one asks, one answers. What benchmarks compare runs in a process
 * each, which keeps CPU time, memory and crashes apart and lets rounds of all of them take turns.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { Effect, Schema, type Scope } from "effect"

export class LineProcessFailed extends Schema.TaggedError<LineProcessFailed>()("LineProcessFailed", {
  command: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `${this.command}: ${this.reason}`
  }
}

export interface LineProcess {
  /** Asks one thing at a time; the answer is the next line. Undefined only waits for a line. */
  readonly ask: <S extends Schema.Decoder<unknown>>(
    answer: S,
    question?: unknown,
  ) => Effect.Effect<S["Type"], LineProcessFailed>
}

/** Long enough to end whatever the process itself has started. */
const graceMs = 3000

/** The end of its input is what tells a process to go. */
const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return resolve()
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs)
    child.once("exit", () => {
      clearTimeout(timer)
      resolve()
    })
    child.stdin?.end()
  })

/** Starts a process; it ends with the scope. What it writes to standard error is kept for the day it fails. */
export const startLineProcess = (
  name: string,
  file: string,
  args: ReadonlyArray<string>,
): Effect.Effect<LineProcess, never, Scope.Scope> =>
  Effect.gen(function* () {
    let complaint = ""
    let ended: string | null = null
    let waiting: ((line: string | null) => void) | null = null
    const lines: Array<string> = []
    const hand = (line: string | null) => {
      const taker = waiting
      waiting = null
      if (taker !== null) taker(line)
      else if (line !== null) lines.push(line)
    }
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] })),
      (running) => Effect.promise(() => end(running)),
    )
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-2000)
    })
    // Writing to a process that has ended; its end says why.
    child.stdin.on("error", () => undefined)
    child.on("error", (error) => {
      ended = error.message
      hand(null)
    })
    child.on("close", (code, signal) => {
      ended ??= complaint.trim().split("\n").at(-1) || `it ended with ${signal ?? `exit code ${code}`}`
      hand(null)
    })
    createInterface({ input: child.stdout }).on("line", hand)

    const nextLine = Effect.callback<string, LineProcessFailed>((resume) => {
      const failed = () => new LineProcessFailed({ command: name, reason: ended ?? "it said nothing" })
      const line = lines.shift()
      if (line !== undefined) resume(Effect.succeed(line))
      else if (ended !== null) resume(Effect.fail(failed()))
      else waiting = (next) => resume(next === null ? Effect.fail(failed()) : Effect.succeed(next))
    })
    const ask: LineProcess["ask"] = (answer, question) =>
      Effect.gen(function* () {
        if (question !== undefined) child.stdin.write(`${JSON.stringify(question)}\n`)
        return yield* Effect.mapError(
          Schema.decodeEffect(Schema.fromJsonString(answer))(yield* nextLine),
          (error) =>
            error instanceof LineProcessFailed
              ? error
              : new LineProcessFailed({ command: name, reason: `it answered nonsense: ${error.message}` }),
        )
      })
    return { ask }
  })
