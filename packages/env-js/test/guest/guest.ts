/** The committed executor on the v8 host, asked in its own protocol. */
import { readFileSync } from "node:fs"
import { type CallResult, type ComponentFile, ExecutorHost, type ExecutorPool } from "@azr/wasm-host"
import { Context, Effect, Layer } from "effect"

const artifacts = new URL("../../artifacts/", import.meta.url)

interface ImageDigest {
  readonly file: string
  readonly sha256: string
  readonly bytes: number
  readonly compressedBytes: number
}
export const digests: {
  readonly images: Readonly<Record<"a", ImageDigest>>
  readonly globals: ReadonlyArray<string>
} = JSON.parse(readFileSync(new URL("digests.json", artifacts), "utf8"))

export const componentFile: ComponentFile = {
  url: new URL(digests.images.a.file, artifacts),
  sha256: digests.images.a.sha256,
}

export class Guest extends Context.Service<Guest, ExecutorPool>()("test/Guest") {
  /** One worker, so that every request follows every other in the same instance. */
  static readonly layer = (workers: number) =>
    Layer.effect(
      Guest,
      Effect.gen(function* () {
        const host = yield* ExecutorHost
        return yield* host.open({ id: "javascript", images: { a: componentFile }, warmUp: [] }, { workers })
      }),
    ).pipe(Layer.provide(ExecutorHost.v8))
}

export interface RunOptions {
  readonly args?: ReadonlyArray<unknown>
  readonly entropy?: number
  readonly fuel?: number
  readonly outputBytes?: number
}

export const DEFAULT_FUEL = 2e9

export const runRequest = (program: string, options: RunOptions = {}) => {
  const { args = [], entropy = 0, outputBytes = 65_536 } = options
  return JSON.stringify({ op: "run", program, entry: "f", args, entropy, outputBytes })
}

const ask = (request: string, fuel = DEFAULT_FUEL) =>
  Effect.flatMap(Guest, (pool) => pool.run({ image: "a", fuel, request }))

/** What the guest said, parsed; after a trap only which. */
const parse = ({ response, trap }: CallResult) => (response === null ? { trap } : JSON.parse(response))

/** Runs a program that defines `f`. */
export const runRaw = (program: string, options: RunOptions = {}) =>
  ask(runRequest(program, options), options.fuel)

export const run = (program: string, options: RunOptions = {}) => Effect.map(runRaw(program, options), parse)

/** The value that `f` returned, or the kind and name of the failure, or the trap. */
export const outcomeOf = (raw: CallResult) => {
  const answer = parse(raw)
  if ("ok" in answer) return answer.ok
  if ("trap" in answer) return answer.trap
  return answer.fail.name === null ? answer.fail.kind : `${answer.fail.kind} ${answer.fail.name}`
}

export const outcome = (program: string, options: RunOptions = {}) =>
  Effect.map(runRaw(program, options), outcomeOf)

/** The value of one expression. */
export const evaluate = (expression: string, options: RunOptions = {}) =>
  outcome(`const f = (...given) => (${expression})`, options)

export const inspect = (program: string) =>
  Effect.map(ask(JSON.stringify({ op: "inspect", program })), (raw) => parse(raw).ok)

export const literal = (text: string, as: "arguments" | "value") =>
  Effect.map(ask(JSON.stringify({ op: "literal", text, as })), (raw) => {
    const answer = parse(raw)
    return "ok" in answer ? answer.ok : `${answer.fail.kind}: ${answer.fail.message}`
  })

export const askRaw = (request: object) => Effect.map(ask(JSON.stringify(request)), parse)

export const number = (text: string | number) => ({ float: String(text) })
