import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import {
  encodeCheckpoint,
  initialState,
  loadTensorFlow,
  TensorFlowUnavailable,
  TfjsPolicyEngine,
} from "../src/index.ts"
import { loadNative, nativePackages, TFJS_VERSION } from "../src/tfjs/TensorFlow.ts"
import { tinyModel } from "./fixtures.ts"

/** What `loadNative` finds where the package of a flavour has this source; null is no package at all. */
const found = (flavour: keyof typeof nativePackages, source: string | null, node = "22.23.3") => {
  const root = mkdtempSync(path.join(tmpdir(), "azr-tfjs-"))
  try {
    if (source !== null) {
      const home = path.join(root, "node_modules", nativePackages[flavour])
      mkdirSync(home, { recursive: true })
      writeFileSync(path.join(home, "index.js"), source)
    }
    return loadNative(flavour, [pathToFileURL(path.join(root, "package.json"))], node)
  } finally {
    rmSync(root, { recursive: true })
  }
}

const refused = (run: () => unknown): TensorFlowUnavailable => {
  try {
    run()
  } catch (cause) {
    assert.instanceOf(cause, TensorFlowUnavailable)
    return cause
  }
  throw new Error("it loaded")
}

// As tfjs-node 4.22.0 words it.
const addonMissing =
  'throw new Error("The Node.js native addon module (tfjs_binding.node) can not be found at path: x. \\nPlease run")'
const addonBroken =
  'throw new Error("libcudart.so.11.0: cannot open shared object file: No such file or directory")'

describe("TensorFlow.js", () => {
  it("is unavailable with a code, the reason and what to do", () => {
    const cases = [
      ["NODE_UNSUPPORTED", "Node 23.1.0", () => found("tfjs-node", "", "23.1.0")],
      ["NOT_INSTALLED", "@tensorflow/tfjs-node-gpu", () => found("tfjs-cuda", null)],
      ["ADDON_MISSING", "never installed", () => found("tfjs-node", addonMissing)],
      ["ADDON_LOAD_FAILED", "libcudart.so.11.0", () => found("tfjs-cuda", addonBroken)],
      [
        "NO_CUDA_DEVICE",
        "sees no CUDA device",
        () => found("tfjs-cuda", "exports.backend = () => ({ isUsingGpuDevice: false })"),
      ],
    ] as const
    for (const [code, text, run] of cases) {
      const problem = refused(run)
      assert.strictEqual(problem.code, code)
      assert.include(problem.message, text)
      assert.include(problem.hint, "--backend wasm")
    }
  })

  it("takes a GPU that is there, and the CPU without asking for one", () => {
    assert.doesNotThrow(() => found("tfjs-cuda", "exports.backend = () => ({ isUsingGpuDevice: true })"))
    assert.doesNotThrow(() => found("tfjs-node", "exports.backend = () => ({ isUsingGpuDevice: false })"))
  })

  it("passes on what is wrong with a place that it searches", () => {
    assert.throws(() => loadNative("tfjs-node", [new URL("https://example.org/")], "22.23.3"))
  })

  it("is one flavour a process, of the release that is installed by command", async () => {
    const tf = await loadTensorFlow("tfjs-js")
    assert.strictEqual(await loadTensorFlow("tfjs-js"), tf)
    assert.strictEqual(tf.version_core, TFJS_VERSION)
    assert.strictEqual(tf.getBackend(), "cpu")
    const other = await loadTensorFlow("tfjs-node").catch((cause: unknown) => cause)
    assert.instanceOf(other, TensorFlowUnavailable)
    assert.strictEqual(other.code, "OTHER_FLAVOUR_LOADED")
  })

  it.effect("that is not there is BackendUnavailable", () =>
    Effect.gen(function* () {
      yield* Effect.promise(() => loadTensorFlow("tfjs-js"))
      const files = encodeCheckpoint({ config: tinyModel, state: initialState(tinyModel, 1) })
      const problem = yield* Effect.flip(
        Effect.scoped(Layer.build(TfjsPolicyEngine.layer(files, "tfjs-cuda"))),
      )
      assert.strictEqual(problem._tag, "BackendUnavailable")
      assert.include(problem.message, "tfjs-cuda: this process runs TensorFlow.js as tfjs-js")
    }),
  )
})
