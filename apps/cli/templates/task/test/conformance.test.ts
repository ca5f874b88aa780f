/** Every clause of the contract, one test each, as `azr env test .` checks them: `npm test`. */
import { test } from "node:test"
import { Subject, defaultConformanceOptions, environmentClauses } from "@azr/core/conformance"
import { Effect, ManagedRuntime, Result } from "effect"
import plugin from "../src/index.ts"

const environment = plugin.make({ largest: 99 })
const runtime = ManagedRuntime.make(
  Subject.layer(environment, {
    ...defaultConformanceOptions,
    // Responses as a policy may write them; each has to become a task.
    proposals: [
      { kind: "result", style: "full", text: "<think>Hm.</think><answer>12 * 3 - 4</answer>" },
      { kind: "operand", style: "full", text: "<think></think> <answer>\n1\n</answer>" },
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
