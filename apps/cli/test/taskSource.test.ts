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
      notation: "language",
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

  it("has canonical values where the language is not known, and is none of a task that is no program", () => {
    const task = {
      _tag: "deduction",
      program: "p",
      ...shared,
      input: [{ float: "1" }, "a"],
      output: { tuple: [] },
    }
    assert.deepStrictEqual(taskSource(environments, "lua", task), {
      notation: "canonical",
      program: "p",
      inputs: ['{"float":"1"}, "a"'],
      outputs: ['{"tuple":[]}'],
      message: "",
    })
    assert.isNull(taskSource(environments, "python", { target: 7 }))
    assert.isNull(taskSource(environments, "lua", { target: 7 }))
  })
})
