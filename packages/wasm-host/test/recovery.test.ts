import { Effect } from "effect"
import { it } from "@effect/vitest"
import { assert, beforeAll } from "vitest"
import type { CallResult, Trap } from "../src/Call.ts"
import type { ComponentFile } from "../src/component.ts"
import { type Call, ExecutorHost } from "../src/index.ts"
import { MAXIMUM_PAGES, meterGuest, writeComponent } from "./guest.ts"
import { describeHosts, describeWasmtime, type HostUnderTest } from "./hosts.ts"

let file: ComponentFile
beforeAll(async () => {
  file = await writeComponent(await meterGuest())
})

const call = (request: string, fuel = 1e8): Call => ({ image: "main", request, fuel })

const END = MAXIMUM_PAGES * 65_536

/** Calls that end badly, with the trap that each is, or that write to so much that an answer is no better. */
const hostile: ReadonlyArray<readonly [Call, Trap | null]> = [
  [call("spin", 1e6), "fuel"],
  [call("echo", 3), "fuel"],
  [call("fill 3000000", 100_000), "fuel"],
  [call(`growOrTrap ${MAXIMUM_PAGES}`), "memory"],
  [call("recurse"), "stack"],
  [call("recurseIndirectly"), "stack"],
  [call("trap"), "trap"],
  [call("divide 0"), "trap"],
  [call("scribble 1000"), "trap"],
  [call("scribble 4096"), "trap"],
  [call("scribble 37"), "trap"],
  [call("scribble 1000", 30_000), "fuel"],
  [call(`write ${END}`), "trap"],
  [call(`write ${END - 4}`), "trap"],
  [call(`fill ${END}`), "trap"],
  // Answers that are none: beyond the memory, too long, not UTF-8; the pointer to the answer, or the answer itself.
  [call(`forge ${END - 8} ${END - 4} 5`), "trap"],
  [call("forge 1024 4294967295 1"), "trap"],
  [call("forge 1024 0 8388609"), "trap"],
  [call(`forge ${END - 4} 0 1`), "trap"],
  [call("forge 4294967288 0 1"), "trap"],
  [call("raw c0"), "trap"],
  [call("raw eda080"), "trap"],
  [call("raw 61f5"), "trap"],
  [call("fill 4000000"), null],
  [call("fill 3000000"), null],
]

/** What `work` does. */
const work = (rounds: number): string => {
  let sum = 0
  for (let i = 0; i < rounds; i++) for (let j = 0; j < 10; j++) sum = (sum * 31 + i + j) % 1_000_003
  return String(sum)
}

/** Calls that end well, whose answers and fuel tell whether anything was left behind. */
const probes: ReadonlyArray<readonly [Call, string]> = [
  [call("count"), "1 1"],
  [call("read 60000"), "0"],
  [call("read 262144"), "0"],
  [call(`read ${END - 8}`), "0"],
  [call("grow 3"), "8 11"],
  [call("divide 1"), "0"],
  [call("work 50"), work(50)],
  [call("echo täxt 🙂 \u{0} \u{feff}"), "täxt 🙂 \u{0} \u{feff}"],
  [call("raw efbbbf61"), "\u{feff}a"],
  // What is not a text becomes one on its way in.
  [call("echo \ud800a"), "\u{fffd}a"],
  [call(`forge ${END - 8} 60000 2`), "\0\0"],
]

const runOn = (
  { layer }: HostUnderTest,
  calls: ReadonlyArray<Call>,
  workers = 1,
): Effect.Effect<ReadonlyArray<CallResult>> =>
  Effect.gen(function* () {
    const host = yield* ExecutorHost
    const pool = yield* host.open({ id: "guest", images: { main: file }, warmUp: [] }, { workers })
    return yield* pool.runAll(calls)
  }).pipe(Effect.scoped, Effect.provide(layer), Effect.orDie)

describeHosts((host) => {
  it.effect("calls every bad end by its name", () =>
    Effect.gen(function* () {
      const results = yield* runOn(
        host,
        hostile.map(([bad]) => bad),
      )
      for (const [index, [{ request, fuel }, trap]] of hostile.entries()) {
        const result = results[index]
        assert.strictEqual(result?.trap, trap, request)
        assert.strictEqual(result?.response === null, trap !== null, request)
        if (trap === "fuel") assert.strictEqual(result?.fuelUsed, fuel, request)
      }
    }),
  )

  it.effect("is as good as new after each of them", () =>
    Effect.gen(function* () {
      const expected = yield* runOn(
        host,
        probes.map(([probe]) => probe),
      )
      assert.deepEqual(
        expected.map(({ response }) => response),
        probes.map(([, response]) => response),
      )
      const calls = hostile.flatMap(([bad]) => probes.flatMap(([probe]) => [bad, probe]))
      const results = yield* runOn(host, calls)
      for (const [index, { request }] of calls.entries()) {
        if (index % 2 === 0) continue
        const after = `${request} after ${calls[index - 1]?.request}`
        assert.deepEqual(results[index], expected[((index - 1) / 2) % probes.length], after)
      }
    }),
  )
})

describeWasmtime("both hosts", (wasmtime, v8) => {
  it.effect("give the same responses, traps and fuel", () =>
    Effect.gen(function* () {
      const calls = [...hostile, ...probes].map(([each]) => each)
      const mixed = Array.from({ length: 400 }, (_, index) => calls[(index * 13) % calls.length] ?? call(""))
      const [native, other] = yield* Effect.all([runOn(wasmtime, mixed, 2), runOn(v8, mixed, 2)])
      assert.deepEqual(native, other)
      assert.isAbove(new Set(native.map((result) => JSON.stringify(result))).size, 20)
    }),
  )
})
