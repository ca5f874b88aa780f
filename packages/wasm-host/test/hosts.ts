/** The hosts that tests run against. One that does not work here is skipped by name, or fails if it must be there. */
import type { Executor } from "@azr/core"
import type { Layer } from "effect"
import { fileURLToPath } from "node:url"
import { describe, it } from "vitest"
import type { ComponentFile } from "../src/component.ts"
import type { Engine } from "../src/Engine.ts"
import { ExecutorHost } from "../src/index.ts"
import type { PoolWorker } from "../src/PoolWorker.ts"
import { v8Engine } from "../src/v8Engine.ts"
import { loadAddon } from "../src/wasmtime/addon.ts"
import { cacheFolder, CodeCache } from "../src/wasmtime/CodeCache.ts"
import { wasmtimeEngine } from "../src/wasmtime/wasmtimeEngine.ts"

// Beside the installed packages: not the user's own, and there again for the next run.
process.env["AZR_CACHE_DIR"] = fileURLToPath(new URL("../node_modules/.cache/azr", import.meta.url))

export interface HostUnderTest {
  readonly name: Executor.ExecutorHostName
  readonly layer: Layer.Layer<ExecutorHost, Executor.ExecutorUnavailable>
  /** Makes workers with one image, `main`. */
  readonly spawner: (file: ComponentFile) => Promise<() => PoolWorker>
}

const spawner =
  <Image>(engine: Engine<Image>): HostUnderTest["spawner"] =>
  async (file) => {
    const images = new Map([["main", await engine.load(file)]])
    return () => engine.spawn(images)
  }

const v8: HostUnderTest = { name: "v8", layer: ExecutorHost.v8, spawner: spawner(v8Engine) }

const addon = loadAddon()
const wasmtime: HostUnderTest | null = addon.available
  ? {
      name: "wasmtime",
      layer: ExecutorHost.wasmtime,
      spawner: spawner(
        wasmtimeEngine(
          addon.addon,
          addon.identity,
          new CodeCache(cacheFolder(process.env, process.platform)),
        ),
      ),
    }
  : null

/** Runs a suite for every host. */
export const describeHosts = (body: (host: HostUnderTest) => void): void => {
  describe("the v8 host", () => body(v8))
  describeWasmtime("the wasmtime host", body)
}

/** Runs a suite that needs both hosts, or the other one alone. */
export const describeWasmtime = (
  name: string,
  body: (wasmtime: HostUnderTest, v8: HostUnderTest) => void,
): void => {
  if (wasmtime !== null) {
    describe(name, () => body(wasmtime, v8))
    return
  }
  const reason = addon.available ? "" : addon.reason
  describe(name, () => {
    it.skipIf(process.env["AZR_REQUIRE_WASMTIME"] !== "1")(`left out: ${reason}`, () => {
      throw new Error(reason)
    })
  })
}
