/** The environment of JavaScript programs, run by QuickJS inside an import-free WebAssembly component. */
import { fewShotSurface, fullSurface, languageEnvironment } from "@azr/core/language"
import { Effect } from "effect"
import * as JavaScriptExecutor from "./JavaScriptExecutor.ts"
import { jsDomain } from "./jsDomain.ts"
import { javascript as language } from "./language.ts"
import { workedExamples } from "./workedExamples.ts"

const javascript = languageEnvironment({
  id: "javascript",
  title: "JavaScript programs of any kind",
  language,
  domain: jsDomain,
  surfaces: [fullSurface(language), fewShotSurface(language, workedExamples)],
  kinds: ["deduction", "abduction", "induction", "error"],
  suites: Effect.succeed([]),
  strict: false,
  layer: JavaScriptExecutor.layer,
})

export default javascript

export { JavaScriptExecutor }
