import { assert, describe, it } from "@effect/vitest"
import { environments } from "../src/environments.ts"
import { taskSource } from "../src/taskSource.ts"

const shared = { canonical: "", region: "", measures: {} }

describe("a task as source text", () => {
  it("is written as its language writes values", () => {
    const input = [{ float: "17" }, { tuple: [1, "a"] }]
    const program = "function f(a, b) { return a }"
    const task = { _tag: "deduction", program, ...shared, input: input.slice(0, 1), output: { float: "0.5" } }
    assert.deepStrictEqual(taskSource(environments, "javascript", task), {
      program,
      inputs: ["17"],
      outputs: ["0.5"],
      message: "",
    })
    const python = { ...task, input, output: { set: [1, 2] } }
    assert.deepStrictEqual(taskSource(environments, "python", python)?.inputs, ["17.0, (1, 'a')"])
    assert.deepStrictEqual(taskSource(environments, "python", python)?.outputs, ["{1, 2}"])
  })

  it("names the exception of a task that asks for one", () => {
    const task = { _tag: "error", program: "p", ...shared, input: [0], exception: "ZeroDivisionError" }
    assert.deepStrictEqual(taskSource(environments, "python", task)?.outputs, ["ZeroDivisionError"])
  })

  it("is none of a task that is no program, or of an environment that is not known", () => {
    assert.isNull(taskSource(environments, "python", { target: 7 }))
    const task = { _tag: "deduction", program: "p", ...shared, input: [0], output: 1 }
    assert.isNotNull(taskSource(environments, "python", task))
    assert.isNull(taskSource(environments, "./mine.ts", task))
  })
})
