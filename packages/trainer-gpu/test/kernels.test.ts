import { readFile } from "node:fs/promises"
import { assert, describe, it } from "@effect/vitest"
import { bindKernels, compileKernels, makeMemory, RESERVED_BYTES } from "../src/wasm/Kernels.ts"
import { randomStream } from "./fixtures.ts"

const MASK = (1n << 64n) - 1n

/** SplitMix64 as Vigna publishes it, in BigInt. */
const splitMix64 = (seed: bigint, index: number): bigint => {
  let z = (seed + BigInt(index + 1) * 0x9e3779b97f4a7c15n) & MASK
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK
  return z ^ (z >> 31n)
}

const setUp = async () => {
  const memory = makeMemory(RESERVED_BYTES + 2 ** 20)
  const kernels = bindKernels(await compileKernels(), memory)
  const f32 = new Float32Array(memory.buffer)
  const stream = randomStream("kernels")
  let end = RESERVED_BYTES
  /** Random numbers at a fresh address, with NaN on either side. */
  const place = (count: number) => {
    const address = end + 64
    const values = Float32Array.from({ length: count }, () => 2 * stream.float() - 1)
    end = address + Math.ceil(count / 16) * 64 + 64
    f32.fill(NaN, (address - 64) / 4, end / 4)
    f32.set(values, address / 4)
    return { address, values, view: f32.subarray(address / 4, address / 4 + count) }
  }
  return { kernels, place }
}

describe("kernels", () => {
  it("are a module under 30 kB", async () => {
    const bytes = await readFile(new URL("../generated/kernels.wasm", import.meta.url))
    assert.isBelow(bytes.length, 30_000)
  })

  it("draw the numbers of SplitMix64", async () => {
    const { kernels } = await setUp()
    assert.strictEqual(splitMix64(1234567n, 0), 6457827717110365317n)
    for (const seed of [0, 1, 1234567, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      for (const index of [0, 1, 2, 159]) {
        assert.strictEqual(
          kernels.uniform(seed, index),
          Number(splitMix64(BigInt(seed), index) >> 11n) / 2 ** 53,
        )
      }
    }
  })

  it("multiply matrices of every edge, in float32 sums taken in order", async () => {
    const { kernels, place } = await setUp()
    for (const [rows, inner, columns] of [
      [1, 1, 8],
      [3, 5, 16],
      [4, 8, 8],
      [6, 67, 24],
      [70, 64, 8],
    ] as const) {
      const x = place(rows * inner + 3 * inner)
      const w = place(columns * inner)
      const addend = place(rows * columns + 3 * columns)
      const panels = place(columns * inner)
      const y = place(rows * columns + 3 * columns)
      const scratch = place(4096 + 32 * inner)
      kernels.packPanels(inner, columns, w.address, 1, inner, panels.address)
      kernels.linear(
        rows,
        inner,
        columns,
        x.address,
        panels.address,
        addend.address,
        y.address,
        scratch.address,
      )
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          let sum = 0
          for (let k = 0; k < inner; k++) {
            // Fused: the product of two float32 is exact in float64, and only the sum is rounded.
            const product = (x.values[i * inner + k] as number) * (w.values[j * inner + k] as number)
            sum = Math.fround(sum + product)
          }
          const expected = Math.fround(sum + (addend.values[i * columns + j] as number))
          assert.strictEqual(y.view[i * columns + j], expected, `${rows}×${inner}×${columns} at ${i}, ${j}`)
        }
      }
    }
  })

  it("choose the first token whose cumulative probability exceeds the draw", async () => {
    const { kernels, place } = await setUp()
    const logits = place(8)
    const scratch = place(8)
    const choose = (temperature: number, uniform: number) =>
      kernels.chooseToken(6, logits.address, temperature, uniform, scratch.address)
    // Probabilities 0, 1/2, 1/4, 1/4, 0, 0 at temperature 1.
    logits.view.set([-1e9, Math.log(2), 0, 0, -1e9, -1e9].map(Math.fround))
    assert.deepStrictEqual(
      [0, 0.49, 0.51, 0.74, 0.76, 1 - 2 ** -53].map((uniform) => choose(1, uniform)),
      [1, 1, 2, 2, 3, 3],
    )
    // 2/3, 1/6, 1/6 at temperature 1/2.
    assert.deepStrictEqual(
      [0.66, 0.67, 0.84].map((uniform) => choose(0.5, uniform)),
      [1, 2, 3],
    )
    assert.strictEqual(choose(0, 0.9), 1)
    logits.view.set([1, 3, 2, 3, 3, 0])
    assert.strictEqual(choose(0, 0.9), 1, "the first of equals")
  })

  it("take logarithms of probabilities to float32 precision", async () => {
    const { kernels, place } = await setUp()
    const size = 13
    const logits = place(16)
    const [target, logprob, entropy] = [place(1), place(1), place(1)]
    const spread = [0.001, 1, 30, 80]
    for (const scale of spread) {
      const values = Array.from({ length: size }, (_, i) => Math.fround(scale * Math.sin(i)))
      const top = Math.max(...values)
      const total = values.reduce((sum, value) => sum + Math.exp(value - top), 0)
      for (let token = 0; token < size; token++) {
        logits.view.set(values)
        new Int32Array(target.view.buffer, target.address, 1)[0] = token
        kernels.targetLogprobs(1, size, 16, logits.address, target.address, logprob.address, entropy.address)
        const exact = (values[token] as number) - top - Math.log(total)
        assert.closeTo(logprob.view[0] as number, exact, 3e-7 * Math.abs(exact) + 2e-7)
        const probabilities = values.map((value) => Math.exp(value - top) / total)
        // The shift to the maximum rounds at its own size, which the exponential turns into a relative error.
        const relative = 4e-7 + scale * 1.2e-7
        probabilities.forEach((p, i) => assert.closeTo(logits.view[i] as number, p, relative * p + 1e-37))
        assert.deepStrictEqual([...logits.view.subarray(size)], [0, 0, 0])
        const exactEntropy = probabilities.reduce((sum, p) => sum - p * Math.log(p), 0)
        assert.closeTo(entropy.view[0] as number, exactEntropy, 1e-6)
      }
    }
  })
})
