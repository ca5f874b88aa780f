import { DashboardApi } from "@azr/core/dashboard"
import { OpenApi as Generated } from "effect/http-api"
import { expect, it } from "vitest"
import { type OpenApi, curlOf, shapeOf } from "../../src/model/openApi.ts"

// What a server answers: the screen must understand all of it.
const api = JSON.parse(JSON.stringify(Generated.fromApi(DashboardApi))) as OpenApi

it("writes a schema in a few lines", () => {
  const schemas = { Name: { type: "string" } }
  const shape = shapeOf(
    {
      type: "object",
      properties: {
        id: { $ref: "#/components/schemas/Name" },
        rate: { anyOf: [{ type: "number" }, { type: "null" }] },
        rates: { type: "array", items: { anyOf: [{ type: "integer" }, { type: "null" }] } },
        state: { type: "string", enum: ["on", "off"] },
        parts: { type: "array", items: { type: "object", properties: { any: {} }, required: ["any"] } },
        counts: { type: "object", additionalProperties: { type: "integer" } },
      },
      required: ["id", "rates"],
    },
    schemas,
  )
  expect(shape).toBe(`{
  id: string
  rate?: number | null
  rates: (integer | null)[]
  state?: "on" | "off"
  parts?: {
    any: any JSON
  }[]
  counts?: {
    [key: string]: integer
  }
}`)
})

it("describes every path of the contract, with each of its answers", () => {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, operation })),
  )
  expect(operations.map(({ path }) => path)).toContain("/api/runs/{run}/stream")
  for (const { operation, path } of operations) {
    expect(operation.description, path).toBeTruthy()
    for (const { content = {} } of Object.values(operation.responses)) {
      for (const { schema } of Object.values(content)) {
        expect(shapeOf(schema, api.components.schemas), path).not.toMatch(/undefined|\$ref|components/u)
      }
    }
  }
  const view = operations.find(({ path }) => path === "/api/runs/{run}")?.operation
  const keys = view?.parameters.find(({ name }) => name === "keys")
  expect(keys?.schema.description).toContain("metric keys")
})

it("gives the command that asks", () => {
  expect(curlOf("http://x:1", "get", "/api/runs/{run}/rollouts/{step}/{index}")).toBe(
    "curl -s http://x:1/api/runs/RUN/rollouts/STEP/INDEX",
  )
  expect(curlOf("http://x:1", "get", "/api/runs/{run}/stream")).toMatch(/^curl -s -N /u)
  expect(curlOf("http://x:1", "post", "/api/runs/{run}/stop")).toBe(
    "curl -s -X POST -H 'x-azr-token: TOKEN' http://x:1/api/runs/RUN/stop",
  )
})
