/**
 * The executor of Python: core's contract, answered by CPython in an import-free WebAssembly component.
 *
 * Covers: a clean instance for every call; limits on fuel, memory, stack, output and request; a memory of outcomes.
 * Does not cover: whether a program may be a task (rules.ts), and what its outcome is worth (core).
 */
import { readFile } from "node:fs/promises"
import { Executor } from "@azr/core"
import { type ExecutorComponent, ExecutorHost } from "@azr/wasm-host"
import { Cache, Duration, Effect, Exit, Layer, Result, Schema } from "effect"
import {
  type Answer,
  type GuestCall,
  inspectCall,
  inspectedFacts,
  literalCall,
  literalValues,
} from "./guestProtocol.ts"
import { runCall, runOutcome } from "./guestProtocol.ts"

const executorId = "python"
const artifacts = new URL("../artifacts/", import.meta.url)

const Image = Schema.Struct({ file: Schema.String, sha256: Schema.String })
const Digests = Schema.fromJsonString(Schema.Struct({ images: Schema.Struct({ a: Image, b: Image }) }))

/** Programs like those that training runs, so that the engine has compiled what they use before they come. */
const warmUp: ReadonlyArray<GuestCall> = [
  "def f(a):\n    return sorted(a)",
  "def f(a):\n    a=a[1:]\n    a=[x+2 for x in a if x>1]\n    a=a+[len(a)]\n    return a",
  "def f(a):\n    counts = {}\n    for x in a:\n        counts[x] = counts.get(x, 0) + 1\n    return str(counts)",
].flatMap((program) => [
  inspectCall(program),
  ...(["reference", "perturbed"] as const).map((conditions) =>
    runCall({
      program,
      entry: "f",
      arguments: [{ kind: "list", items: [3n, 1n, 2n].map((value) => ({ kind: "int", value })) }],
      limits: Executor.defaultLimits,
      conditions,
    }),
  ),
])

/** The committed component, with the digests that it was built to. */
const component: Effect.Effect<ExecutorComponent, Executor.ExecutorUnavailable> = Effect.tryPromise({
  try: () => readFile(new URL("digests.json", artifacts), "utf8"),
  catch: (error) => unavailable(error instanceof Error ? error.message : String(error)),
}).pipe(
  Effect.flatMap((text) =>
    Effect.mapError(Schema.decodeEffect(Digests)(text), (error) => unavailable(error.message)),
  ),
  Effect.map(({ images: { a, b } }) => ({
    id: executorId,
    images: {
      a: { url: new URL(a.file, artifacts), sha256: a.sha256 },
      b: { url: new URL(b.file, artifacts), sha256: b.sha256 },
    },
    warmUp,
  })),
)

const unavailable = (reason: string) =>
  new Executor.ExecutorUnavailable({
    executor: executorId,
    reason: `artifacts/digests.json cannot be read: ${reason}`,
    hint: "Restore the committed artifacts of this package.",
  })

/** Longest request, in UTF-16 code units. A longer program or argument list counts as out of memory. */
const longestRequest = 1 << 20
const tooLong: Answer = { response: null, trap: "memory", fuelUsed: 0 }

/**
 * Past answers that are kept. An outcome is a function of its request, so remembering changes nothing but time; callers
 * that ask the same at the same time share one call. Faults of the infrastructure are not answers and are forgotten.
 */
const remembered = 16_384

/** A call as one text, `<image> <fuel> <request>`: what the memory looks up by. */
const keyOf = ({ fuel, image, request }: GuestCall): string => `${image} ${fuel} ${request}`
const callOf = (key: string) => {
  const [image = "", fuel = ""] = key.split(" ", 2)
  return { image, fuel: Number(fuel), request: key.slice(image.length + fuel.length + 2) }
}

const make = Effect.gen(function* () {
  const host = yield* ExecutorHost
  const { workers } = yield* Executor.ExecutorSettings
  const pool = yield* host.open(yield* component, { workers })
  const answers = yield* Cache.makeWith((key: string) => pool.run(callOf(key)), {
    capacity: remembered,
    timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.infinity : Duration.zero),
  })
  const ask = (call: GuestCall): Effect.Effect<Answer, Executor.ExecutorError> =>
    call.request.length > longestRequest ? Effect.succeed(tooLong) : Cache.get(answers, keyOf(call))

  return Executor.Executor.of({
    run: (request) => Effect.map(ask(runCall(request)), runOutcome),
    inspect: (program) => Effect.map(ask(inspectCall(program)), inspectedFacts),
    evaluateArguments: (text) =>
      Effect.flatMap(ask(literalCall(text)), (answer) =>
        Result.match(literalValues(answer), {
          onSuccess: Effect.succeed,
          onFailure: (message) => Effect.fail(new Executor.LiteralRefused({ message })),
        }),
      ),
  })
})

/** On any host of executor components. Workers start with the layer and stop with its scope. */
export const layerNoDeps: Layer.Layer<Executor.Executor, Executor.ExecutorUnavailable, ExecutorHost> =
  Layer.effect(Executor.Executor, make)

/** On worker threads of this process. */
export const layer: Layer.Layer<Executor.Executor, Executor.ExecutorUnavailable> = Layer.provide(
  layerNoDeps,
  ExecutorHost.v8,
)
