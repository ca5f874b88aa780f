/** Instructions as bytes. */
import { concat, signed, unsigned } from "./binary.ts"
import { Op } from "./instructions.ts"

export const op = (...bytes: ReadonlyArray<number>): Uint8Array => Uint8Array.from(bytes)
export const indexed = (opcode: number, index: number): Uint8Array => concat([op(opcode), unsigned(index)])

export const localGet = (index: number): Uint8Array => indexed(Op.localGet, index)
export const localSet = (index: number): Uint8Array => indexed(Op.localSet, index)
export const localTee = (index: number): Uint8Array => indexed(Op.localTee, index)
export const globalGet = (index: number): Uint8Array => indexed(Op.globalGet, index)
export const globalSet = (index: number): Uint8Array => indexed(Op.globalSet, index)
export const call = (index: number): Uint8Array => indexed(Op.call, index)
export const i32 = (value: number): Uint8Array => concat([op(Op.i32Const), signed(BigInt(value | 0))])
export const i64 = (value: bigint): Uint8Array => concat([op(Op.i64Const), signed(value)])

const EMPTY_BLOCK = 0x40

/** `if (top of the stack) { body }` */
export const when = (...body: ReadonlyArray<Uint8Array>): Uint8Array =>
  concat([op(Op.if, EMPTY_BLOCK), ...body, op(Op.end)])

/** `loop { body }`; inside, `branch(0)` starts it again. */
export const loop = (...body: ReadonlyArray<Uint8Array>): Uint8Array =>
  concat([op(Op.loop, EMPTY_BLOCK), ...body, op(Op.end)])

/** Leaves so many blocks, or starts the loop again that is so many blocks out. */
export const branch = (depth: number): Uint8Array => indexed(Op.br, depth)
export const branchIf = (depth: number): Uint8Array => indexed(Op.brIf, depth)
