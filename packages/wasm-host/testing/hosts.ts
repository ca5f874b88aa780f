/** The hosts that suites run on. One that does not work here is left out, visibly. */
import type { Executor } from "@azr/core"
import { ExecutorHost, wasmtimeStatus } from "../src/index.ts"
import { describe, it } from "@effect/vitest"
import type { Layer } from "effect"

export interface HostUnderTest {
  readonly name: Executor.ExecutorHostName
  readonly layer: Layer.Layer<ExecutorHost, Executor.ExecutorUnavailable>
}

/** Runs a suite on every host. */
export const onEveryHost = (suite: (host: HostUnderTest) => void): void => {
  suite({ name: "v8", layer: ExecutorHost.v8 })
  const status = wasmtimeStatus()
  const required = process.env["AZR_REQUIRE_WASMTIME"] === "1"
  if (status.available || required) suite({ name: "wasmtime", layer: ExecutorHost.wasmtime })
  else describe("wasmtime", () => it.skip(`left out: ${status.reason}`))
}
