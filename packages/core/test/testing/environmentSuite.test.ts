import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, type Layer } from "effect"
import type { ExecutorError } from "../../src/Executor.ts"
import {
  type EnvironmentClause,
  Subject,
  environmentClauses,
  generalClauses,
  languageClauses,
} from "../../src/testing/conformance/index.ts"
import { environmentSuite } from "../../src/testing/environmentSuite.ts"
import { answerMistakes } from "./mistakes/answers.ts"
import { behaviourMistakes } from "./mistakes/behaviour.ts"
import { languageMistakes, workerMistake } from "./mistakes/languages.ts"
import { exampleProposals, puzzles } from "./mistakes/puzzles.ts"
import { taskMistakes } from "./mistakes/tasks.ts"
import { stackEnvironment } from "./stackEnvironment.ts"

environmentSuite("puzzles", puzzles(), { proposals: exampleProposals })
environmentSuite("stack language", stackEnvironment())

const isSkipped = (exit: Exit.Failure<unknown, { readonly _tag: string }>): boolean =>
  exit.cause.reasons.some((reason) => reason._tag === "Fail" && reason.error._tag === "ClauseSkipped")

/** Titles of the clauses that are broken. */
const brokenAmong = (
  clauses: ReadonlyArray<EnvironmentClause>,
  subject: Layer.Layer<Subject, ExecutorError>,
) =>
  Effect.filter(clauses, ({ check }) =>
    Effect.map(Effect.exit(check), (exit) => Exit.isFailure(exit) && !isSkipped(exit)),
  ).pipe(
    Effect.map((broken) => broken.map(({ title }) => title)),
    Effect.provide(subject),
  )

/** Titles that hold one of some texts. */
const titles = (clauses: ReadonlyArray<EnvironmentClause>, parts: ReadonlyArray<string>) =>
  clauses.map(({ title }) => title).filter((title) => parts.some((part) => title.includes(part)))

const environmentMistakes = [...taskMistakes, ...answerMistakes, ...behaviourMistakes]
const mistakes = [...environmentMistakes, ...languageMistakes, workerMistake]

const few = { seeds: 6, texts: 30 }

describe("exactly the clauses that name it notice", () => {
  for (const { clauses, make, what } of environmentMistakes) {
    it.live(`${what} (${clauses.join("; ")})`, () =>
      Effect.gen(function* () {
        const subject = Subject.layer(make(), { ...few, proposals: exampleProposals })
        assert.deepStrictEqual(yield* brokenAmong(generalClauses, subject), titles(generalClauses, clauses))
      }),
    )
  }

  for (const { clauses, make, what } of languageMistakes) {
    it.live(`${what} (${clauses.join("; ")})`, () =>
      Effect.gen(function* () {
        const subject = Subject.layer(make(), few)
        assert.deepStrictEqual(yield* brokenAmong(languageClauses, subject), titles(languageClauses, clauses))
      }),
    )
  }

  it.live(`${workerMistake.what} (${workerMistake.clauses.join()})`, () =>
    Effect.gen(function* () {
      const executor = { host: "auto", workers: 2 } as const
      const subject = Subject.layer(workerMistake.make(), { ...few, executor })
      const broken = yield* brokenAmong(generalClauses, subject)
      assert.deepStrictEqual(broken, titles(generalClauses, workerMistake.clauses))
    }),
  )

  it("every clause has a mistake that it is for", () => {
    const unproved = [...generalClauses, ...languageClauses].filter(
      ({ title }) => !mistakes.some(({ clauses: [main = ""] }) => title.includes(main)),
    )
    assert.deepStrictEqual(
      unproved.map(({ title }) => title),
      [],
    )
  })

  it("every mistake names clauses", () => {
    for (const part of mistakes.flatMap(({ clauses }) => clauses)) {
      assert.lengthOf(titles([...generalClauses, ...languageClauses], [part]), 1, part)
    }
  })
})

describe("a broken clause", () => {
  const offByOne = answerMistakes.find(({ what }) => what === "gold responses off by one")

  it.live("says what was found, and the call that shows it in one line", () =>
    Effect.gen(function* () {
      const clause = generalClauses.find(({ title }) => title.startsWith("the gold response"))
      const error = yield* Effect.flip(clause?.check ?? Effect.die("there is no such clause"))
      assert(error._tag === "ClauseBroken")
      assert.match(error.message, /^the gold response is wrong: \d+ [-+*] \d+ is -?\d+$/)
      assert.match(error.reproduce ?? "", /^result\.verify\(\{"a":\d+,"operator":"[-+*]","b":\d+\}, -?\d+\)$/)
    }).pipe(Effect.provide(Subject.layer(offByOne?.make() ?? puzzles()))),
  )
})

describe("environmentClauses", () => {
  it("are those of languages only where there is a language", () => {
    const letters = (clauses: ReadonlyArray<EnvironmentClause>) => new Set(clauses.map(({ id }) => id[0]))
    assert.deepStrictEqual(letters(environmentClauses(puzzles())), new Set(["E"]))
    assert.deepStrictEqual(letters(environmentClauses(stackEnvironment())), new Set(["E", "L"]))
  })
})
