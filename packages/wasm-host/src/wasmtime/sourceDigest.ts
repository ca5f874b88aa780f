/** Which sources a native addon belongs to: what the build tells the addon, and the loader compares. */
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync } from "node:fs"

/** SHA-256, lowercase hexadecimal, of the names and contents of a crate's own files; null when they are not there. */
export const sourceDigest = (crate: URL): string | null => {
  const source = new URL("src/", crate)
  if (!existsSync(source)) return null
  const code = readdirSync(source).map((name) => `src/${name}`)
  const hash = createHash("sha256")
  for (const name of ["Cargo.toml", "build.rs", "pinned.lock", ...code].sort()) {
    const content = readFileSync(new URL(name, crate))
    hash.update(`${name} ${content.length}\n`).update(content)
  }
  return hash.digest("hex")
}
