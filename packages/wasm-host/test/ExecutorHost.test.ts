import { Executor } from "@azr/core"
import { Effect, Exit, Fiber, type Scope } from "effect"
import { it } from "@effect/vitest"
import { mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { Worker } from "node:worker_threads"
import { assert, beforeAll, describe } from "vitest"
import type { ComponentFile } from "../src/component.ts"
import { type Call, ExecutorHost, type ExecutorPool, type HostOptions } from "../src/index.ts"
import { meterGuest, writeComponent } from "./guest.ts"

const PLENTY = 1e9
/** Some tenths of a second of spinning. */
const LONG = 3e9

let file: ComponentFile
beforeAll(async () => {
  file = await writeComponent(await meterGuest())
})

const call = (request: string, fuel = PLENTY): Call => ({ image: "main", request, fuel })

const open = (options: HostOptions): Effect.Effect<ExecutorPool, Executor.ExecutorUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const host = yield* ExecutorHost
    return yield* host.open({ id: "guest", images: { main: file }, warmUp: [] }, options)
  }).pipe(Effect.provide(ExecutorHost.v8))

/** Every worker thread that is started while `effect` runs. */
const watchWorkers = <A, E, R>(
  use: (started: ReadonlyArray<Worker>) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const started: Array<Worker> = []
    const note = (worker: Worker): void => void started.push(worker)
    process.on("worker", note)
    return use(started).pipe(Effect.ensuring(Effect.sync(() => process.off("worker", note))))
  })

describe("the v8 host", () => {
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

  it.effect("goes on after every kind of trap", () =>
    Effect.gen(function* () {
      const pool = yield* open({ workers: 1 })
      const traps = yield* pool.runAll([
        call("spin", 1e7),
        call("growOrTrap 100"),
        call("recurse"),
        call("trap"),
      ])
      assert.deepEqual(
        traps.map(({ trap }) => trap),
        ["fuel", "memory", "stack", "trap"],
      )
      assert.strictEqual((yield* pool.run(call("count"))).response, "1 1")
    }),
  )

  it.effect("takes a call that exceeds the wall-clock net for an infrastructure fault, after one retry", () =>
    watchWorkers((started) =>
      Effect.gen(function* () {
        const pool = yield* open({ workers: 1, patience: () => 300 })
        const stuck = yield* Effect.forkChild(Effect.flip(pool.run(call("spin", 2 ** 50))))
        const error = yield* Fiber.join(stuck)
        assert.deepEqual(error, new Executor.HostTimeout({ executor: "guest", milliseconds: 300 }))
        assert.strictEqual((yield* pool.run(call("count"))).response, "1 1")
        assert.lengthOf(started, 3)
      }),
    ),
  )

  it.effect("replaces a worker that dies and runs its calls again", () =>
    watchWorkers((started) =>
      Effect.gen(function* () {
        const pool = yield* open({ workers: 1 })
        const calls = [call("echo before"), call("spin", LONG), call("echo after")]
        const dead = new Promise((resolve) =>
          process.once("worker", (worker) => worker.once("online", () => resolve(worker.terminate()))),
        )
        const results = yield* pool.runAll(calls)
        yield* Effect.promise(() => dead)
        assert.deepEqual(
          results.map(({ response, trap }) => response ?? trap),
          ["before", "fuel", "after"],
        )
        assert.lengthOf(started, 2)
      }),
    ),
  )

  it.effect("gives up on a call that kills its worker twice, and only on that", () =>
    watchWorkers((started) =>
      Effect.gen(function* () {
        const pool = yield* open({ workers: 1 })
        const killing = { ...call("echo"), image: "no such image" }
        const [before, killed, after] = yield* Effect.all(
          [pool.run(call("echo before")), Effect.flip(pool.run(killing)), pool.run(call("echo after"))],
          { concurrency: "unbounded" },
        )
        assert.strictEqual(before.response, "before")
        assert.strictEqual(after.response, "after")
        assert.include(killed, { _tag: "HostLost", executor: "guest" })
        assert.include(JSON.stringify(killed), "no image no such image")
        assert.lengthOf(started, 3)
      }),
    ),
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
      const importing = Uint8Array.of(
        0,
        97,
        115,
        109,
        1,
        0,
        0,
        0,
        1,
        4,
        1,
        0x60,
        0,
        0,
        2,
        7,
        1,
        1,
        97,
        1,
        98,
        0,
        0,
      )
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
    }).pipe(Effect.provide(ExecutorHost.v8)),
  )
})
