import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { azr, jsonLines, workspace } from "./azr.ts"

const program = "def f(a):\n    return sorted(a)"

const cases = [
  { kind: "deduction", program, input: "[3, 1, 2]" },
  { kind: "deduction", program, input: "[3, 1, 2]", answer: "[1, 2, 3]" },
  { kind: "deduction", program, input: "[3, 1, 2]", answer: "[1,\n 2, 3.0]" },
  { kind: "deduction", program, input: "[3, 1, 2]", answer: "(1, 2, 3)" },
  { kind: "deduction", program, input: "[3, 1, 2]", answer: "eval(gold_output)" },
  { kind: "abduction", program, input: "[3, 1, 2]", answer: "[2, 3, 1]" },
  { kind: "abduction", program, input: "[3, 1, 2]", answer: "0) if False else (True" },
  { kind: "induction", program, inputs: ["[2, 1]", "[5, 4, 3]", "[]", "[1]"], message: "", answer: program },
  { kind: "induction", program, inputs: ["[2, 1]"], answer: "def f(a):\n    return a" },
  { kind: "induction", program, inputs: ["[2, 1]", "[3, 1]"] },
  { kind: "error", program, input: "[1, 'a']", answer: "TypeError" },
  { kind: "deduction", program: "import os\ndef f(a):\n    return os.getcwd()", input: "1" },
  { kind: "deduction", program, input: "[3, 1, 2]", output: "[9]", answer: "[9]" },
  { kind: "deduction", program: "def f(a):\n    while True: pass\n    return 1", input: "1" },
]
const verdicts = [
  "valid",
  "correct",
  "correct",
  "wrong",
  "badFormat",
  "correct",
  "badFormat",
  "correct",
  "wrong",
  "valid",
  "correct",
  "rejected",
  "correct",
  "rejected",
]

describe("azr verify", () => {
  it("answers one line a case, in order, with a reason", async () => {
    const folder = workspace()
    writeFileSync(join(folder, "cases.jsonl"), cases.map((given) => JSON.stringify(given)).join("\n"))
    const { code, stderr, stdout } = await azr(["verify", "cases.jsonl"], folder)
    const judged = jsonLines(stdout)
    assert.deepStrictEqual(
      judged.map(({ verdict }) => verdict),
      verdicts,
    )
    assert.strictEqual(judged[0]?.["output"], "[1, 2, 3]")
    assert.isAbove(judged[0]?.["fuel"] as number, 0)
    for (const { reason, verdict } of judged) {
      if (verdict === "wrong" || verdict === "badFormat" || verdict === "rejected") assert.isNotEmpty(reason)
    }
    assert.strictEqual(stderr, "")
    assert.strictEqual(code, 0)
  })

  it("reports malformed lines in their place and goes on", async () => {
    const good = JSON.stringify({ kind: "deduction", program, input: "[1]", answer: "[1]" })
    const { code, stderr, stdout } = await azr(
      ["verify"],
      workspace(),
      `${good}\nnot json\n{"kind":"x"}\n${good}\n`,
    )
    const judged = jsonLines(stdout)
    assert.deepStrictEqual(
      judged.map(({ verdict }) => verdict),
      ["correct", "malformed", "malformed", "correct"],
    )
    assert.strictEqual(judged[1]?.["line"], 2)
    assert.include(stderr, "2 lines")
    assert.strictEqual(code, 3)
  })
})
