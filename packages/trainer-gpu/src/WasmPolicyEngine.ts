/** The default policy engine: the `wasm` engine behind core's `PolicyEngine`. Needs nothing but Node. */
import { PolicyEngine } from "@azr/core"
import { Effect, Layer } from "effect"
import { type Backend, make } from "./LocalPolicyEngine.ts"
import { type EngineOptions, GptEngine } from "./wasm/GptEngine.ts"

/** An engine that goes on from the files of `save`, or from `policy.safetensors` alone with a fresh optimizer. */
export const layer = (
  files: ReadonlyArray<PolicyEngine.PolicyFile>,
  options: EngineOptions,
): Layer.Layer<PolicyEngine.PolicyEngine, PolicyEngine.PolicyError | PolicyEngine.BackendUnavailable> =>
  Layer.effect(PolicyEngine.PolicyEngine, make(backend(options), files))

export const backend = (options: EngineOptions): Backend => ({
  name: "wasm",
  deterministic: true,
  open: (config) =>
    Effect.acquireRelease(
      Effect.tryPromise({
        try: () => GptEngine.make(config, options),
        catch: (cause) =>
          new PolicyEngine.BackendUnavailable({
            backend: "wasm",
            reason: cause instanceof Error ? cause.message : String(cause),
            hint: "build the kernels (pnpm --filter @azr/trainer-gpu build:kernels), or ask for fewer workers",
          }),
      }),
      (engine) => Effect.promise(() => engine.close()),
    ),
})
