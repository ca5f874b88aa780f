import { assert, it } from "vitest"
import { exposeState, freeze, meter, takeState } from "../src/build/index.ts"
import { compile, Instance } from "../src/coreModule.ts"
import { WebAssembly } from "../src/webAssembly.ts"
import { compileGuest, MAXIMUM_DEPTH, MAXIMUM_PAGES } from "./guest.ts"

it("a lower limit on a step makes the same work cost less and changes nothing else", async () => {
  const exposed = new Uint8Array(exposeState(await compileGuest()))
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(exposed))
  const frozen = freeze(exposed, takeState(exports))
  const call = (maximumStep: number) => {
    const limits = { maximumPages: MAXIMUM_PAGES, maximumDepth: MAXIMUM_DEPTH, maximumStep }
    return new Instance(compile(new Uint8Array(meter(frozen, limits)))).call("work 1000", 1e9)
  }
  const [small, large] = [call(2), call(64)]
  assert.strictEqual(small.response, large.response)
  assert.isAtMost(small.fuelUsed, large.fuelUsed / 3)
  // Each of the ten thousand inner rounds still costs something.
  assert.isAtLeast(small.fuelUsed, 20_000)
})
