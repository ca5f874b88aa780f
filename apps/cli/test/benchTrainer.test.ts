import { assert, describe, it } from "@effect/vitest"
import { trainerLines } from "../src/bench/trainer/report.ts"
import type { TrainerReport } from "../src/bench/trainer/measure.ts"
import { azr, workspace } from "./azr.ts"

const bench = (...args: ReadonlyArray<string>) =>
  azr(["bench", "trainer", "--rounds", "1", "--seconds", "0.01", "--threads", "1", ...args], workspace())

describe("azr bench trainer", () => {
  it("measures wasm and says that there is no PyTorch", async () => {
    const { code, stderr, stdout } = await bench("--model", "nano", "--json", "--python", "no-such-python")
    assert.strictEqual(code, 0, stderr)
    const report = JSON.parse(stdout) as TrainerReport
    assert.include(report.missing["pytorch"], "no-such-python")
    const wasm = report.results.filter(({ contestant }) => contestant === "wasm")
    assert.deepStrictEqual(
      wasm.map(({ model, parameters, threads }) => [model, parameters, threads]),
      [["nano", 217_536, 1]],
    )
    for (const { sample, train } of wasm) {
      for (const rate of [sample, train]) {
        assert.isAbove(rate.tokensPerSecond, 0)
        assert.isAbove(rate.tokensPerCpuSecond, 0)
        assert.isNull(rate.timesPyTorch)
      }
    }
    for (const { sample, train } of Object.values(report.profiles)) {
      for (const { gemmGflops, shares } of [sample, train]) {
        const total = Object.values(shares).reduce((sum, share) => sum + share, 0)
        assert.closeTo(total, 1, 1e-9)
        assert.isAbove(shares["matrix products"], 0.2)
        assert.isAbove(gemmGflops, 0)
      }
    }
    const lines = trainerLines(report).join("\n")
    assert.include(lines, "217,536")
    assert.match(lines, /Not measured: pytorch, .*no-such-python/u)
  }, 120_000)

  it("refuses numbers that measure nothing", async () => {
    const { code, stderr } = await bench("--rounds", "0")
    assert.strictEqual(code, 2)
    assert.include(stderr, "--rounds")
  })
})
