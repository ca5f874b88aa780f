/**
 * Stores that are not marked must be undone all the same: functions at random, of stores near and far, in blocks, loops
 * and branches, run on a memory that has to be what it was after each. (`meterStep.test.ts` and the tests of the
 * languages run real guests.)
 */
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { meter } from "../src/build/index.ts"
import { coveredStores } from "../src/build/coveredStores.ts"
import { cleaner, REACH } from "../src/cleaner.ts"
import {
  branch,
  branchIf,
  call,
  i32,
  i64,
  localGet,
  localSet,
  localTee,
  loop,
  op,
  when,
} from "../src/wasm/assembler.ts"
import { concat, name, Reader, SectionId, unsigned, writeModule } from "../src/wasm/binary.ts"
import { Op, readInstruction, storedBy, ValueType } from "../src/wasm/instructions.ts"
import { WebAssembly, type WasmMemory } from "../src/webAssembly.ts"

const PAGES = 1
const BYTES = PAGES * 65_536
const parameters = 3
/** Parameters, variables, and one counter for each level of loops. */
const variables = 1
const deepest = 4
const counter = (depth: number): number => parameters + variables + depth

type Random = (below: number) => number

const randomOf = (seed: number): Random => {
  let state = seed >>> 0
  return (below) => {
    // A linear congruential generator; its high bits.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const aLocal = (random: Random): number => random(parameters + variables)
const distance = (random: Random): number => [random(16), random(REACH), random(3 * REACH)][random(3)]!

/** A local, or one plus or minus a constant, or a constant. */
const address = (random: Random): Uint8Array => {
  const base = localGet(aLocal(random))
  switch (random(6)) {
    case 0:
      return concat([base, i32(distance(random)), op(Op.i32Add)])
    case 1:
      return concat([base, i32(distance(random)), op(Op.i32Sub)])
    case 2:
      return concat([i32(distance(random)), base, op(Op.i32Add)])
    case 3:
      return i32(random(BYTES))
    default:
      return base
  }
}

const store = (random: Random): Uint8Array => {
  const wide = random(2) === 0
  const value = wide ? i64(-1n) : i32(-1)
  const opcode = wide ? [0x37, 0x3c, 0x3d, 0x3e][random(4)]! : [0x36, 0x3a, 0x3b][random(3)]!
  // Sometimes the address waits on the stack while something is assigned, called or left.
  const between = [
    op(),
    concat([address(random), localSet(aLocal(random))]),
    concat([i32(random(2)), when(localGet(0), localSet(aLocal(random)))]),
    concat([localGet(0), call(1), localSet(aLocal(random))]),
    // A block with a result, which a branch may end too.
    concat([
      op(Op.block, ValueType.i32),
      address(random),
      localGet(aLocal(random)),
      i32(1),
      op(0x71), // i32.and
      branchIf(0),
      op(Op.end),
      localSet(aLocal(random)),
    ]),
  ][random(7)]
  return concat([address(random), between ?? op(), value, op(opcode, 0), unsigned(distance(random))])
}

const statement = (random: Random, depth: number): Uint8Array => {
  const inner = (): Uint8Array => statements(random, depth + 1)
  switch (depth < deepest ? random(16) : random(9)) {
    case 4:
      return concat([address(random), localSet(aLocal(random))])
    case 5:
      return concat([address(random), localTee(aLocal(random)), localSet(aLocal(random))])
    case 6:
      // Out of the blocks around, as many as there are.
      return concat([localGet(aLocal(random)), i32(1), op(0x71), branchIf(random(depth + 1))])
    case 7:
    case 8:
      return concat([op(Op.block, 0x40), inner(), op(Op.end)])
    case 9:
      return concat([
        localGet(aLocal(random)),
        i32(2),
        op(0x71), // i32.and
        op(Op.if, 0x40),
        inner(),
        op(Op.else),
        inner(),
        op(Op.end),
      ])
    case 10: {
      const left = counter(depth)
      return concat([
        i32(1 + random(3)),
        localSet(left),
        loop(
          inner(),
          localGet(left),
          i32(1),
          op(Op.i32Sub),
          localTee(left),
          i32(0),
          op(Op.i32GtS),
          branchIf(0),
        ),
      ])
    }
    case 11:
      return concat([op(Op.block, 0x40), inner(), branch(random(depth + 2)), op(Op.end)])
    case 12:
      return concat([
        op(Op.block, 0x40),
        inner(),
        localGet(aLocal(random)),
        i32(3),
        op(0x71), // i32.and
        op(Op.brTable, 3, random(depth + 2), random(depth + 2), random(depth + 2), random(depth + 2)),
        op(Op.end),
      ])
    case 13:
      return concat([localGet(aLocal(random)), i32(4), op(0x71), when(inner(), op(Op.return))])
    default:
      return store(random)
  }
}

const statements = (random: Random, depth: number): Uint8Array =>
  concat(Array.from({ length: 1 + random(6) }, () => statement(random, depth)))

/** A body without its locals. Loops that are started again from outside have their counters to end by, or the fuel. */
const code = (seed: number): Uint8Array => concat([statements(randomOf(seed), 0), op(Op.end)])

const localsOf = concat([unsigned(1), unsigned(variables + deepest + 1), op(ValueType.i32)])

const moduleOf = (body: Uint8Array): Uint8Array => {
  const sized = (bytes: Uint8Array): Uint8Array => concat([unsigned(bytes.length), bytes])
  const echo = concat([unsigned(0), localGet(0), op(Op.end)])
  return writeModule([
    {
      id: SectionId.type,
      body: concat([
        unsigned(2),
        op(0x60, 3, ValueType.i32, ValueType.i32, ValueType.i32, 0),
        op(0x60, 1, ValueType.i32, 1, ValueType.i32),
      ]),
    },
    { id: SectionId.function, body: op(2, 0, 1) },
    { id: SectionId.memory, body: op(1, 0, PAGES) },
    { id: SectionId.global, body: op(0) },
    {
      id: SectionId.export,
      body: concat([unsigned(2), name("memory"), op(2, 0), name("go"), op(0, 0)]),
    },
    { id: SectionId.code, body: concat([unsigned(2), sized(concat([localsOf, body])), sized(echo)]) },
  ])
}

const arities = {
  ofFunction: (index: number) =>
    index === 0 ? { parameters: 3, results: 0 } : { parameters: 1, results: 1 },
  ofType: () => ({ parameters: 3, results: 0 }),
}

const image = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true })
new Uint8Array(image.buffer).forEach((_, index, bytes) => (bytes[index] = (index % 251) + 1))

interface Exports {
  readonly memory: WasmMemory
  readonly "azr:marks": WasmMemory
  readonly go: (...values: ReadonlyArray<number>) => void
  readonly "set-fuel": (units: number) => void
  readonly [name: string]: unknown
}

/** How many bytes are not what they were, after the function ran with these arguments and the memory was cleaned. */
const leftBehind = (body: Uint8Array, values: ReadonlyArray<number>): number => {
  const metered = meter(moduleOf(body), { maximumPages: PAGES, maximumDepth: 10 })
  const exports = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(metered)))
    .exports as unknown as Exports
  const bytes = new Uint8Array(exports.memory.buffer)
  bytes.set(new Uint8Array(image.buffer))
  exports["set-fuel"](10_000)
  try {
    exports.go(...values)
  } catch {
    // A trap in the middle leaves as much to clean.
  }
  cleaner({ memory: exports.memory, marks: exports["azr:marks"], image })()
  const clean = new Uint8Array(image.buffer)
  return Buffer.compare(bytes, clean) === 0 ? 0 : bytes.filter((byte, index) => byte !== clean[index]).length
}

const countStores = (body: Uint8Array): { readonly stores: number; readonly covered: number } => {
  const whole = concat([localsOf, body])
  const covered = coveredStores(whole, localsOf.length, counter(deepest) + 1, arities, REACH).size
  const reader = new Reader(whole, localsOf.length)
  let stores = 0
  while (!reader.done) if (storedBy(readInstruction(reader).op) !== null) stores += 1
  return { stores, covered }
}

const write = (at: Uint8Array, offset = 0): Uint8Array =>
  concat([at, i32(-1), op(Op.i32Store, 0), unsigned(offset)])
const branches = (then: Uint8Array, otherwise: Uint8Array): Uint8Array =>
  concat([i32(1), op(Op.if, 0x40), then, op(Op.else), otherwise, op(Op.end)])
const coveredIn = (...parts: ReadonlyArray<Uint8Array>): number =>
  countStores(concat([...parts, op(Op.end)])).covered

describe("stores that need no mark of their own", () => {
  const seed = fc.integer()
  const value = fc.oneof(fc.integer({ min: 0, max: BYTES - 1 }), fc.integer({ min: 0, max: 3 * REACH }))
  const values = fc.tuple(value, value, value)

  it("are undone with those that are marked", () => {
    fc.assert(
      fc.property(seed, values, (of, given) => {
        assert.strictEqual(leftBehind(code(of), given), 0, `seed ${of}`)
      }),
      { numRuns: 1000 },
    )
  }, 120_000)

  it("are many, and never the first", () => {
    let [stores, covered] = [0, 0]
    for (let of = 0; of < 500; of++) {
      const counted = countStores(code(of))
      assert.isBelow(counted.covered, Math.max(1, counted.stores))
      stores += counted.stores
      covered += counted.covered
    }
    assert.isAbove(covered / stores, 0.05)
  })

  it("end where something might have gone past the mark, or the value is another", () => {
    const first = localGet(0)
    assert.strictEqual(coveredIn(write(first), write(first, REACH - 4)), 1)
    assert.strictEqual(coveredIn(write(first), write(first, REACH - 3)), 0)
    assert.strictEqual(coveredIn(write(first, REACH), write(first)), 1)
    assert.strictEqual(coveredIn(write(first, REACH + 1), write(first)), 0)
    assert.strictEqual(coveredIn(i32(1), when(write(first)), write(first)), 0)
    assert.strictEqual(coveredIn(write(first), i32(1), when(write(first))), 1)
    assert.strictEqual(coveredIn(write(first), localGet(1), localSet(0), write(first)), 0)
    assert.strictEqual(coveredIn(write(first), localGet(0), localSet(1), write(localGet(1))), 1)
    assert.strictEqual(coveredIn(write(first), i32(1), when(localGet(1), localSet(0)), write(first)), 0)
    assert.strictEqual(coveredIn(write(first), loop(write(first), localGet(1), localSet(0))), 0)
    assert.strictEqual(coveredIn(write(first), loop(write(first), localGet(1), localSet(2))), 1)
    const sometimes = [i32(1), when(localGet(1), localSet(0))]
    assert.strictEqual(coveredIn(write(first), loop(write(first), ...sometimes)), 0)
    assert.strictEqual(coveredIn(branches(write(first), write(first))), 0)
  })

  it("go on where every way has made the mark, with the value that all ways have", () => {
    const first = localGet(0)
    const block = (...parts: ReadonlyArray<Uint8Array>): Uint8Array =>
      concat([op(Op.block, 0x40), ...parts, op(Op.end)])
    const leaves = concat([i32(1), branchIf(0)])
    assert.strictEqual(coveredIn(block(write(first)), write(first)), 1)
    assert.strictEqual(coveredIn(block(leaves, write(first)), write(first)), 0)
    assert.strictEqual(coveredIn(block(write(first), leaves, write(localGet(1))), write(first)), 1)
    assert.strictEqual(coveredIn(block(write(first), leaves, write(localGet(1))), write(localGet(1))), 0)
    // A branch out of an inner block, past what that block has marked.
    assert.strictEqual(coveredIn(block(block(i32(1), branchIf(1)), write(first)), write(first)), 0)
    assert.strictEqual(
      coveredIn(block(block(leaves, write(first), i32(1), branchIf(1))), write(first)),
      0,
      "the inner block's mark is known at the branch, but not at the other way to the end",
    )
    assert.strictEqual(coveredIn(loop(write(first)), write(first)), 1)
    assert.strictEqual(coveredIn(loop(localGet(1), localSet(0), write(first)), write(first)), 1)
    assert.strictEqual(coveredIn(loop(write(first), localGet(1), localSet(0)), write(first)), 0)
    assert.strictEqual(coveredIn(branches(op(Op.return), write(first)), write(first)), 1)
    assert.strictEqual(coveredIn(branches(write(first), op(Op.unreachable)), write(first)), 1)
    assert.strictEqual(coveredIn(branches(branch(0), write(first)), write(first)), 0)
    const same = concat([localGet(1), localSet(0)])
    assert.strictEqual(coveredIn(write(localGet(1)), branches(same, same), write(first)), 1)
    assert.strictEqual(coveredIn(write(localGet(1)), branches(same, op()), write(first)), 0)
    // The address waits while a block has a result.
    const value = concat([op(Op.block, ValueType.i32), i32(1), op(Op.end)])
    const waiting = concat([first, value, op(Op.i32Store, 0), unsigned(0)])
    assert.strictEqual(coveredIn(write(first), waiting), 1)
  })
})
