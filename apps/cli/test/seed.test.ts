import { readFileSync } from "node:fs"
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
