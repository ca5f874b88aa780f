/**
 * Policies that know a suite's answers: `gold` gives them, `wrong` gives others. What they score checks the suite, its
 * prompts, its reader and its verdicts, on the path that every policy takes. A token is a whole text.
 */
import { PolicyEngine } from "@azr/core"
import { Effect, Layer } from "effect"
import type { Suite } from "./Suite.ts"

export const referencePolicies = ["gold", "wrong"] as const
export type ReferencePolicy = (typeof referencePolicies)[number]

const textOf = (prompt: PolicyEngine.Prompt): string => JSON.stringify(prompt)

export const referencePolicy = (which: ReferencePolicy, suites: ReadonlyArray<Suite>) => {
  const responses = new Map<string, string>()
  for (const { kind, promptStyle, tasks } of suites) {
    for (const { task } of tasks) {
      responses.set(
        textOf(kind.solvePrompt(task, promptStyle)),
        which === "gold" ? kind.goldResponse(task, promptStyle) : kind.wrongResponse(task, promptStyle),
      )
    }
  }
  const texts: Array<string> = []
  const token = (text: string): number => texts.push(text) - 1
  const refuse = (operation: string) =>
    Effect.fail(
      new PolicyEngine.PolicyError({
        operation,
        message: "a reference policy only answers the tasks of its suites",
      }),
    )
  return Layer.succeed(
    PolicyEngine.PolicyEngine,
    PolicyEngine.PolicyEngine.of({
      capabilities: {
        backend: which,
        description: `reference policy that gives ${which} answers`,
        // Whatever is asked for: an answer is one token, and no limit on its tokens matters.
        contextLength: Number.MAX_SAFE_INTEGER,
        losses: [],
        regularizations: [],
        deterministic: true,
        sideBySide: false,
        samplesWhileLearning: false,
        parameters: 0,
      },
      tokenizer: {
        encodePrompt: (prompt) => Effect.succeed([token(textOf(prompt))]),
        decode: (tokens) => tokens.map((each) => texts[each] ?? "").join(""),
      },
      sample: (requests) =>
        Effect.forEach(requests, ({ prompt: [asked = -1], seeds }) => {
          const response = responses.get(texts[asked] ?? "")
          if (response === undefined) return refuse("sample")
          const answer = token(response)
          return Effect.succeed(
            seeds.map(() => ({ tokens: [answer], logprobs: [0], stopReason: "stop" as const })),
          )
        }),
      frozenSampler: refuse("frozenSampler"),
      logprobs: () => refuse("logprobs"),
      referenceLogprobs: () => refuse("referenceLogprobs"),
      setReference: () => refuse("setReference"),
      forwardBackward: () => refuse("forwardBackward"),
      optimStep: () => refuse("optimStep"),
      save: refuse("save"),
      load: () => refuse("load"),
      retain: () => Effect.void,
    }),
  )
}
