import { describe } from "@effect/vitest"
import { withEngine } from "./fixtures.ts"
import { torchConfig, torchSuite } from "./torchFixture.ts"

describe("beside PyTorch", () => {
  torchSuite("wasm", (use) => withEngine(torchConfig, 2, use))
})
