import { assert, beforeAll, describe, it } from "vitest"
import { meter, readSections, SectionId } from "../src/build/index.ts"
import { compile, Instance } from "../src/coreModule.ts"
import { WebAssembly } from "../src/webAssembly.ts"
import { MAXIMUM_PAGES, meterGuest } from "./guest.ts"

const PLENTY = 1e9

describe("a metered module", () => {
  let metered: Uint8Array<ArrayBuffer>
  let instance: Instance
  const call = (request: string, fuel = PLENTY) => instance.call(request, fuel)

  beforeAll(async () => {
    metered = await meterGuest()
    instance = new Instance(compile(metered))
  })

  it("still does what the program does", () => {
    let sum = 0
    for (let i = 0; i < 1000; i++) for (let j = 0; j < 10; j++) sum = (sum * 31 + i + j) % 1_000_003
    assert.strictEqual(call("work 1000").response, String(sum))
    assert.strictEqual(call("echo täxt 🙂").response, "täxt 🙂")
  })

  it("has no imports, no start function, and exactly the interface of an executor", () => {
    const module = new WebAssembly.Module(metered)
    assert.deepEqual(WebAssembly.Module.imports(module), [])
    assert.isFalse(readSections(metered).some(({ id }) => id === SectionId.start))
    const { exports } = new WebAssembly.Instance(module)
    const names = Object.keys(exports).filter((name) => !name.startsWith("azr:"))
    assert.sameMembers(names, ["memory", "run", "cabi_realloc", "cabi_post_run", "set-fuel", "fuel-left"])
  })

  it("starts every call from the same state", () => {
    assert.strictEqual(call("count").response, "1 1")
    assert.strictEqual(call("count").response, "1 1")
  })

  it("charges the same fuel for the same call, and in proportion to the work", () => {
    const fuel = call("work 1000").fuelUsed
    assert.strictEqual(call("work 1000").fuelUsed, fuel)
    assert.strictEqual(new Instance(compile(metered)).call("work 1000", PLENTY).fuelUsed, fuel)
    const perRound = (call("work 3000").fuelUsed - call("work 2000").fuelUsed) / 1000
    assert.approximately((call("work 9000").fuelUsed - call("work 4000").fuelUsed) / 5000, perRound, 0.01)
    // Ten inner rounds of a dozen instructions each.
    assert.isAtLeast(perRound, 100)
    assert.isAtMost(perRound, 400)
  })

  it("stops exactly where the fuel ends", () => {
    const { fuelUsed } = call("work 100")
    assert.strictEqual(call("work 100", fuelUsed).trap, null)
    assert.deepEqual(call("work 100", fuelUsed - 1), { response: null, trap: "fuel", fuelUsed: fuelUsed - 1 })
    assert.deepEqual(call("spin", 1e7), { response: null, trap: "fuel", fuelUsed: 1e7 })
    assert.strictEqual(call("count").response, "1 1")
  })

  it("charges bulk memory instructions by size", () => {
    const difference = (word: string) => call(`${word} 1000000`).fuelUsed - call(`${word} 200000`).fuelUsed
    assert.strictEqual(call("fill 1000000").response, "7")
    assert.strictEqual(call("copy 1000000").response, "9")
    assert.approximately(difference("fill"), 800_000 / 16, 500)
    assert.approximately(difference("copy"), 800_000 / 16, 500)
    assert.strictEqual(call("fill 1000000", 50_000).trap, "fuel")
  })

  it("gives memory up to the maximum, takes it back, and charges for it", () => {
    assert.strictEqual(call("grow 10").response, "8 18")
    assert.strictEqual(call(`grow ${MAXIMUM_PAGES - 8}`).response, `8 ${MAXIMUM_PAGES}`)
    assert.strictEqual(call(`grow ${MAXIMUM_PAGES - 7}`).response, "-1 8")
    assert.strictEqual(call("grow -1").response, "-1 8")
    assert.approximately(call("grow 30").fuelUsed - call("grow 10").fuelUsed, 20 * 4096, 50)
    assert.strictEqual(call(`growOrTrap ${MAXIMUM_PAGES}`).trap, "memory")
    assert.strictEqual(call("grow 0").response, "8 8")
  })

  it("ends recursion of either kind at the same depth each time", () => {
    const first = [call("recurse"), call("recurseIndirectly")]
    assert.deepEqual(
      first.map(({ trap }) => trap),
      ["stack", "stack"],
    )
    assert.deepEqual([call("recurse"), call("recurseIndirectly")], first)
    assert.strictEqual(call("count").response, "1 1")
  })

  it("tells a plain trap from the others", () => {
    assert.strictEqual(call("trap").trap, "trap")
    // Beyond the last page.
    assert.strictEqual(call(`write ${MAXIMUM_PAGES * 65_536}`).trap, "trap")
  })

  it("leaves no byte behind, wherever it was written", () => {
    const last = MAXIMUM_PAGES * 65_536 - 8
    // Inside the image, across two pages of it, at its end, and far beyond it.
    for (const address of [200_000, 4096 * 50 - 4, 8 * 65_536 - 4, 8 * 65_536 + 4096 * 3 - 1, last]) {
      const before = call(`read ${address}`).response
      assert.strictEqual(call(`write ${address}`).response, String(0x1f020304050607))
      assert.strictEqual(call(`read ${address}`).response, before)
    }
    call("grow 40")
    call("copy 1500000")
    for (const address of [131_072 + 1_499_992, 131_072 + 2_999_992]) {
      assert.strictEqual(call(`read ${address}`).response, "0")
    }
  })
})

describe("the metering", () => {
  it("refuses a module that imports, starts by itself, or uses what it does not know", () => {
    const options = { maximumPages: 1, maximumDepth: 1 }
    const module = (...sections: ReadonlyArray<number>) =>
      Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections)
    const type = [1, 4, 1, 0x60, 0, 0]
    const memory = [5, 3, 1, 0, 1]
    assert.throws(() => meter(module(...type, 2, 7, 1, 1, 97, 1, 98, 0, 0), options), /imports/)
    assert.throws(() => meter(module(...type, 3, 2, 1, 0, ...memory, 8, 1, 0), options), /start function/)
    assert.throws(() => meter(module(5, 3, 1, 0, 2), options), /starts with 2 pages/)
    // v128.const, atomic.fence, return_call 0
    for (const code of [
      [0xfd, 0x0c],
      [0xfe, 0x03, 0],
      [0x12, 0],
    ]) {
      const body = [0, ...code, 0x0b]
      const section = [10, body.length + 2, 1, body.length, ...body]
      assert.throws(() => meter(module(...type, 3, 2, 1, 0, ...memory, ...section), options), /not supported/)
    }
  })
})
