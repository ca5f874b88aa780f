/** The conformance suite on every host. `python-nano` has the executor of `python`, which one suite a host tests. */
import type { Executor } from "@azr/core"
import { generalClauses } from "@azr/core/conformance"
import type { ProgramDraft } from "@azr/core/language"
import { environmentSuite } from "@azr/core/testing"
import python, { pythonNano } from "../src/index.ts"

const draft = (program: string, ...inputs: ReadonlyArray<string>): ProgramDraft => ({
  program,
  inputs,
  message: "Look closely.",
})

const calls = [
  draft("def f(s):\n    return {c: s.count(c) for c in s}", "'it\\'s \"so\"\\n</answer><answer></think>```'"),
  draft("import math\ndef f(x):\n    return [math.inf * x, -0.0, complex(x, -0.0), math.nan]", "1.5"),
  draft("def f(a, b=2):\n    return (set(), frozenset(a), b'</answer>', {1: {b: ()}})", "[1, 2, 2]"),
]

const drafts = {
  deduction: calls,
  abduction: calls,
  induction: [draft("def f(a):\n    return a[::-1]", "[1, 2]", "'ab'", "(None, True)")],
  error: [...calls, draft("def f(a):\n    if a:\n        raise ValueError(a)\n    return a", "1")],
}

const answer = (...blocks: ReadonlyArray<readonly [tag: string, content: string]>): string =>
  `<think>\nHm.\n</think>\n<answer>\n${blocks
    .map(([tag, content]) => `\`\`\`${tag}\n${content}\n\`\`\``)
    .join("\n")}\n</answer>`

const program = ["python", "def f(a):\n    return sorted(a, reverse=True)"] as const
const proposals = [
  ...["deduction", "abduction", "error"].map((kind) => ({
    kind,
    text: answer(program, ["input", "[3, 1, 2]"]),
  })),
  { kind: "induction", text: answer(["input", "1"], ["input", "'a', "], ["message", "What you see."]) },
].map((proposal) => ({ ...proposal, style: "full" as const }))

const nanoProposals = [
  { kind: "deduction", text: "a=a[1:] I [3,1,4]" },
  { kind: "abduction", text: "a=a+[1];a=len(a) I [3,1,4]" },
  { kind: "induction", text: "[3,1,4] I [2,7] I [5,6,9] I [8,1,1,2]" },
].map((proposal) => ({ ...proposal, style: "compact" as const }))

const mustHaveAll = process.env["AZR_REQUIRE_WASMTIME"] === "1"

/** Each host is compared with `v8` on one worker. */
for (const host of ["v8", "wasmtime"] as const) {
  const executor: Executor.ExecutorSettings = { host, workers: 2 }
  const options = {
    executor,
    hosts: [{ host: "v8", workers: 1 } as const, executor],
    optional: host === "wasmtime" && !mustHaveAll,
  }
  environmentSuite(`python on ${host}`, python, { ...options, drafts, proposals })
  environmentSuite(`python-nano on ${host}`, pythonNano, {
    ...options,
    clauses: generalClauses,
    proposals: nanoProposals,
  })
}
