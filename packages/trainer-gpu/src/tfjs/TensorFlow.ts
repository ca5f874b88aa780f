/**
 * TensorFlow.js in three flavours, loaded when asked for: none is a dependency that everybody installs.
 *
 * | flavour | package | runs on |
 * |---|---|---|
 * | `tfjs-cuda` | `@tensorflow/tfjs-node-gpu` | libtensorflow, an NVIDIA GPU |
 * | `tfjs-node` | `@tensorflow/tfjs-node` | libtensorflow, the CPU |
 * | `tfjs-js` | `@tensorflow/tfjs-core`, `-backend-cpu` | plain JavaScript: slow, runs everywhere, checks the others |
 *
 * All flavours of one process share TensorFlow.js's global registry, whatever copies of the library they bring, so a
 * process takes one flavour and stays with it.
 */
import { createRequire } from "node:module"

export type TensorFlow = typeof import("@tensorflow/tfjs-core")

export type Flavour = "tfjs-cuda" | "tfjs-node" | "tfjs-js"

/** The release of every package above; the last one that has native bindings. */
export const TFJS_VERSION = "4.22.0"

export const nativePackages = {
  "tfjs-cuda": "@tensorflow/tfjs-node-gpu",
  "tfjs-node": "@tensorflow/tfjs-node",
} as const

export type UnavailableCode =
  /** The native bindings do not work under this Node. */
  | "NODE_UNSUPPORTED"
  | "NOT_INSTALLED"
  /** The package is there, its native part was never downloaded or built. */
  | "ADDON_MISSING"
  /** The native part does not load, as without the CUDA libraries. */
  | "ADDON_LOAD_FAILED"
  /** Everything loads, but TensorFlow sees no GPU. */
  | "NO_CUDA_DEVICE"
  /** This process has loaded another flavour. */
  | "OTHER_FLAVOUR_LOADED"

export class TensorFlowUnavailable extends Error {
  readonly code: UnavailableCode
  readonly hint: string

  constructor(code: UnavailableCode, problem: string, hint: string, cause?: unknown) {
    super(`${problem} (${code})`, { cause })
    this.code = code
    this.hint = hint
  }
}

/** Where to look for packages: as any import of this package's would, then where `install:tfjs` puts them. */
const places: ReadonlyArray<URL> = [
  new URL(import.meta.url),
  new URL("../../tensorflow/package.json", import.meta.url),
]

let loaded: { readonly flavour: Flavour; readonly tf: TensorFlow } | undefined

/** The library, ready and on the backend that the flavour names. Rejects with `TensorFlowUnavailable`. */
export const loadTensorFlow = async (flavour: Flavour): Promise<TensorFlow> => {
  if (loaded?.flavour === flavour) return loaded.tf
  if (loaded !== undefined) {
    throw new TensorFlowUnavailable(
      "OTHER_FLAVOUR_LOADED",
      `this process runs TensorFlow.js as ${loaded.flavour}`,
      `run ${flavour} in a process of its own`,
    )
  }
  const tf = flavour === "tfjs-js" ? loadPlain() : loadNative(flavour, places, process.versions.node)
  // It prints advice otherwise, to install packages that the user decided against.
  tf.enableProdMode()
  const backend = flavour === "tfjs-js" ? "cpu" : "tensorflow"
  await tf.setBackend(backend)
  await tf.ready()
  // TensorFlow.js falls back to another backend by itself; here nothing falls back.
  if (tf.getBackend() !== backend) throw new Error(`TensorFlow.js runs on ${tf.getBackend()}, not ${backend}`)
  loaded = { flavour, tf }
  return tf
}

const loadPlain = (): TensorFlow => {
  const require = createRequire(import.meta.url)
  try {
    const tf = require("@tensorflow/tfjs-core") as TensorFlow
    // Registers itself.
    void require("@tensorflow/tfjs-backend-cpu")
    return tf
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw cause
    const packages = ["tfjs-core", "tfjs-backend-cpu"].map((name) => `@tensorflow/${name}`)
    throw new TensorFlowUnavailable(
      "NOT_INSTALLED",
      `${packages.join(" and ")} are not both installed`,
      `install ${packages.map((name) => `${name}@${TFJS_VERSION}`).join(" ")}, or use --backend wasm`,
      cause,
    )
  }
}

/** Exported for tests: what is found in other places and under other versions of Node. */
export const loadNative = (
  flavour: keyof typeof nativePackages,
  from: ReadonlyArray<URL>,
  nodeVersion: string,
): TensorFlow => {
  const name = nativePackages[flavour]
  const hint = installHint(flavour)
  if (Number(nodeVersion.split(".")[0]) > 22) {
    throw new TensorFlowUnavailable(
      "NODE_UNSUPPORTED",
      `${name} ${TFJS_VERSION} does not run under Node ${nodeVersion}`,
      "use Node 22, or --backend wasm",
    )
  }
  const file = resolvePackage(name, from)
  if (file === undefined) throw new TensorFlowUnavailable("NOT_INSTALLED", `${name} is not installed`, hint)
  // Before the library loads: it greets on standard error.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2"
  let tf: TensorFlow
  try {
    tf = createRequire(file)(file) as TensorFlow
  } catch (cause) {
    const [problem = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n")
    const missing = /native addon module|Cannot find module .*tfjs_binding/u.test(problem)
    throw new TensorFlowUnavailable(
      missing ? "ADDON_MISSING" : "ADDON_LOAD_FAILED",
      missing ? `the native part of ${name} was never installed` : `${name} does not load: ${problem}`,
      hint,
      cause,
    )
  }
  if (flavour === "tfjs-cuda" && !usesGpu(tf)) {
    throw new TensorFlowUnavailable(
      "NO_CUDA_DEVICE",
      `${name} loads, but TensorFlow sees no CUDA device`,
      "check nvidia-smi and the CUDA 11 and cuDNN 8 libraries, or use --backend wasm",
    )
  }
  return tf
}

const installHint = (flavour: Flavour): string =>
  `pnpm --filter @azr/trainer-gpu install:tfjs ${flavour}, or use --backend wasm`

const usesGpu = (tf: TensorFlow): boolean =>
  (tf.backend() as { readonly isUsingGpuDevice?: boolean }).isUsingGpuDevice === true

const resolvePackage = (name: string, from: ReadonlyArray<URL>): string | undefined => {
  for (const place of from) {
    try {
      return createRequire(place).resolve(name)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw cause
    }
  }
  return undefined
}
