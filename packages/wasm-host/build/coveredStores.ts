/**
 * Finds the stores of a function that need no mark of their own.
 *
 * Whatever way leads to such a store, an earlier store on it went to an address at most `REACH` bytes away and has
 * marked its block; the host restores `REACH` bytes on either side of a marked block, so this store is undone with it.
 * The fields of one object and the slots of one stack frame are written in this way.
 *
 * How far two addresses are apart is known when both are the same unknown value plus constants. Values are followed
 * through locals and the operand stack, in one pass:
 *
 * - What a block learns about marks is forgotten when the block ends, and at its `else`: a branch may have gone past it.
 *   What was known before it stays known, for marks are only ever added while a program runs.
 * - A local that a block assigns has another, unknown value when the block ends; one that a loop assigns also when it starts.
 * - Constants wrap around at 2^32, but an address that did so is beyond the memory, and its store traps.
 */
import { Reader } from "../src/wasm/binary.ts"
import { Bulk, type Instruction, Op, readInstruction, storedBy } from "../src/wasm/instructions.ts"

/** Parameters and results of a function. */
export interface Arity {
  readonly parameters: number
  readonly results: number
}

/** What the analysis has to know about the module. */
export interface Arities {
  readonly ofFunction: (index: number) => Arity
  readonly ofType: (index: number) => Arity
}

/** An unknown value, by number, plus a constant. */
interface Address {
  readonly symbol: number
  readonly offset: number
}

/** A constant is the symbol of zero plus itself. */
const ZERO = 0

/** Positions in `body` of the stores that are covered. `locals` counts parameters too. */
export const coveredStores = (
  body: Uint8Array,
  codeStart: number,
  locals: number,
  arities: Arities,
  reach: number,
): ReadonlySet<number> => {
  const assignedIn = assignedLocals(body, codeStart)
  let symbols = ZERO
  const unknown = (): Address => ({ symbol: ++symbols, offset: 0 })
  const values = Array.from({ length: locals }, unknown)
  let stack: Array<Address> = []
  const pop = (): Address => stack.pop() ?? unknown()
  const drop = (count: number): void => void stack.splice(Math.max(0, stack.length - count))
  const push = (count: number): void => {
    for (let index = 0; index < count; index++) stack.push(unknown())
  }

  /** Offsets of stores that have marked their block, by symbol. */
  const marked = new Map<number, Array<number>>()
  /** The symbols of `marked` in the order in which their offsets came. */
  const learnt: Array<number> = []
  const forget = (known: number): void => {
    while (learnt.length > known) marked.get(learnt.pop()!)!.pop()
  }

  /** Open blocks: how much was known before, and which locals they assign. */
  const open = [{ known: 0, assigned: assignedIn[0]! }]
  let blocks = 1
  const change = (assigned: ReadonlySet<number>): void => {
    for (const local of assigned) values[local] = unknown()
  }

  const covered = new Set<number>()
  const reader = new Reader(body, codeStart)
  while (!reader.done) {
    const position = reader.position
    const instruction = readInstruction(reader)
    const { detail } = instruction
    switch (instruction.op) {
      case Op.block:
      case Op.loop:
      case Op.if: {
        const assigned = assignedIn[blocks++]!
        open.push({ known: learnt.length, assigned })
        if (instruction.op === Op.loop) change(assigned)
        stack = []
        break
      }
      case Op.else:
      case Op.end: {
        const { assigned, known } = open.at(-1)!
        if (instruction.op === Op.end) open.pop()
        forget(known)
        change(assigned)
        stack = []
        break
      }
      case Op.localGet:
        stack.push(values[detail]!)
        break
      case Op.localSet:
      case Op.localTee:
        values[detail] = pop()
        if (instruction.op === Op.localTee) stack.push(values[detail])
        break
      case Op.i32Const:
        stack.push({ symbol: ZERO, offset: detail })
        break
      case Op.i32Add:
      case Op.i32Sub: {
        const right = pop()
        const left = pop()
        stack.push((instruction.op === Op.i32Add ? sum(left, right) : difference(left, right)) ?? unknown())
        break
      }
      case Op.call:
      case Op.callIndirect: {
        const { parameters, results } =
          instruction.op === Op.call ? arities.ofFunction(detail) : arities.ofType(detail)
        drop(instruction.op === Op.call ? parameters : parameters + 1)
        push(results)
        break
      }
      default: {
        const stored = storedBy(instruction.op)
        if (stored === null) {
          const effect = stackEffect(instruction)
          if (effect === null) {
            stack = []
          } else {
            drop(effect.pops)
            push(effect.pushes)
          }
          break
        }
        pop()
        const { offset, symbol } = pop()
        const start = offset + detail
        const offsets = marked.get(symbol) ?? []
        if (offsets.some((other) => start >= other - reach && start + stored.bytes <= other + reach)) {
          covered.add(position)
        } else {
          marked.set(symbol, offsets)
          offsets.push(start)
          learnt.push(symbol)
        }
      }
    }
  }
  return covered
}

const sum = (left: Address, right: Address): Address | null => {
  if (right.symbol === ZERO) return { symbol: left.symbol, offset: left.offset + right.offset }
  return left.symbol === ZERO ? sum(right, left) : null
}

const difference = (left: Address, right: Address): Address | null =>
  right.symbol === ZERO ? { symbol: left.symbol, offset: left.offset - right.offset } : null

/** The locals that the function and each of its blocks, in order, assign; those of blocks inside them too. */
const assignedLocals = (body: Uint8Array, codeStart: number): ReadonlyArray<ReadonlySet<number>> => {
  const reader = new Reader(body, codeStart)
  const sets = [new Set<number>()]
  const open = [sets[0]!]
  while (!reader.done) {
    const { detail, op } = readInstruction(reader)
    if (op === Op.block || op === Op.loop || op === Op.if) {
      const inner = new Set<number>()
      sets.push(inner)
      open.push(inner)
    } else if (op === Op.end) {
      const inner = open.pop()!
      for (const local of inner) open.at(-1)?.add(local)
    } else if (op === Op.localSet || op === Op.localTee) {
      open.at(-1)!.add(detail)
    }
  }
  return sets
}

/** What a plain instruction takes from the stack and leaves on it; null when it ends the straight way, or is rare. */
const stackEffect = ({
  detail,
  op,
}: Instruction): { readonly pops: number; readonly pushes: number } | null => {
  if (op === 0x01) return { pops: 0, pushes: 0 } // nop
  if (op === Op.brIf || op === 0x1a) return { pops: 1, pushes: 0 } // drop
  if (op === Op.select || op === 0x1c) return { pops: 3, pushes: 1 } // with types
  if (op === Op.globalSet) return { pops: 1, pushes: 0 }
  if (op === Op.globalGet || op === Op.i64Const || op === 0x43 || op === 0x44 || op === Op.memorySize)
    return { pops: 0, pushes: 1 }
  if (op === Op.memoryGrow || (op >= 0x28 && op <= 0x35)) return { pops: 1, pushes: 1 } // loads
  if (op === Op.prefixed)
    return detail === Bulk.memoryCopy || detail === Bulk.memoryFill
      ? { pops: 3, pushes: 0 }
      : { pops: 1, pushes: 1 }
  if (op >= 0x45 && op <= 0xc4) return { pops: isUnary(op) ? 1 : 2, pushes: 1 }
  return null
}

/** Of the numeric instructions, 0x45 to 0xc4: tests for zero, counts of bits, what floats have, conversions. */
const isUnary = (op: number): boolean =>
  op === Op.i32Eqz ||
  op === Op.i64Eqz ||
  (op >= 0x67 && op <= 0x69) ||
  (op >= 0x79 && op <= 0x7b) ||
  (op >= 0x8b && op <= 0x91) ||
  (op >= 0x99 && op <= 0x9f) ||
  op >= 0xa7
