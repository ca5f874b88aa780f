/**
 * HumanEval's kind of task: complete a program so that its `check(candidate)` passes.
 *
 * This is the one verdict that is not computed in the host on canonical values: the benchmark's own assertions decide, in
 * the sandbox. Against answers that cheat, the answer has to keep the language's rules for programs, and what it returns
 * reaches the assertions only if it is made of plain values, whose `==` it cannot define. Used for evaluation alone.
 */
import { type Environment, Executor, Value } from "@azr/core"
import { type Language, describeFailure, fenced, fullSurface, responseForm } from "@azr/core/language"
import { Effect } from "effect"
import type { CompletionRow } from "../datasetRows.ts"
import { type SuiteKindParts } from "./SuiteKind.ts"

/** `f` runs the tests. It stands first, so that nothing the answer defines can take the place of what it holds. */
const harness = (entry: string): string => `def _plain(value, type=type, TypeError=TypeError, dict=dict,
           kinds=(int, float, complex, str, bytes, bool, type(None)), many=(list, tuple, set, frozenset)):
    todo = [value]
    while todo:
        part = todo.pop()
        kind = type(part)
        if kind is dict:
            todo.extend(part.keys())
            todo.extend(part.values())
        elif kind in many:
            todo.extend(part)
        elif kind not in kinds:
            raise TypeError("the answer returns something that is no plain value")
    return value

def f(argument, plain=_plain):
    check(lambda *values, **named: plain(${entry}(*values, **named)))
    return True
`

export const completionParts = (language: Language): SuiteKindParts<CompletionRow, Executor.Executor> => {
  const surface = fullSurface(language)
  return {
    prompt: ({ prompt }) =>
      [
        `Complete this ${language.name} program so that it does what its documentation says. Write all of it, its beginning included.`,
        fenced(language.id, prompt.trimEnd()),
        responseForm([fenced(language.id, "the program")]),
      ].join("\n\n"),
    parse: (text) => surface.parseAnswer("induction", text),
    verify: (task, answer) => verify(language, task, answer),
    gold: ({ prompt, solution }) => surface.answer("induction", `${prompt}${solution}`),
    wrong: ({ prompt }) => surface.answer("induction", `${prompt}    raise NotImplementedError\n`),
    measureResponse: (text) => surface.measureResponse(text),
  }
}

const wrong = (reason: string): Environment.Verdict => ({ verdict: "wrong", reason })

const verify = Effect.fnUntraced(function* (language: Language, task: CompletionRow, answer: string) {
  const executor = yield* Executor.Executor
  const program = `${harness(task.entry)}\n${answer}\n`
  const facts = yield* executor.inspect(program)
  if (facts.syntaxError !== null) {
    return { verdict: "badFormat" as const, reason: `syntax: ${facts.syntaxError}` }
  }
  const violation = language.checkProgram(facts)
  if (violation !== null) return wrong(`${violation.reason}: ${violation.message}`)
  const outcome = yield* executor.run({
    program: `${program}\n${task.tests}\n`,
    entry: language.entry,
    arguments: [Value.none],
    limits: Executor.defaultLimits,
    conditions: "reference",
  })
  if (outcome._tag === "Failed") return wrong(`in the tests: ${describeFailure(outcome.failure)}`)
  return Value.equals(outcome.value, Value.bool(true), "strict")
    ? { verdict: "correct" as const, reason: "" }
    : wrong("the tests did not end")
})
