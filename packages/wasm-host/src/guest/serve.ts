/** The request loop of a guest: JSON in, JSON out. */
import { type Failure, MissingEntry, SyntaxFault, failureOf } from "./failures.ts"
import { type GuestValue, fromJson, toJson } from "./values.ts"
import { World } from "./World.ts"

/** What is said of a program without running it; core's `ProgramFacts` documents each. Lists are sorted here. */
export interface GuestFacts {
  readonly functions: ReadonlyArray<{
    readonly name: string
    readonly params: ReadonlyArray<string>
    readonly varargs: boolean
    readonly returns: boolean
  }>
  readonly topLevel: ReadonlyArray<string>
  readonly imports: ReadonlyArray<string>
  readonly calls: ReadonlyArray<string>
  readonly names: ReadonlyArray<string>
  readonly attributes: ReadonlyArray<string>
  readonly canonical: string
  readonly operations: ReadonlyArray<string>
  readonly complexity: {
    readonly cognitive: number
    readonly operators: number
    readonly operands: number
    readonly distinctOperators: number
    readonly distinctOperands: number
  }
  readonly tree: string
}

export interface GuestLanguage<Program> {
  /** Throws `SyntaxFault`. */
  readonly parse: (text: string) => Program
  /** Calls a function of a program; undefined where the program has none of this name. Throws `Raised`. */
  readonly run: (
    program: Program,
    entry: string,
    parameters: ReadonlyArray<GuestValue>,
    world: World,
  ) => GuestValue | undefined
  readonly facts: (program: Program) => GuestFacts
  /** Reads an argument list, or one value, that only builds data. Throws `SyntaxFault`. */
  readonly readArguments: (text: string) => ReadonlyArray<GuestValue>
  readonly readValue: (text: string) => GuestValue
  /** Programs of one parameter, a list of integers, run before the snapshot: what an engine does once is done then. */
  readonly warmUp: ReadonlyArray<string>
}

interface RunRequest {
  readonly op: "run"
  readonly program: string
  readonly entry: string
  readonly args: ReadonlyArray<unknown>
  readonly entropy: number
  readonly outputBytes: number
}

type Request =
  | RunRequest
  | { readonly op: "inspect"; readonly program: string }
  | { readonly op: "literal"; readonly text: string; readonly as: "arguments" | "value" }
  | { readonly op: "seal" | "recurse" }

/** Characters of a literal's value; the host limits the request that it came in. */
const longestLiteral = 1 << 20

const failed = ({ kind, message, name }: Failure, stdout: string): string =>
  JSON.stringify({ fail: { kind, name, message }, stdout: stdout.toWellFormed() })

const recursion = (depth: number): number => recursion(depth + 1) + 1

/** What the component exports as `run`. */
export const serve = <Program>(language: GuestLanguage<Program>): ((request: string) => string) => {
  const run = ({ args, entropy, entry, outputBytes, program }: Omit<RunRequest, "op">): string => {
    const world = new World(entropy)
    try {
      const result = language.run(language.parse(program), entry, args.map(fromJson), world)
      if (result === undefined) throw new MissingEntry(`the program defines no ${entry}`)
      const ok = toJson(result, outputBytes)
      return JSON.stringify({ ok, stdout: world.printed.toWellFormed() })
    } catch (thrown) {
      return failed(failureOf(thrown), world.printed)
    }
  }

  const inspect = (text: string): string => {
    try {
      const facts = language.facts(language.parse(text))
      const sorted = Object.fromEntries(
        (["imports", "calls", "names", "attributes", "operations"] as const).map((name) => [
          name,
          facts[name].toSorted(),
        ]),
      )
      return JSON.stringify({ ok: { syntax: null, ...facts, ...sorted } })
    } catch (thrown) {
      const { message } = failureOf(thrown)
      const line = thrown instanceof SyntaxFault ? thrown.line : null
      return JSON.stringify({ ok: { syntax: { message, line } } })
    }
  }

  const literal = (text: string, as: "arguments" | "value"): string => {
    try {
      return JSON.stringify({
        ok: toJson(
          as === "arguments" ? language.readArguments(text) : language.readValue(text),
          longestLiteral,
        ),
      })
    } catch (thrown) {
      const { kind, message } = failureOf(thrown)
      return JSON.stringify({ fail: { kind, message } })
    }
  }

  /** The last step of the build: fills caches and leaves no garbage behind. */
  const seal = (): string => {
    for (const program of language.warmUp) {
      const response = run({ program, entry: "f", args: [[3, 1, 2]], entropy: 0, outputBytes: 1 << 16 })
      const { fail } = JSON.parse(response) as { readonly fail?: Failure }
      if (fail !== undefined && fail.kind !== "exception") return response
      inspect(program)
    }
    const engine = Reflect.get(globalThis, "__cqjs") as { readonly runGc: () => void } | undefined
    engine?.runGc()
    return JSON.stringify({ ok: {} })
  }

  /** How the build finds the engine's stack limit. */
  const recurse = (): string => {
    try {
      return JSON.stringify({ ok: recursion(0) })
    } catch (error) {
      return JSON.stringify({ ok: (error as Error).name })
    }
  }

  return (text) => {
    const request = JSON.parse(text) as Request
    switch (request.op) {
      case "run":
        return run(request)
      case "inspect":
        return inspect(request.program)
      case "literal":
        return literal(request.text, request.as)
      case "seal":
        return seal()
      case "recurse":
        return recurse()
      default:
        return JSON.stringify({ fail: { kind: "request", name: null, message: "no such operation" } })
    }
  }
}
