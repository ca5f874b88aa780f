/** Texts that nobody meant as an answer, and texts that nobody outside should read. */
import type { RandomStream } from "../../RandomStreams.ts"

/** Pieces that have broken parsers: markers of prompts, brackets, quotes, numbers, controls, names of prototypes. */
const pieces: ReadonlyArray<string> = [
  ..." ,;:=.-+*/#\\\n\t'\"`(){}[]<>",
  "\r\n",
  "\u0000",
  "\u001b[2J",
  "\ud800",
  "\u202e",
  "\u{1f600}",
  "é",
  "```",
  "```output\n",
  "```input\n",
  "<think>",
  "</think>",
  "<answer>",
  "</answer>",
  "<ans>",
  "__proto__",
  "constructor",
  "toString",
  "__class__",
  "%s",
  "${x}",
  "0",
  "-1",
  "7",
  "1e999",
  "9".repeat(400),
  "null",
  "None",
  "true",
  "def f(a):",
  "return a",
  "[".repeat(500),
  "(".repeat(500),
  "a ".repeat(500),
]

/** No language and no puzzle has this; a text that holds it outside of quotes and comments answers nothing. */
const nonsense = "⟨⁂⟩"

/** Texts that are no answer and no proposal to anything. */
export const noise = (random: RandomStream, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => {
    const drawn = Array.from({ length: index === 0 ? 0 : random.integer(0, 8) }, () => random.pick(pieces))
    return drawn.toSpliced(random.integer(0, drawn.length), 0, nonsense).join("")
  })

/** A response as a policy that is almost right writes it: cut, doubled, with a piece put in or taken out. */
export const damaged = (response: string, random: RandomStream, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, () => {
    const at = random.integer(0, response.length)
    const end = random.integer(at, response.length)
    switch (random.integer(0, 3)) {
      case 0:
        return response.slice(0, at)
      case 1:
        return response.slice(0, at) + response.slice(end)
      case 2:
        return response.slice(0, at) + random.pick(pieces) + response.slice(at)
      default:
        return response + response.slice(at, end)
    }
  })

const leaks: ReadonlyArray<readonly [what: string, pattern: RegExp]> = [
  ["a folder of the host", /\/(?:home|Users|root|usr|var|tmp)\/[\w.-]/u],
  ["a drive of the host", /\b[A-Za-z]:\\[\w.-]/u],
  ["a URL of a file", /\bfile:\/\//u],
  ["an installed package", /\bnode_modules\b/u],
  ["a place in a source file", /\.(?:[cm]?[jt]sx?|py|rs|wasm):\d+/u],
  ["a frame of a stack", /^\s+at .+:\d+:\d+\)?$/mu],
]

/** What a text tells of the host and should not, or null. */
export const leakIn = (text: string): string | null => {
  for (const [what, pattern] of leaks) {
    const found = pattern.exec(text)
    if (found !== null) return `${what}, ${JSON.stringify(found[0])}`
  }
  return null
}
