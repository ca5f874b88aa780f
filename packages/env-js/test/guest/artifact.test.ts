import { readFile } from "node:fs/promises"
import { extractCoreModule, readComponent, readSections, SectionId, WebAssembly } from "@azr/wasm-host/build"
import { assert, beforeAll, describe, it } from "vitest"
import { componentFile, digests } from "./guest.ts"

describe("the artifact", () => {
  let core: Uint8Array<ArrayBuffer>

  beforeAll(async () => {
    // Checks the digest.
    const component = await readComponent(componentFile)
    assert.lengthOf(component, digests.images.a.bytes)
    core = extractCoreModule(component)
  })

  it("is the file that the digests describe", async () => {
    assert.lengthOf(await readFile(componentFile.url), digests.images.a.compressedBytes)
  })

  it("imports nothing, runs nothing at the start, and exports the world and what restores it", () => {
    const module = new WebAssembly.Module(core)
    assert.deepEqual(WebAssembly.Module.imports(module), [])
    assert.isFalse(readSections(core).some(({ id }) => id === SectionId.start))
    const exports = Object.keys(new WebAssembly.Instance(module).exports)
    assert.sameMembers(
      exports.filter((name) => !name.startsWith("azr:")),
      ["memory", "run", "cabi_realloc", "cabi_post_run", "set-fuel", "fuel-left"],
    )
  })

  it("offers the language and a console, nothing of a host or the engine", () => {
    const foreign = digests.globals.filter((name) => !(name in globalThis))
    // Newer than Node's: ECMAScript 2025 and 2026.
    assert.includeMembers(
      ["AsyncDisposableStack", "DisposableStack", "Float16Array", "SuppressedError"],
      foreign,
    )
    const hosts = ["process", "performance", "setTimeout", "queueMicrotask", "fetch", "Worker", "WebAssembly"]
    for (const name of [...hosts, "Proxy", "WeakRef", "SharedArrayBuffer", "Atomics", "std", "os"]) {
      assert.notInclude(digests.globals, name)
    }
  })
})
