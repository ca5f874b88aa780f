import { spawnSync } from "node:child_process"
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { azr, jsonLines, workspace } from "./azr.ts"

describe("azr run-program", () => {
  it("prints what f returns to stdout and what it costs to stderr", async () => {
    const folder = workspace()
    writeFileSync(join(folder, "p.py"), "def f(a, b):\n    print('hi')\n    return {a: b, 'n': float('nan')}")
    const { code, stderr, stdout } = await azr(["run-program", "p.py", "--input", "(1, 2), set()"], folder)
    assert.strictEqual(stdout, "{(1, 2): set(), 'n': float('nan')}\n")
    assert.match(stderr, /hi\nfuel \d+/)
    assert.strictEqual(code, 0)
  })

  it("exits with 3 and the failure when the program fails", async () => {
    const folder = workspace()
    writeFileSync(join(folder, "p.py"), "def f(a):\n    return 1 // a")
    const failed = await azr(["run-program", "p.py", "--input", "0"], folder)
    assert.strictEqual(failed.code, 3)
    assert.include(failed.stderr, "ZeroDivisionError")
    const endless = await azr(["run-program", "p.py", "--input", "0", "--fuel", "1000", "--json"], folder)
    assert.include(jsonLines(endless.stdout)[0]?.["failure"], { kind: "fuel" })
  })

  it("refuses an input that is not literals", async () => {
    const folder = workspace()
    writeFileSync(join(folder, "p.py"), "def f(a):\n    return a")
    const { code, stderr } = await azr(["run-program", "p.py", "--input", "open('x')"], folder)
    assert.strictEqual(code, 2)
    assert.include(stderr, "--input")
  })
})

describe("azr corpus", () => {
  it("says of every pair whether the recorded output came out, and why not", async () => {
    const folder = workspace()
    const rows = [
      { code: "def f(a):\n    return a + 1", input: "1", output: "2" },
      { code: "def f(a):\n    return a + 1", input: "1", output: "3" },
      {
        snippet: "def f(a):\n    return {'k': a}",
        inputs: ["dict(x=1)", "1 +"],
        outputs: ["{'k': {'x': 1}}", "0"],
      },
      { snippet: "def f(a):\n    return object()", input: "1", output: "<object object at 0x1>" },
      { snippet: "def f(a):\n    raise ValueError('no')", input: "1", output: "None" },
      { nothing: 1 },
    ]
    writeFileSync(join(folder, "rows.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"))
    const { code, stdout } = await azr(["corpus", "rows.jsonl", "--json"], folder)
    assert.deepStrictEqual(
      jsonLines(stdout).map(({ status }) => status),
      ["match", "differs", "match", "input", "unrepresentable", "exception", "malformed"],
    )
    assert.strictEqual(code, 0)
  })
})

describe("azr corpus --native", () => {
  it("says of what the rules allow whom native Python agrees with", async () => {
    const folder = workspace()
    const rows = [
      { code: "def f(a):\n    return a + 1", input: "1", output: "2" },
      { code: "def f(a):\n    return a + 1", input: "1", output: "3" },
      { code: "def f(a):\n    return 1 // a", input: "0", output: "0" },
      { code: "def f(a):\n    return iter(a)", input: "[1]", output: "<list_iterator object at 0x1>" },
      { code: "import os\ndef f(a):\n    return a", input: "1", output: "1" },
      { code: "def f(a):\n    return hash(a)", input: "2 ** 61 - 1", output: "0" },
    ]
    writeFileSync(join(folder, "rows.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"))
    const { code, stderr, stdout } = await azr(["corpus", "rows.jsonl", "--native", "--json"], folder)
    if (spawnSync("python3", ["-c", ""]).status !== 0) {
      assert.strictEqual(code, 2)
      assert.include(stderr, "python3")
      return
    }
    assert.deepStrictEqual(
      jsonLines(stdout).map(({ native }) => (native as { readonly verdict: string } | null)?.verdict),
      ["both", "sandbox", "fails", "noValue", "refused", "recording"],
    )
  })
})

describe("usage", () => {
  it("names an unknown setting's nearest neighbour", async () => {
    const { code, stderr } = await azr(["train", "--set", "estimate.sampels=4"], workspace())
    assert.strictEqual(code, 2)
    assert.include(stderr, "estimate.samples")
  })

  it("names a backend that is not there with exit code 4", async () => {
    const { code, stderr } = await azr(["train", "--backend", "cuda"], workspace())
    assert.strictEqual(code, 4)
    assert.include(stderr, "cuda")
  })

  it("refuses what no environment has before it creates anything", async () => {
    const folder = workspace()
    for (const flags of [[], ["--dry-run"]]) {
      const { code, stderr } = await azr(
        ["train", ...flags, "--set", 'evaluate.suites=["deducton-2"]'],
        folder,
      )
      assert.strictEqual(code, 2)
      assert.include(stderr, "did you mean deduction-2")
      assert.isFalse(existsSync(join(folder, "runs")))
    }
  })

  it("prints the resolved configuration of a dry run as JSON, and touches nothing", async () => {
    const folder = workspace()
    const { code, stderr, stdout } = await azr(
      ["train", "--dry-run", "--steps", "7", "--set", "estimate.samples=4"],
      folder,
    )
    const config = JSON.parse(stdout) as { steps: number; estimate: { samples: number } }
    assert.strictEqual(config.steps, 7)
    assert.strictEqual(config.estimate.samples, 4)
    assert.strictEqual(code, 0)
    assert.match(stderr, /^a step .* 423 responses trained on$/mu)
    assert.match(
      stderr,
      /^the disk .* 120 kB of events and 2\d\d kB of rollouts a step, .* MB for the run; 6 checkpoints/mu,
    )
    const runs = await azr(["runs", "list"], folder)
    assert.strictEqual(runs.stdout, "")
    assert.include(runs.stderr, "no runs")
  })

  it("says which runs there are when one is not found", async () => {
    const { code, stderr } = await azr(["eval", "nowhere"], workspace())
    assert.strictEqual(code, 2)
    assert.include(stderr, "no run nowhere")
  })
})
