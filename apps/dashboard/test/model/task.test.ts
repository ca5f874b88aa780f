import { execFileSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { partsOf, verifyLine } from "../../src/model/task.ts"

/** What a shell would hand to `azr verify`. */
const piped = (line: string): unknown =>
  JSON.parse(execFileSync("sh", ["-c", line.replace(/ \| azr verify .*$/u, "")], { encoding: "utf8" }))

describe("a task as a test case", () => {
  const deduction = { _tag: "deduction", program: "def f(a):\n    return a", input: [[3, 1]], output: [1, 3] }

  it("is the JSON that verify reads", () => {
    const line = verifyLine("python-nano", "deduction", deduction, "(1, 3)") ?? ""
    expect(line).toMatch(/ \| azr verify --env 'python-nano'$/u)
    expect(piped(line)).toEqual({
      kind: "deduction",
      program: deduction.program,
      input: "[3,1]",
      answer: "(1, 3)",
    })
  })

  it("has all inputs and the message of an induction task, and no answer when it is a proposal", () => {
    const task = {
      program: "p",
      pairs: [
        { input: [1, "x"], output: 2 },
        { input: [], output: 3 },
      ],
      shown: 1,
      message: "m",
    }
    expect(piped(verifyLine("python-nano", "induction", task, undefined) ?? "")).toEqual({
      kind: "induction",
      program: "p",
      inputs: ['1, "x"', ""],
      message: "m",
    })
  })

  it("survives a shell whatever the program is", () => {
    for (const program of [
      "'; rm -rf ~; echo '",
      '$(id) `id` \\ " !x',
      "\u202e\u001b[2J\ud800 é 👩",
      "%s %d\n\\n",
    ]) {
      const line = verifyLine("python-nano", "deduction", { ...deduction, program }, "a") ?? ""
      expect(line).toMatch(/^[\x20-\x7e]*$/u)
      expect(piped(line)).toMatchObject({ program })
    }
  })

  it("is none where the task is of another shape", () => {
    expect(verifyLine("puzzle", "sum", { target: 7 }, "3 4")).toBeNull()
    expect(partsOf("text")).toEqual({ program: null, inputs: [], message: "" })
  })
})
