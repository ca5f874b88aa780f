/** What the environments that break the contract are made of: the puzzles, changed in one way. */
import { Effect } from "effect"
import type { Environment, Suite } from "../../../src/Environment.ts"
import { type Puzzle, puzzleEnvironment } from "../../../src/testing/puzzleEnvironment.ts"

/** Numbers from 80 on are held out; the puzzles that are drawn stay below. */
const split = ({ a }: Puzzle) => (a < 80 ? "train" : a < 90 ? "dev" : "test")
export const held = (a: number, b: number): Puzzle => ({ a, operator: "+", b })
export const suites: ReadonlyArray<Suite> = [
  { id: "sums", kind: "result", split: "dev", tasks: [held(80, 1), held(81, 2), held(82, 3)] },
  { id: "sums", kind: "result", split: "test", tasks: [held(90, 1), held(91, 2), held(92, 3)] },
]

export type Puzzles = Environment<never>
export type Kind = Puzzles["kinds"][number]

export const puzzles = (): Puzzles => puzzleEnvironment({ largest: 79, split, suites })

export const exampleProposals = [
  { kind: "result", style: "full", text: "3 + 4" },
  { kind: "operator", style: "compact", text: "*" },
] as const

/** One mistake that an environment can make. */
export interface EnvironmentMistake {
  /** A part of the titles of the clauses that must notice; no other may. */
  readonly clauses: ReadonlyArray<string>
  readonly what: string
  readonly make: () => Puzzles
}

export const change = (changed: (good: Puzzles) => Partial<Puzzles>): Puzzles => {
  const good = puzzles()
  return { ...good, ...changed(good) }
}

/** Changes the kind `result`. */
export const changeKind = (changed: (good: Kind) => Partial<Kind>): Puzzles =>
  change(({ kinds: [first, ...others] }) => {
    const good = first as Kind
    return { kinds: [{ ...good, ...changed(good) }, ...others] }
  })

type Composite = NonNullable<Kind["composite"]>
/** Changes the composite proposals of the kind `result`. */
export const changeComposite = (changed: (good: Composite) => Partial<Composite>): Puzzles =>
  changeKind(({ composite }) => ({
    composite: { ...(composite as Composite), ...changed(composite as Composite) },
  }))

export const changeSuites = (changed: (good: ReadonlyArray<Suite>) => ReadonlyArray<Suite>): Puzzles =>
  change(() => ({ suites: Effect.succeed(changed(suites)) }))

export const isTrain = (task: unknown): boolean => split(task as Puzzle) === "train"
export const wrong = (reason: string) => Effect.succeed({ verdict: "wrong", reason } as const)
/** As an address of the machine reads; written so that no file of this repository holds one. */
export const home = ["", "home", "ada", "puzzles"].join("/")

let calls = 0
/** Another number every time. */
export const counted = (): number => calls++
