import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import python from "@azr/env-python-wasm"
import { Effect } from "effect"
import { parquetWriteBuffer } from "hyparquet-writer"
import { completionParts } from "../src/evaluation/completionKind.ts"
import { onHost } from "../src/hostFlag.ts"
import { azr, ended, jsonLines, start, workspace } from "./azr.ts"

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/suites/${name}`, import.meta.url))

const evaluated = async (folder: string, ...args: ReadonlyArray<string>) => {
  const run = await azr(["eval", ...args, "--json"], folder)
  return { ...run, reports: run.code === 2 ? [] : jsonLines(run.stdout) }
}

const share = (report: Record<string, unknown> | undefined) =>
  (report?.["passAtK"] as Record<string, { readonly value: number }> | undefined)?.["1"]?.value

describe("azr eval of files", { timeout: 120_000 }, () => {
  const suites = [
    { file: "cruxeval.jsonl", tasks: 2, rejected: { returns: 1, parameters: 1, input: 1 } },
    { file: "crux-i.json", tasks: 2, rejected: { returns: 1, parameters: 1, input: 1 } },
    { file: "livecodebench.jsonl", tasks: 1, rejected: { malformed: 1 } },
    { file: "humaneval.jsonl", tasks: 1, rejected: { gold: 1 } },
    { file: "reasoning-gym.jsonl", tasks: 3, rejected: { scorer: 2 } },
  ]

  it("gives the suites' own answers 100 % and others 0 %, and names every row that is no task", async () => {
    const files = suites.flatMap(({ file }) => ["--suite", fixture(file)])
    for (const [policy, expected] of [
      ["gold", 1],
      ["wrong", 0],
    ] as const) {
      const { code, reports, stderr } = await evaluated(workspace(), "--policy", policy, ...files)
      assert.strictEqual(code, 0, stderr)
      assert.deepStrictEqual(
        reports.map((report) => [report["tasks"], report["rejected"], share(report)]),
        suites.map(({ rejected, tasks }) => [tasks, rejected, expected]),
      )
      assert.include(stderr, "cruxeval row 5 (sample_152) is no task: input: call of ''.join")
      assert.include(stderr, "hashlib")
      assert.include(
        stderr,
        "reasoning-gym row 4 is no task: scorer: reasoning-gym scores countdown by a program of its own",
      )
    }
  })

  it("reads the same rows from JSON lines, gzip and Parquet", async () => {
    const folder = workspace()
    const text = readFileSync(fixture("cruxeval.jsonl"), "utf8")
    const rows = jsonLines(text)
    writeFileSync(join(folder, "z.jsonl.gz"), gzipSync(text))
    const columns = ["code", "input", "output", "id"].map((name) => ({
      name,
      data: rows.map((row) => row[name]),
      type: "STRING" as const,
    }))
    writeFileSync(join(folder, "p.parquet"), Buffer.from(parquetWriteBuffer({ columnData: columns })))
    const { reports } = await evaluated(
      folder,
      ..."--policy gold --suite z.jsonl.gz --suite p.parquet".split(" "),
    )
    const [zipped, table] = reports.map((report): Record<string, unknown> => ({ ...report, suite: "" }))
    assert.strictEqual(zipped?.["tasks"], 2)
    assert.deepStrictEqual(zipped, table)
  })

  it("does not take for a task what was recorded wrong", async () => {
    const folder = workspace()
    const rows = [
      { code: "def f(a):\n    return a + 1", input: "1", output: "3" },
      { code: "def f(a):\n    return a + 1", input: "1", output: "nothing" },
      { code: "def f(a):\n    return a + 1", input: "1", output: "2" },
    ]
    writeFileSync(join(folder, "rows.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"))
    const { reports, stderr } = await evaluated(folder, "--policy", "gold", "--suite", "rows.jsonl")
    assert.deepStrictEqual(reports[0]?.["rejected"], { differs: 1, output: 1 })
    assert.strictEqual(reports[0]?.["tasks"], 1)
    assert.include(stderr, "rows row 1 is no task: differs: it gives 2, recorded is 3")
  })
})

describe("completions", { timeout: 60_000 }, () => {
  const task = {
    _tag: "completion" as const,
    id: "",
    prompt: "def double(x):\n",
    solution: "    return 2 * x\n",
    tests: "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate([1]) == [1, 1]",
    entry: "double",
  }
  const answers = {
    correct: "def double(x):\n    return 2 * x",
    wrong: "def double(x):\n    return 4",
    equalsAll:
      "class A:\n    def __eq__(self, other):\n        return True\n\ndef double(x):\n    return A()",
    listOfThem:
      "class A(list):\n    def __eq__(self, other):\n        return True\n\ndef double(x):\n    return A()",
    ownHarness: "def double(x):\n    return 4\n\ndef f(a):\n    return True",
    ownPlain:
      "class A:\n    def __eq__(self, o):\n        return True\n\ndef _plain(v):\n    return v\n\ndef double(x):\n    return A()",
    ownCheck: "def check(c):\n    return 1\n\ndef double(x):\n    return 4",
    reaches: "import os\n\ndef double(x):\n    return 2 * x",
    notPython: "def double(x",
  }

  it.effect("are judged by their tests, which an answer cannot make pass by other means", () =>
    Effect.gen(function* () {
      const parts = completionParts(python.language)
      const verdicts = yield* Effect.forEach(Object.entries(answers), ([name, answer]) =>
        Effect.map(parts.verify(task, answer), ({ verdict }) => [name, verdict] as const),
      )
      assert.deepStrictEqual(Object.fromEntries(verdicts), {
        correct: "correct",
        wrong: "wrong",
        equalsAll: "wrong",
        listOfThem: "wrong",
        ownHarness: "wrong",
        ownPlain: "wrong",
        ownCheck: "wrong",
        reaches: "wrong",
        notPython: "badFormat",
      })
    }).pipe(Effect.provide(python.layer), onHost("v8")),
  )
})

describe("azr eval of a policy", { timeout: 120_000 }, () => {
  const args = ["nano", "--suite", "deduction-3", "--limit", "192", "--n", "4", "--k", "1", "--k", "4"]

  it("goes on where it was cut off, to the same answers and results", async () => {
    const folder = workspace()
    const whole = await azr(["eval", ...args, "--out", "whole"], folder)
    assert.strictEqual(whole.code, 0, whole.stderr)
    // Cut at the worst place: in the middle of a line, with no results.
    const answers = readFileSync(join(folder, "whole/answers.jsonl"), "utf8")
    assert.strictEqual(jsonLines(answers).length, 192)
    mkdirSync(join(folder, "cut"))
    copyFileSync(join(folder, "whole/manifest.json"), join(folder, "cut/manifest.json"))
    writeFileSync(join(folder, "cut/answers.jsonl"), answers.slice(0, Math.floor(answers.length / 2)))
    const refused = await azr(["eval", ...args, "--out", "cut"], folder)
    assert.strictEqual(refused.code, 2)
    assert.include(refused.stderr, "--resume")
    const resumed = await azr(["eval", ...args, "--out", "cut", "--resume"], folder)
    assert.strictEqual(resumed.code, 0, resumed.stderr)
    assert.match(resumed.stderr, /\d+ tasks are done/)
    assert.strictEqual(resumed.stdout, whole.stdout)
    for (const file of ["manifest.json", "answers.jsonl", "results.json"]) {
      assert.strictEqual(
        readFileSync(join(folder, "cut", file), "utf8"),
        readFileSync(join(folder, "whole", file), "utf8"),
      )
    }
    const other = await azr(["eval", ...args, "--seed", "1", "--out", "cut", "--resume"], folder)
    assert.strictEqual(other.code, 2)
    assert.include(other.stderr, "seed differs")
  })

  it("stops in order on Ctrl-C and says how to go on", async () => {
    const folder = workspace()
    const child = start(["eval", "nano", "--n", "32", "--out", "stopped"], folder)
    const stopped = ended(child)
    child.stderr?.on("data", (text: string) => {
      if (text.includes("evaluating nano")) child.kill("SIGINT")
    })
    const { code, stderr } = await stopped
    assert.strictEqual(code, 130, stderr)
    assert.include(stderr, "eval nano --n 32 --out stopped --resume")
    assert.isFalse(existsSync(join(folder, "stopped/results.json")))
  })

  it("finds tasks of a suite that were in the run's buffers", async () => {
    const folder = workspace()
    const train = ["train", "--name", "small", "--steps", "1"]
    const small = [
      "kinds.deduction.seeds=16",
      "kinds.deduction.proposals=4",
      "evaluate.devTasks=2",
      'evaluate.suites=["deduction-2"]',
      "estimate.samples=2",
    ]
    const run = await azr([...train, ...small.flatMap((setting) => ["--set", setting])], folder)
    assert.strictEqual(run.code, 0, run.stderr)
    interface Task {
      readonly _tag: string
      readonly program: string
      readonly input: ReadonlyArray<unknown>
      readonly output: unknown
    }
    const tasks = jsonLines(readFileSync(join(folder, "runs/small/events.jsonl"), "utf8"))
      .flatMap(({ record }) => (record === undefined ? [] : [(record as { readonly task: Task }).task]))
      .filter(({ _tag }) => _tag === "deduction")
    // One task as it was, one with its program and another input.
    const rowOf = ({ program }: Task, input: unknown, output: unknown) =>
      JSON.stringify({ code: program, input: JSON.stringify(input), output: JSON.stringify(output) })
    const seed = tasks.find(({ program }) => program.includes("a=a+["))
    assert.isDefined(seed)
    const last = Number(/\[(\d)\]/u.exec(seed.program)?.[1])
    const rows = [rowOf(seed, seed.input[0], seed.output), rowOf(seed, [9, 9], [9, 9, last])]
    writeFileSync(join(folder, "seen.jsonl"), rows.join("\n"))
    const description = {
      ...JSON.parse(readFileSync(fixture("crux-i.json"), "utf8")),
      id: "seen",
      environment: "python-nano",
      kind: "deduction",
      promptStyle: "compact",
      decoding: { temperature: 0, samples: 1, maxTokens: 40 },
      rows: "seen.jsonl",
    }
    writeFileSync(join(folder, "seen.json"), JSON.stringify(description))
    const found = await evaluated(folder, "small", "--suite", "seen.json")
    assert.strictEqual(found.code, 3, found.stderr)
    assert.include(found.stderr, "seen: 1 tasks were in the run's buffers")
    assert.deepInclude(found.reports[0]?.["contamination"], { rows: [1], programs: 2 })
    const held = await evaluated(folder, "small", "--suite", "deduction-2", "--limit", "20")
    assert.strictEqual(held.code, 0, held.stderr)
    assert.deepInclude(held.reports[0]?.["contamination"], { rows: [] })
  })
})

describe("usage of azr eval", { timeout: 60_000 }, () => {
  it.each([
    [["--suite", "deduction-2"], "name a run"],
    [["nano", "--policy", "gold"], "name a run"],
    [["nano", "--resume"], "--out"],
    [["nano", "--suite", "deducton-2"], "did you mean deduction-2"],
    [["nano", "--suite", "nowhere.jsonl"], "there is no file nowhere.jsonl"],
    [["nano", "--suite", fixture("cruxeval.jsonl")], "cruxeval: this policy cannot read the prompts"],
    [["nano", "--suite", "deduction-2", "--k", "8"], "pass@8 needs --n of at least 8"],
    [["nano", "--suite", "deduction-2", "--n", "4", "--temperature", "0"], "greedy answers are all alike"],
    [["--policy", "gold", "--hub", "nonsense"], "owner/name:file"],
  ])("exits with 2 for %j", async (args, message) => {
    const { code, stderr, stdout } = await azr(["eval", ...args], workspace())
    assert.strictEqual(code, 2)
    assert.include(stderr, message)
    assert.strictEqual(stdout, "")
  })
})
