import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { azr, jsonLines, workspace } from "./azr.ts"

const rowsOf = (folder: string, file: string) => jsonLines(readFileSync(join(folder, file), "utf8"))

describe("azr seed", { timeout: 120_000 }, () => {
  it("draws the tasks that a run of the same seed begins with", async () => {
    const folder = workspace()
    const drawn = ["--kind", "deduction", "--count", "40", "--seed", "5", "--out", "seeds.jsonl", "--json"]
    const { code, stderr, stdout } = await azr(["seed", ...drawn], folder)
    assert.strictEqual(code, 0, stderr)
    const set = ["kinds.deduction.seeds=40", 'evaluate.suites=["deduction-2"]', "evaluate.devTasks=1"]
    const train = ["train", "--name", "run", "--steps", "0", "--seed", "5"]
    const run = await azr([...train, ...set.flatMap((each) => ["--set", each])], folder)
    assert.strictEqual(run.code, 0, run.stderr)
    const events = rowsOf(folder, "runs/run/events.jsonl")
    const added = events.flatMap(({ _tag, record }) =>
      _tag === "TaskAdded" ? [(record as { readonly task: unknown }).task] : [],
    )
    assert.strictEqual(added.length, 40)
    const seeds = rowsOf(folder, "seeds.jsonl")
    assert.deepStrictEqual(
      seeds.map(({ task }) => task),
      added,
    )
    const [report] = jsonLines(stdout)
    assert.deepInclude(report, { environment: "python-nano", kind: "deduction", tasks: 40 })
    const rejected = Object.values(report?.["rejected"] as Readonly<Record<string, number>>)
    const seeded = events.find(({ _tag }) => _tag === "Seeded")
    assert.strictEqual(
      rejected.reduce((sum, count) => sum + count, 0),
      seeded?.["rejected"],
    )
  })

  it("takes the valid tasks of a file, which azr corpus finds true, and says why the other rows are none", async () => {
    const folder = workspace()
    const file = join(import.meta.dirname, "fixtures/suites/cruxeval.jsonl")
    const { code, stderr, stdout } = await azr(
      ["seed", "--from", file, "--kind", "deduction", "--kind", "abduction", "--out", "tasks.jsonl"],
      folder,
    )
    assert.strictEqual(code, 0, stderr)
    for (const kind of ["deduction", "abduction"])
      assert.match(stdout, new RegExp(`^python +${kind} +5 +2 +1 \\w+, 1 \\w+, 1 \\w+$`, "m"))
    const corpus = await azr(["corpus", "tasks.jsonl", "--json"], folder)
    assert.deepStrictEqual(
      jsonLines(corpus.stdout).map(({ status }) => status),
      ["match", "match", "match", "match"],
    )
  })

  it("writes what azr train --seeds begins with, each of the kinds, and no other tasks", async () => {
    const folder = workspace()
    const drawn = await azr(["seed", "--kind", "deduction", "--count", "30", "--out", "d.jsonl"], folder)
    assert.strictEqual(drawn.code, 0, drawn.stderr)
    const rows = rowsOf(folder, "d.jsonl")
    // Of abduction there are none to draw; programs are, and two of these are for another environment or no programs at all.
    const lines = [
      ...rows,
      ...rows.slice(0, 5).map((row) => ({ ...row, kind: "abduction" })),
      { ...rows[6], kind: "abduction", environment: "javascript" },
      { code: "def f(a): return open(a)", inputs: ["[1]"], outputs: ["1"], kind: "abduction" },
      { ...rows[7], kind: "induction" },
    ]
    writeFileSync(join(folder, "seeds.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""))
    const settings = [
      "kinds.deduction.seeds=20",
      "kinds.abduction.seeds=50",
      'evaluate.suites=["deduction-2"]',
      "evaluate.devTasks=1",
    ].flatMap((each) => ["--set", each])
    const train = ["train", "--steps", "0", "--seeds", "seeds.jsonl", ...settings]
    const run = await azr([...train, "--name", "run"], folder)
    assert.strictEqual(run.code, 0, run.stderr)
    assert.include(run.stderr, "1 induction rows of")
    assert.include(run.stderr, "seeded python-nano/deduction: 20 tasks (0 drafts refused)")
    assert.include(run.stderr, "seeded python-nano/abduction: 5 tasks (1 drafts refused)")
    const added = rowsOf(folder, "runs/run/events.jsonl").flatMap(({ _tag, record }) =>
      _tag === "TaskAdded" ? [record as { readonly kind: string }] : [],
    )
    assert.deepStrictEqual(
      added.map(({ kind }) => kind),
      [...Array.from({ length: 20 }, () => "deduction"), ...Array.from({ length: 5 }, () => "abduction")],
    )
    const exported = await azr(["export", "run", "--what", "tasks", "--out", "-"], folder)
    assert.deepStrictEqual(
      jsonLines(exported.stdout).map(({ task }) => (task as { readonly program: string }).program),
      [...rows.slice(0, 20), ...rows.slice(0, 5)].map(
        ({ task }) => (task as { readonly program: string }).program,
      ),
    )

    // The run is what its seeds are: it does not begin again with others.
    writeFileSync(join(folder, "seeds.jsonl"), `${JSON.stringify(rows[9])}\n`)
    const again = await azr(["resume", "run", "--from", "start"], folder)
    assert.strictEqual(again.code, 2)
    assert.match(again.stderr, /seeds\.jsonl has changed: its sha256 is /)
    assert.strictEqual((await azr(["runs", "show", "run"], folder)).code, 0)
  })

  it.each([
    ["nowhere.jsonl", "there is no file", ""],
    ["empty.jsonl", "holds no programs", ""],
    ["questions.jsonl", "holds no programs", '{"question":"1 + 1?","answer":"2"}\n'],
  ])("a run with --seeds %s is refused", async (file, message, content) => {
    const folder = workspace()
    if (!message.startsWith("there")) writeFileSync(join(folder, file), content)
    const { code, stderr } = await azr(["train", "--name", "run", "--seeds", file], folder)
    assert.strictEqual(code, 2)
    assert.include(stderr, message)
    assert.isFalse(existsSync(join(folder, "runs")))
  })

  it.each([
    [["--kind", "deducton"], "there are: deduction"],
    [["--env", "pythn"], "did you mean python"],
    [["--count", "0"], "--count"],
    [["--from", "nowhere.jsonl"], "there is no file nowhere.jsonl"],
  ])("exits with 2 for %j", async (args, message) => {
    const { code, stderr, stdout } = await azr(["seed", ...args], workspace())
    assert.deepStrictEqual([code, stdout], [2, ""])
    assert.include(stderr, message)
  })
})
