/**
 * Questions with one answer, as reasoning-gym writes them: an answer is correct when it is the recorded text, apart from
 * white space around it. Rows of data sets that reasoning-gym scores otherwise are no tasks (`reasoningGym.ts`).
 */
import { type Language, fenced, fullSurface, responseForm } from "@azr/core/language"
import { Effect } from "effect"
import type { QuestionRow } from "../datasetRows.ts"
import type { SuiteKindParts } from "./SuiteKind.ts"

export const questionParts = (language: Language): SuiteKindParts<QuestionRow, never> => {
  const surface = fullSurface(language)
  return {
    prompt: ({ question }) => [question, responseForm([fenced("output", "the answer alone")])].join("\n\n"),
    parse: (text) => surface.parseAnswer("error", text),
    verify: ({ answer }, given) =>
      Effect.succeed(
        given.trim() === answer.trim()
          ? { verdict: "correct", reason: "" }
          : { verdict: "wrong", reason: `the answer is ${answer.trim()}` },
      ),
    gold: ({ answer }) => surface.answer("error", answer),
    wrong: ({ answer }) => surface.answer("error", `not ${answer}`),
    measureResponse: (text) => surface.measureResponse(text),
  }
}
