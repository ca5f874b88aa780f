/** The functions that the metering adds to a module. */
import { BLOCK_SHIFT } from "../cleaner.ts"
import { call, globalGet, globalSet, i32, i64, localGet, op, when } from "../wasm/assembler.ts"
import { concat, unsigned } from "../wasm/binary.ts"
import { Bulk, Op, ValueType } from "../wasm/instructions.ts"
import { type Added, charge } from "./meterFunction.ts"

export interface SupportFunction {
  readonly type: Uint8Array
  /** With its size, as in a code section. */
  readonly code: Uint8Array
}

/** Bulk memory instructions: 2^BYTES_SHIFT bytes a unit. */
const BYTES_SHIFT = 4
const WASM_PAGE_SHIFT = 16

const { i32: I32, f64: F64 } = ValueType

/** In this order; `mark` to `grow` have their indices in `Added`. */
export const supportFunctions = (added: Added, maximumPages: number): ReadonlyArray<SupportFunction> => [
  mark(),
  bulk(added, op(Op.prefixed, Bulk.memoryCopy, 0, 0)),
  bulk(added, op(Op.prefixed, Bulk.memoryFill, 0)),
  grow(added, maximumPages),
  supportFunction([F64], [], [localGet(0), op(Op.prefixed, Bulk.i64TruncSatF64S), globalSet(added.fuel)]),
  supportFunction([], [F64], [globalGet(added.fuel), op(Op.f64ConvertI64S)]),
]

/** mark(address, length): marks every block of a range. Traps where the access itself would. */
const mark = (): SupportFunction => {
  const block = (address: Uint8Array): Uint8Array => concat([address, i32(BLOCK_SHIFT), op(Op.i32ShrU)])
  const first = block(localGet(0))
  const last = block(concat([localGet(0), localGet(1), op(Op.i32Add), i32(1), op(Op.i32Sub)]))
  const blocks = concat([last, first, op(Op.i32Sub), i32(1), op(Op.i32Add)])
  return supportFunction(
    [I32, I32],
    [],
    [
      localGet(1),
      op(Op.i32Eqz),
      when(op(Op.return)),
      first,
      i32(1),
      blocks,
      // In memory 1, where a length that wraps around is out of bounds too.
      op(Op.prefixed, Bulk.memoryFill, 1),
    ],
  )
}

/** memory.copy or memory.fill: charged by size, then marked, then done. */
const bulk = (added: Added, instruction: Uint8Array): SupportFunction =>
  supportFunction(
    [I32, I32, I32],
    [],
    [
      charge(added, concat([localGet(2), i32(BYTES_SHIFT), op(Op.i32ShrU, Op.i64ExtendI32U)])),
      localGet(0),
      localGet(2),
      call(added.mark),
      localGet(0),
      localGet(1),
      localGet(2),
      instruction,
    ],
  )

/** grow(pages): the previous size, or -1. */
const grow = (added: Added, maximumPages: number): SupportFunction => {
  const unitsOfPage = i64(BigInt(2 ** (WASM_PAGE_SHIFT - BYTES_SHIFT)))
  return supportFunction(
    [I32],
    [I32],
    [
      localGet(0),
      i32(maximumPages),
      globalGet(added.pages),
      op(Op.i32Sub, Op.i32GtU),
      when(i32(1), globalSet(added.refused), i32(-1), op(Op.return)),
      charge(added, concat([localGet(0), op(Op.i64ExtendI32U), unitsOfPage, op(Op.i64Mul)])),
      globalGet(added.pages),
      globalGet(added.pages),
      localGet(0),
      op(Op.i32Add),
      globalSet(added.pages),
    ],
  )
}

const supportFunction = (
  parameters: ReadonlyArray<ValueType>,
  results: ReadonlyArray<ValueType>,
  code: ReadonlyArray<Uint8Array>,
): SupportFunction => {
  const body = concat([unsigned(0), ...code, op(Op.end)])
  const signature = [parameters, results].flatMap((types) => [unsigned(types.length), op(...types)])
  return {
    type: concat([op(0x60), ...signature]),
    code: concat([unsigned(body.length), body]),
  }
}
