/**
 * The nano language and the model that speaks it: small Python programs over lists of digits, their inputs and
 * outputs, and the twelve markers that frame tasks, thoughts and answers.
 */
import type { ModelConfig } from "../model/ModelConfig.ts"

const SMALLEST = -9
const LARGEST = 60

/** `D A S` open deduction, abduction and induction tasks, `PD PA PI` proposals; `P I O` program, input, output. */
// prettier-ignore
const MARKERS = [
  "<pad>", "<eos>", "D", "A", "S", "PD", "PA", "PI", "P", "I", "O", "<think>", "<undo>", "<ans>",
]

// prettier-ignore
const CODE = [
  "[", "]", ";",
  "a=a[::-1]", "a=a[1:]", "a=a[:-1]", "a=a[:2]", "a=a[2:]", "a=sorted(a)",
  "a=len(a)", "a=sum(a)", "a=max(a)", "a=min(a)", "a=a[0]", "a=a[-1]",
  "a=a+[", "a=[x+", "a=[x*", " for x in a]", "a=[x for x in a if x>",
  "a=a+", "a=a-", "a=a*",
]

const NUMBERS = Array.from({ length: LARGEST - SMALLEST + 1 }, (_, i) => String(SMALLEST + i))

const pieces = [...MARKERS, ...CODE, ...NUMBERS]
const token = (piece: string): number => {
  const index = pieces.indexOf(piece)
  if (index < 0) throw new Error(`no nano token is written ${piece}`)
  return index
}

/** Markers after which statements (of a program, of a thought) count from 1; after any other an input is step 0. */
const STARTS_AT_ONE = new Set(["D", "A", "PD", "PA", "PI", "P", "<think>"])
/** After these they count down: an output stands behind the last statement, a thought that undoes begins with it. */
const COUNTS_DOWN = new Map([
  ["O", 1],
  ["<undo>", 0],
])
const framing = MARKERS.filter((marker) => marker !== "<pad>")
/** What a marker's values are to the model: a thought's value is the input of its next step, or the output to undo. */
const STANDS_FOR = new Map([
  ["<think>", "I"],
  ["<undo>", "O"],
])

/**
 * The size by one dial: so many layers of 16 times the width, one head for 16 dimensions. About 3,072 depth³ parameters:
 * 0.2 M at 4, 1.7 M at 8, 5.6 M at 12, 29 M at 21.
 */
export const nanoModelOfDepth = (depth: number): ModelConfig => ({
  layers: depth,
  width: 16 * depth,
  heads: depth,
  mlpRatio: 4,
  context: 160,
  features: [
    { _tag: "listIndex", table: "listIndex", size: 16, open: token("["), close: token("]") },
    {
      _tag: "lastMarker",
      table: "lastMarker",
      size: MARKERS.length,
      markers: framing.map((marker) => [token(marker), token(STANDS_FOR.get(marker) ?? marker)]),
    },
    {
      _tag: "statementCount",
      table: "statement",
      size: 12,
      separator: token(";"),
      markers: framing
        .filter((marker) => !COUNTS_DOWN.has(marker))
        .map((marker) => [token(marker), STARTS_AT_ONE.has(marker) ? 1 : 0]),
      descending: [...COUNTS_DOWN].map(([marker, above]) => [token(marker), above]),
    },
  ],
  vocabulary: {
    pieces,
    numbers: NUMBERS.map(token),
    markers: MARKERS.map(token),
    stops: [token("<eos>")],
  },
})

/** What ships, pretrained: 217,536 parameters. */
export const nanoModel: ModelConfig = nanoModelOfDepth(4)
