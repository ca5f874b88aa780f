import { assert, describe, it } from "@effect/vitest"
import { environmentProblem } from "../src/environmentShape.ts"
import { puzzleEnvironment } from "../src/testing/puzzleEnvironment.ts"

const environment = puzzleEnvironment()

describe("environmentProblem", () => {
  it("finds none in an environment", () => {
    assert.isNull(environmentProblem(environment))
  })

  it("names each member that is missing", () => {
    for (const name of Object.keys(environment)) {
      const { [name]: _, ...rest } = environment as unknown as Record<string, unknown>
      assert.include(environmentProblem(rest), `the environment has no member ${name}`)
    }
    const [kind] = environment.kinds
    for (const name of Object.keys(kind ?? {})) {
      const { [name]: _, ...rest } = kind as unknown as Record<string, unknown>
      assert.include(environmentProblem({ ...environment, kinds: [rest] }), `has no member ${name}`)
    }
  })

  it("says what a member is not, and which other one may be meant", () => {
    const { suites, ...rest } = environment
    assert.include(
      environmentProblem({ ...rest, suite: suites }),
      "no member suites, an Effect; is suite meant to be it?",
    )
    assert.include(
      environmentProblem({ ...environment, layer: {} }),
      "layer of the environment is not a Layer",
    )
    assert.include(
      environmentProblem({ ...environment, apiVersion: 2 }),
      "apiVersion is 2, this azr speaks 1",
    )
    assert.include(environmentProblem([7][0]), "a number, no environment")
  })

  it("takes methods of a class", () => {
    const kind = Object.create(environment.kinds[0] ?? null) as object
    assert.isNull(environmentProblem({ ...environment, kinds: [kind] }))
  })
})
