/**
 * Reads the instructions of a function body one by one. It knows the instructions that C, C++ and Rust
 * compilers emit for a sequential program; on any other (SIMD, atomics, exceptions, tail calls, garbage
 * collection) it stops the build, so that nothing the metering does not understand can slip through it.
 */
import type { Reader } from "./binary.ts"

export const Op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Load8U: 0x2d,
  i32Store: 0x36,
  i64Store32: 0x3e,
  i32Store8: 0x3a,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eqz: 0x45,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GtS: 0x4a,
  i32GtU: 0x4b,
  i32GeU: 0x4f,
  i64Eqz: 0x50,
  i64LtS: 0x53,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64ExtendI32U: 0xad,
  f64ConvertI64S: 0xb9,
  prefixed: 0xfc,
  vector: 0xfd,
} as const

/** Second byte after `Op.vector`. */
export const Vector = { load: 0x00, or: 0x50, anyTrue: 0x53 } as const

/** Second byte after `Op.prefixed`. */
export const Bulk = { i64TruncSatF64S: 6, memoryCopy: 10, memoryFill: 11 } as const

export const ValueType = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const
export type ValueType = (typeof ValueType)[keyof typeof ValueType]

export interface Instruction {
  readonly op: number
  /**
   * For `Op.prefixed` the second opcode, for stores the constant offset, for calls the function or its type, for locals
   * the index, for `i32.const` the value, for blocks their type (below 0: no parameter, one result or `NO_RESULT`), else 0.
   */
  readonly detail: number
  /** The blocks that a branch can end, or loops that it can start again, counted from the innermost. */
  readonly labels?: ReadonlyArray<number>
}

/** The type of a block without parameters or results. */
export const NO_RESULT = -64

interface Stored {
  readonly type: ValueType
  readonly bytes: number
}

const { f32, f64, i32, i64 } = ValueType

/** Of each store instruction, 0x36 to 0x3e in order: the type of the value that it takes, and how many bytes it writes. */
const stores: ReadonlyArray<Stored> = [
  { type: i32, bytes: 4 },
  { type: i64, bytes: 8 },
  { type: f32, bytes: 4 },
  { type: f64, bytes: 8 },
  { type: i32, bytes: 1 },
  { type: i32, bytes: 2 },
  { type: i64, bytes: 1 },
  { type: i64, bytes: 2 },
  { type: i64, bytes: 4 },
]

/** What an instruction stores; null for one that is no store. */
export const storedBy = (op: number): Stored | null => stores[op - Op.i32Store] ?? null

/** Reads one instruction with its immediates. */
export const readInstruction = (reader: Reader): Instruction => {
  const op = reader.byte()
  if (op === Op.prefixed) return readPrefixed(reader)
  if (op >= 0x28 && op <= 0x3e) return { op, detail: readMemoryArgument(reader) }
  if (op === Op.memorySize || op === Op.memoryGrow) {
    if (reader.byte() !== 0) throw new Error("meter: the module has more than one memory")
    return { op, detail: 0 }
  }
  switch (op) {
    case Op.call:
    case Op.localGet:
    case Op.localSet:
    case Op.localTee:
      return { op, detail: reader.unsigned() }
    case Op.i32Const:
      return { op, detail: reader.signed() }
    case Op.block:
    case Op.loop:
    case Op.if:
      return { op, detail: reader.signed() }
    case Op.br:
    case Op.brIf:
      return { op, detail: 0, labels: [reader.unsigned()] }
    case Op.globalGet:
    case Op.globalSet:
    case Op.i64Const:
    case 0xd0: // ref.null
    case 0xd2: // ref.func
    case 0x25: // table.get
      reader.skipNumber()
      return { op, detail: 0 }
    case Op.callIndirect: {
      const type = reader.unsigned()
      reader.skipNumber()
      return { op, detail: type }
    }
    case Op.brTable:
      return { op, detail: 0, labels: Array.from({ length: reader.unsigned() + 1 }, () => reader.unsigned()) }
    case 0x1c: // select with types
      for (let types = reader.unsigned(); types > 0; types--) reader.byte()
      return { op, detail: 0 }
    case 0x43: // f32.const
      reader.take(4)
      return { op, detail: 0 }
    case 0x44: // f64.const
      reader.take(8)
      return { op, detail: 0 }
  }
  const plain =
    op <= 0x01 ||
    op === Op.else ||
    op === Op.end ||
    op === 0x0f ||
    op === 0x1a ||
    op === 0x1b ||
    op === 0xd1 ||
    (op >= 0x45 && op <= 0xc4)
  if (!plain) throw new Error(`meter: instruction 0x${op.toString(16)} is not supported`)
  return { op, detail: 0 }
}

const readMemoryArgument = (reader: Reader): number => {
  const alignment = reader.unsigned()
  // Bit 6 announces a memory index: a second memory, which this module must not have yet.
  if (alignment >= 0x40) throw new Error("meter: the module has more than one memory")
  return reader.unsigned()
}

const readPrefixed = (reader: Reader): Instruction => {
  const detail = reader.unsigned()
  if (detail === Bulk.memoryCopy) reader.take(2)
  else if (detail === Bulk.memoryFill) reader.take(1)
  else if (detail > 7) throw new Error(`meter: instruction 0xfc ${detail} is not supported`)
  return { op: Op.prefixed, detail }
}
