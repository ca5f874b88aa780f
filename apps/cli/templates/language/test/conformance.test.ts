/** Every clause of the contract, one test each, as `azr env test .` checks them: `npm test`. */
import { test } from "node:test"
import { Subject, defaultConformanceOptions, environmentClauses } from "@azr/core/conformance"
import { Effect, ManagedRuntime, Result } from "effect"
import environment from "../src/index.ts"

const response = (...blocks: ReadonlyArray<readonly [tag: string, content: string]>): string =>
  `<think>\nHm.\n</think>\n<answer>\n${blocks.map(([tag, content]) => `\`\`\`${tag}\n${content}\n\`\`\``).join("\n")}\n</answer>`

/** More tasks than the seed is, and proposals as a policy may write them. */
const program = "len2(xs) = if xs == [] then 0 else 1 + len2(rest(xs))\nf(xs, n) = [len2(xs), n * n]"
const draft = { program, inputs: ['["a", "b"], 3'], message: "" }
const runtime = ManagedRuntime.make(
  Subject.layer(environment, {
    ...defaultConformanceOptions,
    drafts: { deduction: [draft], abduction: [draft], error: [draft] },
    proposals: [
      { kind: "deduction", style: "full", text: response(["my-language", program], ["input", "[1, 2], -1"]) },
      {
        kind: "induction",
        style: "full",
        text: response(["input", "1"], ["input", '"a"'], ["message", "Look."]),
      },
    ],
  }),
)

test("the contract", async (all) => {
  for (const { check, id, title } of environmentClauses(environment)) {
    await all.test(`${id} ${title}`, async (each) => {
      const checked = await runtime.runPromise(Effect.result(check))
      if (Result.isFailure(checked)) {
        if (checked.failure._tag !== "ClauseSkipped") throw checked.failure
        each.skip(checked.failure.message)
      }
    })
  }
  await runtime.dispose()
})
