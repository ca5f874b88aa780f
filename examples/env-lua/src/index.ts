/** Lua programs, run by fengari inside an import-free WebAssembly component. */
import { fullSurface, languageEnvironment, wholeLanguage } from "@azr/core/language"
import { languageExecutor } from "@azr/wasm-host"
import { Effect } from "effect"
import { lua } from "./language.ts"

const executor = languageExecutor({
  id: "lua",
  artifacts: new URL("../artifacts/", import.meta.url),
  images: { reference: "a", perturbed: "a" },
  missingName: "nil",
  kinds: new Set(["null", "bool", "int", "float", "string", "list", "dict"]),
  address: /\b(?:function|table|thread): 0x[\da-f]+/,
  warmUp: ["function f(a) table.sort(a) for i, x in ipairs(a) do a[i] = x * 2 .. '' end return a end"],
})

export default languageEnvironment({
  id: "lua",
  title: "Lua programs of any kind",
  language: lua,
  domain: wholeLanguage({
    program: "function f(a)\n  return a\nend",
    inputs:
      '"Hello world"; 1; {1, 2, 3}; {a = 1, ["b c"] = true}; -2.5; nil; {{1}, {}}; false; {"x"}; ""'.split(
        "; ",
      ),
  }),
  surfaces: [fullSurface(lua)],
  // Lua raises any value and has no classes of exceptions, so that there is nothing to name in tasks of the kind `error`.
  kinds: ["deduction", "abduction", "induction"],
  suites: Effect.succeed([]),
  strict: false,
  layer: executor.layer,
})
