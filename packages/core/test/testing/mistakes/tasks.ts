/** Mistakes in what an environment declares, and in what it shows of tasks. */
import { Effect, Schema } from "effect"
import { type Puzzle, puzzleText } from "../../../src/testing/puzzleEnvironment.ts"
import { type EnvironmentMistake, type Kind, change, changeKind, counted, held, isTrain } from "./puzzles.ts"

export const taskMistakes: ReadonlyArray<EnvironmentMistake> = [
  {
    clauses: ["the id is words"],
    what: "an id with spaces",
    make: () => change(() => ({ id: "My puzzles" })),
  },
  {
    clauses: ["the id is words"],
    what: "a contract of another version",
    make: () => change(() => ({ apiVersion: 2 as never })),
  },
  {
    clauses: ["the id is words"],
    what: "a title of two lines",
    make: () => change(() => ({ title: "Puzzles\nand more" })),
  },
  {
    clauses: ["there are kinds"],
    what: "two kinds of one id",
    make: () => change(({ kinds }) => ({ kinds: [...kinds, kinds[0] as Kind] })),
  },
  {
    clauses: ["there are styles"],
    what: "a style twice",
    make: () => change(() => ({ styles: ["full", "compact", "full"] })),
  },
  {
    clauses: ["there are styles"],
    what: "no style",
    make: () => change(() => ({ styles: [] })),
  },
  {
    clauses: ["references name kinds"],
    what: "references of a kind that is not there",
    make: () => changeKind(({ references }) => ({ references: { ...references, from: ["results"] } })),
  },
  {
    clauses: ["references name kinds"],
    what: "a given task of no kind",
    make: () => changeKind(() => ({ references: { from: [], given: true } })),
  },
  {
    clauses: ["seeds: not more"],
    what: "a seed too many",
    make: () => change(({ seeds }) => ({ seeds: (kind, count, random) => seeds(kind, count + 1, random) })),
  },
  {
    clauses: ["seeds: not more"],
    what: "seeds of a random number that is not the run's",
    make: () =>
      change(() => ({ seeds: (_, count) => Array.from({ length: count }, () => held(counted() % 80, 3)) })),
  },
  {
    clauses: ["seeds: every kind"],
    what: "a seed that is refused",
    make: () =>
      change(({ seeds }) => ({
        seeds: (kind, count, random) =>
          seeds(kind, count, random).map((seed, index) => (index === 0 ? held(1000, 1) : seed)),
      })),
  },
  {
    clauses: ["seeds: every kind"],
    what: "a kind without seeds",
    make: () =>
      change(({ seeds }) => ({
        seeds: (kind, count, random) => (kind === "operand" ? [] : seeds(kind, count, random)),
      })),
  },
  {
    clauses: ["seeds: every kind"],
    what: "seeds that are held out",
    make: () => changeKind(({ split }) => ({ split: (task) => (isTrain(task) ? "dev" : split(task)) })),
  },
  {
    clauses: ["every prompt has a message"],
    what: "no message to solve",
    make: () => changeKind(() => ({ solvePrompt: () => [] })),
  },
  {
    clauses: ["every prompt has a message"],
    what: "a blank request in one of the styles",
    make: () =>
      changeKind(({ proposePrompt }) => ({
        proposePrompt: (references, style) =>
          style === "full" ? proposePrompt(references, style) : [{ role: "user", content: " " }],
      })),
  },
  {
    clauses: ["every prompt has a message", "what is shown of a task", "a task comes back", "no text tells"],
    what: "a style that one kind does not know",
    make: () =>
      change(({ kinds }) => ({
        kinds: kinds.map((kind) => (kind.id === "operand" ? fullOnly(kind) : kind)),
      })),
  },
  {
    clauses: ["the same each time, proposals"],
    what: "requests that count",
    make: () =>
      changeKind(() => ({ proposePrompt: () => [{ role: "user", content: `Puzzle ${counted()}` }] })),
  },
  {
    clauses: ["an identity, a family"],
    what: "no family",
    make: () => changeKind(() => ({ family: () => "" })),
  },
  {
    clauses: ["an identity, a family"],
    what: "a region that is no text",
    make: () => changeKind(() => ({ region: () => 7 as never })),
  },
  {
    clauses: ["a task comes back"],
    what: "a schema that loses a number",
    make: () =>
      changeKind(() => ({
        taskSchema: Schema.Struct({
          a: Schema.Int,
          operator: Schema.String,
        }) as unknown as Kind["taskSchema"],
      })),
  },
  {
    clauses: ["the same draft has the same identity"],
    what: "one identity for all",
    make: () =>
      changeKind(() => ({ identity: (task) => (isTrain(task) ? "puzzle" : puzzleText(task as Puzzle)) })),
  },
  {
    clauses: ["a task reveals something"],
    what: "tasks that reveal nothing",
    make: () => changeKind(() => ({ reveals: () => [] })),
  },
  {
    clauses: ["a task reveals something"],
    what: "tasks that reveal a text twice",
    make: () => changeKind(({ reveals }) => ({ reveals: (task) => [...reveals(task), ...reveals(task)] })),
  },
  {
    clauses: ["measures are finite"],
    what: "a measure that is divided by nothing",
    make: () => changeKind(() => ({ measureTask: () => ({ digits: 0 / 0 }) })),
  },
  {
    clauses: ["measures are finite"],
    what: "a measure that cannot be a metric's name",
    make: () => changeKind(() => ({ measureResponse: () => ({ "response/characters": 1 }) })),
  },
  {
    clauses: ["distance"],
    what: "a distance to itself",
    make: () => changeKind(() => ({ distance: () => Effect.succeed(0.5) })),
  },
  {
    clauses: ["distance"],
    what: "a way back that is longer",
    make: () =>
      changeKind(({ distance }) => ({
        distance: (task, other) =>
          (task as Puzzle).a < (other as Puzzle).a ? distance(task, other) : Effect.succeed(0),
      })),
  },
  {
    clauses: ["distance"],
    what: "a count for a distance",
    make: () =>
      changeKind(({ distance }) => ({
        distance: (task, other) => Effect.map(distance(task, other), (d) => 3 * d),
      })),
  },
]

function fullOnly(kind: Kind): Kind {
  return {
    ...kind,
    solvePrompt: (task, style) => {
      if (style !== "full") throw new Error(`no style ${style}`)
      return kind.solvePrompt(task, style)
    },
  }
}
