#!/usr/bin/env node
/** The `azr` command: runs `cli.ts`, maps errors to exit codes, and turns Ctrl-C into an orderly end. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Exit, Layer } from "effect"
import { Command } from "effect/cli"
import { loadCommand } from "./cli.ts"
import { exitCode, explain } from "./exitCodes.ts"
import { Output, clearLine, warnings } from "./Output.ts"
import { presenter } from "./presenter.ts"
import { StopSignal } from "./StopSignal.ts"
import { version } from "./version.ts"

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major !== 22 || minor < 19) {
  process.stderr.write(
    `azr: this is Node ${process.versions.node}, and azr needs >=22.19 <23; npm install node@22.23.3 puts one beside it\n`,
  )
  process.exit(1)
}

const stop = new StopSignal()
const services = Layer.mergeAll(
  NodeServices.layer,
  Layer.provideMerge(warnings, Output.layer),
  presenter,
  Layer.succeed(StopSignal.Current, stop),
)

const azr = await loadCommand(process.argv[2])
const fiber = Effect.runFork(Command.run(azr, { version }).pipe(Effect.provide(services)))

/** A launcher such as npm passes on what the terminal has already sent to the whole group: one press, two signals. */
const samePressMilliseconds = 500
let lastSignal = -Infinity
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    const now = performance.now()
    const repeated = now - lastSignal < samePressMilliseconds
    lastSignal = now
    if (!repeated && !stop.request()) fiber.interruptUnsafe()
  })
}

// The reader of a pipe may go first, as in `azr runs | head`: nobody is left to read the rest. A training goes on, its
// record is the run folder.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error
    if (!stop.accepts) process.exit(0)
  })
}

fiber.addObserver((exit) => {
  const interrupted = Exit.isFailure(exit) ? Cause.hasInterruptsOnly(exit.cause) : stop.honoured
  if (Exit.isFailure(exit) && !interrupted) {
    const message = explain(exit.cause)
    const clear = process.stderr.isTTY === true ? clearLine : ""
    if (message !== null) process.stderr.write(`${clear}azr: ${message}\n`)
  }
  process.exitCode = interrupted ? 130 : Exit.isFailure(exit) ? exitCode(exit.cause) : 0
  // Worker threads that outlive their scope must not keep the process; what was written is already on disk.
  process.stdout.write("", () => process.exit())
})
