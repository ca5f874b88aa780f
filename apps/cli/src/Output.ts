/**
 * Where text goes: results to stdout, progress to stderr. On a terminal, progress has one live status line below its
 * permanent lines; elsewhere there are only plain lines. `NO_COLOR` and `FORCE_COLOR` are honoured.
 */
import { styleText } from "node:util"
import { Cause, Context, Effect, Layer, Logger } from "effect"

/** Takes the live status line off a terminal. */
export const clearLine = "\r\u001b[2K"

export type Style = "bold" | "dim" | "green" | "red" | "yellow" | "cyan"

export class Output extends Context.Service<
  Output,
  {
    /** A line of the result, to stdout. */
    readonly result: (line: string) => Effect.Effect<void>
    /** A permanent line of progress, to stderr. */
    readonly progress: (line: string) => Effect.Effect<void>
    /** The live status line; shown only on a terminal, gone with the next line. */
    readonly status: (line: string) => Effect.Effect<void>
    /** What begins and may take a while: live on a terminal, a plain line elsewhere. */
    readonly announce: (line: string) => Effect.Effect<void>
    /** Styles text meant for stdout or stderr, where that stream shows styles. */
    readonly style: (stream: "stdout" | "stderr", style: Style, text: string) => string
  }
>()("@azr/cli/Output") {
  static readonly layer = Layer.sync(Output, () => {
    const live = process.stderr.isTTY === true
    let pending = false
    const clear = () => {
      if (pending) process.stderr.write(clearLine)
      pending = false
    }
    const permanent = (stream: NodeJS.WriteStream) => (line: string) =>
      Effect.sync(() => {
        clear()
        stream.write(`${line}\n`)
      })
    const status = (line: string) =>
      Effect.sync(() => {
        if (!live) return
        clear()
        process.stderr.write(line.slice(0, (process.stderr.columns || 80) - 1))
        pending = true
      })
    return Output.of({
      result: permanent(process.stdout),
      progress: permanent(process.stderr),
      status,
      announce: live ? status : permanent(process.stderr),
      style: (stream, style, text) => styleText(style, text, { stream: process[stream] }),
    })
  })
}

/** What an engine warns of on the way is progress, too: stdout is for results. */
export const warnings = Logger.layer([
  Effect.map(Output, ({ progress }) =>
    Logger.make(({ cause, message }) => {
      const said = [message].flat().map(String).join(" ")
      const why = cause.reasons.length === 0 ? "" : `: ${Cause.pretty(cause)}`
      return Effect.runSync(progress(`warning: ${said}${why}`))
    }),
  ),
])
