/** The conformance suite on every host. Each is compared with `v8` on one worker. */
import type { Executor } from "@azr/core"
import type { ProgramDraft } from "@azr/core/language"
import { environmentSuite } from "@azr/core/testing"
import lua from "../src/index.ts"

const draft = (program: string, ...inputs: ReadonlyArray<string>): ProgramDraft => ({
  program,
  inputs,
  message: "Look closely.",
})
const calls = [
  draft(
    'function f(s)\n  local t = {}\n  for c in s:gmatch(".") do t[c] = (t[c] or 0) + 1 end\n  return t\nend',
    '"a</answer>`"',
  ),
  draft(
    "local step = 3\nfunction f(x, y)\n  return {x // step, x % step, y .. '', -x / 0, 7.0}\nend",
    "-7, 1.5",
  ),
]
const response = (...blocks: ReadonlyArray<readonly [tag: string, content: string]>): string =>
  `<think>\nHm.\n</think>\n<answer>\n${blocks.map(([tag, content]) => `\`\`\`${tag}\n${content}\n\`\`\``).join("\n")}\n</answer>`
const program = ["lua", "function f(a)\n  table.sort(a)\n  return a[#a]\nend"] as const
const mustHaveAll = process.env["AZR_REQUIRE_WASMTIME"] === "1"

for (const host of ["v8", "wasmtime"] as const) {
  const executor: Executor.ExecutorSettings = { host, workers: 2 }
  environmentSuite(`lua on ${host}`, lua, {
    executor,
    hosts: [{ host: "v8", workers: 1 }, executor],
    optional: host === "wasmtime" && !mustHaveAll,
    drafts: {
      deduction: calls,
      abduction: calls,
      induction: [draft("function f(a)\n  return {a, a}\nend", "{1, 2}", '"ab"', "true")],
    },
    proposals: [
      ...["deduction", "abduction"].map((kind) => ({
        kind,
        text: response(program, ["input", "{3, 1, 2}"]),
      })),
      { kind: "induction", text: response(["input", "1"], ["input", '"a"'], ["message", "What you see."]) },
    ].map((proposal) => ({ ...proposal, style: "full" as const })),
    timeout: 120_000,
  })
}
