import { Executor } from "@azr/core"
import { Effect, Exit, Fiber, type Scope } from "effect"
import { it } from "@effect/vitest"
import { mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { assert, beforeAll, describe } from "vitest"
import type { ComponentFile } from "../src/component.ts"
import { type Call, ExecutorHost, type ExecutorPool, type HostOptions, wasmtimeStatus } from "../src/index.ts"
import { meterGuest, writeComponent } from "./guest.ts"
import { describeHosts } from "./hosts.ts"

const PLENTY = 1e9
/** Some tenths of a second of spinning. */
const LONG = 3e9

let file: ComponentFile
beforeAll(async () => {
  file = await writeComponent(await meterGuest())
})

const call = (request: string, fuel = PLENTY): Call => ({ image: "main", request, fuel })

describeHosts(({ layer, name }) => {
  const open = (
    options: HostOptions,
  ): Effect.Effect<ExecutorPool, Executor.ExecutorUnavailable, Scope.Scope> =>
    Effect.gen(function* () {
      const host = yield* ExecutorHost
      return yield* host.open({ id: "guest", images: { main: file }, warmUp: [] }, options)
    }).pipe(Effect.provide(layer))

  it.effect("says what it is", () =>
    Effect.gen(function* () {
      const { host, workers } = yield* open({ workers: 3 })
      assert.deepEqual({ host, workers }, { host: name, workers: 3 })
    }),
  )

  it.effect("gives the same results and fuel in the order of the calls, with 1 and with 3 workers", () =>
    Effect.gen(function* () {
      const calls = Array.from({ length: 200 }, (_, index) =>
        call(
          ["count", `work ${index}`, `echo ${index}`, "recurse", "trap", `grow ${index % 20}`][index % 6] ??
            "",
        ),
      )
      const one = yield* (yield* open({ workers: 1 })).runAll(calls)
      const three = yield* (yield* open({ workers: 3 })).runAll(calls)
      assert.deepEqual(three, one)
      assert.strictEqual(one[2]?.response, "2")
      assert.strictEqual(one[198]?.response, "1 1")
      assert.deepEqual(one[100]?.trap, "trap")
    }),
  )

  it.effect("takes a call that exceeds the wall-clock net for an infrastructure fault, and goes on", () =>
    Effect.gen(function* () {
      const pool = yield* open({ workers: 1, patience: () => 500 })
      const error = yield* Effect.flip(pool.run(call("spin", 2e10)))
      assert.deepEqual(error, new Executor.HostTimeout({ executor: "guest", milliseconds: 500 }))
      assert.strictEqual((yield* pool.run(call("count"))).response, "1 1")
    }),
  )

  it.effect("gives up on a call that kills its worker twice, and only on that", () =>
    Effect.gen(function* () {
      const pool = yield* open({ workers: 1 })
      const killing = { ...call("echo"), image: "no such image" }
      const [before, killed, after] = yield* Effect.all(
        [pool.run(call("echo before")), Effect.flip(pool.run(killing)), pool.run(call("echo after"))],
        { concurrency: "unbounded" },
      )
      assert.strictEqual(before.response, "before")
      assert.strictEqual(after.response, "after")
      assert.deepEqual(
        killed,
        new Executor.HostLost({
          executor: "guest",
          reason: "the worker thread died: the component has no image no such image",
        }),
      )
    }),
  )

  it.effect("forgets an interrupted call and serves the others", () =>
    Effect.gen(function* () {
      const pool = yield* open({ workers: 1 })
      const spinning = yield* Effect.forkChild(pool.run(call("spin", LONG)))
      const waiting = yield* Effect.forkChild(pool.run(call("echo never")))
      const served = yield* Effect.forkChild(pool.run(call("echo served")))
      yield* Fiber.interrupt(waiting)
      yield* Fiber.interrupt(spinning)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(waiting)))
      assert.strictEqual((yield* Fiber.join(served)).response, "served")
    }),
  )

  it.effect("refuses a component that is missing, damaged, or has imports", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.promise(() => mkdtemp(join(tmpdir(), "azr-host-")))
      const damaged = join(folder, "damaged.wasm.br")
      yield* Effect.promise(() => writeFile(damaged, "not brotli"))
      const header = [0, 97, 115, 109, 1, 0, 0, 0]
      const importing = Uint8Array.from([...header, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 97, 1, 98, 0, 0])
      const files: ReadonlyArray<readonly [ComponentFile, RegExp]> = [
        [{ url: pathToFileURL(join(folder, "missing.wasm.br")), sha256: "" }, /ENOENT/],
        [{ url: pathToFileURL(damaged), sha256: "" }, /Decompression failed/],
        [{ ...file, sha256: "0".repeat(64) }, /SHA-256 is [0-9a-f]{64}, expected 0000/],
        [yield* Effect.promise(() => writeComponent(importing)), /must not have imports/],
      ]
      const host = yield* ExecutorHost
      for (const [main, reason] of files) {
        const error = yield* Effect.flip(
          host.open({ id: "guest", images: { main }, warmUp: [] }, { workers: 1 }),
        )
        assert.strictEqual(error._tag, "ExecutorUnavailable")
        assert.match(error.reason, reason)
      }
    }).pipe(Effect.provide(layer)),
  )
})

describe("the choice of a host", () => {
  const component = () => ({ id: "guest", images: { main: file }, warmUp: [], meter: null })

  it.effect("is wasmtime where it works and v8 elsewhere, unless one is asked for by name", () =>
    Effect.gen(function* () {
      const status = wasmtimeStatus()
      const hostOf = (layer: typeof ExecutorHost.wasmtime) =>
        Effect.gen(function* () {
          const host = yield* ExecutorHost
          return (yield* host.open(component(), { workers: 1 })).host
        }).pipe(Effect.provide(layer), Effect.result)
      const auto = yield* Effect.fromResult(yield* hostOf(ExecutorHost.auto))
      assert.strictEqual(auto, status.available ? "wasmtime" : "v8")
      const wasmtime = yield* hostOf(ExecutorHost.wasmtime)
      if (status.available) assert.strictEqual(yield* Effect.fromResult(wasmtime), "wasmtime")
      else {
        const { hint, reason } = yield* Effect.flip(Effect.fromResult(wasmtime))
        assert.deepEqual({ available: false, hint, reason }, status)
      }
    }),
  )
})
