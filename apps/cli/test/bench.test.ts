import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { Value } from "@azr/core"
import { readOutput } from "@azr/core/language"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { hostilePrograms } from "../src/bench/hostile.ts"
import { languageIds, languages, openDirect } from "../src/bench/languages.ts"
import { type BenchReport, baselineNames } from "../src/bench/measure.ts"
import { median, percentile, slope } from "../src/bench/statistics.ts"
import { readWorkload, sourcesOf } from "../src/bench/workload.ts"
import { pairsOf } from "../src/datasetRows.ts"
import { azr, ended, start, workspace } from "./azr.ts"

const hasPython = spawnSync("python3", ["-c", ""]).status === 0

const rows = [
  { code: "def f(a):\n    return a + 1", input: "1", output: "2" },
  { code: "def f(s):\n    return s[::-1]", input: "'abc'", output: "'cba'" },
  { code: "def f(a):\n    import os\n    return a", input: "1", output: "1" },
]

describe("azr bench executors", () => {
  it("measures a host next to what Python does natively, in one JSON object", async () => {
    const folder = workspace()
    writeFileSync(join(folder, "rows.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"))
    const flags = ["--env", "python", "--host", "v8", "--corpus", "rows.jsonl", "--seconds", "0.4", "--json"]
    const { code, stderr, stdout } = await azr(
      ["bench", "executors", ...flags, "--workers", "1", "--workers", "2"],
      folder,
    )
    assert.strictEqual(code, 0, stderr)
    const report = JSON.parse(stdout) as BenchReport
    // The program that imports os is no valid task, so it is not run natively either.
    assert.deepStrictEqual(report.programs, { python: 2 })
    for (const name of baselineNames) {
      const rate = report.baseline[name]
      if (hasPython) assert.isAbove(rate ?? 0, 0, name)
      else assert.isNull(rate, name)
    }
    assert.deepStrictEqual(
      report.hosts.map(({ host, language, workers }) => [host, language, workers]),
      [
        ["v8", "python", 1],
        ["v8", "python", 2],
      ],
    )
    for (const found of report.hosts) {
      assert.isAbove(found.programsPerSecond, 0)
      assert.isAbove(found.cpuMsPerProgram, 0)
      assert.isAtLeast(found.p99Ms, found.p50Ms)
      assert.isAbove(found.processMb, 0)
      assert.deepStrictEqual(Object.keys(found.recoveryMs), ["fuel", "memory", "stack", "trap"])
      for (const milliseconds of Object.values(found.recoveryMs)) assert.isAtLeast(milliseconds ?? -1, 0)
      assert.strictEqual(found.rssMb, report.hosts[1]!.processMb - report.hosts[0]!.processMb)
      assert.strictEqual(found.times.bareExec === null, !hasPython)
    }
  })

  it("goes without the baselines where there is no Python, and says so", async () => {
    const folder = workspace()
    writeFileSync(join(folder, "rows.jsonl"), JSON.stringify(rows[0]))
    const flags = [
      "--env",
      "python",
      "--host",
      "v8",
      "--corpus",
      "rows.jsonl",
      "--seconds",
      "0.2",
      "--workers",
      "1",
    ]
    const { code, stderr, stdout } = await ended(
      start(["bench", "executors", ...flags, "--json"], folder, { PATH: folder }),
    )
    assert.strictEqual(code, 0, stderr)
    const report = JSON.parse(stdout) as BenchReport
    assert.deepStrictEqual(report.baseline, { bareExec: null, freshProcess: null, reusedWorker: null })
    assert.isAbove(report.hosts[0]?.programsPerSecond ?? 0, 0)
    assert.match(stderr, /reusedWorker: not measured, python3 does not run it/)
  })

  it("asks for the language of a corpus", async () => {
    const { code, stderr } = await azr(["bench", "executors", "--corpus", "rows.jsonl"], workspace())
    assert.strictEqual(code, 2)
    assert.include(stderr, "--env")
  })
})

layer(NodeServices.layer)("the bundled work", (test) => {
  for (const id of languageIds) {
    test.effect(
      `is valid and returns what was recorded: ${id}`,
      () =>
        Effect.gen(function* () {
          const measured = languages[id]
          const { language, layer: executor } = measured.environment
          const fs = yield* FileSystem.FileSystem
          const [source] = sourcesOf(measured, [])
          const pairs = (yield* fs.readFileString(source?.path ?? "")).split("\n").flatMap(pairsOf)
          yield* Effect.gen(function* () {
            const { items, left } = yield* readWorkload(measured, sourcesOf(measured, []))
            assert.strictEqual(left, 0)
            assert.isAtLeast(new Set(items.map(({ program }) => program)).size, 80)
            for (const [index, { output, program }] of items.entries()) {
              const recorded = yield* readOutput(language, pairs[index]?.output ?? "")
              assert.strictEqual(output, Value.encode(recorded), program)
            }
          }).pipe(Effect.provide(executor))
        }),
      60_000,
    )

    test.effect(
      `fails in the known ways where it is hostile, and goes on: ${id}`,
      () =>
        Effect.gen(function* () {
          const executor = yield* openDirect(id, "v8", 1)
          for (const { fuel, kind, program, what } of hostilePrograms[id]) {
            const outcome = yield* executor.run({ program, fuel, arguments: [Value.none] })
            assert(outcome._tag === "Failed", what)
            assert.strictEqual(outcome.failure.kind, kind, what)
          }
        }).pipe(Effect.scoped),
      60_000,
    )
  }
})

describe("statistics", () => {
  it("take the nearest rank", () => {
    assert.strictEqual(median([3, 1, 2]), 2)
    assert.strictEqual(median([4, 1, 3, 2]), 2)
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
    assert.strictEqual(percentile(hundred, 0.99), 99)
    assert.strictEqual(percentile(hundred, 1), 100)
    assert.strictEqual(percentile([7], 0.01), 7)
    assert.isNaN(median([]))
  })

  it("fit the line through points on a line", () => {
    assert.closeTo(slope([[0, 1], [1, 3], [5, 11]]), 2, 1e-12)
    assert.strictEqual(slope([[2, 1], [2, 9]]), 0)
  }) // prettier-ignore
})
