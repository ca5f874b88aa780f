import { Reader, readSections, SectionId } from "../wasm/binary.ts"
import { Op, readInstruction } from "../wasm/instructions.ts"

/** For each global of a global section, whether it is mutable. */
export const readMutability = (body: Uint8Array): ReadonlyArray<boolean> => {
  const reader = new Reader(body)
  return Array.from({ length: reader.unsigned() }, () => {
    reader.byte()
    const mutable = reader.byte() === 1
    while (readInstruction(reader).op !== Op.end);
    return mutable
  })
}

/** Indices of the mutable globals that a module defines. */
export const mutableGlobals = (module: Uint8Array): ReadonlyArray<number> => {
  const section = readSections(module).find(({ id }) => id === SectionId.global)
  if (section === undefined) return []
  return readMutability(section.body).flatMap((mutable, index) => (mutable ? [index] : []))
}
