/** The guest: what runs inside the sandbox. It answers one request of the host at a time; `serve` knows the requests. */
import { serve } from "@azr/wasm-host/guest"
import { parseArguments, parseValue } from "../src/literals.ts"
import { parseProgram } from "../src/syntax.ts"
import { run as runProgram } from "./evaluate.ts"
import { factsOf } from "./facts.ts"

export const run = serve({
  parse: parseProgram,
  run: runProgram,
  facts: factsOf,
  readArguments: parseArguments,
  readValue: parseValue,
  warmUp: [
    "total(xs) = if xs == [] then 0 else xs[0] + total(rest(xs))\nf(xs) = [total(xs), text(xs)]",
    "f(xs) = let n = len(xs) in if n > 2 and not (n == 7) then -n else missing",
  ],
})
