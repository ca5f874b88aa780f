/**
 * CPython of this machine, as an oracle. It is no sandbox: a program runs in a process of its own with limits on time,
 * memory and writing, and nothing else. Only what the rules of the language allow may be run in it.
 */
import { fileURLToPath } from "node:url"
import { Effect, Schema, Semaphore } from "effect"
import { startLineProcess } from "../LineProcess.ts"

const Greeting = Schema.Struct({ python: Schema.String })
const Answer = Schema.Union([
  /** What `repr` says of the value that came back. */
  Schema.Struct({ value: Schema.String }),
  /** The class of the exception, or `killed`. */
  Schema.Struct({ failure: Schema.String }),
])

/** From the folder of this file's source and of its build alike. */
const script = fileURLToPath(new URL("../../src/native/python.py", import.meta.url))

export type NativePython = Effect.Success<typeof startNativePython>

/** Runs programs one after the other. Fails where there is no python3, or no POSIX system under it. */
export const startNativePython = Effect.gen(function* () {
  const { ask } = yield* startLineProcess("python3", "python3", ["-B", "-E", "-s", script])
  const { python } = yield* ask(Greeting)
  const turn = yield* Semaphore.make(1)
  return {
    version: python,
    /** Calls `f` with an argument list as source text. */
    run: (program: string, input: string) => turn.withPermits(1)(ask(Answer, { program, input })),
  }
})
