/** Python's string and bytes literals: prefixes, quotes, escapes, implicit concatenation. */
import { Value } from "@azr/core"
import { type Reader, isDecimal } from "./Reader.ts"

const plainPrefixes = new Set(["", "r", "u", "b", "br", "rb"])
const templatePrefixes = new Set(["f", "fr", "rf", "t", "tr", "rt"])

/** Length of a string prefix at the reader, if a string starts here; else null. */
const prefixLength = (reader: Reader): number | null => {
  for (const length of [0, 1, 2]) {
    const quote = reader.text.charAt(reader.at + length)
    if (quote !== "'" && quote !== '"') continue
    const prefix = reader.text.slice(reader.at, reader.at + length).toLowerCase()
    return plainPrefixes.has(prefix) || templatePrefixes.has(prefix) ? length : null
  }
  return null
}

export const startsString = (reader: Reader): boolean => prefixLength(reader) !== null

/** One or several adjacent string literals; the caller has seen that one starts here. */
export const readStrings = (reader: Reader, insideBrackets: boolean): Value.Value => {
  const first = readString(reader)
  const parts = [first.content]
  for (;;) {
    const end = reader.at
    reader.skip(insideBrackets)
    if (!startsString(reader)) {
      reader.at = end
      break
    }
    const next = readString(reader)
    if (next.isBytes !== first.isBytes) return reader.refuse("bytes and text cannot be joined")
    parts.push(next.content)
  }
  const content = parts.join("")
  return first.isBytes ? Value.bytes(hexOfLatin1(content)) : Value.string(content)
}

/** `content` of bytes holds one character of code 0 … 255 a byte. */
interface StringPart {
  readonly isBytes: boolean
  readonly content: string
}

const readString = (reader: Reader): StringPart => {
  const length = prefixLength(reader) ?? 0
  const prefix = reader.text.slice(reader.at, reader.at + length).toLowerCase()
  if (templatePrefixes.has(prefix)) return reader.refuse("a string with placeholders is not a literal")
  reader.at += length
  const quote = reader.here
  const delimiter = reader.looksAt(quote.repeat(3)) ? quote.repeat(3) : quote
  reader.at += delimiter.length
  const isBytes = prefix.includes("b")
  const isRaw = prefix.includes("r")
  const pieces: Array<string> = []
  while (!reader.accept(delimiter)) {
    if (reader.atEnd || (reader.here === "\n" && delimiter.length === 1))
      return reader.refuse("an unterminated string")
    if (reader.here === "\\") pieces.push(isRaw ? readRawPair(reader) : readEscape(reader, isBytes))
    else pieces.push(readPlain(reader, quote, delimiter.length === 1, isBytes))
  }
  return { isBytes, content: pieces.join("") }
}

/** Characters up to the next one that could mean something. */
const readPlain = (reader: Reader, quote: string, endsAtLine: boolean, isBytes: boolean): string => {
  const quoteCode = quote.charCodeAt(0)
  // A quote that does not close a triple-quoted string is a character of it.
  const first = reader.here === quote ? quote : ""
  reader.at += first.length
  const rest = reader.takeWhile((code) => {
    if (isBytes && code > 127) return reader.refuse("bytes hold ASCII characters and escapes only")
    return code !== quoteCode && code !== 92 && !(endsAtLine && code === 10)
  })
  return first + rest
}

/** In a raw string a backslash stays, and so does what it protects. */
const readRawPair = (reader: Reader): string => {
  const pair = reader.text.slice(reader.at, reader.at + 2)
  if (pair.length < 2) return reader.refuse("an unterminated string")
  if (pair.charCodeAt(1) > 127) {
    // Not protected, and perhaps the first half of a surrogate pair: leave it to the plain characters.
    reader.at++
    return "\\"
  }
  reader.at += 2
  return pair
}

const simpleEscapes: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
}

const hexadecimalDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** The characters that an escape stands for. An unknown escape stands for itself, as in Python. */
const readEscape = (reader: Reader, isBytes: boolean): string => {
  reader.at++
  const kind = reader.here
  const simple = simpleEscapes[kind]
  if (simple !== undefined) {
    reader.at++
    return simple
  }
  if (isOctal(kind)) return readOctal(reader, isBytes)
  if (kind === "x" || (!isBytes && (kind === "u" || kind === "U"))) {
    reader.at++
    return characterOf(reader, readHexadecimal(reader, hexadecimalDigits[kind] ?? 0))
  }
  if (kind === "N" && !isBytes)
    return reader.refuse("the escape \\N{…} is not supported: write the character itself")
  return "\\"
}

const isOctal = (character: string): boolean => character >= "0" && character <= "7"

const readOctal = (reader: Reader, isBytes: boolean): string => {
  let code = 0
  for (let i = 0; i < 3 && isOctal(reader.here); i++) {
    code = code * 8 + Number(reader.here)
    reader.at++
  }
  return String.fromCharCode(isBytes ? code & 255 : code)
}

const readHexadecimal = (reader: Reader, digits: number): number => {
  let code = 0
  for (let i = 0; i < digits; i++) {
    const digit = hexadecimalDigit(reader.text.charCodeAt(reader.at))
    if (digit === null) return reader.refuse(`an escape that needs ${digits} hexadecimal digits`)
    code = code * 16 + digit
    reader.at++
  }
  return code
}

const hexadecimalDigit = (code: number): number | null =>
  isDecimal(code)
    ? code - 48
    : code >= 97 && code <= 102
      ? code - 87
      : code >= 65 && code <= 70
        ? code - 55
        : null

const characterOf = (reader: Reader, code: number): string => {
  if (code > 0x10ffff) return reader.refuse("an escape beyond the last Unicode character")
  // Two escaped surrogates are two characters in Python; here they would melt into one.
  if (code >= 0xd800 && code <= 0xdfff) return reader.refuse("a lone surrogate is not allowed")
  return String.fromCodePoint(code)
}

const hexOfLatin1 = (content: string): string => {
  const digits: Array<string> = []
  for (let i = 0; i < content.length; i++) digits.push(content.charCodeAt(i).toString(16).padStart(2, "0"))
  return digits.join("")
}
