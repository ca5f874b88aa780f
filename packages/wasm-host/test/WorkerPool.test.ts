import { MachineMeter } from "@azr/core"
import { assert, beforeAll, it } from "vitest"
import type { Call, CallResult } from "../src/Call.ts"
import type { ComponentFile } from "../src/component.ts"
import type { PoolWorker } from "../src/PoolWorker.ts"
import { type Settled, WorkerPool } from "../src/WorkerPool.ts"
import { meterGuest, writeComponent } from "./guest.ts"
import { describeHosts } from "./hosts.ts"

let file: ComponentFile
beforeAll(async () => {
  file = await writeComponent(await meterGuest())
})

const call = (request: string, fuel = 1e9): Call => ({ image: "main", request, fuel })
/** Longer than any test waits, and not much longer than the suite: a native thread goes on to the end of its fuel. */
const stuck = call("spin", 2e10)

/** Does its calls and is lost, over and over, before it could hand over the results. */
const losingResults = (): PoolWorker => {
  let done = 0
  return {
    started: Promise.resolve(),
    run: (batch) => {
      done = batch.length
      return Promise.reject(new Error("the results were lost"))
    },
    progress: () => done,
    stop: () => Promise.resolve(),
  }
}

it("gives up on a call whose results are lost twice", async () => {
  let spawned = 0
  const spawn = () => {
    spawned += 1
    return losingResults()
  }
  const pool = new WorkerPool(spawn, { workers: 1, patience: () => 60_000, warmUp: [], meter: null })
  const settled = await new Promise<Settled>((resolve) => pool.submit(call("count"), resolve))
  assert.deepEqual(settled, { kind: "lost", reason: "the results were lost" })
  assert.strictEqual(spawned, 2)
  await pool.close()
})

it("deals out the next batch before one is answered, but leaves a short queue to whoever is free first", async () => {
  const batches: Array<string> = []
  let spawned = 0
  const silent = (): PoolWorker => {
    const worker = spawned++
    return {
      started: new Promise(() => undefined),
      run: (batch) => {
        batches.push(`${worker} ${batch.length}`)
        return new Promise(() => undefined)
      },
      progress: () => 0,
      stop: () => Promise.resolve(),
    }
  }
  /** Which worker gets how many, when so many come at once. */
  const dealt = async (count: number) => {
    batches.length = spawned = 0
    const pool = new WorkerPool(silent, { workers: 2, patience: () => 60_000, warmUp: [], meter: null })
    for (let index = 0; index < count; index++) pool.submit(call(String(index)), () => undefined)
    await Promise.resolve()
    await pool.close()
    return batches
  }
  // A quarter of what is left each, twice; the rest waits.
  assert.deepEqual(await dealt(16), ["0 4", "1 3", "0 3", "1 2"])
  assert.deepEqual(await dealt(4), ["0 1", "1 1"])
})

describeHosts(({ spawner }) => {
  /** A pool with one worker at a time, and every worker that it started. */
  const start = async (patience = 60_000, meter: MachineMeter.ExecutorMeter | null = null) => {
    const spawn = await spawner(file)
    const started: Array<PoolWorker> = []
    const spawnAndNote = (): PoolWorker => {
      const worker = spawn()
      started.push(worker)
      return worker
    }
    const pool = new WorkerPool(spawnAndNote, { workers: 1, patience: () => patience, warmUp: [], meter })
    const run = (given: Call) => new Promise<Settled>((resolve) => pool.submit(given, resolve))
    return { pool, run, started }
  }
  const answer = (settled: Settled): CallResult["response"] =>
    settled.kind === "done" ? settled.result.response : settled.kind

  it("starts a worker when there is work, and no other while it lives", async () => {
    const { pool, run, started } = await start()
    assert.lengthOf(started, 0)
    for (const _ of [1, 2]) assert.strictEqual(answer(await run(call("count"))), "1 1")
    assert.lengthOf(started, 1)
    await pool.close()
  })

  it("replaces a worker that dies at a call, and runs what it had again", async () => {
    const { pool, run, started } = await start()
    const running = [call("echo before"), call("spin", 2e9), call("echo after")].map(run)
    await Promise.resolve()
    const [first] = started
    await first?.started
    await first?.stop()
    assert.deepEqual((await Promise.all(running)).map(answer), ["before", null, "after"])
    assert.lengthOf(started, 2)
    await pool.close()
  })

  it("loses none of two batches when their worker dies", async () => {
    const { pool, run, started } = await start()
    const echoes = Array.from({ length: 40 }, (_, index) => `echo ${index}`)
    const running = [call("spin", 2e9), ...echoes.map((text) => call(text))].map(run)
    await Promise.resolve()
    const [first] = started
    await first?.started
    await first?.stop()
    assert.deepEqual((await Promise.all(running)).map(answer), [null, ...echoes.map((text) => text.slice(5))])
    assert.lengthOf(started, 2)
    await pool.close()
  })

  it("replaces a worker that died while it had nothing to do", async () => {
    const { pool, run, started } = await start()
    assert.strictEqual(answer(await run(call("count"))), "1 1")
    await started[0]?.stop()
    assert.strictEqual(answer(await run(call("count"))), "1 1")
    assert.lengthOf(started, 2)
    await pool.close()
  })

  it("gives a call that is stuck one more worker, and its neighbours an answer", async () => {
    const { pool, run, started } = await start(500)
    const settled = await Promise.all([run(call("count")), run(stuck), run(call("count"))])
    assert.deepEqual(settled.map(answer), ["1 1", "timeout", "1 1"])
    assert.lengthOf(started, 3)
    await pool.close()
  })

  it("tells a meter what its workers did, and who was lost", async () => {
    const meter = new MachineMeter.ExecutorMeter()
    const { pool, run, started } = await start(500, meter)
    await Promise.all([run(call("count")), run(stuck), run(call("count"))])
    await started.at(-1)?.stop()
    await run(call("count"))
    const { busySeconds, calls, lost, p50, p99, timeouts } = meter.take()
    // The stuck call was given up twice and never answered.
    assert.deepEqual({ calls, lost, timeouts }, { calls: 3, lost: 1, timeouts: 2 })
    assert.isAbove(busySeconds, 0)
    // Whoever waited behind the stuck call waited as long as the pool's patience.
    assert.isAtLeast(p99 ?? 0, 500)
    assert.isAtMost(p50 ?? 0, p99 ?? 0)
    await pool.close()
  })

  it("does not take a batch of calls for one that is stuck", async () => {
    const spin = call("spin", 2e8)
    const first = await start()
    await first.run(spin)
    const before = performance.now()
    await first.run(spin)
    const one = performance.now() - before
    await first.pool.close()
    // Half of them make the first batch: together more than the patience for one.
    const { pool, run, started } = await start(8 * one)
    const settled = await Promise.all(Array.from({ length: 24 }, () => run(spin)))
    assert.deepEqual(new Set(settled.map(answer)), new Set([null]))
    assert.lengthOf(started, 1)
    await pool.close()
  })

  it("closes at once, also in the middle of a call", async () => {
    const { pool, run, started } = await start()
    void run(stuck)
    await Promise.resolve()
    await started[0]?.started
    const closing = performance.now()
    await pool.close()
    assert.isBelow(performance.now() - closing, 1000)
    const error = await started[0]?.run([call("count")]).catch((reason: Error) => reason)
    assert.instanceOf(error, Error)
  })
})
