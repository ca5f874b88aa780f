/**
 * What the suite says of this environment with something taken away: any method of a kind, or one of the laws that they keep. Each
 * breaks a clause, and the message names what is missing.
 */
import type { Environment } from "@azr/core"
import { ClauseBroken, Subject, generalClauses } from "@azr/core/conformance"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import type { Database } from "../src/index.ts"
import sql from "../src/index.ts"
import { invoices, proposal } from "./drafts.ts"

type Sql = Environment.Environment<Database>
type Kind = Sql["kinds"][number]

/** The environment with its first kind, `result`, changed. */
const changed = (change: (kind: Kind) => Partial<Kind>): Sql => {
  const [first, ...others] = sql.kinds as [Kind, ...Array<Kind>]
  return { ...sql, kinds: [{ ...first, ...change(first) }, ...others] }
}
const without = (name: keyof Kind): Sql => changed(() => ({ [name]: undefined }) as Partial<Kind>)

const options = {
  seeds: 2,
  texts: 12,
  executor: { host: "v8", workers: 1 },
  hosts: [],
  drafts: { result: invoices, query: invoices },
  proposals: [{ kind: "result", style: "full", text: proposal("result") }],
} as const

/** Whether a clause that a predicate chooses is broken, and what it says: the first of them. */
const verdictOn = (environment: Sql, id: string | null) =>
  Effect.gen(function* () {
    for (const clause of generalClauses.filter((each) => id === null || each.id === id)) {
      const checked = yield* Effect.result(clause.check)
      if (Result.isFailure(checked) && checked.failure instanceof ClauseBroken) {
        return `${clause.id}: ${checked.failure.message} [${checked.failure.reproduce ?? ""}]`
      }
    }
    return "nothing is broken"
  }).pipe(Effect.provide(Subject.layer(environment, options)))

const methods = Object.entries(sql.kinds[0] as Kind).flatMap(([name, member]) =>
  typeof member === "function" ? [name as keyof Kind] : [],
)

let turn = 0
const laws: ReadonlyArray<readonly [law: string, clause: string, message: RegExp, environment: () => Sql]> = [
  ["the id is a word", "E2", /a kind has the id "a result"/, () => changed(() => ({ id: "a result" }))],
  [
    "references exist",
    "E4",
    /result refers to tasks of table/,
    () => changed(() => ({ references: { from: ["table"], given: false } })),
  ],
  [
    "seeds are as many as asked for",
    "E5",
    /it gave 1 \[seeds\("result", 0/,
    () => ({ ...sql, seeds: (kind, _, random) => sql.seeds(kind, 1, random) }),
  ],
  [
    "seeds are tasks",
    "E6",
    /a seed was refused: sql/,
    () => ({ ...sql, seeds: () => [{ schema: "", rows: "", hidden: "", query: "x", question: "" }] }),
  ],
  ["what is shown stays", "E8", /describe/, () => changed(() => ({ describe: () => String(turn++) }))],
  [
    "tasks have identities of their own",
    "E11",
    /have one identity, "same"/,
    () => changed(() => ({ identity: () => "same" })),
  ],
  ["a task reveals something", "E12", /\[result\.reveals/, () => changed(() => ({ reveals: () => [] }))],
  [
    "measures are finite",
    "E13",
    /NaN|null/,
    () => changed(() => ({ measureTask: () => ({ rows: Number.NaN }) })),
  ],
  [
    "distance is symmetric",
    "E14",
    /there and .* back \[result\.distance/,
    () =>
      changed(({ describe }) => ({
        distance: (a, b) => Effect.succeed(describe(a) < describe(b as never) ? 0.5 : a === b ? 0 : 0.25),
      })),
  ],
  [
    "gold is correct",
    "E15",
    /the gold response is/,
    () =>
      changed(({ goldResponse }) => ({
        goldResponse: (task, style) => goldResponse(task, style).replace(/\]\]/, ",7]]"),
      })),
  ],
  [
    "answers are told apart",
    "E19",
    /correct for another task/,
    () => changed(() => ({ verify: () => Effect.succeed({ verdict: "correct", reason: "" }) })),
  ],
  [
    "a share is below one",
    "E20",
    /the share is 1 \[result\.partial/,
    () => changed(() => ({ partial: () => Effect.succeed(1) })),
  ],
  [
    "what is wrong says why",
    "E21",
    /without a reason/,
    () =>
      changed(({ verify }) => ({
        verify: (task, answer) => Effect.map(verify(task, answer), (verdict) => ({ ...verdict, reason: "" })),
      })),
  ],
  [
    "a refusal has a reason that counts",
    "E22",
    /refused for the reason|\[result\.validate/,
    () =>
      changed(({ validate }) => ({
        validate: (draft) =>
          Effect.mapError(validate(draft), (error) =>
            error._tag === "ProposalRejected" ? Object.assign(error, { reason: "not good" }) : error,
          ),
      })),
  ],
  [
    "verdicts stay",
    "E28",
    /\[result\.verify/,
    () => changed(() => ({ verify: () => Effect.succeed({ verdict: "wrong", reason: String(turn++) }) })),
  ],
]

describe("without a method", { timeout: 120_000 }, () => {
  for (const name of methods) {
    it.live(name, () =>
      Effect.map(verdictOn(without(name), null), (said) =>
        assert.match(said, new RegExp(`^E\\d+: .*\\b${name}\\b`, "s")),
      ),
    )
  }

  it("of any that the contract has", () => assert.isAbove(methods.length, 17))
})

describe("without a law", { timeout: 120_000 }, () => {
  for (const [law, id, message, environment] of laws) {
    it.live(`${law} (${id})`, () =>
      Effect.map(verdictOn(environment(), id), (said) => {
        assert.include(said, `${id}: `)
        assert.match(said, message)
      }),
    )
  }
})
