import { assert, describe, it } from "@effect/vitest"
import type { DashboardReport } from "../src/bench/dashboard/measure.ts"
import { dashboardLines } from "../src/bench/dashboard/report.ts"
import { azr, workspace } from "./azr.ts"

describe("azr bench dashboard", () => {
  it("measures a server on a run of the size asked for", async () => {
    const { code, stderr, stdout } = await azr(
      ["bench", "dashboard", "--steps", "20", "--rollouts", "800", "--rounds", "2", "--json"],
      workspace(),
    )
    assert.strictEqual(code, 0, stderr)
    const report = JSON.parse(stdout) as DashboardReport
    assert.deepStrictEqual([report.steps, report.rollouts], [20, 800])
    assert.isAbove(report.startMs, 0)
    assert.isAbove(report.overviewBytes, 1000)
    // The rollouts alone are that much.
    assert.isAbove(report.bytesOnDisk, 800 * 300)
    assert.deepStrictEqual(Object.keys(report.rolloutsMs), ["start", "middle", "end", "filtered"])
    for (const { cold, warm } of [report.listMs, report.overviewMs, ...Object.values(report.rolloutsMs)]) {
      assert.isAbove(cold, 0)
      assert.isAbove(warm, 0)
    }
    // Of a process, not of the log: no Node is smaller than that.
    assert.isAbove(report.memoryBytes, 30e6)
    assert.isAtLeast(report.peakMemoryBytes, report.memoryBytes)
    assert.include(dashboardLines(report).join("\n"), "20 steps, 800 rollouts")
  }, 120_000)

  it("refuses a run that is none", async () => {
    const { code, stderr } = await azr(
      ["bench", "dashboard", "--steps", "10", "--rollouts", "79"],
      workspace(),
    )
    assert.strictEqual(code, 2)
    assert.include(stderr, "--rollouts")
  })
})
