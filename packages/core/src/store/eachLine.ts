/** Cuts a log into its lines, whatever its length, in a buffer that is used again. */
import { Effect, type FileSystem, Option, Result } from "effect"

const newline = 10
/** Bytes read at a time. */
export const pieceBytes = 4 << 20

/**
 * Hands over the whole lines between two bytes of a log, of which the first begins a line. `take` finds a line, without its end, at
 * `start` to `end` of the piece, which is valid until it returns, and at byte `offset` of the log. Gives where the last whole
 * line ended.
 */
export const eachLine = Effect.fnUntraced(function* (
  log: FileSystem.File,
  from: number,
  to: number,
  take: (piece: Uint8Array, start: number, end: number, offset: number) => void,
) {
  let base = from
  for (let most = pieceBytes; base < to; most *= 2) {
    const size = Math.min(most, to - base)
    // The platform's own array: Node's finds a byte several times faster than any other.
    const buffer = yield* log.readAlloc(size, { position: BigInt(base) })
    if (Option.isNone(buffer)) return base
    for (let filled = buffer.value.length; ;) {
      const piece = buffer.value.subarray(0, Math.min(filled, to - base))
      let start = 0
      for (let end = piece.indexOf(newline); end !== -1; end = piece.indexOf(newline, start)) {
        take(piece, start, end, base + start)
        start = end + 1
      }
      base += start
      // A line longer than the buffer.
      if (start === 0 && filled === most) break
      // What is left of the last line comes first in the next piece.
      const rest = filled - start
      filled = yield* log.read(buffer.value, { position: BigInt(base) })
      if (filled === rest || base + rest >= to) return base
    }
  }
  return base
})

/** Between two lines: the byte at which the next one begins, and how many there are before it. */
export interface LineEnd {
  readonly offset: number
  readonly lines: number
}
export const beginning: LineEnd = { offset: 0, lines: 0 }

/**
 * What the lines of a log say from one end of a line up to a byte, and where the last of them ends. A last line without its end, or
 * that cannot be decoded, is torn and left out; elsewhere one that cannot be decoded is an error.
 */
export const decodeLines = Effect.fnUntraced(function* <A>(
  log: FileSystem.File,
  from: LineEnd,
  to: number,
  decode: (line: Uint8Array) => Result.Result<A, { readonly message: string }>,
) {
  const values: Array<A> = []
  let offset = from.offset
  let broken: string | null = null
  let goesOn = false
  yield* eachLine(log, from.offset, to, (piece, start, end, at) => {
    if (broken !== null) {
      goesOn = true
      return
    }
    const value = decode(piece.subarray(start, end))
    if (Result.isFailure(value)) {
      broken = value.failure.message
    } else {
      values.push(value.success)
      offset = at + end - start + 1
    }
  })
  const end: LineEnd = { offset, lines: from.lines + values.length }
  if (goesOn) return yield* Effect.fail({ message: `line ${end.lines + 1}: ${broken}` })
  return { values, end }
})
