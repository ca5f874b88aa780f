/** The suite on libtensorflow, where it is installed (`install:tfjs`): the CPU's bindings, or else those for CUDA. */
import { describe, it } from "@effect/vitest"
import { type Flavour, loadTensorFlow, TensorFlowUnavailable } from "../src/index.ts"
import { tfjsSuite } from "./tfjsSuite.ts"

const native: ReadonlyArray<Flavour> = ["tfjs-cuda", "tfjs-node"]

/** The first flavour that loads. One that is installed must load: only its absence is an excuse. */
const firstInstalled = async (): Promise<Flavour | undefined> => {
  for (const flavour of native) {
    try {
      await loadTensorFlow(flavour)
      return flavour
    } catch (cause) {
      if (!(cause instanceof TensorFlowUnavailable && cause.code === "NOT_INSTALLED")) throw cause
    }
  }
  return undefined
}

const flavour = await firstInstalled()
if (flavour === undefined)
  describe("tfjs-node", () =>
    it.skip("left out: libtensorflow is not installed (pnpm --filter @azr/trainer-gpu install:tfjs)"))
else tfjsSuite(flavour)
