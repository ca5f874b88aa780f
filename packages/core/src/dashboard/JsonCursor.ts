/**
 * Reads JSON whose fields are known, in their order, from its bytes and without parsing it. Exact for what `JSON.stringify` wrote: a
 * quote inside a string always has a backslash before it, so that no text can look like a field. Once something else stands there than
 * was asked for, the cursor has failed, and what it gives means nothing.
 */

const utf8 = new TextEncoder()
const text = new TextDecoder()
const codeOf = (letter: string): number => letter.charCodeAt(0)
const [quote, backslash, minus, zero, nine] = ['"', "\\", "-", "0", "9"].map(codeOf) as [
  number,
  number,
  number,
  number,
  number,
]
const numeric: ReadonlySet<number> = new Set([..."-+.eE0123456789"].map(codeOf))
const nothing = utf8.encode("null")

/** What must stand somewhere, as bytes. */
export const literal = (json: string): Uint8Array => utf8.encode(json)

export class JsonCursor {
  failed = false
  at: number
  readonly bytes: Uint8Array
  readonly end: number

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  /** Whether that stands here; goes past it if it does. */
  take(wanted: Uint8Array): boolean {
    const { at, bytes } = this
    const { length } = wanted
    if (at + length > this.end) return false
    for (let i = 0; i < length; i++) if (bytes[at + i] !== wanted[i]) return false
    this.at = at + length
    return true
  }

  /** Goes past what must stand here. */
  skip(wanted: Uint8Array): void {
    if (!this.take(wanted)) this.failed = true
  }

  /** Goes to the last of those that stand before the end. */
  seekLast(wanted: Uint8Array): void {
    const { at, bytes } = this
    const { length } = wanted
    for (let from = this.end - length; from >= at; from--) {
      let i = 0
      while (i < length && bytes[from + i] === wanted[i]) i += 1
      if (i < length) continue
      this.at = from
      return
    }
    this.failed = true
  }

  /** An integer. */
  int(): number {
    const isNegative = this.bytes[this.at] === minus
    if (isNegative) this.at += 1
    const from = this.at
    let value = 0
    for (; this.at < this.end; this.at++) {
      const digit = this.bytes[this.at] as number
      if (digit < zero || digit > nine) break
      value = 10 * value + digit - zero
    }
    if (this.at === from) this.failed = true
    return isNegative ? -value : value
  }

  /** An integer or null. */
  intOrNull(): number | null {
    return this.take(nothing) ? null : this.int()
  }

  /** A number or null. */
  numberOrNull(): number | null {
    const from = this.at
    this.skipNumberOrNull()
    const value: unknown = this.failed ? 0 : JSON.parse(text.decode(this.bytes.subarray(from, this.at)))
    return value as number | null
  }

  /** Goes past a number or null. */
  skipNumberOrNull(): void {
    if (this.take(nothing)) return
    const from = this.at
    while (this.at < this.end && numeric.has(this.bytes[this.at] as number)) this.at += 1
    if (this.at === from) this.failed = true
  }

  /** Goes past a string. */
  skipString(): void {
    const { bytes, end } = this
    if (this.failed || bytes[this.at] !== quote) {
      this.failed = true
      return
    }
    for (let at = this.at + 1; at < end; at++) {
      const byte = bytes[at]
      // What is escaped is one byte, or begins with one that ends no string.
      if (byte === backslash) at += 1
      else if (byte === quote) {
        this.at = at + 1
        return
      }
    }
    this.failed = true
  }

  /** A string, one of few. */
  word(words: Words): string {
    const from = this.at
    this.skipString()
    return this.failed ? "" : words.read(this.bytes, from, this.at)
  }
}

interface Word {
  readonly json: Uint8Array
  readonly word: string
}
const none: ReadonlyArray<Word> = []

/** Strings that come again and again, each read once. */
export class Words {
  readonly #byHash = new Map<number, ReadonlyArray<Word>>()
  #size = 0

  read(bytes: Uint8Array, from: number, to: number): string {
    let hash = 0
    for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0
    const alike = this.#byHash.get(hash) ?? none
    for (let i = 0; i < alike.length; i++) {
      const known = alike[i] as Word
      if (isEqual(known.json, bytes, from, to)) return known.word
    }
    const word = JSON.parse(text.decode(bytes.subarray(from, to))) as string
    if (this.#size < mostWords) {
      this.#size += 1
      this.#byHash.set(hash, [...alike, { json: bytes.slice(from, to), word }])
    }
    return word
  }
}
const mostWords = 10_000

const isEqual = (json: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean => {
  if (json.length !== to - from) return false
  for (let i = 0; i < json.length; i++) if (json[i] !== bytes[from + i]) return false
  return true
}
