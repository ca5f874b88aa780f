/**
 * Environments of Python programs, run by CPython inside an import-free WebAssembly component.
 *
 * The default export is `python`, for general language models; `pythonNano` is a fragment of it for policies that are
 * pretrained on nothing else (`@azr/env-python-wasm/nano`).
 */
import { fewShotSurface, fullSurface, languageEnvironment } from "@azr/core/language"
import { Effect } from "effect"
import * as PythonExecutor from "./PythonExecutor.ts"
import { python as language } from "./language.ts"
import { type Thoughts, compactSurface } from "./nano/CompactSurface.ts"
import { nanoDomain } from "./nano/domain.ts"
import { nanoSuites } from "./nano/suites.ts"
import { pythonDomain } from "./pythonDomain.ts"
import { workedExamples } from "./workedExamples.ts"

const python = languageEnvironment({
  id: "python",
  title: "Python programs of any kind",
  language,
  domain: pythonDomain,
  surfaces: [fullSurface(language), fewShotSurface(language, workedExamples)],
  kinds: ["deduction", "abduction", "induction", "error"],
  suites: Effect.succeed([]),
  strict: false,
  layer: PythonExecutor.layer,
})

export default python

const nano = (id: string, title: string, thoughts: Thoughts) =>
  languageEnvironment({
    id,
    title,
    language,
    domain: nanoDomain,
    surfaces: [compactSurface(thoughts)],
    kinds: ["deduction", "abduction", "induction"],
    suites: nanoSuites,
    strict: false,
    layer: PythonExecutor.layer,
  })

export const pythonNano = nano(
  "python-nano",
  "Small Python programs on lists of integers, for nano policies",
  "free",
)
/** Controls of the study: the solver of deduction tasks has to think, or cannot. */
export const pythonNanoThink = nano("python-nano-think", "python-nano with a forced thought", "forced")
export const pythonNanoDirect = nano("python-nano-direct", "python-nano without thoughts", "forbidden")

export { PythonExecutor }
