/**
 * The weighted grammar that pretraining data, seeds and held-out suites are drawn from. A proposer is not bound by it:
 * it may write whatever the vocabulary can.
 */
import type { Environment, RandomStreams } from "@azr/core"
import { trace } from "./interpreter.ts"
import type { Program } from "./program.ts"
import { splitOf } from "./split.ts"
import type { NanoValue } from "./values.ts"

type RandomStream = RandomStreams.RandomStream

/** A choice: first a group by weight, then one of its statements, all alike. */
interface Group {
  readonly weight: number
  readonly statements: ReadonlyArray<string>
}

const constants = (
  low: number,
  high: number,
  statement: (constant: number) => string,
): ReadonlyArray<string> => Array.from({ length: high - low + 1 }, (_, index) => statement(low + index))

const listToList: ReadonlyArray<Group> = [
  { weight: 5, statements: ["a=a[::-1]", "a=a[1:]", "a=a[:-1]", "a=a[:2]", "a=a[2:]"] },
  { weight: 1.5, statements: ["a=sorted(a)"] },
  { weight: 1.5, statements: constants(0, 9, (c) => `a=a+[${c}]`) },
  { weight: 1.5, statements: constants(1, 4, (c) => `a=[x+${c} for x in a]`) },
  { weight: 1, statements: constants(2, 3, (c) => `a=[x*${c} for x in a]`) },
  { weight: 1.5, statements: constants(1, 6, (c) => `a=[x for x in a if x>${c}]`) },
]

const listToInteger = ["a=len(a)", "a=max(a)", "a=min(a)", "a=a[0]", "a=a[-1]"]

/** Once an integer, always an integer: before the end this is rarer, or deep programs would be mere arithmetic. */
const onList: ReadonlyArray<Group> = [...listToList, { weight: 4 * 0.25, statements: listToInteger }]
const onListAtEnd: ReadonlyArray<Group> = [...listToList, { weight: 4, statements: listToInteger }]

const onInteger: ReadonlyArray<Group> = [
  { weight: 1, statements: constants(1, 5, (c) => `a=a+${c}`) },
  { weight: 1, statements: constants(1, 5, (c) => `a=a-${c}`) },
  { weight: 1, statements: constants(2, 3, (c) => `a=a*${c}`) },
]

const toIntegers: ReadonlySet<string> = new Set(listToInteger)
const weights = new Map(
  [onList, onListAtEnd, onInteger].map((groups) => [groups, groups.map((group) => group.weight)]),
)

const drawStatement = (groups: ReadonlyArray<Group>, random: RandomStream): string =>
  random.pick((groups[random.weighted(weights.get(groups) ?? [])] as Group).statements)

/** A program of so many statements. */
export const drawProgram = (statements: number, random: RandomStream): Program => {
  const program: Array<string> = []
  let isList = true
  for (let i = 1; i <= statements; i++) {
    const statement = drawStatement(!isList ? onInteger : i === statements ? onListAtEnd : onList, random)
    if (toIntegers.has(statement)) isList = false
    program.push(statement)
  }
  return program
}

/** Two to five digits. */
export const drawInput = (random: RandomStream): ReadonlyArray<number> =>
  Array.from({ length: random.integer(2, 5) }, () => random.integer(0, 9))

/** The trace of a program that shows something on this input: it runs, and nothing becomes the empty list. */
export const goodTrace = (program: Program, input: NanoValue): ReadonlyArray<NanoValue> | null => {
  const values = trace(program, input)
  return values?.every((value) => typeof value === "number" || value.length > 0) === true ? values : null
}

export interface GrammarTask {
  readonly program: Program
  /** Good on all of them. The split is that of the program with the first. */
  readonly inputs: ReadonlyArray<ReadonlyArray<number>>
}

/** Draws until a program of the split is good on `inputs` inputs; these may repeat. */
export const drawTask = (
  statements: number,
  split: Environment.Split,
  inputs: number,
  random: RandomStream,
): GrammarTask => {
  for (;;) {
    const program = drawProgram(statements, random)
    const drawn = Array.from({ length: inputs }, () => drawInput(random))
    if (splitOf(program, drawn[0] ?? null) !== split) continue
    if (drawn.every((input) => goodTrace(program, input) !== null)) return { program, inputs: drawn }
  }
}
