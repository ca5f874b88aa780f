/** The executor of Python: CPython in an import-free WebAssembly component, built by `pnpm build:executor`. */
import { type LanguageExecutor, languageExecutor } from "@azr/wasm-host"

const executor: LanguageExecutor = languageExecutor({
  id: "python",
  artifacts: new URL("../artifacts/", import.meta.url),
  // They differ in their hash seed and the layout of their heap.
  images: { reference: "a", perturbed: "b" },
  missingName: "NameError",
  kinds: new Set([
    "null",
    "bool",
    "int",
    "float",
    "complex",
    "string",
    "bytes",
    "list",
    "tuple",
    "dict",
    "set",
    "frozenset",
  ]),
  // How CPython writes an object that has no text of its own: `<A object at 0x7f…>`. It is the same only in one image.
  address: /<[^<>]{1,200} at 0x[0-9a-f]{4,16}>/,
  warmUp: [
    "def f(a):\n    return sorted(a)",
    "def f(a):\n    a=a[1:]\n    a=[x+2 for x in a if x>1]\n    a=a+[len(a)]\n    return a",
    "def f(a):\n    counts = {}\n    for x in a:\n        counts[x] = counts.get(x, 0) + 1\n    return str(counts)",
  ],
})

export const component: LanguageExecutor["component"] = executor.component
export const layer: LanguageExecutor["layer"] = executor.layer
export const layerNoDeps: LanguageExecutor["layerNoDeps"] = executor.layerNoDeps
export const runCall: LanguageExecutor["runCall"] = executor.runCall
export const runOutcome: LanguageExecutor["runOutcome"] = executor.runOutcome
