/**
 * Wraps a core module as a component of world `azr:executor/executor` and writes it as a package ships it.
 */
import { createHash } from "node:crypto"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { brotliCompress, constants } from "node:zlib"
import type { Linker } from "./tools.ts"

const compress = promisify(brotliCompress)
const LARGEST_WINDOW = 24
const wit = fileURLToPath(new URL("../../wit/executor.wit", import.meta.url))

/** An image of an executor as `digests.json` lists it. */
export interface PackedImage {
  readonly file: string
  /** Of the component, uncompressed. */
  readonly sha256: string
  readonly bytes: number
  readonly compressedBytes: number
}

/** Writes `<artifacts>/<file>`. */
export const packComponent = async (
  core: Uint8Array,
  {
    artifacts,
    file,
    tools,
  }: {
    readonly artifacts: string
    readonly file: string
    readonly tools: Linker
  },
): Promise<PackedImage> => {
  const component = await tools.wrap(core, await readFile(wit, "utf8"), "executor")
  const compressed = await compress(component, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: LARGEST_WINDOW,
      [constants.BROTLI_PARAM_SIZE_HINT]: component.length,
    },
  })
  await writeFile(join(artifacts, file), compressed)
  return {
    file,
    sha256: createHash("sha256").update(component).digest("hex"),
    bytes: component.length,
    compressedBytes: compressed.length,
  }
}
