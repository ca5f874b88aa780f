/** What the stress scripts share: flags, where text goes, and an orderly end on Ctrl-C. */
import { Executor } from "@azr/core"
import { NodeServices } from "@effect/platform-node"
import { Cause, Effect, Exit, Layer } from "effect"
import { Flag } from "effect/cli"
import { languageIds } from "../../src/bench/languages.ts"
import { exitCode, explain } from "../../src/exitCodes.ts"
import { Output } from "../../src/Output.ts"

export const hostFlag = Flag.Literals("host", Executor.executorHostNames).pipe(
  Flag.withDescription("Host of the executor (default v8)"),
  Flag.withDefault("v8"),
)
export const envFlag = Flag.Literals("env", languageIds).pipe(
  Flag.withDescription("Language (default python)"),
  Flag.withDefault("python"),
)
export const seedFlag = Flag.Int("seed").pipe(
  Flag.withDescription("Seed of everything random (default 0)"),
  Flag.withDefault(0),
)
export const corpusFlag = Flag.String("corpus").pipe(
  Flag.withDescription("Corpus file whose programs join the bundled ones; may be repeated"),
  Flag.atLeast(0),
)

/** Whether somebody asked to stop. A script then ends its loops and reports what it has. */
export const stop = { asked: false }

const services = Layer.mergeAll(NodeServices.layer, Output.layer)

/** Runs a script's command and ends the process with the exit codes of `azr`; Ctrl-C twice ends it at once. */
export const runScript = (program: Effect.Effect<void, unknown, Layer.Success<typeof services>>): void => {
  const fiber = Effect.runFork(Effect.provide(program, services))
  process.on("SIGINT", () => {
    if (stop.asked) fiber.interruptUnsafe()
    stop.asked = true
  })
  fiber.addObserver((exit) => {
    if (Exit.isFailure(exit)) process.stderr.write(`${explain(exit.cause) ?? Cause.pretty(exit.cause)}\n`)
    process.exit(Exit.isFailure(exit) ? exitCode(exit.cause) : 0)
  })
}
