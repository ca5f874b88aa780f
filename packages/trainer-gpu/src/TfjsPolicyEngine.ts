/** TensorFlow.js behind core's `PolicyEngine`: on CUDA, on libtensorflow, or in plain JavaScript for checks. */
import { PolicyEngine } from "@azr/core"
import { Effect, Layer } from "effect"
import { type Backend, make } from "./LocalPolicyEngine.ts"
import { type Flavour, TensorFlowUnavailable } from "./tfjs/TensorFlow.ts"
import { TfjsEngine } from "./tfjs/TfjsEngine.ts"

/** An engine that goes on from the files of `save`, or from `policy.safetensors` alone with a fresh optimizer. */
export const layer = (
  files: ReadonlyArray<PolicyEngine.PolicyFile>,
  flavour: Flavour,
): Layer.Layer<PolicyEngine.PolicyEngine, PolicyEngine.PolicyError | PolicyEngine.BackendUnavailable> =>
  Layer.effect(PolicyEngine.PolicyEngine, make(backend(flavour), files))

export const backend = (flavour: Flavour): Backend => ({
  name: flavour,
  // libtensorflow splits sums among threads as it sees fit.
  deterministic: flavour === "tfjs-js",
  open: (config) =>
    Effect.acquireRelease(
      Effect.tryPromise({
        try: () => TfjsEngine.make(config, flavour),
        catch: (cause) => unavailable(flavour, cause),
      }),
      (engine) => Effect.promise(() => engine.close()),
    ),
})

export const unavailable = (flavour: Flavour, cause: unknown): PolicyEngine.BackendUnavailable =>
  new PolicyEngine.BackendUnavailable({
    backend: flavour,
    reason: cause instanceof Error ? cause.message : String(cause),
    hint: cause instanceof TensorFlowUnavailable ? cause.hint : "use --backend wasm",
  })
