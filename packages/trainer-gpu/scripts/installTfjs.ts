/**
 * Installs TensorFlow.js with its native library into `tensorflow/` of this package, where the engine looks for it:
 *
 *     pnpm --filter @azr/trainer-gpu install:tfjs tfjs-cuda             NVIDIA GPU: CUDA 11.2 and cuDNN 8.1 are yours to bring
 *     pnpm --filter @azr/trainer-gpu install:tfjs tfjs-node             CPU
 *     pnpm --filter @azr/trainer-gpu install:tfjs tfjs-node --wheel     CPU, where only npm and PyPI can be reached
 *
 * The first two run the package's own install script, which downloads libtensorflow from Google. `--wheel` takes
 * libtensorflow out of PyPI's tensorflow-cpu instead and compiles the package's bindings against it: Linux on x86-64
 * with pip, unzip and g++; a minute, 0.75 GB.
 */
import { execFileSync } from "node:child_process"
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from "node:fs/promises"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { loadNative, nativePackages, TFJS_VERSION } from "../src/tfjs/TensorFlow.ts"

/** The oldest release of which bindings of tfjs-node run with every kernel; 2.9, which it was made for, has no such wheel. */
const WHEEL = "tensorflow-cpu==2.15.1"
const NODE_API_HEADERS = "node-api-headers@1.9.0"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { wheel: { type: "boolean", default: false } },
})
const [flavour] = positionals
if ((flavour !== "tfjs-cuda" && flavour !== "tfjs-node") || (values.wheel && flavour === "tfjs-cuda")) {
  throw new Error("usage: install:tfjs tfjs-cuda | tfjs-node [--wheel]")
}

const folder = fileURLToPath(new URL("../tensorflow/", import.meta.url))
const run = (file: string, args: ReadonlyArray<string>, cwd = folder): void => {
  process.stdout.write(`${file} ${args.join(" ")}\n`)
  execFileSync(file, args, { cwd, stdio: "inherit" })
}

const name = nativePackages[flavour]
await mkdir(folder, { recursive: true })
await writeFile(path.join(folder, "package.json"), '{ "private": true }\n')
const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--save-exact", "--ignore-scripts"]
run("npm", ["install", ...quiet, `${name}@${TFJS_VERSION}`, ...(values.wheel ? [NODE_API_HEADERS] : [])])
const home = path.join(folder, "node_modules", name)

if (values.wheel) await buildFromWheel()
else run("npm", ["rebuild", "--foreground-scripts", name])

const tf = loadNative(
  flavour,
  [new URL("../tensorflow/package.json", import.meta.url)],
  process.versions.node,
)
process.stdout.write(`${name} ${tf.version_core} loads\n`)

async function buildFromWheel(): Promise<void> {
  const scratch = await mkdtemp(path.join(folder, "wheel-"))
  try {
    const platform = ["--only-binary=:all:", "--python-version", "3.11", "--platform", "manylinux2014_x86_64"]
    run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", ...platform, WHEEL, "--dest", scratch])
    const [wheel = ""] = await readdir(scratch)
    const parts = [
      "libtensorflow_cc.so.2",
      "libtensorflow_framework.so.2",
      "include/tensorflow/c/*",
      "include/tensorflow/core/platform/ctstring*",
      "include/tsl/c/*",
      "include/tsl/platform/ctstring*",
    ]
    run("unzip", [
      "-q",
      path.join(scratch, wheel),
      ...parts.map((part) => `tensorflow/${part}`),
      "-d",
      scratch,
    ])
    const tensorflow = path.join(scratch, "tensorflow")
    const libraries = path.join(home, "deps", "lib")
    await rm(path.join(home, "deps"), { recursive: true, force: true })
    await mkdir(libraries, { recursive: true })
    await cp(path.join(tensorflow, "include"), path.join(home, "deps", "include"), { recursive: true })
    for (const library of ["libtensorflow_cc", "libtensorflow_framework"]) {
      await rename(path.join(tensorflow, `${library}.so.2`), path.join(libraries, `${library}.so.2`))
    }
    await symlink("libtensorflow_cc.so.2", path.join(libraries, "libtensorflow.so"))
    await symlink("libtensorflow_framework.so.2", path.join(libraries, "libtensorflow_framework.so"))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  // Debug symbols are a third of it.
  run("strip", ["--strip-unneeded", "deps/lib/libtensorflow_cc.so.2"], home)
  // Node-API version 8 is the newest that the package names its bindings by.
  await mkdir(path.join(home, "lib", "napi-v8"), { recursive: true })
  const headers = path.join(folder, "node_modules", "node-api-headers", "include")
  const includes = [headers, path.dirname(home), home, path.join(home, "deps", "include")]
  const options = ["-O2", "-w", "-shared", "-fPIC", "-std=c++17", "-DNAPI_VERSION=8"]
  const sources = ["binding/tfjs_backend.cc", "binding/tfjs_binding.cc"]
  const linked = ["-Ldeps/lib", "-ltensorflow", "-ltensorflow_framework", "-Wl,-rpath,$ORIGIN/../../deps/lib"]
  const output = "lib/napi-v8/tfjs_binding.node"
  run("g++", [...options, ...includes.map((from) => `-I${from}`), ...sources, ...linked, "-o", output], home)
}
