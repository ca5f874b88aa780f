import { execFileSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { answerOf, shortTitle, verifyLine } from "../../src/model/task.ts"

/** What a shell would hand to `azr verify`. */
const piped = (line: string): unknown =>
  JSON.parse(execFileSync("sh", ["-c", line.replace(/ \| azr verify .*$/u, "")], { encoding: "utf8" }))

describe("a task as a test case", () => {
  const deduction = {
    program: "def f(a):\n    return a",
    inputs: ["[3, 1]"],
    outputs: ["[1, 3]"],
    message: "",
  }

  it("is the JSON that verify reads", () => {
    const line = verifyLine("python-nano", "deduction", deduction, "(1, 3)")
    expect(line).toMatch(/ \| azr verify --env 'python-nano'$/u)
    expect(piped(line)).toEqual({
      kind: "deduction",
      program: deduction.program,
      input: "[3, 1]",
      answer: "(1, 3)",
    })
  })

  it("has all inputs and the message of an induction task, and no answer when it is a proposal", () => {
    const task = { program: "p", inputs: ['1, "x"', ""], outputs: ["2", "3"], message: "m" }
    expect(piped(verifyLine("python-nano", "induction", task, undefined))).toEqual({
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
      const line = verifyLine("python-nano", "deduction", { ...deduction, program }, "a")
      expect(line).toMatch(/^[\x20-\x7e]*$/u)
      expect(piped(line)).toMatchObject({ program })
    }
  })

  it("answers with what stands in the answer block alone", () => {
    for (const [response, answer] of [
      ["<think> [1];[2] <ans> [2]", "[2]"],
      ["<think>\nwell\n</think>\n<answer>\n```output\n[2]\n```\n</answer>", "[2]"],
      ["<answer>```python\ndef f(a):\n    return a\n```</answer>", "def f(a):\n    return a"],
      ["<answer> 7 </answer>", "7"],
      ["7", "7"],
    ] as const)
      expect(answerOf(response)).toBe(answer)
  })
})

it("shortens the title of a program to what it does, in both languages", () => {
  expect(shortTitle("def f(a): a=a+[1]; return a")).toBe("a=a+[1]")
  expect(shortTitle("function f(a) { const b = a * 8; return b + 13; }")).toBe(
    "const b = a * 8; return b + 13;",
  )
  expect(shortTitle("function f(a); return a + 76; end")).toBe("return a + 76")
  expect(shortTitle("lambda")).toBe("lambda")
})
