/** A small world for tests of self-play: the puzzle environment, a scripted policy, and settings that fit them. */
import { Effect, Layer, Result } from "effect"
import { open } from "../../src/Environment.ts"
import { type RunConfig, nano, withSettings } from "../../src/RunConfig.ts"
import { LoopState, type Track } from "../../src/selfplay/State.ts"
import type { TaskRecord } from "../../src/TaskBuffer.ts"
import {
  type Puzzle,
  type PuzzleOptions,
  puzzleEnvironment,
  puzzleResult,
  puzzleText,
} from "../../src/testing/puzzleEnvironment.ts"
import { type Respond, scriptedPolicy } from "../../src/testing/scriptedPolicy.ts"

const kind = {
  seeds: 0,
  proposedSeeds: 0,
  proposals: 4,
  tasks: 2,
  solve: 3,
  maxTokens: { propose: 40, solve: 20 },
}

const base: RunConfig = {
  ...nano,
  preset: "test",
  seed: 11,
  steps: 3,
  environments: ["puzzles"],
  kinds: { result: kind },
  promptStyle: "full",
  policy: { ...nano.policy, backend: "scripted", model: "none" },
  propose: {
    references: 2,
    mix: "uniform",
    temperature: 1,
    familyCap: null,
    train: true,
    steps: null,
    composite: null,
  },
  estimate: { samples: 4, temperature: 1 },
  solve: { from: "estimate", samples: 1, seeds: true, mix: "uniform", temperature: 1 },
  reward: {
    propose: {
      shape: "standard",
      badFormat: -1,
      invalid: -0.5,
      duplicate: -0.25,
      unsolved: 0,
      alwaysSolved: 0.125,
      learnability: "oneMinus",
      zone: null,
      coverage: null,
      intrinsic: null,
    },
    solve: { shape: "standard", correct: 1, wrong: -0.5, badFormat: -1, partial: false },
  },
  advantage: {
    propose: { _tag: "trrPlusPlus", epsilon: 0, deviation: "population" },
    solve: { _tag: "grpo", epsilon: 0, deviation: "population" },
  },
  roleWeight: { propose: 1, solve: 1 },
  evaluate: { every: 0, suites: [], devTasks: null },
  checkpoint: { every: 0, keep: 3 },
}

/** Settings of the small world, with `--set` texts applied. */
export const settings = (...changes: ReadonlyArray<string>): RunConfig =>
  Result.getOrThrow(withSettings(base, changes))

/** For runs that solve tasks of the buffer, one answer each: a baseline over the kind, not over the task. */
export const overKinds = 'advantage.solve={"_tag":"trrPlusPlus","epsilon":0,"deviation":"population"}'

/** `--set` text that gives a run these kinds, with changes to the settings each has in common. */
export const kinds = (...of: ReadonlyArray<readonly [id: string, changes: Partial<typeof kind>]>): string =>
  `kinds=${JSON.stringify(Object.fromEntries(of.map(([id, changes]) => [id, { ...kind, ...changes }])))}`

export const puzzle = (text: string): Puzzle => {
  const [, a, operator, b] = /^(\d+) ([-+*]) (\d+)$/u.exec(text) ?? []
  if (operator !== "+" && operator !== "-" && operator !== "*") throw new Error(`no puzzle: ${text}`)
  return { a: Number(a), operator, b: Number(b) }
}

/** The puzzle of a record, e.g. `1 + 1`. */
export const textOf = ({ task }: TaskRecord): string => puzzleText(task as Puzzle)

/** The state of a run in the puzzle environment. */
export const stateOf = (config: RunConfig, options: Partial<PuzzleOptions> = {}) =>
  Effect.map(open(puzzleEnvironment(options)), (environment) => new LoopState(config, [environment], null))

export const trackOf = (state: LoopState, id: string): Track => {
  const track = state.tracks.find(({ kind }) => kind.id === id)
  if (track === undefined) throw new Error(`no track ${id}`)
  return track
}

/** Puts puzzles into a kind's buffer as if the run had accepted them. */
export const accept = (
  state: LoopState,
  id: string,
  ...texts: ReadonlyArray<string>
): ReadonlyArray<TaskRecord> =>
  texts.map((text) => state.accept(trackOf(state, id), puzzle(text), "proposed", []))

export interface Player {
  /** The proposal to a prompt, by the count of proposals before it. */
  readonly propose?: (index: number, prompt: string) => string
  /** The answer to the question, e.g. `3 + 4 = ?`, by the count of answers to the same question before it. */
  readonly solve?: (question: string, index: number) => string
}

export const askedFor = (prompt: string): "propose" | "solve" =>
  prompt.startsWith("What") ? "solve" : "propose"
export const questionOf = (prompt: string): string => prompt.split("\n").at(-1) ?? ""

/** The answer to `a op b = ?`; 0 to any other question. */
export const solved = (question: string): string =>
  question.endsWith(" = ?") ? String(puzzleResult(puzzle(question.slice(0, -" = ?".length)))) : "0"

/** A policy that plays by turns: what it says depends on how often it was asked. Prompts are in the full style. */
export const playing = ({ propose = () => "", solve = solved }: Player) => {
  let proposals = 0
  const answers = new Map<string, number>()
  return scriptedPolicy((prompt) => {
    if (askedFor(prompt) === "propose") return propose(proposals++, prompt)
    const question = questionOf(prompt)
    const index = answers.get(question) ?? 0
    answers.set(question, index + 1)
    return solve(question, index)
  })
}

/** Some policy that is a function of prompt and seed: proposes and errs by the seed, and less often after updates. */
export const seeded: Respond = (prompt, seed, updates) => {
  if (askedFor(prompt) === "propose") {
    if (seed % 11 === 0) return "no puzzle"
    return puzzleText({
      a: (seed >>> 4) % 100,
      operator: (["+", "-", "*"] as const)[seed % 3] ?? "+",
      b: (seed >>> 12) % 105,
    })
  }
  const question = questionOf(prompt)
  if (seed % 13 === 0) return "I do not know"
  return seed % 5 > updates ? "0" : solved(question)
}

/** Runs an effect with a policy, in a scope of its own. */
export const withPolicy =
  <P, E2>(policy: Layer.Layer<P, E2>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.scoped(Effect.provide(effect, policy))
