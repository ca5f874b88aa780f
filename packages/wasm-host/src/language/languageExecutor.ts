/**
 * Core's executor of one language: its guest component on a host, its answers remembered.
 *
 * Covers: a clean instance for every call; limits on fuel, memory, stack, output and request; a memory of outcomes.
 * Does not cover: whether a program may be a task (the language's rules), and what its outcome is worth (core).
 */
import { Executor, MachineMeter, Value } from "@azr/core"
import { Cache, Context, Duration, Effect, Exit, Layer, Result, Tracer } from "effect"
import { loadComponent } from "../artifacts.ts"
import { type ExecutorComponent, ExecutorHost } from "../ExecutorHost.ts"
import type { Call, CallResult } from "../Call.ts"
import {
  type Dialect,
  inspectCall,
  inspectedFacts,
  literalArguments,
  literalCall,
  literalValue,
  runCall,
  runOutcome,
} from "./guestProtocol.ts"

export interface LanguageGuest extends Dialect {
  /** Names the executor in errors, e.g. `python`. */
  readonly id: string
  /** Folder of the committed component images, with `digests.json`. Ends with a slash. */
  readonly artifacts: URL
  /** Programs of one parameter, a list of integers, that use what programs use. They are run at leisure after the start. */
  readonly warmUp: ReadonlyArray<string>
}

export interface LanguageExecutor {
  /** On any host of executor components. Workers start with the layer and stop with its scope. */
  readonly layerNoDeps: Layer.Layer<Executor.Executor, Executor.ExecutorUnavailable, ExecutorHost>
  /** On the host that `ExecutorSettings` names. */
  readonly layer: Layer.Layer<Executor.Executor, Executor.ExecutorUnavailable>
  /** The committed component, with the digests that it was built to. */
  readonly component: Effect.Effect<ExecutorComponent, Executor.ExecutorUnavailable>
  /** A request as the call that a pool of `component` takes, and what its result means: the way past the memory. */
  readonly runCall: (request: Executor.ExecutionRequest) => Call
  readonly runOutcome: (result: CallResult, limits: Executor.ExecutionLimits) => Executor.Outcome
}

/** The executor of a language whose guest speaks the protocol of `guestProtocol.ts`. */
export const languageExecutor = (guest: LanguageGuest): LanguageExecutor => {
  const component = loadComponent({
    id: guest.id,
    artifacts: guest.artifacts,
    images: Object.values(guest.images),
    warmUp: warmUpCalls(guest),
  })
  const layerNoDeps = Layer.effect(Executor.Executor, make(guest, component))
  return {
    component,
    layerNoDeps,
    layer: Layer.provide(layerNoDeps, ExecutorHost.configured),
    runCall: (request) => runCall(request, guest),
    runOutcome: (result, { outputBytes }) => runOutcome(result, outputBytes, guest),
  }
}

const warmUpCalls = (guest: LanguageGuest): ReadonlyArray<Call> =>
  guest.warmUp.flatMap((program) => [
    inspectCall(program, guest),
    ...(["reference", "perturbed"] as const).map((conditions) =>
      runCall(
        {
          program,
          entry: "f",
          arguments: [Value.list([3, 1, 2].map(Value.int))],
          limits: Executor.defaultLimits,
          conditions,
        },
        guest,
      ),
    ),
  ])

// --------------------------------------------------------------------------------------------- executor

/** Longest request, in UTF-16 code units. A longer program or argument list counts as out of memory. */
const longestRequest = 1 << 20
const tooLong: CallResult = { response: null, trap: "memory", fuelUsed: 0 }

/**
 * Past answers that are kept. An outcome is a function of its request, so remembering changes nothing but time; callers
 * that ask the same at the same time share one call. Faults of the infrastructure are not answers and are forgotten,
 * and so is what takes much memory: all that is remembered fits into half a gigabyte.
 */
const remembered = 16_384
const longestRemembered = 1 << 14

/** A call as one text, `<image> <fuel> <request>`: what the memory looks up by. */
const keyOf = ({ fuel, image, request }: Call): string => `${image} ${fuel} ${request}`
const callOf = (key: string): Call => {
  const [image = "", fuel = ""] = key.split(" ", 2)
  return { image, fuel: Number(fuel), request: key.slice(image.length + fuel.length + 2) }
}

/** An entry of the cache keeps the fiber that asked first; the fiber's span would keep all that was computed around it. */
const withoutSpan = <Services>(context: Context.Context<Services>): Context.Context<Services> =>
  Context.omit(Tracer.ParentSpan)(context) as Context.Context<Services>

const make = Effect.fnUntraced(function* (guest: LanguageGuest, component: LanguageExecutor["component"]) {
  const host = yield* ExecutorHost
  const { workers } = yield* Executor.ExecutorSettings
  const meter = (yield* MachineMeter.MachineMeter.Current)?.executor(guest.id) ?? null
  const pool = yield* host.open(yield* component, { workers })
  /** Every call counts as remembered until the cache has to look it up. */
  const remember = (count: 1 | -1) => {
    if (meter !== null) meter.remembered += count
  }
  const lookup = (key: string) => {
    remember(-1)
    return pool.run(callOf(key))
  }
  const answers = yield* Cache.makeWith(lookup, {
    capacity: remembered,
    timeToLive: (exit, key) =>
      Exit.isSuccess(exit) && key.length + (exit.value.response?.length ?? 0) <= longestRemembered
        ? Duration.infinity
        : Duration.zero,
  })
  const ask = (call: Call): Effect.Effect<CallResult, Executor.ExecutorError> => {
    if (call.request.length > longestRequest) return Effect.succeed(tooLong)
    remember(1)
    return Effect.updateContext(Cache.get(answers, keyOf(call)), withoutSpan)
  }

  return Executor.Executor.of({
    run: (request) =>
      Effect.map(ask(runCall(request, guest)), (answer) =>
        runOutcome(answer, request.limits.outputBytes, guest),
      ),
    inspect: (program) => Effect.map(ask(inspectCall(program, guest)), inspectedFacts),
    evaluateArguments: (text) =>
      Effect.flatMap(ask(literalCall(text, "arguments", guest)), (answer) =>
        orRefused(literalArguments(answer, guest)),
      ),
    evaluateValue: (text) =>
      Effect.flatMap(ask(literalCall(text, "value", guest)), (answer) =>
        orRefused(literalValue(answer, guest)),
      ),
  })
})

const orRefused = <A>(read: Result.Result<A, string>): Effect.Effect<A, Executor.LiteralRefused> =>
  Effect.fromResult(Result.mapError(read, (message) => new Executor.LiteralRefused({ message })))
