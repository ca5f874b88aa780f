/** Mistakes in suites, and of effects that do not keep to themselves. */
import { Effect } from "effect"
import type { Puzzle } from "../../../src/testing/puzzleEnvironment.ts"
import { type EnvironmentMistake, changeKind, changeSuites, held, home, isTrain, wrong } from "./puzzles.ts"

export const behaviourMistakes: ReadonlyArray<EnvironmentMistake> = [
  {
    clauses: ["suites are of kinds"],
    what: "a suite of a kind that is not there",
    make: () =>
      changeSuites((good) => [...good, { id: "more", kind: "sum", split: "dev", tasks: [held(85, 1)] }]),
  },
  {
    clauses: ["suites are of kinds"],
    what: "a suite without tasks",
    make: () => changeSuites((good) => [...good, { id: "more", kind: "result", split: "dev", tasks: [] }]),
  },
  {
    clauses: ["held out for the suite's split"],
    what: "a task of training in a suite",
    make: () =>
      changeSuites((good) => [...good, { id: "more", kind: "result", split: "dev", tasks: [held(3, 4)] }]),
  },
  {
    clauses: ["gold responses of suites"],
    what: "gold responses that were computed wrong",
    make: () =>
      changeKind(({ goldResponse }) => ({
        goldResponse: (task, style) => String(Number(goldResponse(task, style)) + (isTrain(task) ? 0 : 1)),
      })),
  },
  {
    clauses: ["no suite has a task twice"],
    what: "a task twice in a suite",
    make: () =>
      changeSuites((good) => [
        ...good,
        { id: "more", kind: "result", split: "dev", tasks: [held(85, 1), held(85, 1)] },
      ]),
  },
  {
    clauses: ["no suite has a task twice"],
    what: "a test task that a dev task reveals",
    make: () => changeKind(() => ({ reveals: (task) => [`something + ${(task as Puzzle).b}`] })),
  },
  {
    clauses: ["give the same each time"],
    what: "a judge that gives in when asked again",
    make: () => {
      const asked = new Map<string, number>()
      return changeKind(({ verify }) => ({
        verify: (task, answer) =>
          Effect.map(verify(task, answer), (given) => {
            const key = JSON.stringify([task, answer])
            asked.set(key, (asked.get(key) ?? 0) + 1)
            return given.verdict === "wrong" && (asked.get(key) ?? 0) > 1
              ? { ...given, reason: "still" }
              : given
          }),
      }))
    },
  },
  {
    clauses: ["at once is answered"],
    what: "a judge that mixes up what it is asked at once",
    make: () => {
      let current: unknown = null
      return changeKind(({ verify }) => ({
        verify: (_, answer) =>
          Effect.gen(function* () {
            current = _
            yield* Effect.yieldNow
            return yield* verify(current, answer)
          }),
      }))
    },
  },
  {
    clauses: ["an interrupted call"],
    what: "a judge that does not survive an interruption",
    make: () => {
      let alive = true
      return changeKind(({ verify }) => ({
        verify: (task, answer) =>
          Effect.andThen(
            Effect.yieldNow,
            Effect.suspend(() => (alive ? verify(task, answer) : wrong("the judge has gone"))),
          ).pipe(Effect.onInterrupt(() => Effect.sync(() => (alive = false)))),
      }))
    },
  },
  {
    clauses: ["no text tells of the host"],
    what: "a reason with a folder of the machine",
    make: () =>
      changeKind(({ verify }) => ({
        verify: (task, answer) =>
          Effect.map(verify(task, answer), (given) =>
            given.verdict === "correct" ? given : { ...given, reason: `${home}: ${given.reason}` },
          ),
      })),
  },
  {
    clauses: ["no text tells of the host"],
    what: "a prompt with a place in the source",
    make: () =>
      changeKind(() => ({ solvePrompt: () => [{ role: "user", content: "puzzles.ts:12: 3 + 4" }] })),
  },
]
