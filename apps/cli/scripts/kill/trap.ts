/**
 * Preloaded into a training that shall die: counts what it does to the files of its run and kills it, with SIGKILL, at the
 * operation that the environment names; a write can die half-way. Nothing of the trainer knows of it.
 */
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"

/** What a run does to its files, by the functions of `node:fs` that do it. */
const operations = {
  append: ["writeFile"],
  write: ["write"],
  sync: ["fsync"],
  rename: ["rename"],
  remove: ["rm"],
  truncate: ["truncate"],
  mkdir: ["mkdir"],
} as const satisfies Record<string, ReadonlyArray<keyof typeof fs>>
export type Operation = keyof typeof operations

export type Moment = "before" | "middle" | "after"

/** One word in the environment: operation, which one of its kind, moment, folder. */
export const trapVariable = "AZR_KILL_TRAP"

const die = () => process.kill(process.pid, "SIGKILL")

const [operation, number, moment, ...folder] = (process.env[trapVariable] ?? "").split(":")
if (operation !== undefined && Object.hasOwn(operations, operation)) {
  let left = Number(number)
  const inFolder = (target: unknown) => typeof target !== "string" || target.includes(folder.join(":"))
  const patch = fs as unknown as Record<string, (...args: ReadonlyArray<unknown>) => unknown>
  for (const name of operations[operation as Operation]) {
    const original = patch[name]
    if (original === undefined) throw new Error(`node:fs has no ${name}`)
    patch[name] = (...args) => {
      if (!inFolder(args[0]) || --left !== 0) return original(...args)
      if (moment === "before") die()
      if (moment === "middle") halve(name, args)
      // Whoever waits for the operation does not hear of it any more.
      const last = args.length - 1
      return original(...args.slice(0, last), die)
    }
  }
  syncBuiltinESMExports()
}

/** Half of what should be written is, and that is all. */
const halve = (name: string, args: ReadonlyArray<unknown>) => {
  const half = (bytes: unknown) =>
    (bytes as Uint8Array).subarray(0, Math.floor((bytes as Uint8Array).length / 2))
  if (name === "writeFile") {
    fs.writeFileSync(args[0] as string, half(args[1]), args[2] as fs.WriteFileOptions)
    die()
  } else if (name === "write") {
    fs.writeSync(args[0] as number, half(args[1]))
    die()
  }
}
