import { assert, beforeAll, describe, it } from "vitest"
import { extractCoreModule, readComponent } from "@azr/wasm-host/build"
import { readSections, SectionId, WebAssembly } from "@azr/wasm-host/build"
import { readFile } from "node:fs/promises"
import { componentFile, digests } from "./guest.ts"

describe.each(["a", "b"] as const)("image %s", (image) => {
  let core: Uint8Array<ArrayBuffer>

  beforeAll(async () => {
    // Checks the digest.
    const component = await readComponent(componentFile(image))
    assert.lengthOf(component, digests.images[image].bytes)
    core = extractCoreModule(component)
  })

  it("is the file that the digests describe", async () => {
    const { file, compressedBytes } = digests.images[image]
    const compressed = await readFile(new URL(`../../artifacts/${file}`, import.meta.url))
    assert.lengthOf(compressed, compressedBytes)
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
})
