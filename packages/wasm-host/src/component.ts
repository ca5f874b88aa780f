/** From a committed component file to the core module in it. */
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { promisify } from "node:util"
import { brotliDecompress } from "node:zlib"
import { readSections } from "./wasm/binary.ts"

/** A component as a package ships it: compressed with brotli, known by the digest of the uncompressed bytes. */
export interface ComponentFile {
  readonly url: URL
  /** Lowercase hexadecimal SHA-256 of the component. */
  readonly sha256: string
}

const decompress = promisify(brotliDecompress)

/** Reads, decompresses and checks a component file. Rejects with an Error that says what is wrong. */
export const readComponent = async ({ url, sha256 }: ComponentFile): Promise<Uint8Array> => {
  const component = await decompress(await readFile(url))
  const digest = createHash("sha256").update(component).digest("hex")
  if (digest !== sha256) throw new Error(`SHA-256 is ${digest}, expected ${sha256}`)
  return component
}

const COMPONENT_HEADER = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00]
const CORE_MODULE_SECTION = 1

/** The single core module of a flat component. */
export const extractCoreModule = (component: Uint8Array): Uint8Array<ArrayBuffer> => {
  if (!COMPONENT_HEADER.every((byte, index) => component[index] === byte))
    throw new Error("not a WebAssembly component")
  const modules = readSections(component).filter(({ id }) => id === CORE_MODULE_SECTION)
  const [module, ...others] = modules
  if (module === undefined || others.length > 0) {
    throw new Error(`the component has ${modules.length} core modules instead of one`)
  }
  return new Uint8Array(module.body)
}
