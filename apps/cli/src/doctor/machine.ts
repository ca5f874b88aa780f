/** What the machine and its Node have: version, cores, memory, limits, features of WebAssembly, disk. */
import { constants } from "node:fs"
import { access, statfs } from "node:fs/promises"
import { availableParallelism, cpus, freemem, totalmem } from "node:os"
import path from "node:path"
import { Effect } from "effect"
import { type Finding, absent, failed, ok } from "./finding.ts"

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`

const node: Finding = process.versions.node.startsWith("22.")
  ? ok("node", `${process.version} on ${process.platform} ${process.arch}`)
  : failed(
      "node",
      `${process.version} on ${process.platform} ${process.arch}`,
      "start with npm start or ./azr, which bring Node 22",
    )

const cores = (): Finding =>
  ok(
    "cores",
    `${availableParallelism()} may be used of ${cpus().length}; threads of engine and executors without policy.workers and executor.workers`,
  )

const memory = (): Finding => {
  const constrained = process.constrainedMemory()
  const most = constrained > 0 && constrained < totalmem() ? constrained : totalmem()
  const detail = `${gigabytes(freemem())} free of ${gigabytes(totalmem())}${most < totalmem() ? `, limited to ${gigabytes(most)}` : ""}`
  return most >= leastMemory
    ? ok("memory", detail)
    : failed("memory", detail, `a run of preset nano needs ${gigabytes(leastMemory)}`)
}
const leastMemory = 1e9

interface Limit {
  readonly soft: number | "unlimited"
}

/** What the shell that started this lets a process do (ulimit). */
const limits = (): Finding => {
  const report = process.report.getReport() as { readonly userLimits?: Readonly<Record<string, Limit>> }
  const soft = (name: string) => report.userLimits?.[name]?.soft ?? "unknown"
  const files = soft("open_files")
  const detail = `open files ${files}, file size ${soft("file_size_blocks")}, address space ${soft("virtual_memory_bytes") === "unknown" ? soft("virtual_memory_kbytes") : soft("virtual_memory_bytes")}`
  return typeof files === "number" && files < leastFiles
    ? failed("limits", detail, `raise the open files: ulimit -n ${leastFiles}`)
    : ok("limits", detail)
}
const leastFiles = 256

/** Modules that are valid exactly where the feature is there. */
const features: ReadonlyArray<readonly [name: string, neededFor: string, module: ReadonlyArray<number>]> = [
  [
    "simd",
    "the wasm policy engine",
    [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
  ],
  [
    "relaxed simd",
    "fused multiply-add in the wasm policy engine",
    [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
  ],
  [
    "threads",
    "training on several cores",
    [1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1, 10, 11, 1, 9, 0, 65, 0, 254, 16, 2, 0, 26, 11],
  ],
]
const header = [0, 97, 115, 109, 1, 0, 0, 0]

const { WebAssembly: wasm } = globalThis as unknown as {
  readonly WebAssembly: { readonly validate: (bytes: Uint8Array) => boolean }
}

const webAssembly = (): ReadonlyArray<Finding> =>
  features.map(([name, neededFor, module]) =>
    wasm.validate(new Uint8Array([...header, ...module]))
      ? ok(`wasm ${name}`, `for ${neededFor}`)
      : failed(`wasm ${name}`, `not in this Node, and needed for ${neededFor}`, "start with ./azr"),
  )

const leastDisk = 1e9

/** The folder for runs, or the nearest one above it that is there: free space, and whether it may be written. */
const disk = (folder: string): Effect.Effect<Finding> =>
  Effect.promise(async () => {
    for (let place = path.resolve(folder); ; place = path.dirname(place)) {
      try {
        const { bavail, bsize } = await statfs(place)
        const free = `${gigabytes(bavail * bsize)} free for runs in ${folder}`
        const writable = await access(place, constants.W_OK).then(
          () => true,
          () => false,
        )
        if (!writable)
          return failed("disk", `${folder} cannot be written`, "choose another folder with --runs-dir")
        return bavail * bsize > leastDisk
          ? ok("disk", free)
          : failed(
              "disk",
              free,
              "free some space, or choose another folder with --runs-dir; a run of preset nano takes about 100 MB",
            )
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT")
          return absent("disk", `free space of ${folder} cannot be asked: ${(error as Error).message}`)
      }
    }
  })

export const machineChecks = (runsDir: string): ReadonlyArray<Effect.Effect<Finding>> => [
  Effect.succeed(node),
  Effect.sync(cores),
  Effect.sync(memory),
  Effect.sync(limits),
  ...webAssembly().map((finding) => Effect.succeed(finding)),
  disk(runsDir),
]
