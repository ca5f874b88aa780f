/** What is wrong with a command line: one line on stderr, as for any other failure. The help that was not asked for stays away. */
import { Effect } from "effect"
import { type CliError, CliOutput } from "effect/cli"
import { command } from "./command.ts"

const inOneLine = (error: CliError.CliError): string => {
  const [problem = ""] = error.message.split("\n", 1)
  const meant = "suggestions" in error ? error.suggestions : []
  return meant.length === 0 ? `${problem}.` : `${problem}; did you mean ${meant.join(" or ")}?`
}

export const presenter = CliOutput.layerPresenter({
  present: (event) => {
    if (event._tag !== "InvalidInvocation") return CliOutput.defaultPresenter.present(event)
    const [, ...path] = event.commandPath
    const problems = event.errors.map(inOneLine).join(" ")
    return Effect.sync(() => {
      process.stderr.write(`azr: ${problems} See ${[command, ...path, "--help"].join(" ")}\n`)
    })
  },
})
