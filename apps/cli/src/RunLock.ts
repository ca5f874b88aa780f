/**
 * One writer a run: `run.lock` in its folder says which process that is. A lock whose process is gone is taken over; one of
 * another machine is not, because nobody here can tell.
 */
import { randomUUID } from "node:crypto"
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, rmdirSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { dirname, join, resolve } from "node:path"
import { RunStore } from "@azr/core"
import { Effect, Schema } from "effect"

/** Another process writes to the run. */
export class RunLocked extends Schema.TaggedError<RunLocked>()("RunLocked", { message: Schema.String }) {}

const Owner = Schema.Struct({
  pid: Schema.Int,
  host: Schema.String,
  /** When the process began, in the terms of the platform: a pid alone may belong to another one by now. Empty if unknown. */
  began: Schema.String,
  /** Names this very lock. */
  token: Schema.String,
})
type Owner = typeof Owner.Type
const decodeOwner = Schema.decodeUnknownSync(Schema.fromJsonString(Owner))

/** What Linux says of a process: its state and when it began; empty where nobody says. */
const statusOf = (pid: number): { readonly state: string; readonly began: string } => {
  try {
    // Fields 3 and 22 of /proc/PID/stat, counted behind the name in brackets, which may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return { state: fields[0] ?? "", began: fields[19] ?? "" }
  } catch {
    return { state: "", began: "" }
  }
}

const began = (pid: number): string => statusOf(pid).began

const isAlive = ({ began: then, pid }: Pick<Owner, "began" | "pid">): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
  const { began: now, state } = statusOf(pid)
  // A zombie has ended, and only its parent has not asked how.
  if (state === "Z" || state === "X") return false
  return then === "" || now === "" || then === now
}

/** Who holds the lock of a run; null for nobody, or for a process of this machine that is gone. */
export const runLockOwner = (folder: string): Owner | null => {
  const owner = read(join(folder, RunStore.lockFile))
  return owner === null || isStale(owner) ? null : owner
}

/**
 * Whether the lock is of this machine and, where the platform says when a process began, certainly of that very process: one that
 * may be sent a signal. A lock that came with a folder from elsewhere may name any pid.
 */
export const isOfProcessHere = ({ began: then, host, pid }: Owner): boolean =>
  pid > 1 && host === hostname() && isAlive({ began: then, pid }) && then === began(pid)

const isStale = (owner: Owner): boolean => owner.host === hostname() && !isAlive(owner)

/** A lock is put there whole, so that only a foreign hand makes it unreadable; then nobody can tell whose it is. */
const read = (file: string): Owner | null => {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch {
    return null
  }
  try {
    return decodeOwner(text)
  } catch {
    return { pid: 0, host: "an unreadable lock", began: "", token: "" }
  }
}

const isThere = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "EEXIST"

/** Puts a file there whole, unless there is one: a link is the one step that does both. */
const put = (file: string, owner: Owner): boolean => {
  const draft = `${file}.${owner.token}`
  writeFileSync(draft, `${JSON.stringify(owner)}\n`)
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (isThere(error)) return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * Gives the folders that it made, the innermost first. Level by level: a recursive mkdir says ENOENT of a read-only file system,
 * and may hang in one like /proc.
 */
const makeFolder = (folder: string): ReadonlyArray<string> => {
  if (existsSync(folder)) return []
  const above = makeFolder(dirname(resolve(folder)))
  try {
    mkdirSync(folder)
    return [folder, ...above]
  } catch (error) {
    if (isThere(error)) return above
    removeEmpty(above)
    throw error
  }
}

/** Removes folders, up to the first that is in use. */
const removeEmpty = (folders: ReadonlyArray<string>): void => {
  try {
    for (const folder of folders) rmdirSync(folder)
  } catch {
    return
  }
}

const refusals: Readonly<Record<string, string>> = {
  EROFS: "the file system is read-only; choose another folder with --runs-dir",
  EACCES: "permission denied: the folder cannot be written; choose another with --runs-dir",
  EPERM: "permission denied: the folder cannot be written; choose another with --runs-dir",
  ENOTDIR: "there is a file where a folder is needed; choose another with --runs-dir",
  ENOENT: "no folder can be made there; choose another with --runs-dir",
  ENOSPC: "the disk is full; free some space",
}

const acquire = (folder: string, mine: Owner): Owner | null => {
  const file = join(folder, RunStore.lockFile)
  if (put(file, mine)) return null
  const owner = read(file)
  if (owner === null) return put(file, mine) ? null : read(file)
  if (!isStale(owner)) return owner
  // Of several that find it stale one may remove it, or it could remove the lock of the next owner.
  const claim = `${file}.${owner.token}.stale`
  if (!put(claim, mine)) {
    const rival = read(claim)
    if (rival !== null && isStale(rival)) rmSync(claim, { force: true })
    return rival ?? owner
  }
  try {
    if (read(file)?.token === owner.token) rmSync(file, { force: true })
    return put(file, mine) ? null : read(file)
  } finally {
    rmSync(claim, { force: true })
  }
}

/**
 * Holds the run of a folder until the scope closes. The folder is made if need be, and removed again if nothing was put there:
 * whoever is refused leaves no trace.
 */
export const holdRun = Effect.fn("holdRun")(function* (folder: string) {
  const mine: Owner = { pid: process.pid, host: hostname(), began: began(process.pid), token: randomUUID() }
  const refuse = (message: string) => new RunLocked({ message: `${folder}: ${message}` })
  const take = Effect.try({
    try: () => {
      const made = makeFolder(folder)
      try {
        return { made, owner: acquire(folder, mine) }
      } catch (error) {
        removeEmpty(made)
        throw error
      }
    },
    catch: (error) => {
      const { code = "", message } = error as NodeJS.ErrnoException
      return refuse(refusals[code] ?? message)
    },
  })
  yield* Effect.acquireRelease(
    Effect.flatMap(take, ({ made, owner }) => {
      if (owner === null) return Effect.succeed(made)
      const elsewhere = owner.host !== hostname()
      return Effect.fail(
        refuse(
          `process ${owner.pid} on ${owner.host} is writing to this run` +
            (elsewhere
              ? `; if it is gone, remove ${join(folder, RunStore.lockFile)}`
              : "; wait for it, or stop it with Ctrl-C in its terminal"),
        ),
      )
    }),
    (made) =>
      Effect.sync(() => {
        const file = join(folder, RunStore.lockFile)
        if (read(file)?.token === mine.token) rmSync(file, { force: true })
        removeEmpty(made)
      }),
  )
})
