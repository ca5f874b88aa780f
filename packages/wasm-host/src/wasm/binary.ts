/** The few pieces of the WebAssembly binary format that the build and the hosts read and write themselves. */

export interface Section {
  readonly id: number
  /** Payload, without id and size. */
  readonly body: Uint8Array
}

export const SectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
  data: 11,
  dataCount: 12,
} as const

/** A cursor over LEB128 numbers and names. */
export class Reader {
  private readonly bytes: Uint8Array
  position: number

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes
    this.position = position
  }

  get done(): boolean {
    return this.position >= this.bytes.length
  }

  byte(): number {
    const value = this.bytes[this.position]
    if (value === undefined) throw new Error("unexpected end of a WebAssembly binary")
    this.position += 1
    return value
  }

  /** Unsigned LEB128 of at most 32 bits. */
  unsigned(): number {
    let result = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      result += (byte & 0x7f) * 2 ** shift
      if ((byte & 0x80) === 0) return result
    }
  }

  /** Signed LEB128 of at most 32 bits. */
  signed(): number {
    let result = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      result |= (byte & 0x7f) << shift
      if ((byte & 0x80) !== 0) continue
      return shift + 7 < 32 && (byte & 0x40) !== 0 ? result | (-1 << (shift + 7)) : result
    }
  }

  take(length: number): Uint8Array {
    const start = this.position
    this.position += length
    return this.bytes.subarray(start, this.position)
  }

  /** Skips a LEB128 number of any width and sign. */
  skipNumber(): void {
    while ((this.byte() & 0x80) !== 0);
  }
}

export const unsigned = (value: number): Uint8Array => {
  const bytes: Array<number> = []
  do {
    const low = value % 128
    value = Math.floor(value / 128)
    bytes.push(value === 0 ? low : low | 0x80)
  } while (value !== 0)
  return Uint8Array.from(bytes)
}

export const signed = (value: bigint): Uint8Array => {
  const bytes: Array<number> = []
  for (;;) {
    const low = Number(value & 0x7fn)
    value >>= 7n
    const last = (value === 0n && (low & 0x40) === 0) || (value === -1n && (low & 0x40) !== 0)
    bytes.push(last ? low : low | 0x80)
    if (last) return Uint8Array.from(bytes)
  }
}

export const name = (text: string): Uint8Array => {
  const bytes = new TextEncoder().encode(text)
  return concat([unsigned(bytes.length), bytes])
}

export const concat = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const result = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    result.set(part, offset)
    offset += part.length
  }
  return result
}

const HEADER_LENGTH = 8

export const readSections = (module: Uint8Array): Array<Section> => {
  const reader = new Reader(module, HEADER_LENGTH)
  const sections: Array<Section> = []
  while (!reader.done) {
    const id = reader.byte()
    sections.push({ id, body: reader.take(reader.unsigned()) })
  }
  return sections
}

/** A core module of these sections. */
export const writeModule = (sections: ReadonlyArray<Section>): Uint8Array =>
  concat([
    Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]),
    ...sections.flatMap(({ id, body }) => [Uint8Array.from([id]), unsigned(body.length), body]),
  ])
