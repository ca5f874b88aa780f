import { describe, expect, it } from "vitest"
import { head, inert, inertLine } from "../../src/model/inert.ts"

const shown = (text: string) =>
  inert(text)
    .filter((piece) => !piece.mark)
    .map((piece) => piece.text)
    .join("")
const marks = (text: string) =>
  inert(text)
    .filter((piece) => piece.mark)
    .map((piece) => piece.text)

describe("inert", () => {
  it("keeps what is seen, code and other writing alike", () => {
    for (const text of [
      "def f(a):\n\treturn a",
      "<script>alert(1)</script>",
      "שלום",
      "日本語 é 👩",
      "a\r\nb",
    ]) {
      expect(inert(text)).toEqual([{ text, mark: false }])
    }
    expect(inert("")).toEqual([])
  })

  it.each([
    ["an escape sequence", "\u001b[31mred\u001b[0m", "[31mred[0m", ["U+001B", "U+001B"]],
    ["a bell and a null", "a\u0007\u0000b", "ab", ["U+0007", "U+0000"]],
    ["a C1 control", "\u009b31m", "31m", ["U+009B"]],
    ["a carriage return over the line", "good\rbad", "goodbad", ["U+000D"]],
    ["a right-to-left override", "a\u202egnp.exe", "agnp.exe", ["U+202E"]],
    ["isolates", "\u2066x\u2069", "x", ["U+2066", "U+2069"]],
    ["an invisible space and a joiner", "a\u200b\u2060b", "ab", ["U+200B", "U+2060"]],
    ["a tag character", "a\u{e0041}", "a", ["U+E0041"]],
    ["half of a pair, first and second", "a\ud800b\udc00", "ab", ["U+D800", "U+DC00"]],
    ["a line separator", "a\u2028b", "ab", ["U+2028"]],
    ["a Hangul filler", "a\u3164b", "ab", ["U+3164"]],
  ])("names %s", (_what, text, rest, names) => {
    expect(shown(text)).toBe(rest)
    expect(marks(text)).toEqual(names)
  })

  it("makes one line of limited length for a cell", () => {
    expect(inertLine("a\n  b\u202e", 20)).toBe("a b⟨U+202E⟩")
    expect(inertLine("x".repeat(1_000_000), 10)).toBe("xxxxxxxxxx …")
  })

  it("never cuts a pair in two", () => {
    expect(head("a👩b", 2)).toBe("a")
    expect(head("a👩b", 3)).toBe("a👩")
    expect(head("ab", 5)).toBe("ab")
  })
})
