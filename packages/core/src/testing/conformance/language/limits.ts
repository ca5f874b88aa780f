/** Limits: what exceeds one is a failure of the program, and the next program finds a clean state. */
import { Effect } from "effect"
import { type ExecutionRequest, type GuestFailureKind, defaultLimits } from "../../../Executor.ts"
import { encode } from "../../../Value.ts"
import { type UnnumberedClause, ensure, ensureThat } from "../clause.ts"
import { inspectLine, outcomeText, runLine } from "./GuardedExecutor.ts"
import {
  type LanguageSubject,
  anew,
  anyValue,
  ensureSame,
  failureKind,
  failures,
  languageClause,
  probes,
  request,
  withFuel,
} from "./languageClause.ts"

/** Enough calls at once to reach every worker. */
const everyWorker = 16

/** Runs what fails, then probes on every worker; they must give what they gave before. */
const ensureFails = Effect.fnUntraced(function* (tested: LanguageSubject, wanted: GuestFailureKind) {
  const { executor } = tested
  const [probe] = probes(tested) as [ExecutionRequest]
  const before = yield* executor.run(probe)
  for (const { asked } of failures(tested).filter(({ kind }) => kind === wanted)) {
    const outcome = yield* executor.run(asked)
    const { fuel } = asked.limits
    yield* ensureThat(failureKind(outcome) === wanted, () => [`it ${outcomeText(outcome)}`, runLine(asked)])
    yield* ensureThat(outcome.fuel >= 0 && outcome.fuel <= fuel, () => [
      `it used ${outcome.fuel} of ${fuel} fuel`,
      runLine(asked),
    ])
    if (wanted === "fuel") {
      yield* ensureThat(outcome.fuel > 0.9 * fuel, () => [
        `it ended after ${outcome.fuel} of ${fuel} fuel`,
        runLine(asked),
      ])
    }
    const again = Array.from({ length: everyWorker }, (_, index) => anew(probe, index + 1))
    const after = yield* Effect.forEach(again, executor.run, { concurrency: "unbounded" })
    for (const found of after) yield* ensureSame(probe, before, found, `after a failure by ${wanted}`)
  }
})

export const limitClauses: ReadonlyArray<UnnumberedClause> = [
  languageClause(
    "a loop without end runs out of the fuel it was given; the next program is not harmed",
    "Fuel is the only limit of time that a verdict knows.",
    function* (tested) {
      yield* ensureFails(tested, "fuel")
    },
  ),

  languageClause(
    "hoarding ends by memory; the next program is not harmed",
    "A proposal must not bring down the machine that trains.",
    function* (tested) {
      yield* ensureFails(tested, "memory")
    },
  ),

  languageClause(
    "recursion without end ends by stack; the next program is not harmed",
    "A native stack overflow would end the process.",
    function* (tested) {
      yield* ensureFails(tested, "stack")
    },
  ),

  languageClause(
    "a result longer than the limit is refused, never cut; the next program is not harmed",
    "Half of an output is another output.",
    function* (tested) {
      yield* ensureFails(tested, "output")
      const longest = tested.examples.values.toSorted((a, b) => encode(b).length - encode(a).length)[0]
      if (longest === undefined) return
      const asked = request(tested, tested.examples.identity, [longest])
      const tight = { ...asked, limits: { ...defaultLimits, outputBytes: 1 } }
      const outcome = yield* tested.executor.run(tight)
      yield* ensureThat(failureKind(outcome) === "output", () => [
        `it ${outcomeText(outcome)}`,
        runLine(tight),
      ])
    },
  ),

  languageClause(
    "as much fuel as a program used is enough for it, one unit less is not",
    "Fuel must be counted, not sampled, to be the same on every host.",
    function* (tested) {
      const { examples, executor } = tested
      const asked = request(tested, examples.identity, [anyValue(tested)])
      const outcome = yield* executor.run(asked)
      const exact = withFuel(asked, outcome.fuel)
      yield* ensureSame(exact, outcome, yield* executor.run(exact), "with exactly this fuel")
      const less = withFuel(asked, outcome.fuel - 1)
      const short = yield* executor.run(less)
      yield* ensureThat(failureKind(short) === "fuel" && short.fuel <= less.limits.fuel, () => [
        `it ${outcomeText(short)}, and with one unit more it ${outcomeText(outcome)}`,
        runLine(less),
      ])
    },
  ),

  languageClause(
    "a program of two million characters is answered, by a result or a failure of its own",
    "Nothing that a policy writes is a fault of the infrastructure.",
    function* (tested) {
      const { examples, executor } = tested
      const program = examples.identity + " ".repeat(2_000_000)
      const asked = request(tested, program, [anyValue(tested)])
      const plain = yield* executor.run(request(tested, examples.identity, [anyValue(tested)]))
      const outcome = yield* executor.run(asked)
      yield* ensure(
        outcome._tag === "Failed" ||
          (plain._tag === "Returned" && encode(outcome.value) === encode(plain.value)),
        `it ${outcomeText(outcome)}`,
        "executor.run of examples.identity with 2,000,000 spaces behind it",
      )
      const facts = yield* executor.inspect(program)
      yield* ensure(facts.syntaxError !== "", "the syntax error is empty", inspectLine(examples.identity))
    },
  ),
]
