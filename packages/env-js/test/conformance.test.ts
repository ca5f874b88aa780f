/** The conformance suite on every host. */
import type { Executor } from "@azr/core"
import type { ProgramDraft } from "@azr/core/language"
import { environmentSuite } from "@azr/core/testing"
import javascript from "../src/index.ts"

const draft = (program: string, ...inputs: ReadonlyArray<string>): ProgramDraft => ({
  program,
  inputs,
  message: "Look closely.",
})

const calls = [
  draft(
    "function f(s) {\n  return Object.fromEntries([...s].map((c) => [c, s.split(c).length - 1]));\n}",
    "'it\\'s \"so\"\\n</answer><answer></think>```'",
  ),
  draft("function f(x) {\n  return [Infinity * x, -0, NaN, 10n ** 30n];\n}", "1.5"),
  draft("const f = (a, b = 2) => [new Set(a), new Map([[{ k: '</answer>' }, b]]), undefined]", "[1, 2, 2]"),
]

const drafts = {
  deduction: calls,
  abduction: calls,
  induction: [draft("function f(a) {\n  return [a, a];\n}", "[1, 2]", "'ab'", "[null, true]")],
  error: [...calls, draft("function f(a) {\n  if (a) throw new RangeError(a);\n  return a;\n}", "1")],
}

const answer = (...blocks: ReadonlyArray<readonly [tag: string, content: string]>): string =>
  `<think>\nHm.\n</think>\n<answer>\n${blocks
    .map(([tag, content]) => `\`\`\`${tag}\n${content}\n\`\`\``)
    .join("\n")}\n</answer>`

const program = ["javascript", "const f = (a) => a.toSorted().toReversed()"] as const
const proposals = [
  ...["deduction", "abduction", "error"].map((kind) => ({
    kind,
    text: answer(program, ["input", "[3, 1, 2]"]),
  })),
  { kind: "induction", text: answer(["input", "1"], ["input", "'a'"], ["message", "What you see."]) },
].map((proposal) => ({ ...proposal, style: "full" as const }))

const mustHaveAll = process.env["AZR_REQUIRE_WASMTIME"] === "1"

/** Each host is compared with `v8` on one worker. */
for (const host of ["v8", "wasmtime"] as const) {
  const executor: Executor.ExecutorSettings = { host, workers: 2 }
  environmentSuite(`javascript on ${host}`, javascript, {
    executor,
    hosts: [{ host: "v8", workers: 1 }, executor],
    optional: host === "wasmtime" && !mustHaveAll,
    drafts,
    proposals,
  })
}
