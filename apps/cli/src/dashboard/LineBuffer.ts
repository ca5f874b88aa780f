/**
 * Bytes of a file on their way to lines, in memory that is used again: whole lines are taken out, what is left of the last
 * one waits for its end. A `Buffer` finds and decodes lines fastest.
 */
const newline = 10

export class LineBuffer {
  #bytes: Buffer<ArrayBuffer>
  #held = 0

  /** `size`: bytes to be read at a time. A longer line makes it grow. */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size)
  }

  /** Where the next bytes go, at most `most`. */
  room(most: number): Buffer<ArrayBuffer> {
    if (this.#held === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], 2 * this.#held)
    return this.#bytes.subarray(this.#held, Math.min(this.#bytes.length, this.#held + most))
  }

  /** Takes `count` bytes that were written to the room; `take` gets each whole line, without its end, until it returns. */
  fill(count: number, take: (bytes: Buffer<ArrayBuffer>, start: number, end: number) => void): void {
    const bytes = this.#bytes.subarray(0, this.#held + count)
    let start = 0
    for (let end = bytes.indexOf(newline, this.#held); end !== -1; end = bytes.indexOf(newline, start)) {
      take(bytes, start, end)
      start = end + 1
    }
    bytes.copyWithin(0, start)
    this.#held = bytes.length - start
  }

  /** Forgets what waits. */
  clear(): void {
    this.#held = 0
  }
}
