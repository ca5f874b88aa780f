/** The executor: the guest as `npm run build:executor` has compiled it, run by @azr/wasm-host in clean instances with limits. */
import { languageExecutor } from "@azr/wasm-host"

export const executor = languageExecutor({
  id: "my-language",
  artifacts: new URL("../artifacts/", import.meta.url),
  // One image runs programs under both conditions: the guest decides nothing by chance that the request does not decide.
  images: { reference: "a", perturbed: "a" },
  missingName: "NameError",
  kinds: new Set(["bool", "int", "string", "list"]),
  // No result shows an address of memory.
  address: null,
  warmUp: [
    "f(xs) = [len(xs), text(xs)]",
    "total(xs) = if xs == [] then 0 else xs[0] + total(rest(xs))\nf(xs) = total(xs) * 2",
  ],
})
