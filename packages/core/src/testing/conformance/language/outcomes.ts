/** Outcomes: a function of the request alone, on any worker and host, whatever else runs. */
import { Effect, Fiber } from "effect"
import type { ExecutionRequest, Outcome } from "../../../Executor.ts"
import { encode } from "../../../Value.ts"
import { type UnnumberedClause, ensure, ensureThat, skip } from "../clause.ts"
import { leakIn } from "../texts.ts"
import { outcomeText, runLine } from "./GuardedExecutor.ts"
import {
  type LanguageSubject,
  anew,
  anyValue,
  ensureSame,
  executorOf,
  failureKind,
  failures,
  languageClause,
  probes,
  request,
} from "./languageClause.ts"

/** Calls of every kind of outcome. Those that run out of fuel are left out: they use what they are given. */
const mixture = (tested: LanguageSubject): ReadonlyArray<ExecutionRequest> => [
  ...probes(tested),
  ...failures(tested).flatMap(({ asked, kind }) => (kind === "fuel" ? [] : [asked])),
]

const ensureAllSame = (
  asked: ReadonlyArray<ExecutionRequest>,
  first: ReadonlyArray<Outcome>,
  second: ReadonlyArray<Outcome>,
  how: string,
) =>
  Effect.forEach(
    asked,
    (each, index) => ensureSame(each, first[index] as Outcome, second[index] as Outcome, how),
    { discard: true },
  )

/** What a program shows of itself, without the fuel that it took. */
const shownBy = (outcome: Outcome): string =>
  outcome._tag === "Returned" ? encode(outcome.value) : `${outcome.failure.kind} ${outcome.failure.name}`

export const outcomeClauses: ReadonlyArray<UnnumberedClause> = [
  languageClause(
    "an outcome is the same each time, in any order: value, failure, fuel, output",
    "Resuming, judging again and comparing hosts rest on it.",
    function* (tested) {
      const { executor } = tested
      const asked = mixture(tested)
      const first = yield* Effect.forEach(asked, executor.run)
      for (const more of [1, 2]) {
        const backwards = asked.map((each) => anew(each, more)).toReversed()
        const again = yield* Effect.forEach(backwards, executor.run)
        yield* ensureAllSame(asked, first, again.toReversed(), "in another order")
      }
    },
  ),

  languageClause(
    "what runs at once runs as if alone",
    "A step runs thousands of programs side by side, hostile ones among them.",
    function* (tested) {
      const { executor } = tested
      const asked = mixture(tested)
      const alone = yield* Effect.forEach(asked, executor.run)
      const rounds = [1, 2, 3].flatMap((round) => asked.map((each) => anew(each, 10 + round)))
      const together = yield* Effect.forEach(rounds, executor.run, { concurrency: "unbounded" })
      for (const round of [0, 1, 2]) {
        const part = together.slice(round * asked.length)
        yield* ensureAllSame(asked, alone, part, "beside others")
      }
    },
  ),

  languageClause(
    "perturbed conditions change what looks at clock, chance or instance, and nothing else",
    "A task whose output depends on them has no right answer; this is how it is found.",
    function* (tested) {
      const { examples, executor } = tested
      const runs = Effect.fnUntraced(function* (program: string) {
        const asked = request(tested, program, [anyValue(tested)])
        const first = yield* executor.run(asked)
        yield* ensureSame(asked, first, yield* executor.run(anew(asked)), "again")
        const perturbed = yield* executor.run({ ...asked, conditions: "perturbed" })
        return { first, perturbed, same: shownBy(first) === shownBy(perturbed), asked }
      })
      for (const program of [examples.identity, examples.prints.program, examples.throws.program]) {
        const { asked, first, perturbed, same } = yield* runs(program)
        yield* ensureThat(same, () => [
          `it ${outcomeText(first)}, under perturbed conditions ${outcomeText(perturbed)}`,
          runLine(asked),
        ])
      }
      for (const program of examples.nondeterministic) {
        const { asked, first, perturbed, same } = yield* runs(program)
        yield* ensureThat(first._tag === "Returned" && perturbed._tag === "Returned" && !same, () => [
          `it ${outcomeText(first)}, under perturbed conditions ${outcomeText(perturbed)}`,
          runLine(asked),
        ])
      }
    },
  ),

  languageClause(
    "a failure is told by its kind: syntax, an exception by its class, a missing function",
    "Tasks of the kind error ask for the class; rejections are counted by kind.",
    function* (tested) {
      const { examples, executor, language } = tested
      const malformed = request(tested, examples.malformed, [anyValue(tested)])
      const syntax = yield* executor.run(malformed)
      yield* ensureThat(failureKind(syntax) === "syntax", () => [
        `it ${outcomeText(syntax)}`,
        runLine(malformed),
      ])
      const throwing = request(tested, examples.throws.program, [anyValue(tested)])
      const raised = yield* executor.run(throwing)
      yield* ensureThat(
        raised._tag === "Failed" &&
          raised.failure.kind === "exception" &&
          raised.failure.name === examples.throws.name,
        () => [`it ${outcomeText(raised)}, not by ${examples.throws.name}`, runLine(throwing)],
      )
      const entry = `${language.entry}_that_is_not_there`
      const missing = { ...request(tested, examples.identity, [anyValue(tested)]), entry }
      const lost = yield* executor.run(missing)
      yield* ensureThat(failureKind(lost) === "exception", () => [
        `it ${outcomeText(lost)}`,
        runLine(missing),
      ])
    },
  ),

  languageClause(
    "what a program prints is kept apart from what it returns",
    "A program that prints an answer has not given one.",
    function* (tested) {
      const { examples, executor } = tested
      const { program, stdout } = examples.prints
      for (const value of examples.values.slice(0, 3)) {
        const asked = request(tested, program, [value])
        const outcome = yield* executor.run(asked)
        yield* ensureThat(
          outcome._tag === "Returned" && encode(outcome.value) === encode(value) && outcome.stdout === stdout,
          () => [`it ${outcomeText(outcome)}`, runLine(asked)],
        )
      }
      const silent = request(tested, examples.identity, [anyValue(tested)])
      const outcome = yield* executor.run(silent)
      yield* ensure(outcome.stdout === "", `the identity ${outcomeText(outcome)}`, runLine(silent))
    },
  ),

  languageClause(
    "an interrupted run leaves the executor working",
    "A run that is stopped still has to save what it has.",
    function* (tested) {
      const { executor } = tested
      const asked = probes(tested)
      const before = yield* Effect.forEach(asked, executor.run)
      const running = failures(tested).map((failure) => anew(failure.asked, 100))
      for (const turns of [1, 5]) {
        const fibers = yield* Effect.forEach(running, (each) =>
          Effect.forkChild(executor.run(anew(each, turns))),
        )
        for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
        yield* Fiber.interruptAll(fibers)
      }
      const again = asked.map((each) => anew(each, 100))
      const after = yield* Effect.forEach(again, executor.run, { concurrency: "unbounded" })
      yield* ensureAllSame(asked, before, after, "after an interruption")
    },
  ),

  languageClause(
    "every host gives the same outcomes, fuel included",
    "A label must not depend on the machine that made it.",
    function* (tested) {
      const { hosts } = tested.subject.options
      if (hosts.length < 2) return yield* skip("there is only one host to run on")
      const asked = mixture(tested)
      const all = yield* Effect.forEach(hosts, (settings) =>
        Effect.scoped(
          Effect.gen(function* () {
            const executor = yield* executorOf(yield* tested.subject.reopen(settings))
            return yield* Effect.forEach(asked, executor.run, { concurrency: "unbounded" })
          }),
        ),
      )
      const [reference = [], ...others] = all
      for (const [index, outcomes] of others.entries()) {
        const name = (at: number) => `${hosts[at]?.host}, ${hosts[at]?.workers ?? "all"} workers`
        yield* ensureAllSame(asked, reference, outcomes, `${name(0)}; on ${name(index + 1)}`)
      }
    },
  ),

  languageClause(
    "no failure tells of the host: no path, no stack trace",
    "Messages of programs reach logs, pages and prompts.",
    function* (tested) {
      for (const asked of mixture(tested)) {
        const outcome = yield* tested.executor.run(asked)
        const message = outcome._tag === "Failed" ? outcome.failure.message : ""
        const leak = leakIn(`${message}\n${outcome.stdout}`)
        yield* ensureThat(leak === null, () => [`it tells ${leak}`, runLine(asked)])
      }
    },
  ),
]
