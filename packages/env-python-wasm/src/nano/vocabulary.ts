/**
 * The tokens of the nano language and its text form. A nano policy reads and writes nothing else.
 *
 * 107 tokens: two controls, twelve markers, brackets and `;`, one per statement head, and the integers −9 … 60.
 * Text form: tokens in a row, a comma between adjacent numbers, one space around markers. Reading skips spaces, commas
 * and line breaks between tokens and takes the longest token that fits, so a text has exactly one reading.
 */

export const smallestInteger = -9
export const largestInteger = 60

/** What a policy's checkpoint calls padding and end of text; never part of a text. */
export const controls = ["<pad>", "<eos>"] as const

/** They say what follows: a task to solve (`D A S`) or to propose (`PD PA PI`), a program, an input, an output, … */
export const markers = ["D", "A", "S", "PD", "PA", "PI", "P", "I", "O", "<think>", "<undo>", "<ans>"] as const
export type Marker = (typeof markers)[number]

/** Statements without a constant, and heads of statements that a constant or a list of constants completes. */
const statementHeads = [
  "a=a[::-1]",
  "a=a[1:]",
  "a=a[:-1]",
  "a=a[:2]",
  "a=a[2:]",
  "a=sorted(a)",
  "a=len(a)",
  "a=sum(a)",
  "a=max(a)",
  "a=min(a)",
  "a=a[0]",
  "a=a[-1]",
  "a=a+[",
  "a=[x+",
  "a=[x*",
  " for x in a]",
  "a=[x for x in a if x>",
  "a=a+",
  "a=a-",
  "a=a*",
] as const

const integers = Array.from({ length: largestInteger - smallestInteger + 1 }, (_, i) =>
  String(smallestInteger + i),
)

/** All tokens; the index of a token is its id in a policy. */
export const vocabulary: ReadonlyArray<string> = [
  ...controls,
  ...markers,
  "[",
  "]",
  ";",
  ...statementHeads,
  ...integers,
]

const integerSet: ReadonlySet<string> = new Set(integers)
const markerSet: ReadonlySet<string> = new Set(markers)

export const isInteger = (token: string): boolean => integerSet.has(token)
export const isMarker = (token: string): token is Marker => markerSet.has(token)
/** Whether a statement may begin with this token. */
export const beginsStatement = (token: string): boolean => token.startsWith("a=")

/** Text form of a row of tokens. */
export const render = (tokens: ReadonlyArray<string>): string => {
  let text = ""
  let previous = ""
  for (const token of tokens) {
    if (text !== "" && (isMarker(token) || isMarker(previous))) text += " "
    else if (isInteger(token) && isInteger(previous)) text += ","
    text += token
    previous = token
  }
  return text
}

/** What can follow each first character, longest first; the space in front of ` for x in a]` is optional in a text. */
const candidates: ReadonlyMap<string, ReadonlyArray<readonly [written: string, token: string]>> = Map.groupBy(
  [...markers, "[", "]", ";", ...statementHeads]
    .map((token) => [token.trimStart(), token] as const)
    .toSorted(([a], [b]) => b.length - a.length),
  ([written]) => written.charAt(0),
)

const separators = " ,\n"

/** The tokens of a text, or null where it holds anything else. Linear time. */
export const tokenize = (text: string): ReadonlyArray<string> | null => {
  const tokens: Array<string> = []
  let at = 0
  while (at < text.length) {
    const first = text.charAt(at)
    if (separators.includes(first)) {
      at++
      continue
    }
    const known = candidates.get(first)?.find(([written]) => text.startsWith(written, at))
    const [written, token] = known ?? integerAt(text, at)
    if (written === "") return null
    tokens.push(token)
    at += written.length
  }
  return tokens
}

/** An integer's digits stand together: `61` is not `6` and `1`, and `-0` is not a token. */
const integerAt = (text: string, at: number): readonly [string, string] => {
  let end = text.charAt(at) === "-" ? at + 1 : at
  // Two digits are the longest token; a third one makes a text that is none, however many follow.
  while (end < at + 4 && isDigit(text.charCodeAt(end))) end++
  const written = text.slice(at, end)
  return isInteger(written) ? [written, written] : ["", ""]
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** Cuts a row of tokens at every `separator`. */
export const splitAt = (
  tokens: ReadonlyArray<string>,
  separator: string,
): ReadonlyArray<ReadonlyArray<string>> => {
  const parts: Array<Array<string>> = [[]]
  for (const token of tokens) {
    if (token === separator) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}
