/**
 * Operation `run`: one untrusted program, its entry function on given arguments, the outcome as data.
 *
 * The guest only reports. The host restores the instance before every request and judges what it gets.
 */
import { decode } from "./decode.ts"
import { execute, failure } from "./outcome.ts"
import { ProgramError } from "./parser.ts"
import { begin } from "./sandbox.ts"
import { toScript } from "./script.ts"

interface RunRequest {
  readonly program: string
  readonly entry: string
  readonly args: ReadonlyArray<unknown>
  readonly entropy: number
  readonly outputBytes: number
}

/** Answer of `{"op": "run", "program", "entry", "args", "entropy", "outputBytes"}` as JSON. */
export const run = ({ args, entropy, entry, outputBytes, program }: RunRequest): string => {
  const parameters = args.map(decode)
  let script: string
  try {
    script = toScript(program, entry)
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    return `{${failure("syntax", "SyntaxError", error.message)},"stdout":""}`
  }
  begin(entropy)
  return execute(script, entry, parameters, outputBytes)
}
