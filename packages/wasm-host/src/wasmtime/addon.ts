/** The native addon (`native/`): where it is, what it offers, and whether it belongs to this version. */
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import type { Call, CallResult } from "../Call.ts"
import { sourceDigest } from "./sourceDigest.ts"

/** What `native/src/lib.rs` exports. */
export interface Addon {
  readonly identify: () => Identity
  /** Compiles a core module to native code for this machine. */
  readonly compile: (module: Uint8Array) => Promise<Uint8Array>
  /** Loads what `compile` returned, unchanged: anything else is undefined behaviour. */
  readonly load: (code: Uint8Array) => Promise<NativeImage>
  readonly Worker: new (names: ReadonlyArray<string>, images: ReadonlyArray<NativeImage>) => NativeWorker
}

export interface Identity {
  /** Version of the package that the addon was built from. */
  readonly version: string
  readonly protocol: number
  /** `sourceDigest` of what it was built from; addons before protocol 2 do not say. */
  readonly sources?: string
  readonly wasmtime: string
  /** Equal for addons that can run each other's compiled code. */
  readonly compatibility: string
}

/** Opaque. */
export interface NativeImage {
  readonly _nativeImage: never
}

export interface NativeWorker {
  readonly run: (batch: ReadonlyArray<Call>) => Promise<ReadonlyArray<CallResult>>
  readonly progress: number
  readonly stop: () => void
}

export type WasmtimeStatus =
  | { readonly available: true; readonly version: string }
  | { readonly available: false; readonly reason: string; readonly hint: string }

export interface UsableAddon {
  readonly available: true
  readonly addon: Addon
  readonly identity: Identity
}

type LoadedAddon = UsableAddon | Extract<WasmtimeStatus, { available: false }>

/** Changes with what the addon exports, there and here. */
const PROTOCOL = 3

const require = createRequire(import.meta.url)
const { version: packageVersion } = require("../../package.json") as { readonly version: string }

/** Named for what it runs on, because a checkout may be shared between machines. */
export const addonFile: URL = new URL(
  `../../native/dist/azr_wasmtime.${process.platform}-${process.arch}.node`,
  import.meta.url,
)

/** Of this checkout; null in an installed package, which ships neither the addon nor what it is built from. */
const sources = sourceDigest(new URL("../../native/", import.meta.url))

const hint =
  sources === null
    ? "Choose the v8 host; this one can be built in a checkout of the repository only."
    : "Install Rust (https://rustup.rs) and run `npm run build:native`, or choose the v8 host."

/** Loads the addon, or says why not. Node loads a file once, so asking again costs little. */
export const loadAddon = (file: URL = addonFile): LoadedAddon => {
  const refuse = (reason: string): LoadedAddon => ({ available: false, reason, hint })
  if (!existsSync(file)) return refuse("its native addon is not built on this machine")
  try {
    const addon = require(fileURLToPath(file)) as Addon
    const identity = addon.identify()
    if (identity.version !== packageVersion || identity.protocol !== PROTOCOL) {
      return refuse(
        `its native addon was built for version ${identity.version} (protocol ${identity.protocol}), ` +
          `this is ${packageVersion} (protocol ${PROTOCOL})`,
      )
    }
    if (sources !== null && identity.sources !== sources)
      return refuse("its native addon was built from other sources than those in native/")
    return { available: true, addon, identity }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return refuse(`its native addon cannot be loaded: ${message.replaceAll(fileURLToPath(file), "the file")}`)
  }
}

/** Whether the `wasmtime` host works here, with the version of wasmtime, or why not and what to do. */
export const wasmtimeStatus = (): WasmtimeStatus => {
  const loaded = loadAddon()
  return loaded.available ? { available: true, version: loaded.identity.wasmtime } : loaded
}
