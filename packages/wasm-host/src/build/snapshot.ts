/**
 * Freezes a running core module: its memory and mutable globals become the initial state of a new module that has no
 * start function. An instance of that module *is* the image, byte for byte, without running anything.
 */
import { type WasmMemory, WebAssembly } from "../webAssembly.ts"
import {
  concat,
  name,
  Reader,
  readSections,
  type Section,
  SectionId,
  signed,
  unsigned,
  writeModule,
} from "../wasm/binary.ts"
import { mutableGlobals } from "./globals.ts"
import { Op, readInstruction, ValueType } from "../wasm/instructions.ts"

export interface State {
  readonly memory: Uint8Array
  /** Values of the mutable globals in order of definition. */
  readonly mutableGlobals: ReadonlyArray<number | bigint>
}

/** Zero runs at least this long separate two data segments; a segment costs about as many bytes. */
const SHORTEST_GAP = 16
const PAGE_BYTES = 65_536

const GLOBAL_EXPORT = 3
const globalName = (position: number): string => `azr:state:${position}`

/** `module` with its mutable globals exported, for `takeState`. `freeze` takes the exports away again. */
export const exposeState = (module: Uint8Array): Uint8Array => {
  const added = mutableGlobals(module).map((index, position) =>
    concat([name(globalName(position)), Uint8Array.of(GLOBAL_EXPORT), unsigned(index)]),
  )
  return writeModule(
    readSections(module).map((section): Section => {
      if (section.id !== SectionId.export) return section
      const reader = new Reader(section.body)
      const count = reader.unsigned() + added.length
      return {
        id: section.id,
        body: concat([unsigned(count), section.body.subarray(reader.position), ...added]),
      }
    }),
  )
}

/** The state of an instance of what `exposeState` returned. Its memory must be exported as `memory`. */
export const takeState = (exports: Record<string, unknown>): State => {
  const mutableGlobals: Array<number | bigint> = []
  for (let position = 0; ; position++) {
    const global = exports[globalName(position)]
    if (!(global instanceof WebAssembly.Global)) break
    mutableGlobals.push(global.value)
  }
  return { memory: new Uint8Array((exports["memory"] as WasmMemory).buffer), mutableGlobals }
}

/** A module with `state` as its initial state, from what `exposeState` returned. Its memory keeps its maximum. */
export const freeze = (module: Uint8Array, state: State): Uint8Array => {
  const sections: Array<Section> = []
  for (const section of readSections(module)) {
    switch (section.id) {
      case SectionId.start:
      case SectionId.data:
      case SectionId.dataCount:
      case SectionId.custom:
        continue
      case SectionId.memory:
        sections.push({ id: section.id, body: resized(section.body, state.memory.length / PAGE_BYTES) })
        continue
      case SectionId.export:
        sections.push({ id: section.id, body: withoutState(section.body) })
        continue
      case SectionId.global:
        sections.push({ id: section.id, body: reinitialised(section.body, state.mutableGlobals) })
        continue
      default:
        sections.push(section)
    }
  }
  sections.push({ id: SectionId.data, body: dataSection(state.memory) })
  return writeModule(sections)
}

const resized = (body: Uint8Array, pages: number): Uint8Array => {
  const reader = new Reader(body)
  if (reader.unsigned() !== 1) throw new Error("snapshot: the module must have exactly one memory")
  const flags = reader.unsigned()
  reader.unsigned()
  return concat([unsigned(1), unsigned(flags), unsigned(pages), reader.take(body.length - reader.position)])
}

/** An export section without what `exposeState` added at its end. */
const withoutState = (body: Uint8Array): Uint8Array => {
  const reader = new Reader(body)
  const kept: Array<Uint8Array> = []
  for (let count = reader.unsigned(); count > 0; count--) {
    const start = reader.position
    const label = new TextDecoder().decode(reader.take(reader.unsigned()))
    reader.byte()
    reader.skipNumber()
    if (!label.startsWith(globalName(0).slice(0, -1))) kept.push(body.subarray(start, reader.position))
  }
  return concat([unsigned(kept.length), ...kept])
}

const reinitialised = (body: Uint8Array, values: ReadonlyArray<number | bigint>): Uint8Array => {
  const reader = new Reader(body)
  const parts: Array<Uint8Array> = []
  const count = reader.unsigned()
  let next = 0
  for (let index = 0; index < count; index++) {
    const start = reader.position
    const type = reader.byte()
    const mutable = reader.byte() === 1
    while (readInstruction(reader).op !== Op.end);
    if (!mutable) {
      parts.push(body.subarray(start, reader.position))
      continue
    }
    if (type !== ValueType.i32 && type !== ValueType.i64)
      throw new Error(`snapshot: global ${index} is no integer`)
    const value = values[next++]
    if (value === undefined) throw new Error("snapshot: fewer values than mutable globals")
    const constant = type === ValueType.i32 ? Op.i32Const : Op.i64Const
    parts.push(Uint8Array.of(type, 1, constant), signed(BigInt(value)), Uint8Array.of(Op.end))
  }
  if (next !== values.length) throw new Error("snapshot: more values than mutable globals")
  return concat([unsigned(count), ...parts])
}

const dataSection = (memory: Uint8Array): Uint8Array => {
  const parts: Array<Uint8Array> = []
  let count = 0
  for (const [start, end] of nonZeroRuns(memory)) {
    count += 1
    parts.push(
      Uint8Array.of(0x00, Op.i32Const),
      signed(BigInt(start)),
      Uint8Array.of(Op.end),
      unsigned(end - start),
      memory.subarray(start, end),
    )
  }
  return concat([unsigned(count), ...parts])
}

function* nonZeroRuns(memory: Uint8Array): Generator<readonly [start: number, end: number]> {
  let start = -1
  let lastNonZero = -1
  for (let index = 0; index < memory.length; index++) {
    if (memory[index] === 0) continue
    if (start >= 0 && index - lastNonZero > SHORTEST_GAP) {
      yield [start, lastNonZero + 1]
      start = index
    } else if (start < 0) {
      start = index
    }
    lastNonZero = index
  }
  if (start >= 0) yield [start, lastNonZero + 1]
}
