/** The engines of this package by name, and `auto`. What was asked for and is not there is an error, never replaced. */
import { PolicyEngine } from "@azr/core"
import { Effect, Layer } from "effect"
import { type Backend, make } from "./LocalPolicyEngine.ts"
import * as TfjsPolicyEngine from "./TfjsPolicyEngine.ts"
import { loadTensorFlow, TensorFlowUnavailable } from "./tfjs/TensorFlow.ts"
import type { EngineOptions } from "./wasm/GptEngine.ts"
import * as WasmPolicyEngine from "./WasmPolicyEngine.ts"

export const backendNames = ["auto", "wasm", "tfjs-cuda", "tfjs-node", "tfjs-js"] as const
export type BackendName = (typeof backendNames)[number]

export interface Choice {
  readonly backend: Backend
  /** Why this one, for people. */
  readonly reason: string
}

/**
 * `auto` is `tfjs-cuda` where TensorFlow sees a CUDA device, else `wasm`; it never takes `tfjs-node`, whose samples
 * depend on the machine in their last bits. `options` are those of `wasm`.
 */
export const choose = Effect.fn("LocalBackends.choose")(function* (
  name: BackendName,
  options: EngineOptions,
) {
  const wasm = WasmPolicyEngine.backend(options)
  if (name === "wasm") return { backend: wasm, reason: "asked for" } satisfies Choice
  const flavour = name === "auto" ? "tfjs-cuda" : name
  const problem = yield* Effect.promise(() =>
    loadTensorFlow(flavour).then(
      () => undefined,
      (cause: unknown) => cause,
    ),
  )
  const backend = TfjsPolicyEngine.backend(flavour)
  if (problem === undefined) {
    return {
      backend,
      reason: name === "auto" ? "TensorFlow sees a CUDA device" : "asked for",
    } satisfies Choice
  }
  if (name === "auto" && problem instanceof TensorFlowUnavailable) {
    return { backend: wasm, reason: `no CUDA: ${problem.message}` } satisfies Choice
  }
  return yield* TfjsPolicyEngine.unavailable(flavour, problem)
})

/** An engine that goes on from the files of `save`, or from `policy.safetensors` alone with a fresh optimizer. */
export const layer = (
  { backend }: Choice,
  files: ReadonlyArray<PolicyEngine.PolicyFile>,
): Layer.Layer<PolicyEngine.PolicyEngine, PolicyEngine.PolicyError | PolicyEngine.BackendUnavailable> =>
  Layer.effect(PolicyEngine.PolicyEngine, make(backend, files))
