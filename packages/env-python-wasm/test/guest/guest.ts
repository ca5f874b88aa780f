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
  readonly images: Readonly<Record<"a" | "b", ImageDigest>>
  readonly modules: Array<string>
} = JSON.parse(readFileSync(new URL("digests.json", artifacts), "utf8"))

export const componentFile = (image: "a" | "b"): ComponentFile => ({
  url: new URL(digests.images[image].file, artifacts),
  sha256: digests.images[image].sha256,
})

export class Guest extends Context.Service<Guest, ExecutorPool>()("test/Guest") {
  /** One worker, so that every request follows every other in the same instance. */
  static readonly layer = (workers: number) =>
    Layer.effect(
      Guest,
      Effect.gen(function* () {
        const host = yield* ExecutorHost
        const images = { a: componentFile("a"), b: componentFile("b") }
        return yield* host.open({ id: "python", images, warmUp: [] }, { workers })
      }),
    ).pipe(Layer.provide(ExecutorHost.v8))
}

export interface RunOptions {
  readonly args?: ReadonlyArray<unknown>
  readonly image?: "a" | "b"
  readonly entropy?: number
  readonly fuel?: number
  readonly outputBytes?: number
}

export const DEFAULT_FUEL = 2e9

const ask = (request: object, image = "a", fuel = DEFAULT_FUEL) =>
  Effect.flatMap(Guest, (pool) => pool.run({ image, fuel, request: JSON.stringify(request) }))

/** What the guest said, parsed; after a trap only which. */
const parse = ({ response, trap }: CallResult) => (response === null ? { trap } : JSON.parse(response))

/** Runs a program that defines `f`. */
export const runRaw = (program: string, options: RunOptions = {}) => {
  const { args = [], image = "a", entropy = 0, fuel = DEFAULT_FUEL, outputBytes = 65_536 } = options
  return ask({ op: "run", program, entry: "f", args, entropy, outputBytes }, image, fuel)
}

export const run = (program: string, options: RunOptions = {}) => Effect.map(runRaw(program, options), parse)

/** The value that `f` returned, or the kind and name of the failure, or the trap. */
export const outcome = (program: string, options: RunOptions = {}) =>
  Effect.map(run(program, options), (answer) => {
    if ("ok" in answer) return answer.ok
    if ("trap" in answer) return answer.trap
    return answer.fail.name === null ? answer.fail.kind : `${answer.fail.kind} ${answer.fail.name}`
  })

/** The value of one expression. */
export const evaluate = (expression: string, options: RunOptions = {}) =>
  outcome(`def f(*given): return ${expression}`, options)

export const inspect = (program: string) =>
  Effect.map(ask({ op: "inspect", program }), (raw) => parse(raw).ok)

export const literal = (text: string, as: "arguments" | "value") =>
  Effect.map(ask({ op: "literal", text, as }), (raw) => {
    const answer = parse(raw)
    return "ok" in answer ? answer.ok : `${answer.fail.kind}: ${answer.fail.message}`
  })

export const askRaw = (request: object) => Effect.map(ask(request), parse)
