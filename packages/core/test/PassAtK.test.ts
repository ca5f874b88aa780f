import { assert, describe, it } from "@effect/vitest"
import { passAtK, suitePassAtK, wilsonInterval } from "../src/PassAtK.ts"
import { RandomStreams } from "../src/RandomStreams.ts"

const stream = (seed: number) => new RandomStreams(seed).get("evaluate/intervals")

const choose = (n: number, k: number): number => {
  let ways = 1
  for (let i = 0; i < k; i++) ways = (ways * (n - i)) / (i + 1)
  return ways
}

/** The definition itself: the share of the k-subsets of n answers, the first c correct, that hold a correct one. */
const bySubsets = (n: number, c: number, k: number): number => {
  let subsets = 0
  let passing = 0
  for (let mask = 0; mask < 2 ** n; mask++) {
    const members = Array.from({ length: n }, (_, i) => i).filter((i) => (mask >> i) & 1)
    if (members.length !== k) continue
    subsets += 1
    if (members.some((i) => i < c)) passing += 1
  }
  return passing / subsets
}

describe("passAtK", () => {
  it("is 1 − C(n−c, k) / C(n, k), and the mean over all sets of k answers", () => {
    for (let n = 1; n <= 8; n++) {
      for (let c = 0; c <= n; c++) {
        for (let k = 1; k <= n; k++) {
          assert.approximately(passAtK({ n, c }, k), 1 - choose(n - c, k) / choose(n, k), 1e-12)
          assert.approximately(passAtK({ n, c }, k), bySubsets(n, c, k), 1e-12)
        }
      }
    }
  })

  it("is the share of correct answers at k = 1, and 0 or 1 where nothing or everything is correct", () => {
    assert.approximately(passAtK({ n: 200, c: 37 }, 1), 37 / 200, 1e-12)
    assert.strictEqual(passAtK({ n: 200, c: 0 }, 100), 0)
    assert.strictEqual(passAtK({ n: 200, c: 200 }, 1), 1)
    assert.strictEqual(passAtK({ n: 200, c: 101 }, 100), 1)
  })

  it("does not overflow where the binomials do", () => {
    assert.approximately(passAtK({ n: 2000, c: 1 }, 1000), 0.5, 1e-9)
  })

  it("refuses what it cannot estimate", () => {
    assert.throws(() => passAtK({ n: 4, c: 1 }, 5), RangeError)
    assert.throws(() => passAtK({ n: 4, c: 5 }, 1), RangeError)
    assert.throws(() => passAtK({ n: 4, c: 1 }, 0), RangeError)
  })

  it("is unbiased: its mean over binomial c is 1 − (1 − p)^k", () => {
    const [n, p, k] = [6, 0.3, 3]
    let expected = 0
    for (let c = 0; c <= n; c++) expected += choose(n, c) * p ** c * (1 - p) ** (n - c) * passAtK({ n, c }, k)
    assert.approximately(expected, 1 - (1 - p) ** k, 1e-12)
  })
})

describe("suitePassAtK", () => {
  it("has Wilson's interval with one answer a task", () => {
    const counts = Array.from({ length: 10 }, (_, i) => ({ n: 1, c: i < 8 ? 1 : 0 }))
    const [low, high] = wilsonInterval(8, 10)
    assert.deepStrictEqual(suitePassAtK(counts, 1, stream(0)), {
      value: 0.8,
      low,
      high,
      method: "wilson",
      tasks: 10,
    })
    // Published example: 8 of 10 gives 0.4902 to 0.9433.
    assert.approximately(low, 0.4902, 1e-4)
    assert.approximately(high, 0.9433, 1e-4)
  })

  it("draws the same bootstrap from the same stream, near the normal interval of many tasks", () => {
    const counts = Array.from({ length: 400 }, (_, i) => ({ n: 4, c: i % 5 }))
    const one = suitePassAtK(counts, 1, stream(1))
    assert.deepStrictEqual(one, suitePassAtK(counts, 1, stream(1)))
    // Five values 0, ¼ … 1 alike often: mean ½, variance ⅛, so the half width is 1.96 · √(⅛ / 400).
    const half = 1.96 * Math.sqrt(1 / 8 / 400)
    assert.strictEqual(one?.value, 0.5)
    assert.approximately(one?.low ?? 0, 0.5 - half, 0.005)
    assert.approximately(one?.high ?? 0, 0.5 + half, 0.005)
    assert.strictEqual(one?.method, "bootstrap")
  })

  it("leaves out tasks with fewer than k judged answers, and is nothing without tasks", () => {
    const counts = [
      { n: 4, c: 4 },
      { n: 1, c: 0 },
    ]
    assert.deepInclude(suitePassAtK(counts, 4, stream(0)), { value: 1, tasks: 1 })
    assert.isNull(suitePassAtK(counts, 5, stream(0)))
    assert.isNull(suitePassAtK([], 1, stream(0)))
  })
})
