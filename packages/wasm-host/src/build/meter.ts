/**
 * Makes a core module count its own work and remember what it wrote. The result behaves the same on every host.
 *
 * Fuel. Every function entry and every loop head takes the number of instructions of that function or loop
 * (those of inner loops excluded, at most 64) from a 64-bit global and traps when it is below zero. Without the
 * cap the loop of a bytecode interpreter would charge all of its thousands of cases for each bytecode: over 23
 * kinds of Python programs the time that a unit stands for varies by a factor of 4 with the cap and of 460
 * without. `memory.copy` and `memory.fill` take one unit for 16 bytes and `memory.grow` as if it cleared the
 * pages, so that work inside them is not free.
 *
 * Memory. The module gets all its pages from the start, zeroed, and `memory.size` and `memory.grow` become
 * arithmetic on a global: the program sees an ordinary growing memory, and a host can take a grown memory back.
 *
 * Depth. Every cycle of calls passes through an indirect call or through a direct call inside one strongly
 * connected component of the call graph. Those calls count how deep they are nested and trap beyond
 * `maximumDepth`, so that endless recursion ends at the same point everywhere, long before a host's native
 * stack does (whose frames differ by host and by compiler tier).
 *
 * Written blocks. Before a store the number of its block (512 bytes) is marked in a second memory, out of reach of the
 * program. A host restores the marked blocks and `REACH` bytes on either side of each, so that a store close to one that
 * has marked its block needs no mark (`coveredStores.ts`).
 */
import { BLOCK_SHIFT } from "../cleaner.ts"
import { i32, i64, op } from "../wasm/assembler.ts"
import {
  concat,
  name,
  Reader,
  readSections,
  type Section,
  SectionId,
  unsigned,
  writeModule,
} from "../wasm/binary.ts"
import { directCalls, stronglyConnected } from "./callGraph.ts"
import type { Arity } from "./coveredStores.ts"
import { readMutability } from "./globals.ts"
import { Op, ValueType } from "../wasm/instructions.ts"
import { type Added, meterFunction } from "./meterFunction.ts"
import { supportFunctions } from "./supportFunctions.ts"

export interface MeterOptions {
  /** Most memory the program can have, in pages of 64 KiB. */
  readonly maximumPages: number
  /** Most nested calls that can be part of a recursion. */
  readonly maximumDepth: number
  /** Most units that one function entry or loop iteration takes; 64 unless given. */
  readonly maximumStep?: number
}

const MAXIMUM_STEP = 64

/** One byte for each block that a 32-bit address can name, so that marking a store never traps; in pages of 64 KiB. */
const MARK_PAGES = 2 ** (32 - BLOCK_SHIFT - 16)
/** Enough for whatever runs before the host sets the fuel. */
const INITIAL_FUEL = 2n ** 62n

/** The metered module. `module` must have one memory and neither imports nor a start function. */
export const meter = (
  module: Uint8Array,
  { maximumDepth, maximumPages, maximumStep = MAXIMUM_STEP }: MeterOptions,
): Uint8Array => {
  const sections = readSections(module)
  const body = (id: number): Uint8Array => sections.find((section) => section.id === id)?.body ?? unsigned(0)
  if (countOf(body(SectionId.import)) !== 0) throw new Error("meter: the module has imports")
  if (sections.some(({ id }) => id === SectionId.start))
    throw new Error("meter: the module has a start function")
  const initialPages = readInitialPages(body(SectionId.memory), maximumPages)
  const types = countOf(body(SectionId.type))
  const functions = countOf(body(SectionId.function))
  const mutability = readMutability(body(SectionId.global))
  const added: Added = {
    maximumStep,
    fuel: mutability.length,
    pages: mutability.length + 1,
    refused: mutability.length + 2,
    depth: mutability.length + 3,
    mark: functions,
    copy: functions + 1,
    fill: functions + 2,
    grow: functions + 3,
  }
  const support = supportFunctions(added, maximumPages)
  const restored = mutability.flatMap((mutable, index) => (mutable ? [index] : []))
  const additions = new Map<number, ReadonlyArray<Uint8Array>>([
    [SectionId.type, support.map(({ type }) => type)],
    [SectionId.function, support.map((_, index) => unsigned(types + index))],
    [
      SectionId.global,
      [
        mutableGlobal(ValueType.i64, i64(INITIAL_FUEL)),
        mutableGlobal(ValueType.i32, i32(initialPages)),
        mutableGlobal(ValueType.i32, i32(0)),
        mutableGlobal(ValueType.i32, i32(maximumDepth)),
      ],
    ],
    [
      SectionId.export,
      [
        ...restored.map((index, position) => exported(`azr:global:${position}`, Kind.global, index)),
        exported("azr:pages", Kind.global, added.pages),
        exported("azr:refused", Kind.global, added.refused),
        exported("azr:depth", Kind.global, added.depth),
        exported("azr:marks", Kind.memory, 1),
        exported("set-fuel", Kind.function, functions + support.length - 2),
        exported("fuel-left", Kind.function, functions + support.length - 1),
      ],
    ],
    [SectionId.code, support.map(({ code }) => code)],
  ])
  return writeModule(
    sections.map(({ id, body: original }): Section => {
      if (id === SectionId.memory) {
        return { id, body: concat([unsigned(2), fixedSize(maximumPages), fixedSize(MARK_PAGES)]) }
      }
      const changed = id === SectionId.code ? meterCode(original, body, added) : original
      return { id, body: append(changed, additions.get(id) ?? []) }
    }),
  )
}

const meterCode = (code: Uint8Array, body: (id: number) => Uint8Array, added: Added): Uint8Array => {
  const types = readTypes(body(SectionId.type))
  const functions = readFunctions(body(SectionId.function))
  const ofType = (index: number): Arity => {
    const arity = types[index]
    if (arity === undefined) throw new Error(`meter: there is no type ${index}`)
    return arity
  }
  const ofFunction = (index: number): Arity => ofType(functions[index] ?? -1)
  const reader = new Reader(code)
  const bodies = Array.from({ length: reader.unsigned() }, () => reader.take(reader.unsigned()))
  const component = stronglyConnected(bodies.map(directCalls))
  const parts: Array<Uint8Array> = [unsigned(bodies.length)]
  for (const [index, original] of bodies.entries()) {
    const recursive = (callee: number): boolean => component[callee] === component[index]
    const { parameters } = ofFunction(index)
    const metered = meterFunction(original, parameters, recursive, { ofFunction, ofType }, added)
    parts.push(unsigned(metered.length), metered)
  }
  return concat(parts)
}

const FUNCTION_TYPE = 0x60

const readTypes = (body: Uint8Array): ReadonlyArray<Arity> => {
  const reader = new Reader(body)
  const count = (): number => reader.take(reader.unsigned()).length
  return Array.from({ length: reader.unsigned() }, () => {
    if (reader.byte() !== FUNCTION_TYPE) throw new Error("meter: a type is not a function type")
    return { parameters: count(), results: count() }
  })
}

/** The type of each function. */
const readFunctions = (body: Uint8Array): ReadonlyArray<number> => {
  const reader = new Reader(body)
  return Array.from({ length: reader.unsigned() }, () => reader.unsigned())
}

const readInitialPages = (body: Uint8Array, maximumPages: number): number => {
  const reader = new Reader(body)
  if (reader.unsigned() !== 1) throw new Error("meter: the module must have exactly one memory")
  reader.unsigned()
  const pages = reader.unsigned()
  if (pages > maximumPages) {
    throw new Error(`meter: the module starts with ${pages} pages, more than ${maximumPages}`)
  }
  return pages
}

const countOf = (body: Uint8Array): number => new Reader(body).unsigned()

/** A vector with `items` added at its end. */
const append = (body: Uint8Array, items: ReadonlyArray<Uint8Array>): Uint8Array => {
  if (items.length === 0) return body
  const reader = new Reader(body)
  const count = reader.unsigned()
  return concat([unsigned(count + items.length), body.subarray(reader.position), ...items])
}

const mutableGlobal = (type: ValueType, initial: Uint8Array): Uint8Array =>
  concat([op(type, 1), initial, op(Op.end)])

const fixedSize = (pages: number): Uint8Array => concat([unsigned(1), unsigned(pages), unsigned(pages)])

const Kind = { function: 0, memory: 2, global: 3 } as const

const exported = (label: string, kind: number, index: number): Uint8Array =>
  concat([name(label), op(kind), unsigned(index)])
