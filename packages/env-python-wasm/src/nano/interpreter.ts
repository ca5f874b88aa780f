/**
 * Evaluates nano programs in the host, at a few million statements a second, to make *pretraining* data.
 *
 * Covers: statements that the vocabulary forms with one constant or none, on integers and lists within bounds.
 * Does not cover: anything that decides a reward, a verdict or a gold output. Those come from CPython alone; what both
 * can run is tested to agree.
 */
import type { Program } from "./program.ts"
import { type NanoValue, inBounds } from "./values.ts"
import { largestInteger, smallestInteger } from "./vocabulary.ts"

/** The value after one statement; null where Python raises. */
type Step = (value: NanoValue) => NanoValue | null

const onList =
  (step: (list: ReadonlyArray<number>) => NanoValue | null): Step =>
  (value) =>
    typeof value === "number" ? null : step(value)

const onInteger =
  (step: (value: number) => number): Step =>
  (value) =>
    typeof value === "number" ? step(value) : null

const repeated = (list: ReadonlyArray<number>, times: number): ReadonlyArray<number> =>
  times > 0 ? Array.from({ length: times }, () => list).flat() : []

const steps: ReadonlyMap<string, Step> = new Map<string, Step>([
  ["a=a[::-1]", onList((list) => list.toReversed())],
  ["a=a[1:]", onList((list) => list.slice(1))],
  ["a=a[:-1]", onList((list) => list.slice(0, -1))],
  ["a=a[:2]", onList((list) => list.slice(0, 2))],
  ["a=a[2:]", onList((list) => list.slice(2))],
  ["a=sorted(a)", onList((list) => list.toSorted((x, y) => x - y))],
  ["a=len(a)", onList((list) => list.length)],
  ["a=sum(a)", onList((list) => list.reduce((sum, x) => sum + x, 0))],
  ["a=max(a)", onList((list) => (list.length === 0 ? null : Math.max(...list)))],
  ["a=min(a)", onList((list) => (list.length === 0 ? null : Math.min(...list)))],
  ["a=a[0]", onList((list) => list[0] ?? null)],
  ["a=a[-1]", onList((list) => list.at(-1) ?? null)],
  ...Array.from(
    { length: largestInteger - smallestInteger + 1 },
    (_, index): ReadonlyArray<[string, Step]> => {
      const c = smallestInteger + index
      return [
        [`a=a+[${c}]`, onList((list) => [...list, c])],
        [`a=[x+${c} for x in a]`, onList((list) => list.map((x) => x + c))],
        [`a=[x*${c} for x in a]`, onList((list) => list.map((x) => x * c))],
        [`a=[x for x in a if x>${c}]`, onList((list) => list.filter((x) => x > c))],
        [`a=a+${c}`, onInteger((x) => x + c)],
        [`a=a-${c}`, onInteger((x) => x - c)],
        // Python repeats a list that is multiplied by an integer.
        [`a=a*${c}`, (value) => (typeof value === "number" ? value * c : repeated(value, c))],
      ]
    },
  ).flat(),
])

/** Statements this interpreter knows. */
export const knownStatements: ReadonlyArray<string> = [...steps.keys()]

/** The value after each statement, or null if one raises or leaves the bounds. */
export const trace = (program: Program, input: NanoValue): ReadonlyArray<NanoValue> | null => {
  const values: Array<NanoValue> = []
  let value = input
  for (const statement of program) {
    const step = steps.get(statement)
    if (step === undefined) throw new RangeError(`the interpreter does not know the statement ${statement}`)
    const next = step(value)
    if (next === null || !inBounds(next)) return null
    values.push(next)
    value = next
  }
  return values
}
