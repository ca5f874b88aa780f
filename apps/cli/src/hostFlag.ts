/** `--host`: what the executors of a command run on. */
import { Executor } from "@azr/core"
import { Effect } from "effect"
import { Flag } from "effect/cli"

const hosts = ["auto", ...Executor.executorHostNames] as const
type Host = (typeof hosts)[number]

export const hostFlag = Flag.Literals("host", hosts).pipe(
  Flag.withDescription("What runs programs; auto takes wasmtime where it was built, else v8 (default auto)"),
  Flag.withDefault("auto"),
)

/** Runs an effect with its executors on a host, on all cores. */
export const onHost = (host: Host) =>
  Effect.provideService(Executor.ExecutorSettings, { host, workers: null })
