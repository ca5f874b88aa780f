/** The environment: tasks about programs of the language. `azr env test .` checks it. */
import { languageEnvironment, wholeLanguage } from "@azr/core/language"
import { Effect } from "effect"
import { executor } from "./executor.ts"
import { language } from "./language.ts"
import { surface } from "./prompts.ts"

export default languageEnvironment({
  id: "my-language",
  title: "My Language programs of any kind",
  language,
  // The task that begins everything; the proposer is shown it and has to differ.
  domain: wholeLanguage({
    program: "f(a) = a",
    inputs: ['"Hello world"', "1", "[1, 2, 3]", "[[1, 0], [0, 1]]", "true", "-7", '["a", "b", ""]', "[]"],
  }),
  surfaces: [surface(language)],
  kinds: ["deduction", "abduction", "induction", "error"],
  suites: Effect.succeed([]),
  strict: false,
  layer: executor.layer,
})
