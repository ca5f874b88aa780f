/** Rewrites the body of one function: charges its steps, counts its recursive calls, marks what it writes. */
import { BLOCK_SHIFT, REACH } from "../cleaner.ts"
import {
  call,
  globalGet,
  globalSet,
  i32,
  i64,
  localGet,
  localSet,
  localTee,
  op,
  when,
} from "../wasm/assembler.ts"
import { concat, Reader, unsigned } from "../wasm/binary.ts"
import { type Arities, coveredStores } from "./coveredStores.ts"
import { Bulk, type Instruction, Op, readInstruction, storedBy, ValueType } from "../wasm/instructions.ts"

/** Indices of what the metering adds to a module, after everything that the module has. */
export interface Added {
  /** Most units that one function entry or loop iteration takes. */
  readonly maximumStep: number
  readonly fuel: number
  readonly pages: number
  readonly refused: number
  readonly depth: number
  readonly mark: number
  readonly copy: number
  readonly fill: number
  readonly grow: number
}

const STORED_TYPES = [ValueType.i32, ValueType.i64, ValueType.f32, ValueType.f64] as const

/** `parameters` is how many the function has; `recursive` tells which direct calls can be part of a recursion. */
export const meterFunction = (
  body: Uint8Array,
  parameters: number,
  recursive: (callee: number) => boolean,
  arities: Arities,
  added: Added,
): Uint8Array => {
  const reader = new Reader(body)
  let firstFree = parameters
  const groups = reader.unsigned()
  const groupsStart = reader.position
  for (let group = 0; group < groups; group++) {
    firstFree += reader.unsigned()
    reader.byte()
  }
  const codeStart = reader.position
  const steps = countSteps(body, codeStart)
  const covered = coveredStores(body, codeStart, firstFree, arities, REACH)
  const address = firstFree
  const valueLocal = (type: ValueType): number => firstFree + 1 + STORED_TYPES.indexOf(type)

  const parts: Array<Uint8Array> = [
    unsigned(groups + 1 + STORED_TYPES.length),
    body.subarray(groupsStart, codeStart),
    op(1, ValueType.i32),
    ...STORED_TYPES.map((type) => op(1, type)),
  ]
  let nextStep = 0
  const takeStep = (): Uint8Array => {
    const instructions = steps[nextStep++] ?? 0
    return charge(added, i64(BigInt(Math.min(instructions, added.maximumStep))))
  }
  let copied = codeStart
  const copyUpTo = (end: number): void => {
    parts.push(body.subarray(copied, end))
    copied = reader.position
  }
  parts.push(takeStep())
  while (!reader.done) {
    const start = reader.position
    const instruction = readInstruction(reader)
    const original = body.subarray(start, reader.position)
    const stored = storedBy(instruction.op)
    if (instruction.op === Op.loop) {
      copyUpTo(start)
      parts.push(original, takeStep())
    } else if (stored !== null) {
      if (covered.has(start)) continue
      // On the stack: the address, then the value.
      copyUpTo(start)
      const value = valueLocal(stored.type)
      parts.push(
        localSet(value),
        localTee(address),
        mark(address, instruction.detail),
        localGet(value),
        original,
      )
    } else if (
      instruction.op === Op.callIndirect ||
      (instruction.op === Op.call && recursive(instruction.detail))
    ) {
      copyUpTo(start)
      parts.push(descend(added), original, ascend(added))
    } else {
      const replacement = replace(instruction, added)
      if (replacement === null) continue
      copyUpTo(start)
      parts.push(replacement)
    }
  }
  copyUpTo(body.length)
  return concat(parts)
}

/** Instructions of the function itself, then of each of its loops in order, without those of loops inside them. */
const countSteps = (body: Uint8Array, codeStart: number): ReadonlyArray<number> => {
  const reader = new Reader(body, codeStart)
  const steps = [0]
  /** For each open block, the step that its instructions belong to. */
  const open: Array<number> = [0]
  while (!reader.done) {
    const { op: opcode } = readInstruction(reader)
    const current = open.at(-1)
    if (current === undefined) throw new Error("meter: code after the end of a function")
    steps[current] = (steps[current] ?? 0) + 1
    if (opcode === Op.loop) open.push(steps.push(0) - 1)
    else if (opcode === Op.block || opcode === Op.if) open.push(current)
    else if (opcode === Op.end) open.pop()
  }
  return steps
}

/** Takes as many units as the i64 that `amount` leaves on the stack, and traps when there are not that many. */
export const charge = (added: Added, amount: Uint8Array): Uint8Array =>
  concat([
    globalGet(added.fuel),
    amount,
    op(Op.i64Sub),
    globalSet(added.fuel),
    globalGet(added.fuel),
    i64(0n),
    op(Op.i64LtS),
    when(op(Op.unreachable)),
  ])

const descend = (added: Added): Uint8Array =>
  concat([
    globalGet(added.depth),
    i32(1),
    op(Op.i32Sub),
    globalSet(added.depth),
    globalGet(added.depth),
    i32(0),
    op(Op.i32LtS),
    when(op(Op.unreachable)),
  ])

const ascend = (added: Added): Uint8Array =>
  concat([globalGet(added.depth), i32(1), op(Op.i32Add), globalSet(added.depth)])

/** Marks the block of the address in a local plus a constant offset. */
const mark = (address: number, offset: number): Uint8Array =>
  concat([
    localGet(address),
    ...(offset === 0 ? [] : [i32(offset), op(Op.i32Add)]),
    i32(BLOCK_SHIFT),
    op(Op.i32ShrU),
    i32(1),
    // Alignment 0 with the bit for a memory index; memory 1; offset 0.
    op(Op.i32Store8, 0x40, 1, 0),
  ])

const replace = (instruction: Instruction, added: Added): Uint8Array | null => {
  switch (instruction.op) {
    case Op.memorySize:
      return globalGet(added.pages)
    case Op.memoryGrow:
      return call(added.grow)
    case Op.prefixed:
      if (instruction.detail === Bulk.memoryCopy) return call(added.copy)
      if (instruction.detail === Bulk.memoryFill) return call(added.fill)
      return null
    default:
      return null
  }
}
