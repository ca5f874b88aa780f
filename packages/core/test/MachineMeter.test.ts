import { assert, describe, it } from "@effect/vitest"
import { MachineMeter } from "../src/MachineMeter.ts"

describe("MachineMeter", () => {
  it("gives what was reported since the last time, with exact quantiles, and keeps who reports", () => {
    let memory = 1000
    const meter = new MachineMeter(() => memory)
    const python = meter.executor("python")
    assert.strictEqual(meter.executor("python"), python)
    python.workers += 2
    python.latencies.push(...Array.from({ length: 200 }, (_, i) => 200 - i))
    python.busySeconds += 0.5
    python.remembered += 7
    python.lost += 1
    assert.deepStrictEqual(meter.take(), {
      memoryBytes: 1000,
      executors: {
        python: {
          workers: 2,
          calls: 200,
          remembered: 7,
          p50: 100,
          p99: 198,
          busySeconds: 0.5,
          lost: 1,
          timeouts: 0,
        },
      },
    })
    memory = 2000
    assert.deepStrictEqual(meter.take(), {
      memoryBytes: 2000,
      executors: {
        python: {
          workers: 2,
          calls: 0,
          remembered: 0,
          p50: null,
          p99: null,
          busySeconds: 0,
          lost: 0,
          timeouts: 0,
        },
      },
    })
  })

  it("has a quantile of a single call", () => {
    const meter = new MachineMeter(() => 0)
    meter.executor("e").latencies.push(1.23456)
    const { p50, p99 } = meter.take().executors["e"] ?? { p50: null, p99: null }
    assert.deepStrictEqual([p50, p99], [1.235, 1.235])
  })
})
