/** The test guest, metered and wrapped: the real tools on a program of a few lines. */
import { createHash } from "node:crypto"
import { mkdtemp, readFile, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { brotliCompressSync } from "node:zlib"
import asc from "assemblyscript/asc"
import { concat, exposeState, freeze, meter, takeState, unsigned } from "../src/build/index.ts"
import type { ComponentFile } from "../src/component.ts"
import { WebAssembly } from "../src/webAssembly.ts"

export const MAXIMUM_PAGES = 64
export const MAXIMUM_DEPTH = 1000

/** The guest as its compiler leaves it. */
export const compileGuest = async (): Promise<Uint8Array> => {
  const source = await readFile(new URL("assembly/guest.ts", import.meta.url), "utf8")
  let binary: Uint8Array | null = null
  const { error, stderr } = await asc.main(
    [
      "guest.ts",
      "--outFile",
      "guest.wasm",
      "--runtime",
      "stub",
      "--use",
      "abort=",
      "--initialMemory",
      "8",
      "-O1",
    ],
    {
      readFile: (name) => (name === "guest.ts" ? source : null),
      writeFile: (_, content) => {
        binary = content as Uint8Array
      },
      listFiles: () => [],
    },
  )
  if (error !== null || binary === null) throw new Error(stderr.toString())
  return binary
}

export const meterGuest = async (): Promise<Uint8Array<ArrayBuffer>> => {
  const exposed = new Uint8Array(exposeState(await compileGuest()))
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(exposed))
  const limits = { maximumPages: MAXIMUM_PAGES, maximumDepth: MAXIMUM_DEPTH }
  return new Uint8Array(meter(freeze(exposed, takeState(exports)), limits))
}

const COMPONENT_HEADER = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00)

/** A component file around a core module. Hosts read no more of it than that. */
export const writeComponent = async (core: Uint8Array): Promise<ComponentFile> => {
  const component = concat([COMPONENT_HEADER, Uint8Array.of(1), unsigned(core.length), core])
  const path = join(await mkdtemp(join(tmpdir(), "azr-guest-")), "guest.wasm.br")
  await writeFile(path, brotliCompressSync(component))
  return { url: pathToFileURL(path), sha256: createHash("sha256").update(component).digest("hex") }
}
