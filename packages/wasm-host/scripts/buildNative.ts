/**
 * Builds the addon of the wasmtime host for this machine: `npm run build:native`. Needs cargo; takes some minutes.
 *
 * Every crate is pinned by `native/pinned.lock`, which is cargo's lock file without the address of the registry: cargo
 * adds its own. `npm run build:native -- --update` pins what `Cargo.toml` resolves to now.
 */
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { addonFile, wasmtimeStatus } from "../src/wasmtime/addon.ts"
import { sourceDigest } from "../src/wasmtime/sourceDigest.ts"

const crate = new URL("../native/", import.meta.url)
const library = new URL(
  `target/release/libazr_wasmtime.${process.platform === "darwin" ? "dylib" : "so"}`,
  crate,
)

const fail = (text: string): never => {
  process.stderr.write(`build:native: ${text}\n`)
  process.exit(1)
}

const cargo = (...args: ReadonlyArray<string>): void => {
  // The addon reports the digest, and is refused once these files are others.
  const env = { ...process.env, AZR_SOURCE_DIGEST: sourceDigest(crate) ?? "" }
  const { error, status } = spawnSync("cargo", args, { cwd: fileURLToPath(crate), env, stdio: "inherit" })
  if (error !== undefined) fail(`cargo cannot be run (${error.message}); get Rust from https://rustup.rs`)
  if (status !== 0) fail(`cargo ${args[0]} failed`)
}

const lock = new URL("Cargo.lock", crate)
const pinned = new URL("pinned.lock", crate)
const sources = /^source = .*\n/gmu

/** What cargo would resolve today; its lock file knows what this machine calls the registry. */
cargo("generate-lockfile")
const resolved = readFileSync(lock, "utf8")
if (process.argv.includes("--update")) {
  const [header = ""] = readFileSync(pinned, "utf8").split(/^version/mu)
  const body = resolved.slice(resolved.search(/^version/mu))
  writeFileSync(pinned, header + body.replaceAll(sources, ""))
} else {
  const source = resolved.match(sources)?.[0] ?? fail("cargo knows no registry")
  writeFileSync(lock, readFileSync(pinned, "utf8").replaceAll(/^checksum = /gmu, `${source}checksum = `))
}
cargo("build", "--release", "--locked", "--target-dir", "target")

// Renamed into place: a process that runs the old one keeps it.
mkdirSync(new URL(".", addonFile), { recursive: true })
const temporary = new URL(`${addonFile.href}.new`)
copyFileSync(library, temporary)
renameSync(temporary, addonFile)

const wasmtime = wasmtimeStatus()
if (!wasmtime.available) fail(wasmtime.reason)
else process.stdout.write(`The wasmtime host works: wasmtime ${wasmtime.version}\n`)
