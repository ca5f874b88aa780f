/** The guest of the Lua executor: an evaluator, facts and a reader of literals; `serve` is the rest of the protocol. */
import { serve } from "@azr/wasm-host/guest"
import { factsOf } from "./facts.ts"
import { readArguments, readValue } from "./literals.ts"
import { execute } from "./machine.ts"

/** What the component exports. */
export const run = serve<string>({
  // Lua compiles what it runs itself; only facts need a tree.
  parse: (text) => text,
  run: execute,
  facts: factsOf,
  readArguments,
  readValue,
  warmUp: ["function f(a) local t = {} for i, x in ipairs(a) do t[i] = x .. '!' end return t end"],
})
