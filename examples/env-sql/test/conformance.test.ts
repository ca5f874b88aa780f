/** The conformance suite on every host. */
import type { Executor } from "@azr/core"
import { environmentSuite } from "@azr/core/testing"
import sql from "../src/index.ts"
import { invoices, proposal } from "./drafts.ts"

const mustHaveAll = process.env["AZR_REQUIRE_WASMTIME"] === "1"

for (const host of ["v8", "wasmtime"] as const) {
  const executor: Executor.ExecutorSettings = { host, workers: 2 }
  environmentSuite(`sql on ${host}`, sql, {
    executor,
    hosts: [{ host: "v8", workers: 1 }, executor],
    optional: host === "wasmtime" && !mustHaveAll,
    drafts: { result: invoices, query: invoices },
    proposals: (["result", "query"] as const).map((kind) => ({ kind, style: "full", text: proposal(kind) })),
  })
}
