/**
 * Finds the stores of a function that need no mark of their own.
 *
 * Whatever way leads to such a store, an earlier store on it went to an address at most `REACH` bytes away and has
 * marked its block; the host restores `REACH` bytes on either side of a marked block, so this store is undone with it.
 * The fields of one object and the slots of one stack frame are written in this way.
 *
 * How far two addresses are apart is known when both are the same unknown value plus constants. Values and marks are
 * followed in one pass, through locals, the operand stack, and the blocks of the function:
 *
 * - Marks are only ever added while a program runs. At the end of a block those are known that were made before each of the
 *   branches that end it, and on the straight way where there is one; after `else` those from before the `if`.
 * - A local has, at the end of a block, the value that it has on all ways there, or an unknown one. Where a loop starts, the
 *   locals that it assigns have unknown values. So have the results of a block.
 * - Constants wrap around at 2^32, but an address that did so is beyond the memory, and its store traps.
 */
import { Reader } from "../wasm/binary.ts"
import { Bulk, type Instruction, NO_RESULT, Op, readInstruction, storedBy } from "../wasm/instructions.ts"

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

/** A store that has marked its block, and the marks made on the way to it. Ways that part share their beginning. */
interface Mark extends Address {
  readonly before: Mark | null
  /** How many there are before it. */
  readonly depth: number
}

/** What is known at a place: marks that were made on every way to it, and values of locals. */
interface Known {
  readonly marks: Mark | null
  readonly values: ReadonlyArray<Address>
}

/** A block that is open; the function is the outermost. */
interface Block {
  readonly op: number
  readonly results: number
  /** What is on the operand stack below its parameters. */
  readonly below: ReadonlyArray<Address>
  /** What was known at the `if`, for the way that does not go into it; gone after `else`. */
  otherwise: Known | null
  /** What is known at its end; null while no way there was found. */
  end: Known | null
}

/** Positions in `body` of the stores that are covered. `locals` counts parameters too. */
export const coveredStores = (
  body: Uint8Array,
  codeStart: number,
  locals: number,
  arities: Arities,
  reach: number,
): ReadonlySet<number> => {
  const assignedIn = assignedInLoops(body, codeStart)
  let symbols = ZERO
  const unknown = (): Address => ({ symbol: ++symbols, offset: 0 })
  let stack: Array<Address> = []
  const pop = (): Address => stack.pop() ?? unknown()
  const drop = (count: number): void => void stack.splice(Math.max(0, stack.length - count))
  const push = (count: number): void => {
    for (let index = 0; index < count; index++) stack.push(unknown())
  }

  let values = Array.from({ length: locals }, unknown)
  let marks = null as Mark | null
  /** Whether no way leads here: after a branch that is always taken. */
  let dead = false
  const here = (): Known | null => (dead ? null : { marks, values: [...values] })
  const enter = (known: Known | null): void => {
    dead = known === null
    if (known !== null) ({ marks, values } = { marks: known.marks, values: [...known.values] })
  }
  const join = (one: Known | null, other: Known | null): Known | null => {
    if (one === null || other === null) return one ?? other
    return {
      marks: shared(one.marks, other.marks),
      values: one.values.map((value, local) => (same(value, other.values[local]!) ? value : unknown())),
    }
  }

  const open: Array<Block> = [{ op: Op.block, results: 0, below: [], otherwise: null, end: null }]
  const branch = (label: number): void => {
    const block = open.at(-1 - label)
    // A branch to a loop goes to its start, which knows nothing of what the loop does.
    if (block !== undefined && block.op !== Op.loop) block.end = join(block.end, here())
  }

  const covered = new Set<number>()
  const reader = new Reader(body, codeStart)
  while (!reader.done) {
    const position = reader.position
    const instruction = readInstruction(reader)
    const { detail, labels, op } = instruction
    switch (op) {
      case Op.block:
      case Op.loop:
      case Op.if: {
        const { parameters, results } = arityOfBlock(detail, arities)
        if (op === Op.if) pop()
        drop(parameters)
        open.push({ op, results, below: [...stack], otherwise: op === Op.if ? here() : null, end: null })
        push(parameters)
        for (const local of assignedIn.get(position) ?? []) values[local] = unknown()
        break
      }
      case Op.else: {
        const block = open.at(-1)!
        branch(0)
        enter(block.otherwise)
        block.otherwise = null
        stack = [...block.below]
        break
      }
      case Op.end: {
        const { below, end, otherwise, results } = open.pop()!
        // The straight way, and past an `if` without `else`.
        enter(join(join(end, here()), otherwise))
        stack = [...below]
        push(results)
        break
      }
      case Op.brIf:
      case Op.br:
      case Op.brTable:
        if (op !== Op.br) pop()
        labels?.forEach(branch)
        if (op !== Op.brIf) dead = true
        break
      case Op.return:
      case Op.unreachable:
        dead = true
        break
      case Op.localGet:
        stack.push(values[detail]!)
        break
      case Op.localSet:
      case Op.localTee:
        values[detail] = pop()
        if (op === Op.localTee) stack.push(values[detail])
        break
      case Op.i32Const:
        stack.push({ symbol: ZERO, offset: detail })
        break
      case Op.i32Add:
      case Op.i32Sub: {
        const right = pop()
        const left = pop()
        stack.push((op === Op.i32Add ? sum(left, right) : difference(left, right)) ?? unknown())
        break
      }
      case Op.call:
      case Op.callIndirect: {
        const { parameters, results } = op === Op.call ? arities.ofFunction(detail) : arities.ofType(detail)
        drop(op === Op.call ? parameters : parameters + 1)
        push(results)
        break
      }
      default: {
        const stored = storedBy(op)
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
        if (isMarked(marks, symbol, start + stored.bytes - reach, start + reach)) covered.add(position)
        else marks = { symbol, offset: start, before: marks, depth: (marks?.depth ?? 0) + 1 }
      }
    }
  }
  return covered
}

/** Whether there is a mark for an address from `symbol + least` to `symbol + most`. */
const isMarked = (marks: Mark | null, symbol: number, least: number, most: number): boolean => {
  for (let mark = marks; mark !== null; mark = mark.before) {
    if (mark.symbol === symbol && mark.offset >= least && mark.offset <= most) return true
  }
  return false
}

/** The marks that two ways have made before they parted. */
const shared = (one: Mark | null, other: Mark | null): Mark | null => {
  let [a, b] = [one, other]
  while (a !== b) {
    if ((a?.depth ?? 0) >= (b?.depth ?? 0)) a = a?.before ?? null
    else b = b?.before ?? null
  }
  return a
}

const same = (one: Address, other: Address): boolean =>
  one.symbol === other.symbol && one.offset === other.offset

const arityOfBlock = (type: number, { ofType }: Arities): Arity =>
  type >= 0 ? ofType(type) : { parameters: 0, results: type === NO_RESULT ? 0 : 1 }

const sum = (left: Address, right: Address): Address | null => {
  if (right.symbol === ZERO) return { symbol: left.symbol, offset: left.offset + right.offset }
  return left.symbol === ZERO ? sum(right, left) : null
}

const difference = (left: Address, right: Address): Address | null =>
  right.symbol === ZERO ? { symbol: left.symbol, offset: left.offset - right.offset } : null

/** The locals that each loop assigns, those of blocks inside it too; by its position. */
const assignedInLoops = (body: Uint8Array, codeStart: number): ReadonlyMap<number, ReadonlySet<number>> => {
  const reader = new Reader(body, codeStart)
  const loops = new Map<number, Set<number>>()
  /** Of each open block, the function first. */
  const open = [new Set<number>()]
  while (!reader.done) {
    const { position } = reader
    const { detail, op } = readInstruction(reader)
    if (op === Op.block || op === Op.loop || op === Op.if) {
      const inner = new Set<number>()
      if (op === Op.loop) loops.set(position, inner)
      open.push(inner)
    } else if (op === Op.end) {
      const inner = open.pop()!
      for (const local of inner) open.at(-1)?.add(local)
    } else if (op === Op.localSet || op === Op.localTee) {
      open.at(-1)!.add(detail)
    }
  }
  return loops
}

/** What a plain instruction takes from the stack and leaves on it; null when it is rare. */
const stackEffect = ({
  detail,
  op,
}: Instruction): { readonly pops: number; readonly pushes: number } | null => {
  if (op === 0x01) return { pops: 0, pushes: 0 } // nop
  if (op === 0x1a) return { pops: 1, pushes: 0 } // drop
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
