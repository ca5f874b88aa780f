/** The policy suite for vitest. The only module of this package that needs a test framework. */
import { layer } from "@effect/vitest"
import type { Layer } from "effect"
import type { PolicyEngine } from "../PolicyEngine.ts"
import { type PolicySuiteSettings, policyClauses } from "./policyClauses.ts"

/**
 * Registers one test a clause of the `PolicyEngine` contract; any engine must pass them all. The layer is built once,
 * with a fresh optimizer; each clause leaves the policy as it found it.
 *
 *     policySuite("wasm", layerOfATinyModel, { prompts: [[{ role: "user", content: "1+1=" }], …] })
 */
export const policySuite = <E>(
  name: string,
  engine: Layer.Layer<PolicyEngine, E>,
  settings: PolicySuiteSettings & {
    /** Longest time a clause may take, in milliseconds; vitest's own setting where absent. */
    readonly timeout?: number
  },
): void =>
  // Engines may wait for other machines: they need the real clock.
  layer(engine, { excludeTestServices: true })(name, (it) => {
    for (const { check, title } of policyClauses(settings)) it.effect(title, () => check, settings.timeout)
  })
