/**
 * The contract between a language's executor component and what runs it. A host runs each call in a clean
 * instance and reports the guest's answer or why there is none; every host gives the same answer and the same
 * fuel.
 *
 * `v8` runs on worker threads of this process and needs nothing but Node. `wasmtime` runs on native threads, is
 * faster and takes less memory, and needs an addon that `npm run build:native` builds.
 */
import { availableParallelism } from "node:os"
import { Executor, MachineMeter } from "@azr/core"
import { Context, Effect, Layer, type Scope } from "effect"
import type { Call, CallResult } from "./Call.ts"
import type { ComponentFile } from "./component.ts"
import type { Engine } from "./Engine.ts"
import { v8Engine } from "./v8Engine.ts"
import { loadAddon, type UsableAddon } from "./wasmtime/addon.ts"
import { cacheFolder, CodeCache } from "./wasmtime/CodeCache.ts"
import { wasmtimeEngine } from "./wasmtime/wasmtimeEngine.ts"
import { WorkerPool } from "./WorkerPool.ts"

const { ExecutorUnavailable, HostLost, HostTimeout } = Executor

/** An executor of one language, as its package ships it. Images are components of world `azr:executor/executor`. */
export interface ExecutorComponent {
  /** Names the executor in errors. */
  readonly id: string
  readonly images: Readonly<Record<string, ComponentFile>>
  /** Calls to run at leisure after the start, so that the engine compiles what programs use. Results are dropped. */
  readonly warmUp: ReadonlyArray<Call>
}

export interface HostOptions {
  /** Threads; null is one a core. Results do not depend on it. */
  readonly workers: number | null
  /** Wall-clock safety net: milliseconds after which a call of this much fuel is taken for stuck. */
  readonly patience?: (fuel: number) => number
}

export interface ExecutorPool {
  /** What it runs on. */
  readonly host: Executor.ExecutorHostName
  readonly workers: number
  /** Runs one call. Calls made concurrently share the workers; interrupting forgets the call. */
  readonly run: (call: Call) => Effect.Effect<CallResult, Executor.ExecutorError>
  /** Runs calls side by side; results in the order of the calls. */
  readonly runAll: (
    calls: ReadonlyArray<Call>,
  ) => Effect.Effect<ReadonlyArray<CallResult>, Executor.ExecutorError>
}

export class ExecutorHost extends Context.Service<
  ExecutorHost,
  {
    /** Starts workers for a component. They stop when the scope closes. */
    readonly open: (
      component: ExecutorComponent,
      options: HostOptions,
    ) => Effect.Effect<ExecutorPool, Executor.ExecutorUnavailable, Scope.Scope>
  }
>()("@azr/wasm-host/ExecutorHost") {
  static readonly v8: Layer.Layer<ExecutorHost> = Layer.sync(ExecutorHost, () => hostOf(v8Engine))

  /** Fails where the addon is not built, or was built for another version of this package. */
  static readonly wasmtime: Layer.Layer<ExecutorHost, Executor.ExecutorUnavailable> = Layer.effect(
    ExecutorHost,
    Effect.suspend(() => {
      const loaded = loadAddon()
      if (loaded.available) return Effect.succeed(wasmtimeHost(loaded))
      const { hint, reason } = loaded
      return Effect.fail(new ExecutorUnavailable({ executor: "wasmtime", reason, hint }))
    }),
  )

  /** `wasmtime` where it works, else `v8`. */
  static readonly auto: Layer.Layer<ExecutorHost> = Layer.sync(ExecutorHost, () => {
    const loaded = loadAddon()
    return loaded.available ? wasmtimeHost(loaded) : hostOf(v8Engine)
  })

  /** The host that `ExecutorSettings` names. */
  static readonly configured: Layer.Layer<ExecutorHost, Executor.ExecutorUnavailable> = Layer.unwrap(
    Effect.map(Executor.ExecutorSettings, ({ host }) => ExecutorHost[host]),
  )
}

const wasmtimeHost = ({ addon, identity }: UsableAddon): ExecutorHost["Service"] =>
  hostOf(wasmtimeEngine(addon, identity, new CodeCache(cacheFolder(process.env, process.platform))))

const hostOf = <Image>(engine: Engine<Image>): ExecutorHost["Service"] => ({
  open: (component, options) => open(engine, component, options),
})

/** Ten times what the slowest tier of the engine needs, and some seconds for a machine that is busy elsewhere. */
const defaultPatience = (fuel: number): number => 10_000 + fuel / 100_000

const open = Effect.fn("ExecutorHost.open")(function* <Image>(
  engine: Engine<Image>,
  component: ExecutorComponent,
  options: HostOptions,
) {
  const images = yield* Effect.forEach(
    Object.entries(component.images),
    ([name, file]) => Effect.map(load(engine, component.id, name, file), (image) => [name, image] as const),
    { concurrency: "unbounded" },
  )
  const workers = options.workers ?? availableParallelism()
  const meter = (yield* MachineMeter.MachineMeter.Current)?.executor(component.id) ?? null
  if (meter !== null) meter.workers += workers
  const pool = yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new WorkerPool(() => engine.spawn(new Map(images)), {
          workers,
          patience: options.patience ?? defaultPatience,
          warmUp: engine.warmUp(component.warmUp),
          meter,
        }),
    ),
    (open) => Effect.promise(() => open.close()),
  )
  const run: ExecutorPool["run"] = (call) =>
    Effect.callback<CallResult, Executor.ExecutorError>((resume) => {
      const forget = pool.submit(call, (settled) => {
        switch (settled.kind) {
          case "done":
            return resume(Effect.succeed(settled.result))
          case "timeout":
            return resume(
              Effect.fail(new HostTimeout({ executor: component.id, milliseconds: settled.milliseconds })),
            )
          case "lost":
            return resume(Effect.fail(new HostLost({ executor: component.id, reason: settled.reason })))
        }
      })
      return Effect.sync(forget)
    })
  const runAll: ExecutorPool["runAll"] = (calls) => Effect.forEach(calls, run, { concurrency: "unbounded" })
  return { host: engine.host, workers, run, runAll } satisfies ExecutorPool
})

const load = <Image>(
  engine: Engine<Image>,
  executor: string,
  image: string,
  file: ComponentFile,
): Effect.Effect<Image, Executor.ExecutorUnavailable> =>
  Effect.tryPromise({
    try: () => engine.load(file),
    catch: (error) =>
      new ExecutorUnavailable({
        executor,
        reason: `image ${image} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
        hint: "Restore the committed artifact, or rebuild it together with its digest.",
      }),
  })
