/**
 * A module in place of functions that only code behind a trap calls: it exports each of them, and each one
 * traps.
 */
import { op } from "../wasm/assembler.ts"
import { concat, name, Reader, readSections, SectionId, unsigned, writeModule } from "../wasm/binary.ts"
import { Op } from "../wasm/instructions.ts"

const FUNCTION_EXPORT = 0

/**
 * `types[i]` is the index, in the type section of `importer`, of the type of the function exported as
 * `String(i)`.
 */
export const trapModule = (importer: Uint8Array, types: ReadonlyArray<number>): Uint8Array => {
  const typeSection = readSections(importer).find(({ id }) => id === SectionId.type)
  if (typeSection === undefined) throw new Error("flatten: a module imports functions but has no types")
  const vector = (items: ReadonlyArray<Uint8Array>): Uint8Array => concat([unsigned(items.length), ...items])
  const body = concat([unsigned(0), op(Op.unreachable, Op.end)])
  const code = concat([unsigned(body.length), body])
  const exported = types.map((_, index) =>
    concat([name(String(index)), op(FUNCTION_EXPORT), unsigned(index)]),
  )
  return writeModule([
    typeSection,
    { id: SectionId.function, body: vector(types.map(unsigned)) },
    { id: SectionId.export, body: vector(exported) },
    { id: SectionId.code, body: vector(types.map(() => code)) },
  ])
}

/** For each import of a module the index of its type, or null where it is no function. */
export const importedTypes = (module: Uint8Array): ReadonlyArray<number | null> => {
  const section = readSections(module).find(({ id }) => id === SectionId.import)
  if (section === undefined) return []
  const reader = new Reader(section.body)
  return Array.from({ length: reader.unsigned() }, () => {
    reader.take(reader.unsigned())
    reader.take(reader.unsigned())
    return readDescription(reader)
  })
}

/** Reads past an import's description; the type index of a function, else null. */
export const readDescription = (reader: Reader): number | null => {
  const kind = reader.byte()
  if (kind === 0) return reader.unsigned()
  if (kind === 1) {
    reader.byte()
    skipLimits(reader)
  } else if (kind === 2) skipLimits(reader)
  else if (kind === 3) reader.take(2)
  else throw new Error(`flatten: import of kind ${kind}`)
  return null
}

const skipLimits = (reader: Reader): void => {
  const flags = reader.unsigned()
  reader.skipNumber()
  if ((flags & 1) !== 0) reader.skipNumber()
}
