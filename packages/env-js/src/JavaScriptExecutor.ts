/** The executor of JavaScript: QuickJS in an import-free WebAssembly component, built by `pnpm build:executor`. */
import { type LanguageExecutor, languageExecutor } from "@azr/wasm-host"

const executor: LanguageExecutor = languageExecutor({
  id: "javascript",
  artifacts: new URL("../artifacts/", import.meta.url),
  // No program can tell the layout of the heap: strings hash to one seed, and no object shows an address.
  images: { reference: "a", perturbed: "a" },
  missingName: "ReferenceError",
  kinds: new Set(["null", "undefined", "bool", "float", "string", "bigint", "list", "dict", "map", "jsset"]),
  address: null,
  warmUp: [
    "function f(a) { return a.toSorted((x, y) => x - y) }",
    "const f = (a) => a.slice(1).filter((x) => x > 1).map((x) => x + 2)",
    "function f(a) {\n  const counts = new Map()\n" +
      "  for (const x of a) counts.set(x, (counts.get(x) ?? 0) + 1)\n  return JSON.stringify([...counts])\n}",
  ],
})

export const component: LanguageExecutor["component"] = executor.component
export const layer: LanguageExecutor["layer"] = executor.layer
export const layerNoDeps: LanguageExecutor["layerNoDeps"] = executor.layerNoDeps
export const runCall: LanguageExecutor["runCall"] = executor.runCall
export const runOutcome: LanguageExecutor["runOutcome"] = executor.runOutcome
