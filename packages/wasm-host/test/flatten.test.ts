import { assert, describe, it } from "vitest"
import { readSections, SectionId, writeModule } from "../src/build/index.ts"
import { importedTypes, trapModule } from "../src/build/trapModule.ts"
import { WebAssembly } from "../src/webAssembly.ts"

/** Imports `a.f: (i32) -> i32`, `a.g: global i32` and `a.h: ()`; `call` hands its argument to `f`. */
const importer = writeModule(
  (
    [
      [SectionId.type, [2, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f]],
      [SectionId.import, [3, 1, 97, 1, 102, 0, 1, 1, 97, 1, 103, 3, 0x7f, 0, 1, 97, 1, 104, 0, 0]],
      [SectionId.function, [1, 1]],
      [SectionId.export, [1, 4, 99, 97, 108, 108, 0, 2]],
      [SectionId.code, [1, 6, 0, 0x20, 0, 0x10, 0, 0x0b]],
    ] as const
  ).map(([id, body]) => ({ id, body: Uint8Array.from(body) })),
)

describe("functions that nobody supplies", () => {
  it("are found with their types, told from other imports", () => {
    assert.deepEqual(importedTypes(importer), [1, null, 0])
    assert.deepEqual(importedTypes(trapModule(importer, [1])), [])
  })

  it("become functions that link and trap", () => {
    const traps = trapModule(importer, [1, 0])
    assert.sameMembers(
      readSections(traps).map(({ id }) => id),
      [SectionId.type, SectionId.function, SectionId.export, SectionId.code],
    )
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(traps)))
    const g = 7
    const imports = { a: { f: exports["0"], g, h: exports["1"] } }
    const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(importer)), imports)
    const call = instance.exports["call"] as (value: number) => number
    assert.throws(() => call(1), /unreachable/)
  })
})
