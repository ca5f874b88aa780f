/**
 * Compiled code on disk, for it takes seconds to make. It is native code, so nothing is taken from there that somebody
 * else could have written or that is not byte for byte what was stored. A cache that cannot be written to is no fault.
 */
import { webcrypto } from "node:crypto"
import { mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { isAbsolute, join } from "node:path"

const OTHERS_MAY_WRITE = 0o022
/** Code that no process asked for in so long belongs to an artifact or an addon of the past. */
const UNUSED_MILLISECONDS = 30 * 24 * 60 * 60 * 1000

/** Our folder among the user's caches. */
export const cacheFolder = (
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string => {
  const { AZR_CACHE_DIR: chosen, XDG_CACHE_HOME: caches } = environment
  if (chosen) return join(chosen, "wasmtime")
  if (caches && isAbsolute(caches)) return join(caches, "azr", "wasmtime")
  const usual = platform === "darwin" ? ["Library", "Caches"] : [".cache"]
  return join(homedir(), ...usual, "azr", "wasmtime")
}

export class CodeCache {
  private readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** What was stored under a name (a file's, on any system); null when it is not there or not to be trusted. */
  async read(name: string): Promise<Uint8Array | null> {
    try {
      const stored = await readPrivate(join(this.folder, name))
      const code = stored?.subarray(headerLength(name)) ?? null
      if (stored === null || code === null) return null
      if (!stored.subarray(0, headerLength(name)).equals(await header(name, code))) return null
      await utimes(join(this.folder, name), new Date(), new Date())
      return code
    } catch {
      return null
    }
  }

  async write(name: string, code: Uint8Array): Promise<void> {
    const temporary = join(this.folder, `${name}.${process.pid}-${performance.now()}`)
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 })
      await writeFile(temporary, [await header(name, code), code], { flag: "wx", mode: 0o600 })
      await rename(temporary, join(this.folder, name))
      await this.removeUnused()
    } catch {
      await rm(temporary, { force: true }).catch(() => {})
    }
  }

  private async removeUnused(): Promise<void> {
    const oldest = Date.now() - UNUSED_MILLISECONDS
    for (const name of await readdir(this.folder)) {
      const path = join(this.folder, name)
      const { mtimeMs } = await stat(path)
      if (mtimeMs < oldest) await rm(path, { force: true })
    }
  }
}

/** A file that is the user's own and that nobody else can write to; null when it is not. */
const readPrivate = async (path: string): Promise<Buffer | null> => {
  const file = await open(path, "r")
  try {
    const { mode, uid } = await file.stat()
    return uid === process.getuid?.() && (mode & OTHERS_MAY_WRITE) === 0 ? await file.readFile() : null
  } finally {
    await file.close()
  }
}

const DIGEST_LENGTH = 64
const headerLength = (name: string): number => name.length + " ".length + DIGEST_LENGTH + "\n".length

/** The first line of a file. It holds the name too, so that one file cannot be put in the place of another. */
const header = async (name: string, code: Uint8Array): Promise<Buffer> => {
  const digest = Buffer.from(await webcrypto.subtle.digest("SHA-256", code)).toString("hex")
  return Buffer.from(`${name} ${digest}\n`)
}
